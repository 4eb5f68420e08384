/** Text for a terminal of any width: columns, wrapping, durations, counts. */

/** A table with aligned columns; the last column is wrapped to the terminal's width. */
export function table(rows: readonly (readonly string[])[], width: number, indent = 2): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => visibleLength(row[column] ?? ''))),
  );
  const before = indent + widths.slice(0, -1).reduce((sum, cells) => sum + cells + 2, 0);
  // Too narrow for columns: each row is a paragraph.
  if (before > width - 24) {
    return rows.map((row) => hang(row.filter((cell) => cell !== '').join('  '), width, indent)).join('\n');
  }
  return rows
    .map((row) => {
      const lead = row
        .slice(0, -1)
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell) + 2))
        .join('');
      const left = ' '.repeat(indent) + lead;
      const room = Math.max(24, width - visibleLength(left));
      return left + wrap(row.at(-1) ?? '', room).join(`\n${' '.repeat(visibleLength(left))}`);
    })
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Lines of at most `width` columns, broken at spaces; a word longer than that stays whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && visibleLength(line) + 1 + visibleLength(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === '' ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Wraps a paragraph that begins `indent` columns in; what follows its first line stands two further in. */
export function hang(text: string, width: number, indent = 0): string {
  const [first = '', ...rest] = wrap(text, Math.max(16, width - indent - 2));
  const margin = ' '.repeat(indent);
  return [margin + first, ...rest.map((line) => `${margin}  ${line.trimStart()}`)].join('\n');
}

/** Length without the escape sequences of colours. */
export function visibleLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
}

export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? singular : plural}`;
}

export function bytes(n: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** An instant as the server writes it (ISO 8601, UTC), to the second. */
export function instant(iso: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso);
  return parts === null ? iso : `${parts[1]} ${parts[2]} UTC`;
}
