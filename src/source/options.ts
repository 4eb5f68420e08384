import { FerrataError } from '../errors.ts';

/** What `migration.yaml` may say. */
export interface MigrationOptions {
  readonly dependsOn: readonly string[];
  readonly owner: string | null;
  readonly ticket: string | null;
  readonly pattern: 'direct' | null;
}

export const NO_OPTIONS: MigrationOptions = { dependsOn: [], owner: null, ticket: null, pattern: null };

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
    pattern: z.enum(['direct']).optional(),
    batch: z
      .strictObject({
        size: z.number().int().positive().optional(),
        pause_ms: z.number().int().nonnegative().optional(),
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
        hint: `Allowed keys: ${Object.keys(schema.shape).join(', ')}. pattern can be: direct.`,
      },
    );
  }
  const { depends_on = [], owner = null, ticket = null, pattern = null } = result.data;
  return { dependsOn: depends_on, owner, ticket, pattern };
}
