/** Values that lead a row into a certain partition, read from the bounds. */
import type { Cell } from './context.ts';
import { identifierList, type TableShape } from './schema.ts';

/** A leaf of a partitioned table, and what a row needs to land in it. */
export interface Leaf {
  readonly table: TableShape;
  /** By column; columns that are not named may hold anything. */
  cells(n: number): ReadonlyMap<string, Cell>;
}

/** The leaves below `root`, at any depth; empty when there is none. Foreign partitions are left out. */
export function leavesOf(root: TableShape, tables: ReadonlyMap<string, TableShape>): readonly Leaf[] {
  const children = [...tables.values()].filter(({ partitionOf }) => partitionOf === root.identity);
  return children.flatMap((child): readonly Leaf[] => {
    if (child.foreign) return [];
    const own = (n: number) => cellsFor(root, child, n);
    if (child.partitionKey === null) return [{ table: child, cells: own }];
    return leavesOf(child, tables).map((leaf) => ({
      table: leaf.table,
      cells: (n) => new Map([...own(n), ...leaf.cells(n)]),
    }));
  });
}

/** The topmost table that rows of `table` can be written through. */
export function rootOf(table: TableShape, tables: ReadonlyMap<string, TableShape>): TableShape {
  const parent = table.partitionOf === null ? undefined : tables.get(table.partitionOf);
  return parent === undefined ? table : rootOf(parent, tables);
}

function cellsFor(parent: TableShape, child: TableShape, n: number): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  const key = parent.partitionKey;
  const bound = child.partitionBound;
  if (key === null || bound === null) return cells;
  const columns = identifierList(key, key.indexOf('('));
  if (columns === null) return cells;
  const list = /^FOR VALUES IN \((.*)\)$/s.exec(bound)?.[1];
  if (list !== undefined) {
    const values = boundValues(list);
    const column = columns[0];
    if (column !== undefined && values.length > 0) {
      const value = values[(n - 1) % values.length];
      cells.set(column, value === 'NULL' ? null : unquoted(value ?? ''));
    }
    return cells;
  }
  const range = /^FOR VALUES FROM \((.*)\) TO \((.*)\)$/s.exec(bound);
  if (range === null) return cells;
  const from = boundValues(range[1] ?? '');
  const to = boundValues(range[2] ?? '');
  for (const [index, column] of columns.entries()) {
    const value = between(from[index] ?? 'MINVALUE', to[index] ?? 'MAXVALUE', columns.length === 1 ? n : 1);
    if (value !== null) cells.set(column, value);
    // Below the first column that lies strictly inside, anything goes.
    if (from[index] === 'MINVALUE' || to[index] === 'MAXVALUE') break;
  }
  return cells;
}

/** A value from `from` (inclusive) to `to` (exclusive): the bound itself, or a few steps inside. Null: no matter. */
function between(from: string, to: string, n: number): string | null {
  const low = unquoted(from);
  const high = unquoted(to);
  if (from === 'MINVALUE' && to === 'MAXVALUE') return null;
  const integer = /^-?\d+$/;
  if (from === 'MINVALUE') {
    if (integer.test(high)) return String(BigInt(high) - BigInt(n));
    const end = moment(high);
    return end === null ? '' : written(end - n * DAY, high);
  }
  if (integer.test(low)) {
    const inside = BigInt(low) + BigInt(n - 1);
    return to === 'MAXVALUE' || !integer.test(high) || inside < BigInt(high) ? String(inside) : low;
  }
  const start = moment(low);
  if (start === null) return low;
  const end = to === 'MAXVALUE' ? null : moment(high);
  const step = low.length <= 10 ? DAY : HOUR;
  const inside = start + (n - 1) * step;
  return end === null || inside < end ? written(inside, low) : low;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function moment(text: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?(\.\d+)?([+-]\d{2})?$/.exec(text);
  if (match === null) return null;
  return Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`);
}

/** In the form of the bound `like`, its time zone too. */
function written(milliseconds: number, like: string): string {
  const text = new Date(milliseconds).toISOString();
  if (like.length <= 10) return text.slice(0, 10);
  return `${text.slice(0, 19).replace('T', ' ')}${/[+-]\d{2}$/.exec(like)?.[0] ?? ''}`;
}

function boundValues(text: string): string[] {
  const values: string[] = [];
  let value = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === "'") {
      const start = index;
      index++;
      while (index < text.length && (text[index] !== "'" || text[index + 1] === "'")) {
        index += text[index] === "'" ? 2 : 1;
      }
      value += text.slice(start, index + 1);
    } else if (char === ',') {
      values.push(value.trim());
      value = '';
    } else value += char;
  }
  values.push(value.trim());
  return values;
}

/** `'x'::type` → x */
function unquoted(value: string): string {
  const match = /^'((?:[^']|'')*)'/s.exec(value);
  return match?.[1] === undefined ? value : match[1].replaceAll("''", "'");
}
