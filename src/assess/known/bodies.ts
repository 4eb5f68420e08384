/**
 * The statements of SQL that a body of PL/pgSQL or SQL holds, as far as its text tells: written down, or handed to EXECUTE
 * as a text whose parts are known. Whether, how often and in which order they run nobody knows.
 */
import { tokens } from '../../sql/lexer.ts';
import { parseInner } from '../../sql/parser.ts';
import { child, children, type KindedNode, strings, text, unwrap } from '../../sql/tree.ts';

/** Stands where a text is put together from what only the running block knows. */
export const ANYTHING = 'ferrata_anything';

export interface Body {
  /** With `ANYTHING` as a name where the text leaves it open. */
  readonly statements: readonly KindedNode[];
  /** It runs text that cannot be told: it may be any statement. */
  readonly open: boolean;
}

/** Behind these a statement of PL/pgSQL begins. */
const BEFORE: ReadonlySet<string> = new Set(['begin', 'then', 'else', 'loop', ';', '>>', 'atomic']);

/** Statements that may change the schema. */
const CHANGING: readonly string[] = ['create', 'alter', 'drop', 'call', 'do', 'import', 'reassign'];

const WORDS: ReadonlySet<string> = new Set([
  ...CHANGING,
  'truncate',
  'insert',
  'update',
  'delete',
  'merge',
  'copy',
  'lock',
  'refresh',
  'reindex',
  'cluster',
  'analyze',
  'comment',
  'select',
  'with',
]);

export function readBody(source: string): Body {
  const statements: KindedNode[] = [];
  let open = false;
  for (const { word, sql } of pieces(source)) {
    if (word === 'execute') {
      const template = textOf(sql);
      const parsed = template === null ? null : parsedStatements(template);
      if (parsed !== null) statements.push(...parsed);
      else
        open ||= template === null || /\b(create|alter|drop|rename|do|call|perform|select)\b/i.test(template);
    } else {
      const parsed = parsedStatements(word === 'perform' ? `SELECT ${sql.slice('perform'.length)}` : sql);
      if (parsed !== null) statements.push(...parsed);
      else open ||= CHANGING.includes(word);
    }
  }
  return { statements, open };
}

interface Piece {
  readonly word: string;
  readonly sql: string;
}

function* pieces(source: string): Generator<Piece> {
  let starts = true;
  let start: { readonly at: number; readonly word: string } | null = null;
  for (const token of tokens(source)) {
    if (token.kind === 'comment') continue;
    const piece = source.slice(token.start, token.end);
    const word = token.kind === 'word' || token.kind === 'punctuation' ? piece.toLowerCase() : '';
    if (start !== null) {
      if (piece !== ';') continue;
      yield { word: start.word, sql: source.slice(start.at, token.start) };
      start = null;
      starts = true;
      continue;
    }
    if (starts && (WORDS.has(word) || word === 'execute' || word === 'perform')) {
      start = { at: token.start, word };
      starts = false;
      continue;
    }
    starts = BEFORE.has(word);
  }
  if (start !== null) yield { word: start.word, sql: source.slice(start.at) };
}

function parsedStatements(sql: string): readonly KindedNode[] | null {
  const result = parseInner(sql);
  if (result?.ok !== true) return null;
  return result.statements.flatMap(({ stmt }) => unwrap(stmt) ?? []);
}

/** The text that EXECUTE is given, `ANYTHING` in place of what is not known; null where all of it is not. */
function textOf(sql: string): string | null {
  const expression = sql.slice('execute'.length).replace(/\s+(?:INTO|USING)\s+(?:STRICT\s+)?[^']*$/is, '');
  const [statement] = parsedStatements(`SELECT ${expression}`) ?? [];
  const [target] = children(statement?.node, 'targetList');
  const value = target?.node.val;
  const known = value === undefined ? null : templateOf(value);
  return known === null || known.trim() === ANYTHING ? null : known;
}

function templateOf(expression: unknown): string | null {
  const { kind, node } = unwrap(expression) ?? { kind: '', node: {} };
  if (kind === 'A_Const') return text(child(node, 'sval'), 'sval');
  if (kind === 'TypeCast') return templateOf(node.arg);
  if (kind === 'A_Expr' && strings(node.name).join() === '||') {
    const parts = [node.lexpr, node.rexpr].map((side) => templateOf(side) ?? ANYTHING);
    return parts.join('');
  }
  if (kind !== 'FuncCall' || strings(node.funcname).at(-1) !== 'format') return null;
  const [first, ...given] = Array.isArray(node.args) ? node.args : [];
  const template = templateOf(first);
  if (template === null) return null;
  let next = 0;
  return template.replace(/%(?:\d+\$)?(?:-?\d+)?([sIL%])/g, (_match, type: string) => {
    if (type === '%') return '%';
    const known = templateOf(given[next++]);
    if (type === 'L') return `'${known ?? ANYTHING}'`;
    return known ?? ANYTHING;
  });
}
