/**
 * Placeholders of drivers and of query files made into PostgreSQL's own `$1`, `$2` …: `?` and `?1` (JDBC, SQLite
 * style), `:name` (psql, SQLAlchemy, Hibernate), `@name` and `sqlc.arg(name)` (sqlc, .NET), `%s` and `%(name)s` (psycopg),
 * `#{name}` (MyBatis), `${name}` and `$(name)` (pg-promise). What only looks like one stays: a cast, an array's slice,
 * the operators `?`, `@` and `%`, whatever stands in a string or a comment.
 */
import { type Token, tokens } from '../../sql/lexer.ts';

export interface NumberedSql {
  readonly sql: string;
  /** Names by number, from 1; null for those without. Empty where nothing was replaced. */
  readonly names: readonly (string | null)[];
}

/** Words behind which an expression begins, so that a `?` there is no operator. */
const BEFORE_OPERAND = new Set(
  (
    'all and any as between by call case distinct else end escape except fetch first filter for from having ilike in ' +
    'intersect interval into is like limit next not of offset on only or over overlaps returning rows select set similar ' +
    'skip some symmetric then to union using values when where'
  ).split(' '),
);

/** Words behind an operand: it ends there. */
const AFTER_OPERAND = new Set(
  (
    'and as asc at between collate desc else end except fetch for from group having ilike in intersect into is isnull like ' +
    'limit not notnull offset on or order overlaps over returning set similar then to union using when where window'
  ).split(' '),
);

/** Replaces what is recognised; a text without any comes back as it is. */
export function numberPlaceholders(text: string): NumberedSql {
  return new Numbering(text).run();
}

class Numbering {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #names: (string | null)[] = [];
  readonly #byName = new Map<string, number>();
  #output = '';
  #copied = 0;
  #replaced = false;
  #at = 0;
  /** Whether what stands before could be the left side of an operator. */
  #operand = false;
  #brackets = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = [...tokens(text)].filter((token) => token.kind !== 'comment');
    // Numbers that stand there already keep their meaning.
    for (const [, digits] of text.matchAll(/\$(\d+)/g)) {
      while (this.#names.length < Number(digits) && this.#names.length < 65535) this.#names.push(null);
    }
  }

  run(): NumberedSql {
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as Token;
      const end = this.#placeholder(token);
      if (end === null) {
        this.#note(token);
        this.#at++;
      } else {
        this.#operand = true;
        while ((this.#tokens[this.#at]?.start ?? Number.POSITIVE_INFINITY) < end) this.#at++;
      }
    }
    if (!this.#replaced) return { sql: this.#text, names: [] };
    return { sql: this.#output + this.#text.slice(this.#copied), names: this.#names };
  }

  /** Where a placeholder that begins at the token ends, in the text; null where there is none. */
  #placeholder(token: Token): number | null {
    const char = this.#text[token.start];
    if (token.kind === 'word') return this.#sqlc(token);
    if (token.kind !== 'punctuation') return null;
    switch (char) {
      case '?':
        return this.#questionMark(token);
      case ':':
        return this.#colon(token);
      case '@':
        return this.#atSign(token);
      case '%':
        return this.#percent(token);
      case '#':
      case '$':
        return this.#braced(token, char);
      default:
        return null;
    }
  }

  #questionMark(token: Token): number | null {
    const next = this.#text[token.end];
    if (next === '?') {
      // JDBC writes the operator twice.
      this.#put(token.start, token.end + 1, '?');
      return token.end + 1;
    }
    if ((next === '|' || next === '&') && this.#operand) return null;
    if (this.#text[token.start - 1] === '@') return null;
    const word = this.#tokens[this.#at + 1];
    if (word?.start === token.end && /^\d+$/.test(this.#slice(word))) {
      return this.#replace(token.start, word.end, this.#numbered(Number(this.#slice(word))));
    }
    if (this.#operand && this.#operandFollows(token.end)) return null;
    return this.#replace(token.start, token.end, this.#next(null));
  }

  /** Whether something stands at `from` that an operator could have on its right. */
  #operandFollows(from: number): boolean {
    const next = this.#tokens.find(({ start }) => start >= from);
    if (next === undefined) return false;
    if (next.kind === 'string' || next.kind === 'quoted-name') return true;
    const written = this.#slice(next);
    if (next.kind === 'word') return !AFTER_OPERAND.has(written.toLowerCase());
    return written === '(' || written === '$' || written === ':' || written === '?' || written === '@';
  }

  #colon(token: Token): number | null {
    const { start, end } = token;
    if (this.#text[start - 1] === ':' || this.#text[end] === ':' || this.#text[end] === '=') return null;
    const next = this.#tokens[this.#at + 1];
    if (next === undefined || next.start !== end) return null;
    if (next.kind === 'quoted-name') {
      // psql: the variable's value as a name.
      this.#put(start, next.start, '');
      return next.end;
    }
    const name = this.#slice(next);
    if (next.kind === 'string') return this.#replace(start, next.end, this.#next(name.slice(1, -1)));
    if (next.kind !== 'word' || !/^[A-Za-z_]/.test(name)) return null;
    // `a[1:n]` and `a[:n]` are slices.
    if (this.#operand || (this.#brackets > 0 && this.#text[start - 1] === '[')) return null;
    return this.#replace(start, next.end, this.#next(name));
  }

  #atSign(token: Token): number | null {
    const next = this.#tokens[this.#at + 1];
    const before = this.#text[token.start - 1] ?? ' ';
    // `@ x` is the absolute value; `@>`, `<@`, `@@` are operators. `=@x` is what people write.
    if (this.#operand || (before !== '=' && /[-+*/<>~!@#%^&|`?]/.test(before))) return null;
    if (next === undefined || next.start !== token.end || next.kind !== 'word') return null;
    return this.#replace(token.start, next.end, this.#next(this.#slice(next)));
  }

  #percent(token: Token): number | null {
    if (this.#text[token.end] === '%') {
      this.#put(token.start, token.end + 1, '%');
      return token.end + 1;
    }
    const named = /^%\(\s*([^()]+?)\s*\)[sbt]\b/.exec(this.#text.slice(token.start, token.start + 200));
    if (named !== null) {
      return this.#replace(token.start, token.start + named[0].length, this.#next(named[1] ?? null));
    }
    const next = this.#tokens[this.#at + 1];
    if (this.#operand || next?.start !== token.end || !/^[sbt]$/.test(this.#slice(next))) return null;
    return this.#replace(token.start, next.end, this.#next(null));
  }

  #braced(token: Token, char: '#' | '$'): number | null {
    const pattern = char === '#' ? /^#\{([^{}]+)\}/ : /^\$(?:\{([^{}]+)\}|\(([^()]+)\))/;
    const found = pattern.exec(this.#text.slice(token.start, token.start + 200));
    if (found === null) return null;
    const name = (found[1] ?? found[2] ?? '').split(/[,:]/)[0]?.trim() ?? '';
    return this.#replace(token.start, token.start + found[0].length, this.#next(name));
  }

  #sqlc(token: Token): number | null {
    if (this.#slice(token) !== 'sqlc') return null;
    const call = /^sqlc\.(arg|narg|slice|embed)\(\s*(['"]?)(\w+)\2\s*\)/.exec(
      this.#text.slice(token.start, token.start + 200),
    );
    const name = call?.[3];
    if (call === null || name === undefined) return null;
    const end = token.start + call[0].length;
    if (call[1] !== 'embed') return this.#replace(token.start, end, this.#next(name));
    this.#put(token.start, end, `${name}.*`);
    return end;
  }

  #note(token: Token): void {
    const written = this.#slice(token);
    if (written === '[') this.#brackets++;
    if (written === ']') this.#brackets--;
    if (token.kind === 'punctuation') this.#operand = written === ')' || written === ']';
    else this.#operand = token.kind !== 'word' || !BEFORE_OPERAND.has(written.toLowerCase());
  }

  #next(name: string | null): number {
    if (name !== null) {
      const known = this.#byName.get(name);
      if (known !== undefined) return known;
    }
    this.#names.push(name);
    if (name !== null) this.#byName.set(name, this.#names.length);
    return this.#names.length;
  }

  #numbered(number: number): number {
    while (this.#names.length < number) this.#names.push(null);
    return number;
  }

  #replace(from: number, to: number, number: number): number {
    this.#put(from, to, `$${number}`);
    return to;
  }

  #put(from: number, to: number, written: string): void {
    // Two words must not become one: `limit?` is `limit $1`.
    const before = this.#text[from - 1] ?? ' ';
    const apart = written.startsWith('$') && /[\w$]/.test(before) ? ' ' : '';
    this.#output += this.#text.slice(this.#copied, from) + apart + written;
    this.#copied = to;
    this.#replaced = true;
  }

  #slice(token: Token): string {
    return this.#text.slice(token.start, token.end);
  }
}
