/**
 * The heart: proves one unit (a migration, or several that are released and undone together) on scratch copies.
 * Forward step by step; from every rollback point back and compared with the start; forward again. Rows are written
 * after the change, as the application would, and must survive the way back (DESIGN §4.7).
 */
import { compareCatalogs } from '../../catalog/compare.ts';
import { explainLosses, fingerprintData } from '../../catalog/data/fingerprint.ts';
import type { Catalog, Comparison } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import { readCatalogToRemember } from '../../catalog/reread/index.ts';
import type { DataSource } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { Reporter } from '../../events.ts';
import { backfillOf } from '../../plan/backfill.ts';
import type { Step } from '../../plan/model.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import type { DataFingerprint, Loss, MeasuredLock, RollbackPoint, StepMeasure } from '../model.ts';
import type { ScratchDatabase, ScratchPlace } from '../scratch.ts';
import { goBack, type WayBack } from './back.ts';
import { rehearseBackfill } from './backfill.ts';
import { forwardStep, runForward } from './forward.ts';
import { judgeLateRows, type LateVerdict } from './late.ts';
import type { Member } from './member.ts';
import { fillRows, type RowVariant } from './rows.ts';
import { type RowChoice, withAcceptedRows } from './rows-accepted.ts';

export interface UnitRequest {
  readonly place: ScratchPlace;
  /** The schema, and the rows that earlier migrations left, that the unit starts from; nobody is connected. */
  readonly start: ScratchDatabase;
  readonly members: readonly Member[];
  readonly dataSource: DataSource;
  readonly reporter: Reporter;
  /** The fingerprint of a schema of the copy as the target would have it, whose major may be another one. */
  readonly fingerprint: (catalog: Catalog) => string;
}

export interface UnitResult {
  /** With plans completed by what was derived and measured. */
  readonly members: readonly Member[];
  readonly startFingerprint: string;
  readonly endFingerprint: string | null;
  /** Fingerprint before each member, in order. */
  readonly memberStarts: readonly string[];
  readonly memberEnds: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
  readonly unfilled: readonly string[];
  readonly rollbackPoints: readonly RollbackPoint[];
  readonly redo: Comparison | null;
  readonly locks: readonly MeasuredLock[];
  readonly measures: readonly StepMeasure[];
  /** What stopped the way forward. */
  readonly forwardError: FerrataError | null;
  /** What stopped a way back, or the second way forward. */
  readonly backError: FerrataError | null;
  /** Where the written down does not restore but the derived rollback does: its SQL. */
  readonly derivedRollback: readonly string[] | null;
  readonly variant: RowVariant;
  /** Tables that were left empty because the change accepts no row in them. */
  readonly without: readonly string[];
  /** Whether texts as long as their columns allow were among the synthetic rows. */
  readonly longTexts: boolean;
}

/** Finds rows that the change accepts (rows-accepted.ts) and takes the unit through its paces over them. */
export async function rehearseUnit(request: UnitRequest): Promise<UnitResult> {
  return await withAcceptedRows(request.dataSource, request.members, (rows) => rehearseWith(request, rows));
}

interface Start {
  /** Whether the rows are the target's own. */
  readonly real: boolean;
  readonly database: ScratchDatabase;
  readonly catalog: Catalog;
  readonly data: DataFingerprint;
  readonly rows: Readonly<Record<string, number>>;
  readonly unfilled: readonly string[];
}

async function rehearseWith(request: UnitRequest, choice: RowChoice): Promise<UnitResult> {
  const made: ScratchDatabase[] = [];
  const fork = async (template: ScratchDatabase) => {
    const database = await request.place.create(template.name);
    made.push(database);
    return database;
  };
  try {
    return await rehearse(request, choice, fork);
  } finally {
    for (const database of made) await database.drop();
  }
}

type Fork = (template: ScratchDatabase) => Promise<ScratchDatabase>;
interface DoneStep {
  readonly member: Member;
  readonly step: Step;
}
/** A rollback point: the steps done so far and a copy of the database that stands there. */
interface Point {
  readonly done: readonly DoneStep[];
  readonly after: Catalog;
  readonly database: ScratchDatabase;
  /** Whether the last step stands only half way: some batches of its backfill. Only the derived way leads back from there. */
  readonly half?: boolean;
}

async function rehearse(request: UnitRequest, choice: RowChoice, fork: Fork): Promise<UnitResult> {
  const { variant } = choice;
  const start = await makeStart(request, choice, fork);
  const startFingerprint = request.fingerprint(start.catalog);
  const main = await fork(start.database);

  // Forward, a copy kept at each rollback point.
  let catalog = start.catalog;
  const completed: Member[] = [];
  const memberStarts: string[] = [];
  const memberEnds: string[] = [];
  const points: Point[] = [];
  const locks: MeasuredLock[] = [];
  const measures: StepMeasure[] = [];
  let done: DoneStep[] = [];
  let forwardError: FerrataError | null = null;
  const total = request.members.reduce((sum, member) => sum + member.plan.steps.length, 0);
  for (const compiled of request.members) {
    memberStarts.push(request.fingerprint(catalog));
    const steps: Step[] = [];
    for (const planned of compiled.plan.steps) {
      try {
        const isLast = measures.length + 1 === total;
        const halfWay =
          request.members.length === 1 && backfillOf(planned) !== null ? await fork(main) : null;
        const forward = await forwardStep(main.connector, compiled, planned, catalog, true, isLast);
        if (halfWay !== null) {
          await rehearseBackfill(halfWay.connector, compiled, forward.step, true);
          const upTo = [...steps, forward.step];
          const member = { ...compiled, plan: { ...compiled.plan, steps: upTo } };
          points.push({
            done: upTo.map((step) => ({ member, step })),
            after: catalog,
            database: halfWay,
            half: true,
          });
        }
        catalog = forward.after;
        steps.push({ ...forward.step, fingerprintAfter: request.fingerprint(catalog) });
        locks.push(...forward.locks);
        measures.push(forward.measure);
        request.reporter({
          type: 'rehearsal-step',
          migration: compiled.migration.id,
          step: planned.id,
          direction: 'forward',
          ms: forward.measure.ms,
        });
      } catch (error) {
        forwardError = asFerrataError(error);
        break;
      }
      const rest = compiled.plan.steps.slice(steps.length);
      const member = { ...compiled, plan: { ...compiled.plan, steps: [...steps, ...rest] } };
      done = [
        ...done.filter((d) => d.member.migration.id !== compiled.migration.id),
        ...steps.map((step) => ({ member, step })),
      ];
      // The last point needs no copy: the way back is taken from the database itself.
      const database = done.length === total ? main : await fork(main);
      // A group is proved as one: only its end is a rollback point.
      if (request.members.length === 1 || done.length === total)
        points.push({ done, after: catalog, database });
    }
    const end = request.fingerprint(catalog);
    memberEnds.push(end);
    const all = forwardError === null ? steps : [...steps, ...compiled.plan.steps.slice(steps.length)];
    completed.push({
      ...compiled,
      plan: {
        ...compiled.plan,
        startFingerprint: memberStarts.at(-1) ?? null,
        endFingerprint: forwardError === null ? end : null,
        steps: all,
      },
    });
    if (forwardError !== null) break;
  }
  const base = {
    members: completed,
    startFingerprint,
    memberStarts,
    memberEnds,
    rows: start.rows,
    unfilled: start.unfilled,
    locks,
    variant,
    without: [...choice.without],
    longTexts: choice.long,
  };
  if (forwardError !== null) {
    return {
      ...base,
      endFingerprint: null,
      rollbackPoints: [],
      redo: null,
      measures,
      forwardError,
      backError: null,
      derivedRollback: null,
    };
  }

  // Back from every point, and forward again from the last.
  const rollbackPoints: RollbackPoint[] = [];
  let redo: Comparison | null = null;
  let backError: FerrataError | null = null;
  let derivedRollback: readonly string[] | null = null;
  const written = [...new Set(measures.flatMap((m) => m.writes.map((w) => w.table)))];
  for (const point of points) {
    const isLast = point.database === main;
    const hasWritten = isLast && point.done.some((d) => d.member.plan.down !== null);
    const late = await judgeLateRows({ fork, point, start, variant, written });
    const way = await goBack(point.database.connector, point.done, point.half === true);
    const judged = await judge(start, point, way, late, touchedTables(measures, start.catalog, point.after));
    rollbackPoints.push(judged);
    backError ??= way.error ?? late.error;
    request.reporter({
      type: 'rehearsal-step',
      migration: point.done.at(-1)?.member.migration.id ?? '',
      step: point.done.at(-1)?.step.id ?? '',
      direction: 'back',
      ms: way.ms,
    });
    if (isLast && way.error === null) {
      try {
        redo = await forwardAgain(main, completed, catalog);
        if (redo.outcome === 'different') {
          redo = withoutUnstable(redo, await forwardAgain(await fork(start.database), completed, catalog));
        }
      } catch (error) {
        backError ??= asFerrataError(error);
      }
    }
    if (hasWritten && (way.error !== null || !restores(judged))) {
      derivedRollback = await derivedThatRestores(start, point, completed, fork);
    }
  }
  return {
    ...base,
    endFingerprint: memberEnds.at(-1) ?? null,
    rollbackPoints,
    redo,
    measures,
    forwardError: null,
    backError,
    derivedRollback,
  };
}

async function makeStart(request: UnitRequest, choice: RowChoice, fork: Fork): Promise<Start> {
  const database = await fork(request.start);
  return withConnection(database.connector, async (connection) => {
    const empty = await readCatalogToRemember(connection);
    const relations = await newestObject(connection);
    const filled = await fillRows(connection, empty, choice.variant, choice.without, choice.long);
    // Triggers may make tables for the rows that are written.
    const same = (await newestObject(connection)) === relations;
    const catalog = same ? empty : await readCatalogToRemember(connection);
    const data = await fingerprintData(connection);
    const rows = Object.fromEntries([...data.tables].map(([table, { rows }]) => [table, rows]));
    return { real: choice.variant === 'given', database, catalog, data, rows, unfilled: filled.unfilled };
  });
}

/** Changes when anything with a type or a definition of its own is made or dropped. */
async function newestObject(connection: Connection): Promise<string> {
  const [row] = await connection.rows<[string]>(
    `SELECT pg_catalog.concat_ws(' ', (SELECT count(*) FROM pg_catalog.pg_class), (SELECT max(oid::int8) FROM pg_catalog.pg_class),
       (SELECT max(oid::int8) FROM pg_catalog.pg_proc), (SELECT max(oid::int8) FROM pg_catalog.pg_type),
       (SELECT max(oid::int8) FROM pg_catalog.pg_constraint), (SELECT count(*) FROM pg_catalog.pg_attribute))`,
  );
  return row?.[0] ?? '';
}

async function forwardAgain(
  database: ScratchDatabase,
  members: readonly Member[],
  expected: Catalog,
): Promise<Comparison> {
  return withConnection(database.connector, async (connection) => {
    await runMembers(connection, members);
    return compareCatalogs(expected, await readCatalog(connection));
  });
}

/**
 * A change may give another schema each time it runs, whatever went before (a frozen `'now'`, TRAPS 35). What differs in
 * the same way on an untouched start says nothing about the rollback.
 */
function withoutUnstable(redo: Comparison, fresh: Comparison): Comparison {
  const key = (d: Comparison['differences'][number]) => `${d.kind} ${d.object} ${d.property}`;
  const unstable = new Set(fresh.differences.map(key));
  const differences = redo.differences.filter((difference) => !unstable.has(key(difference)));
  const outcome =
    differences.length === 0 ? 'equal' : differences.every((d) => d.cosmetic) ? 'cosmetic' : 'different';
  return { outcome, differences };
}

async function runMembers(connection: Connection, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    for (const step of member.plan.steps) await runForward(connection, member, step);
  }
}

/** Tables that were there at the start and that the unit changed, in structure or in rows. */
function touchedTables(
  measures: readonly StepMeasure[],
  before: Catalog,
  after: Catalog,
): ReadonlySet<string> {
  const touched = new Set(measures.flatMap((m) => m.writes.map((w) => w.table)));
  for (const difference of compareCatalogs(before, after, { sameDatabase: true }).differences) {
    const key = `${difference.kind} ${difference.object}` as const;
    // What is new on a table touches it as well: a column, a constraint, a trigger.
    const object = before.objects.get(key) ?? after.objects.get(key);
    if (object?.kind === 'table') touched.add(object.identity);
    else if (object?.parent?.startsWith('table ')) touched.add(object.parent.slice('table '.length));
  }
  for (const table of touched) if (!before.objects.has(`table ${table}`)) touched.delete(table);
  return touched;
}

async function judge(
  start: Start,
  point: Point,
  way: WayBack,
  late: LateVerdict,
  touched: ReadonlySet<string>,
): Promise<RollbackPoint> {
  const { comparison, losses } = await compareWithStart(start, point.database.connector);
  // Rows that the change never met prove nothing; nor does a table of which the copy had none.
  // Of a sample or a backup an empty table is the target's own: there is nothing in it to lose.
  const tested = [...touched].every(
    (table) => start.real || (start.rows[table] ?? 0) > 0 || isPartitionedOrForeign(start, table),
  );
  return {
    afterStep: `${point.done.at(-1)?.step.id ?? ''}${point.half === true ? ' half way' : ''}`,
    inverse: way.inverse,
    schema: comparison.outcome,
    differences: comparison.differences,
    data: losses.length > 0 ? 'lost' : way.error !== null || !tested ? 'untested' : 'equal',
    losses,
    lateRows: late.summary,
    lateRowDetails: late.rows,
  };
}

function isPartitionedOrForeign(start: Start, table: string): boolean {
  const properties = start.catalog.objects.get(`table ${table}`)?.properties;
  return properties?.['partitionKey'] != null || properties?.['foreignServer'] != null;
}

export async function compareWithStart(
  start: { readonly database: ScratchDatabase; readonly catalog: Catalog; readonly data: DataFingerprint },
  connector: Connector,
): Promise<{ comparison: Comparison; losses: readonly Loss[] }> {
  return withConnection(connector, async (connection) => {
    const comparison = compareCatalogs(start.catalog, await readCatalog(connection));
    const data = await fingerprintData(connection);
    const losses = await withConnection(start.database.connector, (original) =>
      explainLosses({ connection: original, data: start.data }, { connection, data }),
    );
    return { comparison, losses };
  });
}

function restores(point: RollbackPoint): boolean {
  return point.schema !== 'different' && point.data !== 'lost' && point.lateRows !== 'lost';
}

/** The derived rollback's SQL, if it restores where the written one does not: tried on the start, changed once more. */
async function derivedThatRestores(
  start: Start,
  point: Point,
  members: readonly Member[],
  fork: Fork,
): Promise<readonly string[] | null> {
  const spare = await fork(start.database);
  try {
    await withConnection(spare.connector, (connection) => runMembers(connection, members));
  } catch {
    // What runs once and not twice (a role, say) leaves no way back that could be shown to restore.
    return null;
  }
  const way = await goBack(spare.connector, point.done, true);
  if (way.error !== null) return null;
  const { comparison, losses } = await compareWithStart(start, spare.connector);
  if (comparison.outcome === 'different' || losses.length > 0) return null;
  return [...point.done]
    .reverse()
    .flatMap(({ step }) =>
      (step.inverse ?? []).map((action) =>
        action.type === 'sql' ? action.sql : `-- ferrata puts back the rows that step ${step.id} changed`,
      ),
    );
}

export async function withConnection<T>(
  connector: Connector,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connector.connect('rehearse');
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

export function asFerrataError(error: unknown): FerrataError {
  if (error instanceof FerrataError) return error;
  return new FerrataError('internal', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
