/** What a CHECK's text gives away about the values it accepts: its literals. Which of them serve is found by trial. */

export interface Facts {
  /** String literals, in order of appearance. */
  readonly strings: readonly string[];
  /** Lists of literals that stand together: ARRAY[…], '{…}'. */
  readonly lists: readonly (readonly string[])[];
  /** Numbers, as written. */
  readonly numbers: readonly string[];
  /** Right sides of `~`, `~*` and SIMILAR TO. */
  readonly patterns: readonly string[];
  /** Right sides of LIKE and ILIKE. */
  readonly likes: readonly string[];
}

export const NO_FACTS: Facts = { strings: [], lists: [], numbers: [], patterns: [], likes: [] };

interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'operator';
  readonly text: string;
}

/** Reads SQL as the server deparses it (`pg_get_constraintdef`, `pg_get_expr`). */
export function factsOf(sql: string): Facts {
  const strings: string[] = [];
  const numbers: string[] = [];
  const patterns: string[] = [];
  const likes: string[] = [];
  const lists: string[][] = [];
  let list: string[] | null = null;
  let operator = '';
  let previous: Token | null = null;
  for (const token of tokens(sql)) {
    if (token.kind === 'word' && /^(array|in)$/i.test(token.text)) list = [];
    else if (token.text === ']' && list !== null) {
      if (list.length > 0) lists.push(list);
      list = null;
    } else if (token.kind === 'operator' && /^[~!*<>=@?|&]+$/.test(token.text)) operator = token.text;
    else if (token.kind === 'word' && /similar_(to_)?escape/.test(token.text)) operator = 'similar';
    else if (token.kind === 'word' && /^(and|or)$/i.test(token.text)) operator = '';
    else if (token.kind === 'string') {
      if (/^!?~~\*?$/.test(operator)) likes.push(token.text);
      else if (/^!?~\*?$/.test(operator)) patterns.push(token.text);
      else if (operator === 'similar') patterns.push(similarToPattern(token.text));
      const members = /^\{[^{}"]*\}$/.test(token.text) ? token.text.slice(1, -1).split(',') : null;
      if (members !== null && members.length > 0) lists.push(members);
      strings.push(token.text);
      list?.push(token.text);
      // '-5'::integer is how a negative constant of a type is written.
      if (/^[-+]?\d+(\.\d+)?$/.test(token.text)) numbers.push(token.text);
    } else if (token.kind === 'number') {
      const negative = previous?.text === '-';
      const text = negative ? `-${token.text}` : token.text;
      numbers.push(text);
      list?.push(text);
    }
    previous = token;
  }
  if (strings.length > 1) lists.push([...new Set(strings)]);
  if (numbers.length > 1) lists.push([...new Set(numbers)]);
  return {
    strings: [...new Set(strings)],
    lists,
    numbers: [...new Set(numbers)],
    patterns: [...new Set(patterns)],
    likes: [...new Set(likes)],
  };
}

export function mergeFacts(all: readonly Facts[]): Facts {
  const unique = (items: readonly string[]) => [...new Set(items)];
  return {
    strings: unique(all.flatMap((facts) => facts.strings)),
    lists: all.flatMap((facts) => facts.lists),
    numbers: unique(all.flatMap((facts) => facts.numbers)),
    patterns: unique(all.flatMap((facts) => facts.patterns)),
    likes: unique(all.flatMap((facts) => facts.likes)),
  };
}

/** Words of an expression that may be column names, unquoted. */
export function namesIn(sql: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const token of tokens(sql)) if (token.kind === 'word') names.add(token.text);
  return names;
}

function similarToPattern(text: string): string {
  return `^(?:${text.replaceAll('%', '.*').replaceAll('_', '.')})$`;
}

function* tokens(sql: string): Generator<Token> {
  let index = 0;
  while (index < sql.length) {
    const char = sql[index] ?? '';
    if (char === "'") {
      const escapes = /[eE]/.test(sql[index - 1] ?? '') && !/\w/.test(sql[index - 2] ?? ' ');
      let text = '';
      index++;
      for (; index < sql.length; index++) {
        if (sql[index] === "'" && sql[index + 1] === "'") {
          text += "'";
          index++;
        } else if (sql[index] === "'") break;
        else if (escapes && sql[index] === '\\') text += sql[++index] ?? '';
        else text += sql[index];
      }
      index++;
      yield { kind: 'string', text };
    } else if (char === '"') {
      let text = '';
      index++;
      for (; index < sql.length; index++) {
        if (sql[index] === '"' && sql[index + 1] === '"') {
          text += '"';
          index++;
        } else if (sql[index] === '"') break;
        else text += sql[index];
      }
      index++;
      yield { kind: 'word', text };
    } else if (/[A-Za-z_\u0080-\uffff]/.test(char)) {
      const start = index;
      while (index < sql.length && /[\w$\u0080-\uffff]/.test(sql[index] ?? '')) index++;
      const text = sql.slice(start, index);
      if (!(sql[index] === "'" && /^[eE]$/.test(text))) yield { kind: 'word', text };
    } else if (/\d/.test(char)) {
      const match = /^\d+(\.\d+)?([eE][-+]?\d+)?/.exec(sql.slice(index, index + 60));
      const text = match?.[0] ?? char;
      index += text.length;
      yield { kind: 'number', text };
    } else if (/[-+*/<>=~!@#%^&|`?]/.test(char)) {
      const start = index;
      while (index < sql.length && /[-+*/<>=~!@#%^&|`?]/.test(sql[index] ?? '')) index++;
      const text = sql.slice(start, index);
      yield { kind: 'operator', text };
    } else {
      if (!/\s/.test(char)) yield { kind: 'operator', text: char };
      index++;
    }
  }
}
