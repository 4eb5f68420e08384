import type { Plan } from '../../../src/plan/model.ts';
import { planOf, sqlStep } from '../../ledger/support.ts';
import { backfillStep, keyOf, MIGRATION, specOf } from './support.ts';

/** Some ten batches over 200 rows. */
export const CRASH_POLICY = { batchSize: 20, batchPauseMs: 0, lockTimeoutMs: 1_000 } as const;

/**
 * `alone`: nobody but the backfill writes its table. `watched`: triggers count every change. `workers`: several ranges at
 * once. `between`: other steps before and behind it.
 */
export function crashPlan(kind: string): Plan {
  const spec = specOf({ parts: [{ table: 'public.t', key: keyOf({ id: 'bigint' }) }] });
  const captures = kind === 'watched' ? ['public.t', 'public.changes'] : ['public.t'];
  if (kind !== 'between') return planOf(MIGRATION, [backfillStep(spec, captures)], { pattern: 'batched' });
  const inverse = (sql: string) => [{ type: 'sql' as const, sql, at: null }];
  return planOf(MIGRATION, [
    sqlStep(1, ['ALTER TABLE t ADD m int'], { inverse: inverse('ALTER TABLE t DROP m') }),
    backfillStep(
      { ...spec, action: { type: 'update', set: 'n = n + 1, m = id', columns: ['n', 'm'], from: null } },
      captures,
      2,
    ),
    sqlStep(3, ['ALTER TABLE t ALTER m SET NOT NULL'], {
      inverse: inverse('ALTER TABLE t ALTER m DROP NOT NULL'),
    }),
  ]);
}

export const CRASH_SCHEMA = `
CREATE TABLE t (id bigint PRIMARY KEY, n int NOT NULL);
INSERT INTO t SELECT g, 0 FROM generate_series(1, 200) g;
CREATE TABLE changes (id bigint);`;

/** Every change of a row leaves a row. */
export const WATCH = `
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO changes VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER watch AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION watch();`;
