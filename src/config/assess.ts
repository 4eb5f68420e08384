/** The configuration's key `assess`: which rules count, how much, and when the command fails. */
import { z } from 'zod';

const count = z.int().min(0);
const level = z.enum(['off', 'info', 'warning', 'danger']);
const expression = z.string().min(1).refine(isExpression);

/** Severities and risks that `--fail-on` takes too. */
export const FAIL_ON = ['danger', 'warning', 'info', 'low', 'medium', 'high', 'critical', 'never'] as const;
const failOn = z.enum(FAIL_ON);

/** As the rules on names know them. */
export const NAMED_KINDS = [
  'schema',
  'table',
  'view',
  'column',
  'index',
  'uniqueIndex',
  'primaryKey',
  'unique',
  'foreignKey',
  'check',
  'exclusion',
  'sequence',
  'function',
  'trigger',
  'type',
] as const;

export const assess = z.strictObject({
  rules: z.record(z.string().min(1), level).optional(),
  naming: z
    .strictObject(
      Object.fromEntries(NAMED_KINDS.map((kind) => [kind, expression.optional()])) as Record<
        (typeof NAMED_KINDS)[number],
        z.ZodOptional<typeof expression>
      >,
    )
    .optional(),
  smallRows: count.optional(),
  largeRows: count.optional(),
  largeBytes: count.optional(),
  busyWritesPerSecond: z.number().min(0).optional(),
  maxLockTimeoutMs: z.int().min(1).optional(),
  longTransactionSeconds: z.number().min(0).optional(),
  failOn: z.preprocess((given) => (typeof given === 'string' ? [given] : given), z.array(failOn)).optional(),
  baseline: z.string().min(1).optional(),
  stats: z.string().min(1).optional(),
});

export type AssessKeys = Omit<z.input<typeof assess>, 'failOn'> & {
  readonly failOn?: z.output<typeof failOn> | readonly z.output<typeof failOn>[] | undefined;
};

/** With the placeholders of names filled in. */
function isExpression(text: string): boolean {
  try {
    new RegExp(text.replace(/\{(table|columns)\}/g, 'x'), 'u');
    return true;
  } catch {
    return false;
  }
}
