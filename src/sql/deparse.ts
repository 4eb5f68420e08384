/**
 * A parse tree back to SQL. `pgsql-deparser` is a re-implementation and not always right, so its output is parsed
 * again and must give the same tree, constants included (a fingerprint of pg_query would leave those out).
 */
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
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => sameTree(item, b[index]));
  }
  const [left, right] = [a as Tree, b as Tree];
  for (const key in left) {
    if (!isPlace(key, left[key]) && !(Object.hasOwn(right, key) && sameTree(left[key], right[key])))
      return false;
  }
  for (const key in right) {
    if (!Object.hasOwn(left, key) && !isPlace(key, right[key])) return false;
  }
  return true;
}

type Tree = Readonly<Record<string, unknown>>;

const PLACES = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
]);

function isPlace(key: string, value: unknown): boolean {
  return typeof value === 'number' && PLACES.has(key);
}
