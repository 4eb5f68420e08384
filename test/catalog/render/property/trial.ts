/** One run: a random schema, random edits, and all ways between nothing and the two states. */
import type { Catalog } from '../../../../src/catalog/model.ts';
import { readCatalog } from '../../../../src/catalog/read.ts';
import type { Connection } from '../../../../src/postgres/connection.ts';
import type { Referee } from '../referee.ts';
import { type EmptyDatabases, type Room, type Turn, turn } from '../round-trip.ts';
import { Dice } from './dice.ts';
import { choose, type Maker } from './maker.ts';
import { documentedRefusal } from './refusals.ts';
import { look } from './world.ts';

/** What the server accepted, statement by statement. */
export interface Script {
  readonly base: readonly string[];
  readonly change: readonly string[];
}

export interface Outcome {
  readonly script: Script;
  readonly problems: readonly string[];
  /** Reasons of documented refusals that were met. */
  readonly refusals: readonly string[];
  /** Objects before the change. */
  readonly objects: number;
}

const ROLES = `DO $$ BEGIN
  FOR n IN 1..3 LOOP BEGIN EXECUTE format('CREATE ROLE %I', CASE n WHEN 3 THEN 'pr 3' ELSE 'pr_' || n END); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP;
END $$`;

/** Statements that the server takes, until there are `count` of them or too many were refused. */
async function write(
  connection: Connection,
  dice: Dice,
  makers: readonly Maker[],
  count: number,
): Promise<string[]> {
  const accepted: string[] = [];
  let world = await look(connection);
  for (let tries = count * 3; accepted.length < count && tries > 0; tries--) {
    try {
      const sql = choose(makers, dice, connection.server.major).make(dice, world);
      await connection.script(sql);
      accepted.push(sql);
    } catch {
      continue; // nothing there to change, or the server refuses: it has done nothing
    }
    // Making things needs no exact picture; edits do.
    if (makers.length > 40 || accepted.length % 3 === 0) world = await look(connection);
  }
  return accepted;
}

async function replay(connection: Connection, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await connection.script(sql).catch(() => undefined);
}

export interface Plan {
  readonly seed: number;
  readonly objects: number;
  readonly edits: number;
}

export interface Makers {
  readonly create: readonly Maker[];
  readonly edit: readonly Maker[];
}

/** A new schema from a seed. */
export async function trial(
  plan: Plan,
  makers: Makers,
  databases: EmptyDatabases,
  referee: Referee | null,
): Promise<Outcome> {
  const dice = new Dice(plan.seed);
  return await run(
    databases,
    referee,
    (connection) => write(connection, dice, makers.create, plan.objects),
    (connection) => write(connection, dice, makers.edit, plan.edits),
  );
}

/** The same again from its statements. */
export async function retrial(
  script: Script,
  databases: EmptyDatabases,
  referee: Referee | null,
): Promise<Outcome> {
  const again = (statements: readonly string[]) => async (connection: Connection) => {
    await replay(connection, statements);
    return [...statements];
  };
  return await run(databases, referee, again(script.base), again(script.change));
}

async function run(
  databases: EmptyDatabases,
  referee: Referee | null,
  first: (connection: Connection) => Promise<string[]>,
  second: (connection: Connection) => Promise<string[]>,
): Promise<Outcome> {
  const nothing = await databases.nothing();
  const [room, other] = [await databases.take(), await databases.take()];
  const { connection } = room;
  const verdicts = new Verdicts();
  await connection.script(ROLES);
  const base = await first(connection);
  const before = await readCatalog(connection);
  const dump = referee === null ? null : await referee.dump(room.connector);
  const change = await second(connection);
  const after = await readCatalog(connection);
  const back = verdicts.see('back', await turn(connection, before, {}, true, after));
  if (referee !== null && dump !== null && back.problem === null) {
    const found = referee.compare(dump, await referee.dump(room.connector), true);
    if (found !== null) verdicts.problems.push(`pg_dump: ${found}`);
  }
  const built = verdicts.see(
    'built',
    await turn(other.connection, after, { sameDatabase: false }, true, nothing),
  );
  const turned = verdicts.see(
    'elsewhere',
    await turn(other.connection, before, { sameDatabase: false }, true, built.now),
  );
  await clear(room, back.now, nothing, databases, verdicts);
  await clear(other, turned.now, nothing, databases, verdicts);
  return {
    script: { base, change },
    problems: verdicts.problems,
    refusals: verdicts.refusals,
    objects: before.objects.size - nothing.objects.size,
  };
}

async function clear(
  room: Room,
  now: Catalog,
  nothing: Catalog,
  databases: EmptyDatabases,
  verdicts: Verdicts,
): Promise<void> {
  const gone = verdicts.see(
    'to nothing',
    await turn(room.connection, nothing, { sameDatabase: false }, false, now),
  );
  await databases.giveBack(room, gone.problem === null);
}

class Verdicts {
  readonly problems: string[] = [];
  readonly refusals: string[] = [];

  see(what: string, result: Turn): Turn {
    if (result.problem === null) return result;
    const reasons = result.rendering.refusals.map(({ reason }) => documentedRefusal(reason));
    const known = reasons.filter((reason) => reason !== null);
    if (reasons.length > 0 && known.length === reasons.length) this.refusals.push(...known);
    else this.problems.push(`${what}: ${result.problem}`);
    return result;
  }
}
