/** Offsets, lines and carets. Lines and columns count from 1; a column counts characters, not code units. */
import type { SourceLocation } from '../errors.ts';

/** A line longer than this is not put into a location: nobody reads it, and JSON would carry megabytes. */
const LONGEST_LINE = 10_000;
const SHOWN = 100;

/** Text as every checksum and every offset takes it: LF line ends, no byte order mark. */
export function normaliseText(text: string): string {
  const unmarked = text.startsWith('\ufeff') ? text.slice(1) : text;
  return unmarked.includes('\r\n') ? unmarked.replaceAll('\r\n', '\n') : unmarked;
}

/** The place of a UTF-16 offset in a file. */
export function locate(file: string, text: string, offset: number): SourceLocation {
  const at = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < at; next = text.indexOf('\n', next + 1)) {
    line++;
    lineStart = next + 1;
  }
  return placeInLine(file, text, at, line, lineStart);
}

/** Lines and columns of many offsets, which must ascend: one pass over the text, however long its lines are. */
export function positions(
  text: string,
): (offset: number) => { readonly line: number; readonly column: number } {
  let line = 1;
  let column = 1;
  let at = 0;
  return (offset) => {
    for (; at < offset; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x0a) {
        line++;
        column = 1;
      } else if (code < 0xdc00 || code > 0xdfff) column++;
    }
    return { line, column };
  };
}

/**
 * The line and, under it, a caret at the column: two lines to print. Tabs stay tabs, so that the caret stands right;
 * of a very long line only the surroundings are shown. Empty where the location has no text.
 */
export function caretLines(location: SourceLocation): readonly string[] {
  if (location.text === undefined) return [];
  const characters = Array.from(location.text);
  const column = Math.min(location.column - 1, characters.length);
  const from = characters.length <= 2 * SHOWN ? 0 : Math.max(0, column - SHOWN);
  const to = Math.min(characters.length, from + 2 * SHOWN);
  const before = characters
    .slice(from, column)
    .map((char) => (char === '\t' ? '\t' : ' '.repeat(cells(char))));
  const head = from > 0 ? '…' : '';
  const tail = to < characters.length ? '…' : '';
  return [
    `${head}${characters.slice(from, to).join('')}${tail}`,
    `${head === '' ? '' : ' '}${before.join('')}^`,
  ];
}

/** Offsets in characters (code points), as the server counts error positions, to UTF-16 offsets. */
export function characterOffset(text: string, characters: number): number {
  let at = 0;
  for (let n = 0; n < characters && at < text.length; n++)
    at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
  return at;
}

/** UTF-8 byte offsets, which must ascend, to UTF-16 offsets: one pass, and none at all for ASCII. */
export function byteOffsets(text: string): (bytes: number) => number {
  if (Buffer.byteLength(text) === text.length) return (bytes) => bytes;
  let byte = 0;
  let at = 0;
  return (bytes) => {
    while (byte < bytes && at < text.length) {
      const code = text.codePointAt(at) as number;
      byte += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code < 0x10000 ? 1 : 2;
    }
    return at;
  };
}

function placeInLine(
  file: string,
  text: string,
  offset: number,
  line: number,
  lineStart: number,
): SourceLocation {
  const lineEnd = text.indexOf('\n', lineStart);
  const end = lineEnd === -1 ? text.length : lineEnd;
  const column = countCharacters(text, lineStart, offset) + 1;
  if (end - lineStart > LONGEST_LINE) return { file, line, column };
  return { file, line, column, text: text.slice(lineStart, end) };
}

function countCharacters(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}

/** East Asian wide characters and emoji take two cells on a terminal; combining marks none. */
export function cells(char: string): number {
  if (/\p{Mark}/u.test(char)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    char,
  )
    ? 2
    : 1;
}
