/**
 * Passwords that stand in schemas: user mappings, subscriptions and servers of foreign data hold them. What is shown of
 * them is blotted out. In SQL that would change what it does: such a statement is held back, and named.
 */
import type { Difference, Json, Refusal, RenderedStatement } from '../catalog/model.ts';
import { redact, redactKnown } from '../postgres/redact.ts';

const WITH_SECRETS: ReadonlySet<string> = new Set([
  'user mapping',
  'subscription',
  'server',
  'foreign data wrapper',
]);

/** An option of CREATE USER MAPPING, CREATE SERVER … that is a secret by its name, in SQL and as `name=value`. */
const OPTION =
  /((?:"[^"]*|\b\w*)(?:pass|secret|token|credential|private|api_?key|access_?key)\w*"?(?:\s+|=))('(?:[^']|'')*'|[^\s',)]+)/gi;

/** The text without the secrets that an object of this kind may hold. */
export function hideSecrets(kind: string, text: string): string {
  return WITH_SECRETS.has(kind)
    ? redact(text).replace(OPTION, (_, name: string) => `${name}***`)
    : redactKnown(text);
}

export function withoutSecrets(
  differences: readonly Difference[],
  statements: readonly RenderedStatement[],
): {
  readonly differences: readonly Difference[];
  readonly statements: readonly RenderedStatement[];
  readonly refusals: readonly Refusal[];
} {
  const kept: RenderedStatement[] = [];
  const refusals: Refusal[] = [];
  for (const statement of statements) {
    const { object, sql } = statement;
    const kind = [...WITH_SECRETS].find((word) => object.startsWith(`${word} `)) ?? '';
    const shown = hideSecrets(kind, sql);
    if (shown === sql) kept.push(statement);
    else {
      refusals.push({
        object,
        reason: `a password stands in it, and that is never printed; write it yourself: ${shown}`,
      });
    }
  }
  return {
    differences: differences.map((difference) => ({
      ...difference,
      before: hidden(difference.kind, difference.before),
      after: hidden(difference.kind, difference.after),
    })),
    statements: kept,
    refusals,
  };
}

function hidden(kind: string, value: Json): Json {
  if (typeof value === 'string') return hideSecrets(kind, value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => hidden(kind, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hidden(kind, item)]));
}
