/** Statements of a text that the grammar can't read yet because of its placeholders: split by the lexer. */
import { tokens } from '../../sql/lexer.ts';

export interface Piece {
  /** Without the terminating semicolon; comments in front of it are kept apart. */
  readonly text: string;
  readonly comments: readonly string[];
  /** Of `text`, in the whole. */
  readonly start: number;
}

/** Splits at semicolons outside of strings, comments and `BEGIN ATOMIC … END`; empty statements are left out. */
export function splitStatements(source: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let comments: string[] = [];
  let start: number | null = null;
  let end = 0;
  let atomic = 0;
  let previous = '';
  const finish = () => {
    if (start !== null) pieces.push({ text: source.slice(start, end), comments, start });
    if (start !== null) comments = [];
    start = null;
    atomic = 0;
  };
  for (const token of tokens(source)) {
    const written = source.slice(token.start, token.end);
    if (token.kind === 'comment') {
      // Behind a statement, on its last line, it speaks of that one.
      if (start === null && source.slice(end, token.start).includes('\n')) comments.push(written);
      else if (start === null && pieces.length === 0) comments.push(written);
      continue;
    }
    if (written === ';' && atomic === 0) {
      finish();
      comments = [];
      continue;
    }
    if (token.kind === 'word') {
      const word = written.toLowerCase();
      if (word === 'atomic' && previous === 'begin') atomic++;
      else if (atomic > 0 && word === 'case') atomic++;
      else if (atomic > 0 && word === 'end') atomic--;
      previous = word;
    } else previous = '';
    start ??= token.start;
    end = token.end;
  }
  finish();
  return pieces;
}
