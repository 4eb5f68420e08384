/** Two texts as one, line by line, with a few lines around what differs. */

export interface DiffLine {
  /** `gap`: lines that both have were left out here; `text` is empty. */
  readonly mark: 'same' | 'removed' | 'added' | 'gap';
  readonly text: string;
}

/** Beyond so many cells the table of the longest common subsequence costs more than a reader gains from it. */
const LARGEST_TABLE = 4_000_000;

/**
 * The difference of two lists of lines: removed ones before added ones, `around` common lines on either side of each
 * change; none where the two are equal. What is longer than a few thousand differing lines on both sides is shown as removed and added whole.
 */
export function diffLines(before: readonly string[], after: readonly string[], around = 2): DiffLine[] {
  const lines = align(before, after);
  return lines.every(({ mark }) => mark === 'same') ? [] : withGaps(lines, around);
}

function align(before: readonly string[], after: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail++;
  }
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** By the longest common subsequence, from the end of both. */
function middle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const columns = after.length + 1;
  if (before.length * after.length > LARGEST_TABLE || before.length === 0 || after.length === 0) {
    return [...before.map(removed), ...after.map(added)];
  }
  const lengths = new Uint32Array((before.length + 1) * columns);
  const at = (i: number, j: number): number => lengths[i * columns + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * columns + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const current = after[j];
    if (old !== undefined && old === current) {
      lines.push(same(old));
      i++;
      j++;
    } else if (old !== undefined && (current === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(old));
      i++;
    } else if (current !== undefined) {
      lines.push(added(current));
      j++;
    }
  }
  return lines;
}

function withGaps(lines: readonly DiffLine[], around: number): DiffLine[] {
  const near = new Uint8Array(lines.length);
  for (const [index, { mark }] of lines.entries()) {
    if (mark === 'same') continue;
    near.fill(1, Math.max(0, index - around), Math.min(lines.length, index + around + 1));
  }
  const shown: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    if (near[index] === 1) shown.push(line);
    else if (shown.at(-1)?.mark !== 'gap') shown.push({ mark: 'gap', text: '' });
  }
  return shown;
}

const same = (text: string): DiffLine => ({ mark: 'same', text });
const removed = (text: string): DiffLine => ({ mark: 'removed', text });
const added = (text: string): DiffLine => ({ mark: 'added', text });
