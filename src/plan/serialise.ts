import { z } from 'zod';
import { LOCK_MODES } from '../assess/model.ts';
import { FerrataError } from '../errors.ts';
import type { Plan } from './model.ts';

const position = z.object({ line: z.number().int(), column: z.number().int() }).nullable();
const relation = z.object({ schema: z.string().nullable(), name: z.string() });
const parkCommon = {
  parkId: z.string(),
  ifExists: z.boolean(),
  cascade: z.boolean(),
  sql: z.string(),
  at: position,
};
const key = z.object({
  index: z.string(),
  columns: z.array(
    z.object({
      name: z.string(),
      type: z.string(),
      collation: z.string().nullable(),
      descending: z.boolean(),
      nullsFirst: z.boolean(),
    }),
  ),
});
const backfill = z.object({
  table: z.string(),
  alias: z.string(),
  parts: z.array(z.object({ table: z.string(), key: key.nullable() })),
  where: z.string().nullable(),
  action: z.discriminatedUnion('type', [
    z.object({
      type: z.literal('update'),
      set: z.string(),
      columns: z.array(z.string()),
      from: z.string().nullable(),
    }),
    z.object({ type: z.literal('delete'), using: z.string().nullable() }),
    z.object({
      type: z.literal('insert-select'),
      target: z.string(),
      columns: z.array(z.string()),
      values: z.array(z.string()),
      onConflict: z.string().nullable(),
    }),
    z.object({
      type: z.literal('transform'),
      module: z.string(),
      reads: z.array(z.string()),
      writes: z.array(z.string()),
    }),
  ]),
  settings: z.array(z.string()),
  readsOthers: z.boolean(),
  moment: z.boolean(),
  varies: z.boolean(),
  lastPass: z.boolean(),
  batch: z.object({ size: z.number().int().optional(), pauseMs: z.number().optional() }),
  sql: z.string(),
  at: position,
});
const action = z.discriminatedUnion('type', [
  z.object({ type: z.literal('sql'), sql: z.string(), at: position }),
  z.object({ type: z.literal('park-table'), tables: z.array(relation), ...parkCommon }),
  z.object({ type: z.literal('park-column'), table: relation, column: z.string(), ...parkCommon }),
  z.object({
    type: z.literal('keep-column'),
    when: z.enum(['before', 'after']),
    ordinal: z.number().int(),
    table: z.string(),
    key: z.array(z.string()),
    column: z.string(),
  }),
  z.object({ type: z.literal('keep-sequences'), sequences: z.array(z.string()) }),
  z.object({ type: z.literal('backfill'), spec: backfill }),
  z.object({ type: z.literal('undo'), capture: z.string() }),
]);
const probe = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ledger') }),
  z.object({ type: z.literal('index-valid'), index: relation }),
  z.object({ type: z.literal('index-absent'), index: relation }),
  z.object({ type: z.literal('fingerprint') }),
]);
const step = z.object({
  id: z.string(),
  kind: z.enum(['ddl', 'backfill', 'validate', 'wait', 'swap', 'park']),
  title: z.string(),
  transactional: z.boolean(),
  forward: z.array(action),
  inverse: z.array(action).nullable(),
  inverseTransactional: z.boolean(),
  inverseRefusals: z.array(z.string()),
  captures: z.array(z.string()),
  done: probe,
  expects: z.array(
    z.object({ relation: z.string(), mode: z.enum(LOCK_MODES), heldMs: z.number().nullable() }),
  ),
  fingerprintAfter: z.string().nullable(),
  notes: z.array(z.string()).optional(),
});
const plan = z.object({
  ferrata: z.literal(1),
  migration: z.string(),
  checksum: z.string(),
  pattern: z.enum(['direct', 'batched', 'expand-contract', 'shadow-column', 'shadow-table', 'blue-green']),
  type: z.enum(['ddl', 'dml', 'combined', 'destructive']),
  risk: z.enum(['low', 'medium', 'high', 'critical']),
  rollbackWindowHours: z.number(),
  serverMajor: z.number().int().nullable(),
  startFingerprint: z.string().nullable(),
  endFingerprint: z.string().nullable(),
  steps: z.array(step),
  down: z
    .object({
      file: z.string(),
      groups: z.array(z.object({ transactional: z.boolean(), actions: z.array(action) })),
    })
    .nullable(),
});

/** `plan.json`: two spaces, a line break at the end; members in the order in which the plan has them. */
export function serialisePlan(value: Plan): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Reads `plan.json`. Throws `plan-mismatch` where it is no plan of this version.
 *
 * @param file as it is shown in messages
 */
export function parsePlan(text: string, file = 'plan.json'): Plan {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw unreadable(file, 'it is not JSON', cause);
  }
  const result = plan.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw unreadable(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`, result.error);
  }
  // The value itself rather than the schema's copy: what a later version added stays, and counts in the checksum.
  return raw as Plan;
}

function unreadable(file: string, why: string, cause: unknown): FerrataError {
  return new FerrataError('plan-mismatch', `${file} is not a plan of this version of Ferrata`, {
    why,
    hint: 'Delete the file and write it again: ferrata plan --write, then ferrata rehearse.',
    cause,
  });
}
