import type { BackfillKey, BackfillSpec } from '../../../src/plan/backfill.ts';
import type { Plan, Step } from '../../../src/plan/model.ts';
import { planOf } from '../../ledger/support.ts';

export const MIGRATION = '20260101000000_backfill';

/** An ascending key of the index `<table>_pkey`. */
export function keyOf(columns: Readonly<Record<string, string>>, index = 'public.t_pkey'): BackfillKey {
  return {
    index,
    columns: Object.entries(columns).map(([name, type]) => ({
      name,
      type,
      collation: null,
      descending: false,
      nullsFirst: false,
    })),
  };
}

/** An UPDATE of `public.t` along its `id bigint`, unless said otherwise. */
export function specOf(more: Partial<BackfillSpec> = {}): BackfillSpec {
  return {
    table: 'public.t',
    alias: 't',
    parts: [{ table: 'public.t', key: keyOf({ id: 'bigint' }) }],
    where: null,
    action: { type: 'update', set: 'n = n + 1', columns: ['n'], from: null },
    settings: [],
    readsOthers: false,
    moment: false,
    varies: false,
    lastPass: false,
    batch: {},
    sql: 'UPDATE t SET n = n + 1',
    at: null,
    ...more,
  };
}

/** `captures`: tables whose rows are kept for the way back. */
export function backfillStep(
  spec: BackfillSpec,
  captures: readonly string[],
  n = 1,
  migration = MIGRATION,
): Step {
  const id = `s${n}`;
  return {
    id,
    kind: 'backfill',
    title: spec.sql,
    transactional: false,
    forward: [{ type: 'backfill', spec }],
    inverse:
      captures.length === 0 ? [] : [{ type: 'undo', capture: `${/^\d+/.exec(migration)?.[0] ?? ''}_${id}` }],
    inverseTransactional: true,
    inverseRefusals: [],
    captures,
    done: { type: 'ledger' },
    expects: [],
    fingerprintAfter: null,
  };
}

export function backfillPlan(
  spec: BackfillSpec,
  captures: readonly string[] = [spec.table],
  migration = MIGRATION,
): Plan {
  return planOf(migration, [backfillStep(spec, captures, 1, migration)], { pattern: 'batched', type: 'dml' });
}
