/** Where a finding stands in its file, and the piece of the file that shows it. */

import { statementAt } from '../../../assess/allow.ts';
import type { Finding } from '../../../assess/model.ts';
import type { SourceText } from '../../../assess/review.ts';

export interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** Behind the last character. */
  readonly endColumn: number;
}

/** From the finding's place to the end of its statement. */
export function spanOf(source: SourceText, { line, column }: Pick<Finding, 'line' | 'column'>): Span {
  const statement = source.statements[statementAt(source, { line, column }) ?? -1];
  if (statement === undefined) return { line, column, endLine: line, endColumn: column };
  const text = source.text.slice(statement.start, statement.end);
  const lines = text.split('\n');
  const last = lines.at(-1) ?? '';
  const width = Array.from(last).length;
  return {
    line,
    column,
    endLine: statement.line + lines.length - 1,
    endColumn: lines.length === 1 ? statement.column + width : width + 1,
  };
}

/** One line of the file; empty where there is none. */
export function lineText({ text }: SourceText, line: number): string {
  let start = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf('\n', start);
    if (next === -1) return '';
    start = next + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? text.length : end);
}

/** A statement's beginning on one line. */
export function headOf(source: SourceText, index: number, most: number): string {
  const statement = source.statements[index];
  if (statement === undefined) return '';
  const text = source.text
    .slice(statement.start, Math.min(statement.end, statement.start + 4 * most))
    .replace(/--[^\n]*/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
