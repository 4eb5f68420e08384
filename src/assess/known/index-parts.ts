/** The parts of an index, read from its definition as `pg_get_indexdef` prints it. */
import { quoteIdent, splitQualified } from '../../sql/quote.ts';

export interface IndexParts {
  readonly unique: boolean;
  readonly method: string;
  /** As written: `a`, `b DESC`, `lower(c)`, `d text_pattern_ops`. */
  readonly keys: readonly string[];
  readonly included: readonly string[];
  /** The predicate of a partial index; null for a whole one. */
  readonly where: string | null;
}

const KNOWN = new Map<string, IndexParts>();

export function indexParts(definition: string): IndexParts {
  const known = KNOWN.get(definition);
  if (known !== undefined) return known;
  const open = definition.indexOf('(', definition.search(/ USING /));
  const close = closing(definition, open);
  const rest = definition.slice(close + 1);
  const include = rest.indexOf(' INCLUDE (');
  const start = include === -1 ? -1 : include + ' INCLUDE '.length;
  const parts: IndexParts = {
    unique: /^CREATE UNIQUE /.test(definition),
    method: / USING ("[^"]+"|\w+)/.exec(definition)?.[1] ?? 'btree',
    keys: open === -1 ? [] : split(definition.slice(open + 1, close)),
    included: start === -1 ? [] : split(rest.slice(start + 1, closing(rest, start))),
    where: / WHERE (.*)$/s.exec(rest)?.[1] ?? null,
  };
  KNOWN.set(definition, parts);
  return parts;
}

/** The column that a key is; null for an expression. */
export function keyColumn(key: string): string | null {
  const word = /^("(?:[^"]|"")*"|[^\s("]+)(?:\s|$)/.exec(key)?.[1];
  return word === undefined ? null : (splitQualified(word)[0] ?? null);
}

/** The columns of an index whose keys are all columns; null where one is an expression. */
export function keyColumns(parts: IndexParts): readonly string[] | null {
  const columns = parts.keys.map(keyColumn);
  return columns.includes(null) ? null : columns.filter((column) => column !== null);
}

/** Whether the index names the column anywhere. */
export function usesColumn(parts: IndexParts, column: string): boolean {
  return [...parts.keys, ...parts.included, parts.where ?? ''].some((sql) => mentions(sql, column));
}

/** Whether the SQL names the column, by itself or behind a dot. */
export function mentions(sql: string, column: string): boolean {
  const word = quoteIdent(column).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w$"])${word}($|[^\\w$"])`).test(sql);
}

function closing(sql: string, open: number): number {
  let depth = 0;
  for (let at = open; at < sql.length && at >= 0; at++) {
    if (sql[at] === "'" || sql[at] === '"') at = sql.indexOf(sql[at] as string, at + 1);
    if (at === -1) break;
    if (sql[at] === '(') depth++;
    if (sql[at] === ')' && --depth === 0) return at;
  }
  return sql.length;
}

function split(list: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let quote: string | null = null;
  for (let at = 0; at < list.length; at++) {
    const character = list[at] as string;
    if (quote !== null) quote = character === quote ? null : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (character === '(' || character === '[') depth++;
    else if (character === ')' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(list.slice(start, at).trim());
      start = at + 1;
    }
  }
  const last = list.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}
