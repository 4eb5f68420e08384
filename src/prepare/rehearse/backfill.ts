/**
 * A backfill on a scratch copy: by the very engine that the real run uses, with a ledger and a lease of the copy's own,
 * in batches so small that there are several; to its end, or only half way, so that the way back from there is proved.
 */
import { defaultPolicy } from '../../config/policy.ts';
import { FerrataError, isFerrataError } from '../../errors.ts';
import { silent } from '../../events.ts';
import { runBackfill } from '../../execute/backfill/run.ts';
import { undoBackfill } from '../../execute/backfill/undo.ts';
import { captureName, Journal, type RunContext } from '../../execute/context.ts';
import { alwaysGo, type Throttle } from '../../execute/monitor/throttle.ts';
import { RunSession } from '../../execute/session.ts';
import { acquireLease } from '../../ledger/lease.ts';
import { openLedger } from '../../ledger/ledger.ts';
import { type BackfillSpec, backfillOf } from '../../plan/backfill.ts';
import type { Step } from '../../plan/model.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { Member } from './member.ts';

/** Batches that a table's rows are cut into, and after how many of them half way is. */
const BATCHES = 6;
const HALF = 3;

/** Under which the copy's own ledger knows it. */
const RUN = 'rehearsal';

/** Runs the step's backfill; with `half` only its first batches. Its tables' rows are kept as the step says. */
export async function rehearseBackfill(
  connector: Connector,
  member: Member,
  step: Step,
  half = false,
): Promise<void> {
  const pinned = backfillOf(step);
  if (pinned === null) return;
  // The migration's own sizes are for real tables.
  const spec: BackfillSpec = { ...pinned, batch: {} };
  await withContext(connector, member, spec, half ? stopAfter(HALF) : alwaysGo, async (context, ordinal) => {
    // A copy may be a copy of one on which it has run before.
    await context.session.connection.query('DELETE FROM ferrata.backfill WHERE run = $1 AND ordinal = $2', [
      RUN,
      ordinal(step),
    ]);
    await runBackfill(context, {
      step: step.id,
      ordinal: ordinal(step),
      spec,
      capture: captureName(member.plan, step),
      captures: step.captures,
      source: context.source,
      accept: null,
      finish: () => '',
    });
  }).catch((error: unknown) => {
    if (!half || !isFerrataError(error) || error.code !== 'run-aborted') throw error;
  });
}

/** Puts back what the step's backfill recorded, in batches; what is left is the undo action's. */
export async function rehearseUndo(connector: Connector, member: Member, step: Step): Promise<void> {
  const spec = backfillOf(step);
  if (spec === null || step.inverse === null || step.captures.length === 0) return;
  await withContext(connector, member, spec, alwaysGo, async (context, ordinal) => {
    await undoBackfill(context, {
      step: step.id,
      ordinal: ordinal(step),
      migration: member.migration.id,
      spec,
      capture: captureName(member.plan, step),
    });
  });
}

async function withContext(
  connector: Connector,
  member: Member,
  spec: BackfillSpec,
  throttle: Throttle,
  work: (context: RunContext, ordinal: (step: Step) => number) => Promise<void>,
): Promise<void> {
  const connection = await connector.connect('rehearse');
  try {
    await openLedger(connection, { create: true });
    const lease = await acquireLease({
      connector,
      connection,
      owner: RUN,
      purpose: 'rehearse',
      wait: true,
    });
    const session = await RunSession.open(connector);
    try {
      const counts = await Promise.all(
        spec.parts.map(({ table }) => connection.rows<[string]>(`SELECT count(*)::text FROM ONLY ${table}`)),
      );
      const rows = counts.reduce((sum, [row]) => sum + Number(row?.[0] ?? 0), 0);
      const journal = new Journal(RUN);
      const context: RunContext = {
        run: RUN,
        session,
        lease,
        policy: {
          ...defaultPolicy('development'),
          batchSize: Math.max(1, Math.ceil(rows / BATCHES)),
          batchPauseMs: 0,
          batchWorkers: 1,
          batchSkipLocked: false,
        },
        report: silent,
        signal: undefined,
        throttle,
        folder: member.migration.folder,
        source: { file: member.migration.up.path, text: member.migration.up.text },
        readFingerprint: null,
        journal,
      };
      await work(context, (step) => member.plan.steps.findIndex(({ id }) => id === step.id));
    } finally {
      await session.close();
      await lease.release(connection);
    }
  } finally {
    await connection.close();
  }
}

/** Lets so many batches pass, and stops the run then. */
function stopAfter(batches: number): Throttle {
  let passed = 0;
  return {
    wait: async () =>
      passed++ < batches ? { kind: 'go', factor: 1 } : { kind: 'abort', reason: 'half way' },
  };
}

/**
 * What the backfill is there to bring about, as a checksum: the values that it assigns, and which rows there are. Null
 * where it differs from run to run by itself.
 */
export async function digestOf(connection: Connection, spec: BackfillSpec): Promise<string | null> {
  const { action } = spec;
  if (spec.moment || spec.varies) return null;
  const columns =
    action.type === 'delete' ? [] : action.type === 'transform' ? action.writes : action.columns;
  const written = action.type === 'insert-select' ? [{ table: action.target, key: null }] : spec.parts;
  const digests: string[] = [];
  for (const { table, key } of written) {
    const names = [...new Set([...(key?.columns.map(({ name }) => name) ?? []), ...columns])];
    const row = names.length === 0 ? 't' : `ROW(${names.map((name) => `t.${quoteIdent(name)}`).join(', ')})`;
    const [found] = await connection.rows<[string]>(
      `SELECT count(*) || ' ' || coalesce(sum(('x' || left(md5(concat(${row})), 15))::bit(60)::bigint), 0) FROM ONLY ${table} AS t`,
    );
    digests.push(found?.[0] ?? '');
  }
  return digests.join('; ');
}

/** Throws `backfill-differs` where the batches did not bring about what the statement had. */
export function requireSame(
  step: Step,
  spec: BackfillSpec,
  whole: string | null,
  batches: string | null,
): void {
  if (whole === null || whole === batches) return;
  throw new FerrataError(
    'backfill-differs',
    `Step ${step.id} gives other values in batches than as one statement`,
    {
      why: `${spec.table} was compared on the scratch copy after both. Something makes its rows depend on each other: a trigger that looks at other rows, or a function that is not what it is declared to be.`,
      hint: '`pattern: direct` in migration.yaml keeps it one statement.',
    },
  );
}
