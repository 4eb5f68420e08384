/**
 * SQL text compared token by token. A definition that differs from another only by names that are being renamed
 * anyway follows the rename by itself: the server stores references, not names.
 */

const TOKEN =
  /\s+|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?\$\k<tag>\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|[\s\S]/g;

/** Every piece of the text, white space too: put together they are the text. */
export function pieces(sql: string): string[] {
  return sql.match(TOKEN) ?? [];
}

/** Tokens of SQL: words, quoted names, literals and dollar quotes whole, the rest by character; no white space. */
export function tokenize(sql: string): string[] {
  return pieces(sql).filter((token) => !/^\s/.test(token));
}

/** Old name → new names, quoted as they stand in SQL. */
export type RenamedWords = ReadonlyMap<string, ReadonlySet<string>>;

/** Old schema → new schemas of extensions that move: what they hold is no object, and moves with them. */
export type MovedSchemas = ReadonlyMap<string, ReadonlySet<string>>;

const NOTHING_MOVED: MovedSchemas = new Map();

/**
 * Whether `before` becomes `after` by the renames alone. A word that is renamed in one place and left in another is
 * not taken for a rename: then the object is built anew, which costs time but is never wrong.
 */
export function sameText(
  before: string,
  after: string,
  renamed: RenamedWords,
  moved: MovedSchemas = NOTHING_MOVED,
): boolean {
  if (before === after) return true;
  if (renamed.size + moved.size === 0) return false;
  const left = tokenize(unwrapped(before));
  const right = tokenize(unwrapped(after));
  if (left.length !== right.length) return false;
  const changed = new Set<string>();
  const kept = new Set<string>();
  for (const [index, word] of left.entries()) {
    const other = right[index];
    if (word === other) {
      kept.add(word);
      continue;
    }
    if (other === undefined) return false;
    if (left[index + 1] === '.' && moved.get(word)?.has(other)) continue;
    if (!renamed.get(word)?.has(other)) return false;
    changed.add(word);
  }
  for (const word of changed) if (kept.has(word)) return false;
  return true;
}

/** What the reader wrote as one DO block of several statements: names in it follow renames as elsewhere. */
function unwrapped(sql: string): string {
  const block = /^DO (\$\w*\$)([\s\S]*)\1$/.exec(sql);
  return block?.[2] ?? sql;
}

/** Whether the word stands in the text as a token. */
export function mentions(sql: string, word: string): boolean {
  return sql.includes(word) && tokenize(sql).includes(word);
}

/** Whether the SQL has the qualified name somewhere, e.g. `public."T t"`. */
export function mentionsQualified(sql: string, name: string): boolean {
  const wanted = tokenize(name);
  const tokens = tokenize(sql);
  return tokens.some((_, start) => wanted.every((token, index) => tokens[start + index] === token));
}
