/**
 * The states that a migration leads a database through, one after the other on a scratch copy: before its first step,
 * after each, and so at its end. What wants to look at them gets each in turn.
 */
import type { Catalog } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { runForward } from '../prepare/rehearse/forward.ts';
import { extensionsOf } from '../prepare/rehearse/index.ts';
import { compileMember, type Member, type ReadSizes } from '../prepare/rehearse/member.ts';
import { makeNamedRoles } from '../prepare/rehearse/roles.ts';
import { openScratchPlace, type ScratchDatabase, type ScratchPlace } from '../prepare/scratch.ts';
import { copySchema } from '../prepare/scratch-schema.ts';
import type { Migration } from '../source/model.ts';

/** The database that the migrations are for. */
export interface StatesTarget {
  readonly connector: Connector;
  readonly connection: Connection;
}

export interface StatesRequest {
  readonly settings: Settings;
  /** In order; those that are not looked at only lead to the start of the next. */
  readonly sequence: readonly { readonly migration: Migration; readonly look: boolean }[];
  /** Null: the sequence starts from an empty database. */
  readonly target: StatesTarget | null;
  /** Where the sequence starts from an empty database: the role and the major version to take. */
  readonly role?: string;
  readonly major?: number;
  readonly readSizes: ReadSizes | null;
  readonly reporter: Reporter;
}

/** A state, while it lasts: nobody else is connected to `database`. */
export interface StateView {
  /** `before`, or the id of the step that led here. */
  readonly id: string;
  readonly title: string | null;
  readonly catalog: Catalog;
  readonly database: ScratchDatabase;
  readonly place: ScratchPlace;
  readonly isLast: boolean;
}

/** What looks at the states of one migration. */
export interface StateVisitor {
  /** At every state, the first included. */
  look(state: StateView): Promise<void>;
  /** Between `look` and the next step, and right after that step: for what outlives it, like a session. */
  beforeStep?(state: StateView): Promise<void>;
  afterStep?(): Promise<void>;
}

export interface WalkedMigration {
  readonly member: Member;
  /** The step that failed on the copy, and how. */
  readonly stopped: { readonly step: string; readonly message: string } | null;
}

/**
 * Leads the sequence over a scratch copy of the target's schema, without rows. A step that fails ends its migration, and
 * the sequence.
 *
 * Throws `scratch-unavailable`, `scratch-differs`, what compiling throws, and what running a migration throws that is
 * not looked at.
 */
export async function walkStates(
  request: StatesRequest,
  visitorFor: (member: Member) => StateVisitor,
): Promise<readonly WalkedMigration[]> {
  const { settings, target, reporter } = request;
  const catalog = target === null ? null : await readCatalog(target.connection);
  const server = target?.connection.server;
  const place = await openScratchPlace({
    settings,
    target: target?.connector ?? null,
    role: server?.user ?? request.role ?? null,
    targetMajor: server?.major ?? request.major ?? null,
    extensions: catalog === null ? [] : extensionsOf(catalog),
    reporter,
  });
  try {
    const database =
      catalog === null || target === null
        ? await emptyDatabase(place, request)
        : (await copySchema(place, catalog, target.connector, reporter)).database;
    const walked: WalkedMigration[] = [];
    for (const { migration, look } of request.sequence) {
      const member = await compiled(request, place, database, migration);
      if (!look) {
        await runAll(member, database);
        continue;
      }
      const stopped = await walkOne(member, place, database, visitorFor(member));
      walked.push({ member, stopped });
      if (stopped !== null) break;
    }
    return walked;
  } finally {
    await place.close();
  }
}

async function emptyDatabase(place: ScratchPlace, request: StatesRequest): Promise<ScratchDatabase> {
  if (place.kind === 'local-server') {
    await use(place.admin, (connection) =>
      makeNamedRoles(
        connection,
        request.sequence.map(({ migration }) => migration),
      ),
    );
  }
  return place.create();
}

async function compiled(
  { settings, readSizes }: StatesRequest,
  place: ScratchPlace,
  database: ScratchDatabase,
  migration: Migration,
): Promise<Member> {
  const catalog = await use(database.connector, (connection) => readCatalog(connection));
  const { policy } = settings.environment;
  const member = await compileMember(migration, { catalog, major: place.major }, readSizes, policy, {
    tolerateDown: true,
  });
  const found = member.serverWide.find(
    ({ concerns }) => place.kind === 'same-server' || concerns === 'server',
  );
  if (place.kind !== 'local-server' && found !== undefined) {
    throw new FerrataError('scratch-unavailable', `${found.command} can not be run on ${place.label}.`, {
      why: "It changes the server rather than the database, and this server is not the assessment's own.",
      hint: 'Run `ferrata servers install <major>`: without `scratchUrl` a server is then started for the purpose.',
    });
  }
  return member;
}

async function walkOne(
  member: Member,
  place: ScratchPlace,
  database: ScratchDatabase,
  visitor: StateVisitor,
): Promise<WalkedMigration['stopped']> {
  const { steps } = member.plan;
  const view = async (id: string, title: string | null, isLast: boolean): Promise<StateView> => {
    const catalog = await use(database.connector, (connection) => readCatalog(connection));
    return { id, title, catalog, database, place, isLast };
  };
  let state = await view('before', null, steps.length === 0);
  await visitor.look(state);
  for (const [index, step] of steps.entries()) {
    await visitor.beforeStep?.(state);
    try {
      // Nobody goes back on this copy: rows need not be captured.
      await use(database.connector, (connection) =>
        runForward(connection, member, { ...step, captures: [] }),
      );
    } catch (error) {
      return { step: step.id, message: error instanceof Error ? error.message : String(error) };
    } finally {
      await visitor.afterStep?.();
    }
    state = await view(step.id, step.title, index === steps.length - 1);
    await visitor.look(state);
  }
  return null;
}

async function runAll(member: Member, database: ScratchDatabase): Promise<void> {
  await use(database.connector, async (connection) => {
    for (const step of member.plan.steps) await runForward(connection, member, { ...step, captures: [] });
  });
}

/** A connection for one piece of work: nobody stays connected, so that the database can be copied. */
export async function use<T>(connector: Connector, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connector.connect('assess');
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
