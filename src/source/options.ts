import { FerrataError } from '../errors.ts';

/** What `migration.yaml` may say. */
export interface MigrationOptions {
  readonly dependsOn: readonly string[];
  readonly owner: string | null;
  readonly ticket: string | null;
  /** `direct`: nothing runs in batches; `batched`: all that may; null: what is big. */
  readonly pattern: 'direct' | 'batched' | null;
  readonly batch: BatchOptions;
  /** What `backfill.ts` beside up.sql works on. */
  readonly transform: TransformOptions | null;
}

export interface BatchOptions {
  /** The most rows in one batch. */
  readonly size?: number;
  /** Milliseconds between two batches. */
  readonly pauseMs?: number;
  /** Nobody else writes the tables meanwhile: those without a key may be walked by `ctid`. */
  readonly rowsStay?: boolean;
}

/** All names as written, unquoted; the table with its schema where it has one. */
export interface TransformOptions {
  readonly table: string;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** SQL; null: every row. */
  readonly where: string | null;
}

export const NO_OPTIONS: MigrationOptions = {
  dependsOn: [],
  owner: null,
  ticket: null,
  pattern: null,
  batch: {},
  transform: null,
};

/**
 * Reads `migration.yaml`. Throws `migration-invalid`, which names the key and what is allowed.
 *
 * @param shown the path for messages
 */
export async function parseOptions(text: string, shown: string): Promise<MigrationOptions> {
  const [{ parse, YAMLParseError }, { z }] = await Promise.all([import('yaml'), import('zod')]);
  const word = z.union([z.string(), z.number()]).transform(String);
  const schema = z.strictObject({
    depends_on: z.union([word.transform((id) => [id]), z.array(word)]).optional(),
    owner: word.optional(),
    ticket: word.optional(),
    description: z.string().optional(),
    pattern: z.enum(['direct', 'batched']).optional(),
    batch: z
      .strictObject({
        size: z.number().int().positive().optional(),
        pause_ms: z.number().int().nonnegative().optional(),
        rows_stay: z.boolean().optional(),
      })
      .optional(),
    backfill: z
      .strictObject({
        table: z.string().min(1),
        reads: z.array(z.string().min(1)),
        writes: z.array(z.string().min(1)).min(1),
        where: z.string().min(1).optional(),
      })
      .optional(),
  });
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    const place = cause instanceof YAMLParseError ? cause.linePos?.[0] : undefined;
    throw new FerrataError('migration-invalid', `${shown} is not valid YAML`, {
      why: cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause),
      hint: 'Write `key: value` lines, for example `owner: payments`.',
      ...(place === undefined ? {} : { location: { file: shown, line: place.line, column: place.col } }),
      cause,
    });
  }
  if (raw === null || raw === undefined) return NO_OPTIONS;
  const result = schema.safeParse(raw);
  if (!result.success) {
    const [issue] = result.error.issues;
    const key = issue?.path.join('.');
    throw new FerrataError(
      'migration-invalid',
      `${shown}: ${key === undefined || key === '' ? '' : `${key}: `}${issue?.message ?? 'invalid'}`,
      {
        why: 'The file holds something that Ferrata does not know.',
        hint: `Allowed keys: ${Object.keys(schema.shape).join(', ')}. pattern can be: direct, batched.`,
      },
    );
  }
  const { depends_on = [], owner = null, ticket = null, pattern = null, batch = {}, backfill } = result.data;
  return {
    dependsOn: depends_on,
    owner,
    ticket,
    pattern,
    batch: {
      ...(batch.size === undefined ? {} : { size: batch.size }),
      ...(batch.pause_ms === undefined ? {} : { pauseMs: batch.pause_ms }),
      ...(batch.rows_stay === undefined ? {} : { rowsStay: batch.rows_stay }),
    },
    transform: backfill === undefined ? null : { ...backfill, where: backfill.where ?? null },
  };
}
