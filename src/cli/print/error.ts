/** An error for a person: the code, what, where with a caret, why, and what to do next. */
import type { FerrataError } from '../../errors.ts';
import { wrap } from './layout.ts';
import type { Palette } from './palette.ts';

export function printError(error: FerrataError, palette: Palette, width: number): string {
  const { location, why, hint } = error.details;
  const lines = [`${palette.red(palette.bold('error'))} ${palette.dim(`[${error.code}]`)} ${error.message}`];
  if (location !== undefined) {
    lines.push(`  ${palette.cyan(`${location.file}:${location.line}:${location.column}`)}`);
    if (location.text !== undefined) {
      const shown = excerpt(location.text, location.column, Math.max(20, width - 8));
      const number = String(location.line);
      lines.push(`  ${palette.dim(`${number} |`)} ${shown.text}`);
      lines.push(
        `  ${' '.repeat(number.length)} ${palette.dim('|')} ${' '.repeat(shown.caret)}${palette.red('^')}`,
      );
    }
  }
  if (why !== undefined) lines.push(...indented('why: ', why, width));
  if (hint !== undefined) lines.push(...indented('next: ', hint, width));
  return lines.join('\n');
}

function indented(label: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrap(text, Math.max(20, width - label.length - 2));
  return [`  ${label}${first}`, ...rest.map((line) => `  ${' '.repeat(label.length)}${line}`)];
}

/** The part of a long line around the column, tabs as one space so that the caret stands right. */
function excerpt(line: string, column: number, room: number): { text: string; caret: number } {
  const flat = line.replaceAll('\t', ' ');
  const position = column - 1;
  if (flat.length <= room) return { text: flat, caret: position };
  const from = Math.max(0, Math.min(position - Math.floor(room / 2), flat.length - room));
  return { text: flat.slice(from, from + room), caret: position - from };
}
