/** Definitions that the catalog gives as one piece of SQL, taken apart at their clauses and lists. */

/** The text cut at a character that stands outside quotes, dollar quotes and parentheses; parts are trimmed. */
export function splitOutside(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'" || character === '"') at = endOfQuoted(text, at);
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Index of the quote that ends what begins at `start`; a doubled quote is one of its characters. */
function endOfQuoted(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== quote) continue;
    if (text[at + 1] === quote) at++;
    else return at;
  }
  return text.length;
}

/** The statements of a definition: one, or those of the DO block that `oneStatement` made of several. */
export function statementsOf(definition: string): string[] {
  const block = /^DO (\$\w*\$)\nBEGIN\n([\s\S]*)END\n\1$/.exec(definition.trim());
  return splitOutside(block?.[2] ?? definition, ';');
}

export interface Clauses {
  /** What stands before the parenthesis. */
  readonly head: string;
  /** `name = value` of the list, names in lower case unless quoted; a flag's value is ''. */
  readonly options: ReadonlyMap<string, string>;
}

/** `… (a = b, c)`: the list in the parentheses that end the text. Without any: no options. */
export function trailingList(text: string): Clauses {
  const open = openingOfLast(text.trimEnd());
  if (open === -1) return { head: text.trim(), options: new Map() };
  const list = text.trimEnd().slice(open + 1, -1);
  const options = splitOutside(list, ',').map((item): [string, string] => {
    const name = /^(?:"(?:[^"]|"")*"|[^\s=]+)/.exec(item)?.[0] ?? item;
    const value = item.slice(name.length).trim().replace(/^=\s*/, '');
    return [name.startsWith('"') ? name : name.toLowerCase(), value];
  });
  return { head: text.slice(0, open).trim(), options: new Map(options) };
}

/** Index of the parenthesis that the last character closes; -1 where it closes none. */
function openingOfLast(text: string): number {
  if (!text.endsWith(')')) return -1;
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "'" || character === '"') at = endOfQuoted(text, at);
    else if (character === '(') open.push(at);
    else if (character === ')') {
      const start = open.pop() ?? -1;
      if (at === text.length - 1) return start;
    }
  }
  return -1;
}

/** OPTIONS (ADD …, SET …, DROP …) from one list to the other; empty where they are the same. */
export function genericOptions(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string {
  const changes = [
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `DROP ${name}`),
    ...[...after].flatMap(([name, value]) => {
      const had = before.get(name);
      return had === value ? [] : [`${had === undefined ? 'ADD' : 'SET'} ${name} ${value}`];
    }),
  ];
  return changes.length === 0 ? '' : ` OPTIONS (${changes.join(', ')})`;
}
