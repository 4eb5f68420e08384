/**
 * Lexical structure alone: where strings, quoted names, comments and punctuation begin and end, by the rules of
 * PostgreSQL's scan.l (manual, 4.1). Statements are split by the parser, never by this; this serves what the parse
 * tree does not tell: where the white space around a statement ends, and which comma separates two commands.
 * `standard_conforming_strings` is taken to be on, as in libpg-query.
 */

export type TokenKind = 'comment' | 'string' | 'quoted-name' | 'word' | 'punctuation';

export interface Token {
  readonly kind: TokenKind;
  /** UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
}

const WHITE_SPACE = new Set([' ', '\t', '\n', '\r', '\f', '\v']);
// Every character above ASCII may be part of a name (scan.l: ident_start has \200-\377).
const WORD_START = /[A-Za-z_\u0080-\uffff]/;
const WORD = /[A-Za-z0-9_$\u0080-\uffff]*/y;
const NUMBER = /[0-9][0-9A-Za-z_.]*/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/y;

/** The offset behind white space and comments that begin at `from`. */
export function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const char = text[at];
    if (char !== undefined && WHITE_SPACE.has(char)) at++;
    else if (char === '-' && text[at + 1] === '-') at = endOfLineComment(text, at);
    else if (char === '/' && text[at + 1] === '*') at = endOfBlockComment(text, at);
    else return at;
  }
}

/** The tokens of `text` between two offsets. What is left open runs to the end, as the server would complain of it. */
export function* tokens(text: string, from = 0, to = text.length): Generator<Token> {
  let at = from;
  while (at < to) {
    const char = text[at] as string;
    if (WHITE_SPACE.has(char)) {
      at++;
      continue;
    }
    const start = at;
    let kind: TokenKind;
    if (char === '-' && text[at + 1] === '-') {
      kind = 'comment';
      at = endOfLineComment(text, at);
    } else if (char === '/' && text[at + 1] === '*') {
      kind = 'comment';
      at = endOfBlockComment(text, at);
    } else if (char === "'") {
      kind = 'string';
      at = endOfQuoted(text, at, "'");
    } else if (char === '"') {
      kind = 'quoted-name';
      at = endOfQuoted(text, at, '"');
    } else if (char === '$') {
      const tag = match(DOLLAR_TAG, text, at);
      if (tag === '') {
        kind = 'punctuation';
        at++;
      } else {
        kind = 'string';
        const close = text.indexOf(tag, at + tag.length);
        at = close === -1 ? text.length : close + tag.length;
      }
    } else if (WORD_START.test(char)) {
      at += match(WORD, text, at).length;
      const next = text[at];
      const prefix = at - start === 1 ? char.toLowerCase() : '';
      if (next === "'" && prefix === 'e') {
        kind = 'string';
        at = endOfEscapeString(text, at);
      } else if (next === "'" && (prefix === 'b' || prefix === 'x' || prefix === 'n')) {
        kind = 'string';
        at = endOfQuoted(text, at, "'");
      } else if (prefix === 'u' && next === '&' && (text[at + 1] === "'" || text[at + 1] === '"')) {
        const quote = text[at + 1] as string;
        kind = quote === '"' ? 'quoted-name' : 'string';
        at = endOfQuoted(text, at + 1, quote);
      } else {
        kind = 'word';
      }
    } else if (char >= '0' && char <= '9') {
      kind = 'word';
      at += match(NUMBER, text, at).length;
    } else {
      kind = 'punctuation';
      at++;
    }
    yield { kind, start, end: at };
  }
}

/** The end of the last token that is no comment; `from` where there is none. */
export function endOfCode(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && WHITE_SPACE.has(text[end - 1] as string)) end--;
  const code = text.slice(from, end);
  const lastLine = code.slice(code.lastIndexOf('\n') + 1);
  // The common case is cheap: a statement whose tail can hold no comment is not read again.
  if (!lastLine.includes('--') && !lastLine.endsWith('*/')) return end;
  let last = from;
  for (const token of tokens(text, from, to)) if (token.kind !== 'comment') last = token.end;
  return last;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

function endOfLineComment(text: string, at: number): number {
  let end = at + 2;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end++;
  return end;
}

/** Block comments nest. */
function endOfBlockComment(text: string, at: number): number {
  let depth = 1;
  let end = at + 2;
  while (end < text.length && depth > 0) {
    if (text[end] === '/' && text[end + 1] === '*') {
      depth++;
      end += 2;
    } else if (text[end] === '*' && text[end + 1] === '/') {
      depth--;
      end += 2;
    } else end++;
  }
  return end;
}

/** A doubled quote reads as two adjacent quoted pieces: the end is the same. */
function endOfQuoted(text: string, at: number, quote: string): number {
  const close = text.indexOf(quote, at + 1);
  return close === -1 ? text.length : close + 1;
}

/** A string that goes on after a line break keeps its escapes (manual, 4.1.2.1), comments between them included. */
function endOfEscapeString(text: string, at: number): number {
  let end = at + 1;
  for (;;) {
    while (end < text.length && text[end] !== "'") end += text[end] === '\\' ? 2 : 1;
    end = Math.min(end + 1, text.length);
    if (text[end] === "'") {
      end++;
      continue;
    }
    const next = continuation(text, end);
    if (next === null) return end;
    end = next + 1;
  }
}

/** The quote that continues a string: behind white space that holds a line break, and `--` comments. */
function continuation(text: string, from: number): number | null {
  let at = from;
  let lineBreak = false;
  for (;;) {
    const char = text[at];
    if (char !== undefined && WHITE_SPACE.has(char)) {
      lineBreak ||= char === '\n' || char === '\r';
      at++;
    } else if (char === '-' && text[at + 1] === '-' && lineBreak) at = endOfLineComment(text, at);
    else return char === "'" && lineBreak ? at : null;
  }
}
