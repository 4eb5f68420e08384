/** What an index is made of, read from its definition as `pg_get_indexdef` prints it. */
import { tokens } from '../../sql/lexer.ts';
import { splitQualified } from '../../sql/quote.ts';

export interface IndexShape {
  readonly unique: boolean;
  readonly method: string;
  /** In order; null for an expression. */
  readonly columns: readonly (string | null)[];
  /** Columns with another order, collation or operator class than the column's own: by their place. */
  readonly special: readonly boolean[];
  readonly partial: boolean;
  readonly nullsNotDistinct: boolean;
}

/** Null where the text is not that of an index. */
export function indexShape(definition: string): IndexShape | null {
  const head = /^CREATE (UNIQUE )?INDEX .*? USING (\w+) \(/s.exec(definition);
  if (head === null) return null;
  const from = head[0].length;
  const elements: string[] = [];
  let depth = 1;
  let start = from;
  let end = definition.length;
  for (const token of tokens(definition, from)) {
    if (token.kind !== 'punctuation') continue;
    const char = definition[token.start];
    if (char === '(' || char === '[') depth++;
    if (char === ')' || char === ']') depth--;
    if ((char === ',' && depth === 1) || depth === 0) {
      elements.push(definition.slice(start, token.start).trim());
      start = token.end;
    }
    if (depth === 0) {
      end = token.end;
      break;
    }
  }
  const rest = definition.slice(end);
  const parsed = elements.map(element);
  return {
    unique: head[1] !== undefined,
    method: head[2] ?? '',
    columns: parsed.map(({ column }) => column),
    special: parsed.map(({ special }) => special),
    partial: /\bWHERE\b/.test(rest),
    nullsNotDistinct: /\bNULLS NOT DISTINCT\b/.test(rest),
  };
}

function element(text: string): { readonly column: string | null; readonly special: boolean } {
  const name = /^(?:"(?:[^"]|"")*"|[a-z_][a-z0-9_$]*)(?=$|\s)/i.exec(text)?.[0];
  if (name === undefined) return { column: null, special: true };
  return { column: splitQualified(name)[0] ?? name, special: text.length > name.length };
}
