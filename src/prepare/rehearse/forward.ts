/**
 * One step on a scratch copy, forward, measured; and its inverse, derived from what it did (DESIGN §5): the catalog
 * before and after, rendered backwards.
 */
import { LOCK_MODES } from '../../assess/model.ts';
import type { Catalog } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import { renderDifference } from '../../catalog/render/index.ts';
import { rereadCatalog } from '../../catalog/reread/index.ts';
import { runActions, unseenWrites } from '../../execute/action.ts';
import { setSequencesBack } from '../../execute/attic/keep-sequences.ts';
import { captureName } from '../../execute/context.ts';
import type { StepOutcome } from '../../execute/model.ts';
import { CLEAN_SESSION } from '../../execute/session.ts';
import { backfillOf } from '../../plan/backfill.ts';
import type { Action, ExpectedLock, Step } from '../../plan/model.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { quoteQualified } from '../../sql/quote.ts';
import type { MeasuredLock, StepMeasure } from '../model.ts';
import { digestOf, rehearseBackfill, requireSame } from './backfill.ts';
import { mayTakeAway, takingKept, withKeptColumns } from './kept-columns.ts';
import { mayMoveSequences, sequencePositions, withKeptSequences } from './kept-sequences.ts';
import { keepingTables } from './kept-tables.ts';
import { LockWatch } from './locks.ts';
import type { Member } from './member.ts';
import { keepingRows } from './partition-rows.ts';
import { dropsOfMadeRoles, onSharedServer } from './roles.ts';

export interface ForwardStep {
  /** The step, completed: inverse, captures, expected locks. */
  readonly step: Step;
  readonly after: Catalog;
  readonly measure: StepMeasure;
  readonly locks: readonly MeasuredLock[];
}

/** Relations of the copy by OID: name and storage, to name locks and to see rewrites. */
type Relations = ReadonlyMap<
  string,
  { readonly name: string; readonly file: string; readonly table: boolean }
>;

/** On a copy a backfill is the one statement that it stands for. */
function isOneTransaction(step: Step): boolean {
  return step.transactional || backfillOf(step) !== null;
}

/** Runs the step's forward actions once, on a connection of its own, in its own transaction where it has one. */
export async function runForward(connection: Connection, member: Member, step: Step): Promise<StepOutcome> {
  const work = () =>
    runActions(onSharedServer(step.forward), {
      connection,
      source: { file: member.migration.up.path, text: member.migration.up.text },
      capture: captureName(member.plan, step),
      captures: step.captures,
      folder: member.migration.folder,
    });
  const outcome = await (isOneTransaction(step) ? connection.transaction(work) : work());
  await resetSession(connection);
  return outcome;
}

/** What a migration set for its session must not reach the next statement: the real run does the same. */
export async function resetSession(connection: Connection): Promise<void> {
  await connection.script(CLEAN_SESSION);
}

/**
 * Runs a step forward, measures it, and derives its inverse. Tables that the step turns out to write (through a
 * function, a trigger, a DO block) are captured: the step is rolled back and run once more with the captures. Between
 * steps the catalog is read by what changed; after the last one whole, so that the end of a proof rests on nothing else.
 */
export async function forwardStep(
  connector: Connector,
  member: Member,
  planned: Step,
  before: Catalog,
  derive: boolean,
  isLast: boolean,
): Promise<ForwardStep> {
  const connection = await connector.connect('rehearse');
  const observer = await connector.connect('rehearse');
  try {
    const relations = await readRelations(observer);
    const run = await measured(connection, observer, member, planned, before, derive);
    const { outcome, locks, captures, step } = run;
    const spec = backfillOf(step);
    if (spec !== null) {
      await rehearseBackfill(connector, member, { ...step, captures });
      requireSame(step, spec, run.digest, await digestOf(connection, spec));
    }
    const after = isLast
      ? await readCatalog(connection, { dependencies: true })
      : await rereadCatalog(connection, before);
    const rewrites = await rewritten(observer, relations);
    const inverse = derive
      ? deriveInverse(before, after, member, step, captures, connection.server.user)
      : null;
    const named = locks.flatMap((lock): MeasuredLock[] => {
      const relation = relations.get(lock.oid);
      return relation === undefined
        ? []
        : [{ step: step.id, relation: relation.name, mode: lock.mode, heldMs: lock.heldMs }];
    });
    return {
      step: {
        ...step,
        captures,
        ...(inverse ?? {}),
        expects: strongest(named),
      },
      after,
      locks: named,
      measure: { step: step.id, ms: outcome.ms, inverseMs: null, writes: outcome.writes, rewrites },
    };
  } finally {
    await observer.close();
    await connection.close();
  }
}

/** Per relation the strongest mode, held as long as any was. */
function strongest(locks: readonly MeasuredLock[]): readonly ExpectedLock[] {
  const byRelation = new Map<string, ExpectedLock>();
  for (const { relation, mode, heldMs } of locks) {
    const known = byRelation.get(relation);
    const stronger = known === undefined || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(known.mode);
    byRelation.set(relation, {
      relation,
      mode: stronger ? mode : known.mode,
      heldMs: Math.max(heldMs, known?.heldMs ?? 0),
    });
  }
  return [...byRelation.values()].sort((a, b) => (a.relation < b.relation ? -1 : 1));
}

/** Thrown inside the transaction to take a step back whose writes were not captured. */
class UnseenWrites extends Error {
  readonly tables: readonly string[];
  constructor(tables: readonly string[]) {
    super('unseen writes');
    this.tables = tables;
  }
}

/** Thrown inside the transaction to take a step back that was run only to see what it does. */
class Seen extends Error {
  readonly outcome: StepOutcome;
  constructor(outcome: StepOutcome) {
    super('seen');
    this.outcome = outcome;
  }
}

/** Thrown inside the transaction to take a step back that takes values away: it runs again, and they are kept. */
class Unkept extends Error {
  readonly step: Step;
  constructor(step: Step) {
    super('values that are not kept');
    this.step = step;
  }
}

async function measured(
  connection: Connection,
  observer: Connection,
  member: Member,
  planned: Step,
  before: Catalog,
  derive: boolean,
) {
  let step = planned;
  let captures: readonly string[] = step.captures;
  // A written way back is what will run: it would not look at what is kept.
  const watchesSequences =
    derive && member.plan.down === null && planned.transactional && mayMoveSequences(planned);
  let mayKeep = derive && member.plan.down === null && step.transactional && mayTakeAway(step);
  const backfill = backfillOf(step);
  let digest: string | null = null;
  for (;;) {
    const watch = new LockWatch(observer, connection.pid);
    try {
      const work = async () => {
        const positions = watchesSequences ? await sequencePositions(connection) : null;
        const outcome = await runActions(onSharedServer(step.forward), {
          connection,
          source: { file: member.migration.up.path, text: member.migration.up.text },
          capture: captureName(member.plan, step),
          // A backfill is run for real later: here only what it writes and locks is looked at.
          captures: backfill !== null ? [] : captures,
          folder: member.migration.folder,
        });
        const unseen = isOneTransaction(step) ? unseenWrites(outcome, captures) : [];
        if (backfill !== null) captures = [...captures, ...unseen];
        else if (unseen.length > 0) throw new UnseenWrites(unseen);
        if (mayKeep) {
          mayKeep = false;
          const now = await readCatalog(connection, { inTransaction: true, dependencies: false });
          const keeping =
            keepingTables(step, before, now, member.migration.id) ?? withKeptColumns(step, before, now);
          if (keeping !== null) {
            mayKeep = true;
            throw new Unkept(keeping);
          }
        }
        if (positions !== null) {
          const keeping = withKeptSequences(step, positions, await sequencePositions(connection));
          if (keeping !== null) throw new Unkept(keeping);
        }
        await watch.look();
        // Seen as one statement, it is taken back, and then run in batches as the real run will.
        if (backfill !== null) {
          digest = await digestOf(connection, backfill);
          throw new Seen(outcome);
        }
        return outcome;
      };
      const outcome = await (isOneTransaction(step) ? connection.transaction(work) : work()).catch(
        (error: unknown) => {
          if (error instanceof Seen) return error.outcome;
          throw error;
        },
      );
      await resetSession(connection);
      return { outcome, locks: await watch.finish(), captures, step, digest };
    } catch (error) {
      await watch.finish();
      if (error instanceof Unkept) {
        step = error.step;
        continue;
      }
      if (!(error instanceof UnseenWrites)) throw error;
      captures = [...captures, ...error.tables];
    }
  }
}

async function readRelations(connection: Connection): Promise<Relations> {
  const rows = await connection.rows<[string, string, string, string, string]>(
    `SELECT c.oid::pg_catalog.text, n.nspname, c.relname, c.relfilenode::pg_catalog.text, c.relkind::pg_catalog.text
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'ferrata', 'ferrata_attic')`,
  );
  return new Map(
    rows.map(([oid, schema, name, file, kind]) => [
      oid,
      { name: quoteQualified(schema, name), file, table: kind === 'r' || kind === 'm' },
    ]),
  );
}

async function rewritten(connection: Connection, before: Relations): Promise<string[]> {
  const after = await readRelations(connection);
  return [...before].flatMap(([oid, relation]) => {
    const now = after.get(oid);
    return relation.table && now !== undefined && now.file !== relation.file ? [relation.name] : [];
  });
}

/** What can't be rendered, for whatever reason, is refused: the way forward, and a written way back, are still proved. */
function render(after: Catalog, before: Catalog, currentUser: string): ReturnType<typeof renderDifference> {
  try {
    return renderDifference(after, before, { sameDatabase: true, currentUser });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      statements: [],
      refusals: [{ object: 'the schema', reason: `the difference can't be rendered: ${reason}` }],
    };
  }
}

function sequencesBack(member: Member, step: Step): Action[] {
  return step.forward.some(({ type }) => type === 'keep-sequences')
    ? [{ type: 'sql', sql: setSequencesBack(captureName(member.plan, step)), at: null }]
    : [];
}

type Inverse = Pick<Step, 'inverse' | 'inverseTransactional' | 'inverseRefusals'>;

/**
 * The way back over one step: first what loosens and reshapes, then the captured rows, then what tightens; a
 * constraint is put back over rows that satisfy it (TRAPS 20–33).
 */
function deriveInverse(
  before: Catalog,
  after: Catalog,
  member: Member,
  step: Step,
  captures: readonly string[],
  currentUser: string,
): Inverse {
  // What the plan knows already: a step that changes the server beside the database.
  if (step.inverseRefusals.length > 0) {
    return { inverse: null, inverseTransactional: true, inverseRefusals: step.inverseRefusals };
  }
  const rendering = render(after, before, currentUser);
  if (rendering.refusals.length > 0) {
    return {
      inverse: null,
      inverseTransactional: true,
      inverseRefusals: rendering.refusals.map((refusal) => `${refusal.object}: ${refusal.reason}`),
    };
  }
  const sql = (stage: 'before-data' | 'after-data'): Action[] =>
    rendering.statements
      .filter((statement) => statement.stage === stage)
      .flatMap((statement) => keepingRows(statement.sql, before, after))
      .flatMap((sql) => takingKept(sql, step, captureName(member.plan, step), before, after))
      .map((sql) => ({ type: 'sql', sql, at: null }));
  const undo: Action[] =
    captures.length === 0 ? [] : [{ type: 'undo', capture: captureName(member.plan, step) }];
  return {
    inverse: [
      ...sql('before-data'),
      ...undo,
      ...sql('after-data'),
      ...sequencesBack(member, step),
      ...dropsOfMadeRoles(step.forward),
    ],
    inverseTransactional: rendering.statements.every((statement) => statement.transactional),
    inverseRefusals: [],
  };
}
