/** How long a run should take on this database: what the monitor's signal `duration` is measured against. */
import type { Assessment } from '../assess/model.ts';
import { readSizes } from '../assess/sizes.ts';
import type { Policy } from '../config/settings.ts';
import { type BackfillSpec, backfillOf } from '../plan/backfill.ts';
import type { Plan } from '../plan/model.ts';
import { placeKey } from '../plan/patterns/batched.ts';
import type { Session } from './session.ts';

/**
 * In milliseconds; null where nothing can tell. Statements take the long end of what the assessment expects of them,
 * backfills their target time and pause for every batch of the largest size: who is slower than that twice over is
 * slowed down by something.
 */
export async function expectedMs(
  session: Session,
  assessment: Assessment,
  plan: Plan,
): Promise<number | null> {
  const backfills = plan.steps.flatMap((step) => backfillOf(step) ?? []);
  const tables = backfills.flatMap(({ table, parts }) => [table, ...parts.map((part) => part.table)]);
  const sizes = await readSizes(session.connection, [...new Set(tables)]);
  const { policy } = session.settings.environment;
  let total = statementsMs(
    assessment,
    new Set(backfills.flatMap(({ at }) => (at === null ? [] : [placeKey(at)]))),
  );
  for (const spec of backfills) {
    const names = spec.parts.length > 0 ? spec.parts.map((part) => part.table) : [spec.table];
    const rows = names.map((name) => sizes.get(name)?.rows ?? null);
    if (total === null || rows.includes(null)) return null;
    total += backfillMs(
      spec,
      rows.reduce<number>((sum, one) => sum + (one ?? 0), 0),
      policy,
    );
  }
  return total;
}

function statementsMs({ statements }: Assessment, batched: ReadonlySet<string>): number | null {
  let total = 0;
  for (const statement of statements) {
    if (batched.has(placeKey(statement))) continue;
    if (statement.estimate === null) return null;
    total += statement.estimate.workMs[2];
  }
  return total;
}

function backfillMs({ batch }: BackfillSpec, rows: number, policy: Policy): number {
  const batches = Math.ceil(rows / (batch.size ?? policy.batchSize));
  return batches * (policy.batchTargetMs + (batch.pauseMs ?? policy.batchPauseMs));
}
