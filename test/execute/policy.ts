import { DEFAULT_MONITOR } from '../../src/config/monitor.ts';
import type { Policy } from '../../src/config/settings.ts';
import type { Connection } from '../../src/postgres/connection.ts';

export const POLICY: Policy = {
  proof: 'off',
  proofData: 'none',
  proofOtherMajor: false,
  backup: 'off',
  verify: 'off',
  onVerifyFailure: 'stop',
  allowForce: true,
  scratchOnServer: true,
  scratchUrl: null,
  lockTimeoutMs: 100,
  statementTimeoutMs: 60_000,
  retries: 3,
  lockBudgetMs: 5_000,
  blockers: 'wait',
  blockersAfterMs: 1_000,
  batchRows: 50_000,
  batchSize: 1_000,
  batchTargetMs: 200,
  batchPauseMs: 0,
  batchWorkers: 1,
  batchSkipLocked: false,
  monitor: DEFAULT_MONITOR,
  rollbackWindowHours: { low: 24, medium: 72, high: 168, critical: 336 },
  approvals: { low: 0, medium: 0, high: 0, critical: 0 },
  maxDurationMinutes: { low: 15, medium: 60, high: 240, critical: 480 },
};

/** A hash of what the tests change: enough for steps that only the schema tells about. */
export async function testFingerprint(connection: Connection): Promise<string> {
  const [row] = await connection.query<{ hash: string }>(
    `SELECT md5(coalesce(string_agg(c.relname || c.relkind::text || coalesce(i.indisvalid::text, ''), ',' ORDER BY c.relname), '')) AS hash
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'ferrata', 'ferrata_attic')`,
  );
  return row?.hash ?? '';
}
