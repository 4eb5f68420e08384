/** A table whose cells wrap: each column gets what it needs, and the wide ones give way where the terminal is narrow. */
import { wrap } from '../layout.ts';

export interface Column {
  readonly heading: string;
  /** Fewer columns than this are no column. */
  readonly least: number;
  readonly right?: true;
  /** Words up to this length are not broken. */
  readonly whole?: number;
}

/** One line of a cell, or more where it is long; coloured after it was broken. */
export interface Part {
  readonly text: string;
  readonly colour?: (text: string) => string;
}

export interface GridRow {
  readonly cells: readonly (readonly Part[])[];
  /** Said below the row, over its whole width. */
  readonly note: Part | null;
}

const GAP = 2;

/** The lines of the table; null where the width does not hold its columns. */
export function grid(
  columns: readonly Column[],
  rows: readonly GridRow[],
  width: number,
  options: { readonly indent: number; readonly heading: (text: string) => string },
): readonly string[] | null {
  const parts = (index: number) => rows.flatMap(({ cells }) => cells[index] ?? []);
  const room = width - options.indent - GAP * (columns.length - 1);
  const widths = widthsWithin(
    columns.map(({ heading, least }, index) =>
      Math.max(least, heading.length, ...parts(index).map(({ text }) => text.length)),
    ),
    columns.map(({ heading, least, whole }, index) => {
      const words = whole === undefined ? [] : parts(index).flatMap(({ text }) => text.split(' '));
      const longest = Math.max(0, ...words.map((word) => word.length));
      return Math.max(least, heading.length, Math.min(whole ?? 0, longest));
    }),
    room,
  );
  if (widths === null) return null;
  const margin = ' '.repeat(options.indent);
  const line = (cells: readonly Part[]): string =>
    (
      margin +
      cells
        .map(({ text, colour }, index) => {
          const pad = ' '.repeat(Math.max(0, (widths[index] ?? 0) - text.length));
          const shown = text === '' || colour === undefined ? text : colour(text);
          return columns[index]?.right === true ? pad + shown : shown + pad;
        })
        .join(' '.repeat(GAP))
    ).trimEnd();
  const noteIndent = options.indent + (widths[0] ?? 0) + GAP;
  return [
    options.heading(line(columns.map(({ heading }) => ({ text: heading })))),
    ...rows.flatMap(({ cells, note }) => {
      const wrapped = cells.map((cell, index) => cell.flatMap((part) => broken(part, widths[index] ?? 1)));
      const height = Math.max(1, ...wrapped.map((lines) => lines.length));
      const body = Array.from({ length: height }, (_, n) =>
        line(wrapped.map((lines) => lines[n] ?? { text: '' })),
      );
      if (note === null) return body;
      const below = broken(note, Math.max(16, width - noteIndent));
      return [...body, ...below.map(({ text, colour }) => ' '.repeat(noteIndent) + (colour?.(text) ?? text))];
    }),
  ];
}

/** In lines of at most `width`; a longer word is cut, behind a dot or underscore where there is one. */
function broken({ text, colour }: Part, width: number): readonly Part[] {
  return wrap(text, width)
    .flatMap((line) => cut(line, width))
    .map((line) => (colour === undefined ? { text: line } : { text: line, colour }));
}

function cut(word: string, width: number): readonly string[] {
  const pieces: string[] = [];
  let left = word;
  while (left.length > width) {
    const seam = Math.max(left.lastIndexOf('.', width - 1), left.lastIndexOf('_', width - 1)) + 1;
    const end = seam > width / 3 ? seam : width;
    pieces.push(left.slice(0, end));
    left = left.slice(end);
  }
  return [...pieces, left];
}

/** Takes from the widest until all fit; null where they cannot. */
function widthsWithin(
  wanted: readonly number[],
  least: readonly number[],
  room: number,
): readonly number[] | null {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width, 0) - room;
  while (excess > 0) {
    let widest = -1;
    for (const [index, width] of widths.entries()) {
      if (width > (least[index] ?? 0) && (widest === -1 || width > (widths[widest] ?? 0))) widest = index;
    }
    if (widest === -1) return null;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}
