/**
 * A parse tree back to SQL. `pgsql-deparser` is a re-implementation and not always right, so its output is parsed
 * again and must give the same tree, constants included (a fingerprint of pg_query would leave those out).
 */
import { isDeepStrictEqual } from 'node:util';
import { parseGrammar } from './parser.ts';

/**
 * The statement as SQL without semicolon, or null where the text would not mean the same: then nobody may run it.
 *
 * @param kind the node's name, e.g. `AlterTableStmt`
 * @param node the node itself, as in `ParsedStatement`
 */
export async function deparse(kind: string, node: Readonly<Record<string, unknown>>): Promise<string | null> {
  const { Deparser } = await import('pgsql-deparser');
  let text: string;
  try {
    text = Deparser.deparse({ [kind]: node } as unknown as Parameters<typeof Deparser.deparse>[0], {
      pretty: false,
    })
      .trim()
      .replace(/;$/, '');
  } catch {
    return null;
  }
  return (await meansTheSame(text, kind, node)) ? text : null;
}

/** Whether `text` is one statement with exactly this tree, places apart. */
export async function meansTheSame(
  text: string,
  kind: string,
  node: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const parsed = await parseGrammar(text);
  const [statement, second] = parsed.ok ? parsed.statements : [];
  if (statement?.stmt === undefined || second !== undefined) return false;
  return sameTree(statement.stmt, { [kind]: node });
}

/** Whether two parse trees are the same but for the places in the text. */
export function sameTree(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutPlaces(a), withoutPlaces(b));
}

const PLACES = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
]);

function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(PLACES.has(key) && typeof inner === 'number'))
      .map(([key, inner]) => [key, withoutPlaces(inner)]),
  );
}
