/** Plans the rows of every table before anything is written: values by row number, keys that hold between tables. */
import type { Solution } from './checks.ts';
import { type Cell, defaultValue, type RowContext, writableColumns } from './context.ts';
import { components } from './order.ts';
import { type Leaf, leavesOf, rootOf } from './partitions.ts';
import type { ForeignKeyShape, TableShape } from './schema.ts';

/** Which rows a table gets. */
export interface RowNumbers {
  readonly full: readonly number[];
  /** Rows in which every column that may be NULL is NULL. */
  readonly sparse: readonly number[];
  /** Roots that stay empty, by identity. */
  readonly without?: ReadonlySet<string>;
  /** Whether the root of a tree refers to itself rather than to nothing. */
  readonly closedRoots?: boolean;
  /** The row whose plain texts are as long as their columns allow, up to LONGEST characters; null: none. */
  readonly long?: number | null;
}

/** Long enough for a change that cuts texts to be seen; short enough for an index. */
const LONGEST = 300;

export interface PlannedRow {
  readonly n: number;
  readonly sparse: boolean;
  readonly cells: Map<string, Cell>;
  /** Of a partitioned table: the leaf that the row is meant for. */
  readonly leaf: string | null;
}

export interface RowPlan {
  /** Tables that rows are written to (roots of partitioned ones), referenced ones first; cycles stand together. */
  readonly order: readonly (readonly TableShape[])[];
  readonly rows: ReadonlyMap<string, readonly PlannedRow[]>;
  /** By root of a partitioned table. */
  readonly leaves: ReadonlyMap<string, readonly Leaf[]>;
}

/** Rows that a leaf gets at least, so that each partition holds some. */
const ROWS_PER_LEAF = 3;

export function planRows(
  context: RowContext,
  solutions: ReadonlyMap<string, readonly Solution[]>,
  numbers: RowNumbers,
): RowPlan {
  const { tables } = context;
  const roots = [...tables.values()].filter(({ partitionOf, foreign }) => partitionOf === null && !foreign);
  const byIdentity = new Map(roots.map((table) => [table.identity, table]));
  const order = components([...byIdentity.keys()], (identity) =>
    (byIdentity.get(identity)?.foreignKeys ?? []).map(({ references }) => rootIdentity(context, references)),
  ).map((members) => members.flatMap((identity) => byIdentity.get(identity) ?? []));
  const rows = new Map<string, readonly PlannedRow[]>();
  const leaves = new Map<string, readonly Leaf[]>();
  for (const component of order) {
    for (const table of component) {
      if (table.partitionKey !== null) leaves.set(table.identity, leavesOf(table, tables));
      const planned = planTable(context, table, leaves.get(table.identity) ?? null, {
        solutions: solutions.get(table.identity) ?? [],
        numbers,
        rows,
      });
      rows.set(table.identity, planned);
    }
    if (component.length > 1) closeCycle(context, component, { solutions: [], numbers, rows });
  }
  return { order, rows, leaves };
}

function rootIdentity(context: RowContext, identity: string): string {
  const table = context.tables.get(identity);
  return table === undefined ? identity : rootOf(table, context.tables).identity;
}

/** A row by itself, its references by number alone; whether the referenced rows exist is for trial to find out. */
export function looseRow(
  context: RowContext,
  table: TableShape,
  solutions: readonly Solution[],
  row: { readonly n: number; readonly sparse: boolean; readonly leaf: Leaf | null },
): PlannedRow {
  return planRow(context, table, row, { solutions, numbers: { full: [], sparse: [] }, rows: new Map() });
}

interface Planning {
  readonly solutions: readonly Solution[];
  readonly numbers: RowNumbers;
  readonly rows: ReadonlyMap<string, readonly PlannedRow[]>;
}

function planTable(
  context: RowContext,
  table: TableShape,
  leaves: readonly Leaf[] | null,
  planning: Planning,
): readonly PlannedRow[] {
  if (leaves !== null && leaves.length === 0) return [];
  if (planning.numbers.without?.has(table.identity) === true) return [];
  const wanted = [
    ...planning.numbers.full.map((n) => ({ n, sparse: false })),
    ...planning.numbers.sparse.map((n) => ({ n, sparse: true })),
  ];
  const rows: PlannedRow[] = wanted.map(({ n, sparse }, index) =>
    planRow(context, table, { n, sparse, leaf: leaves?.[index % leaves.length] ?? null }, planning),
  );
  // Many partitions: more rows, so that none stays empty. A plan for one row keeps to one per leaf.
  const perLeaf = Math.min(ROWS_PER_LEAF, wanted.length);
  for (let k = wanted.length; leaves !== null && k < leaves.length * perLeaf; k++) {
    const n = (wanted.at(-1)?.n ?? 0) + 1 + k - wanted.length;
    rows.push(
      planRow(context, table, { n, sparse: false, leaf: leaves[k % leaves.length] ?? null }, planning),
    );
  }
  linkToItself(table, rows, planning);
  return withoutDuplicates(table, rows);
}

function planRow(
  context: RowContext,
  table: TableShape,
  row: { readonly n: number; readonly sparse: boolean; readonly leaf: Leaf | null },
  planning: Planning,
): PlannedRow {
  const { n, sparse, leaf } = row;
  const cells = new Map<string, Cell>();
  for (const column of writableColumns(table)) {
    if (sparse && !column.notNull) cells.set(column.name, null);
    else cells.set(column.name, defaultValue(context, column, n) ?? (column.notNull ? undefined : null));
  }
  for (const solution of planning.solutions) {
    const values = solution.values(n, sparse);
    solution.columns.forEach((name, index) => {
      if (values !== null) cells.set(name, values[index] ?? null);
    });
  }
  if (n === planning.numbers.long) lengthen(context, table, cells, planning.solutions);
  const fixed = new Set<string>();
  for (const [name, cell] of leaf?.cells(n) ?? []) {
    cells.set(name, cell);
    fixed.add(name);
  }
  // The longer key decides: a shorter one is most often part of it (tenant and user, tenant).
  const keys = [...table.foreignKeys].sort((a, b) => b.columns.length - a.columns.length);
  for (const key of keys) {
    if (key.references === table.identity) continue;
    linkRow(context, table, key, { n, cells, fixed }, planning);
  }
  return { n, sparse, cells, leaf: leaf?.table.identity ?? null };
}

/** Texts that nothing else depends on; what a name lets expect (a URL, a date) stays what it is. */
function lengthen(
  context: RowContext,
  table: TableShape,
  cells: Map<string, Cell>,
  solutions: readonly Solution[],
): void {
  const bound = new Set(
    [...table.keys, ...table.foreignKeys, ...table.exclusions, ...table.checks, ...solutions].flatMap(
      ({ columns }) => columns,
    ),
  );
  for (const column of table.columns) {
    const cell = cells.get(column.name);
    const type = context.types.get(column.type);
    if (bound.has(column.name) || typeof cell !== 'string' || !/^Text \d+$/.test(cell)) continue;
    if (type === undefined || !/^(text|varchar)$/.test(type.name) || type.kind !== 'base') continue;
    const length = Math.min(type.modifiers[0] ?? LONGEST, LONGEST);
    cells.set(column.name, cell.padEnd(length, ' and so on').slice(0, length));
  }
}

/** Takes the referenced row of the same number, or one that agrees with what other keys have fixed. */
function linkRow(
  context: RowContext,
  table: TableShape,
  key: ForeignKeyShape,
  row: { readonly n: number; readonly cells: Map<string, Cell>; readonly fixed: Set<string> },
  planning: Planning,
): void {
  if (key.columns.some((name) => row.cells.get(name) === null)) return;
  const root = rootIdentity(context, key.references);
  const planned = planning.rows.get(root);
  // In a cycle the other table is not planned yet: the value of the same number will be there.
  if (planned === undefined && context.tables.has(root)) return;
  const candidates = (planned ?? []).filter(
    ({ cells, leaf }) =>
      (leaf === null || key.references === root || leaf === key.references) &&
      key.referencedColumns.every((name) => typeof cells.get(name) === 'string'),
  );
  const agreeing = candidates.filter(({ cells }) =>
    key.columns.every(
      (name, index) =>
        !row.fixed.has(name) || row.cells.get(name) === cells.get(key.referencedColumns[index] ?? ''),
    ),
  );
  const own = (values: readonly PlannedRow[]) =>
    values.find(({ cells }) =>
      key.columns.every(
        (name, index) => row.cells.get(name) === cells.get(key.referencedColumns[index] ?? ''),
      ),
    );
  const chosen =
    own(agreeing) ?? agreeing.find(({ n }) => n === row.n) ?? agreeing[(row.n - 1) % (agreeing.length || 1)];
  key.columns.forEach((name, index) => {
    if (chosen !== undefined) {
      row.cells.set(name, chosen.cells.get(key.referencedColumns[index] ?? ''));
      row.fixed.add(name);
    } else if (!row.fixed.has(name) && isNullable(table, name)) row.cells.set(name, null);
  });
}

function isNullable(table: TableShape, name: string): boolean {
  return table.columns.some((column) => column.name === name && !column.notNull);
}

/**
 * The tables of a cycle refer to each other by number alone: where the row of that number was left out (a key has no
 * room for so many), another one is taken; that may repeat a key in turn, so it is done again until it holds.
 */
function closeCycle(
  context: RowContext,
  component: readonly TableShape[],
  planning: Planning & { readonly rows: Map<string, readonly PlannedRow[]> },
): void {
  const members = new Set(component.map(({ identity }) => identity));
  for (let round = 0; round <= component.length + 1; round++) {
    for (const table of component) {
      const inside = table.foreignKeys.filter(
        ({ references }) => references !== table.identity && members.has(rootIdentity(context, references)),
      );
      const outside = table.foreignKeys
        .filter((key) => !inside.includes(key))
        .flatMap(({ columns }) => columns);
      const rows = planning.rows.get(table.identity) ?? [];
      for (const { n, cells } of rows) {
        for (const key of inside)
          linkRow(context, table, key, { n, cells, fixed: new Set(outside) }, planning);
      }
      planning.rows.set(table.identity, withoutDuplicates(table, rows));
    }
  }
}

/** Rows of a tree: the first is a root where it may be, each other one hangs below an earlier one. */
function linkToItself(table: TableShape, rows: readonly PlannedRow[], planning: Planning): void {
  const { solutions, numbers } = planning;
  for (const key of table.foreignKeys) {
    if (key.references !== table.identity) continue;
    rows.forEach((row, index) => {
      if (key.columns.some((name) => row.cells.get(name) === null)) return;
      const nullable = key.columns.filter((name) => isNullable(table, name));
      const above = rows[index === 0 ? 0 : Math.floor((index - 1) / 2)];
      const shared = key.columns.filter((name) => key.referencedColumns.includes(name));
      const bound = solutions.some(({ columns }) => nullable.some((name) => columns.includes(name)));
      if (index === 0 && nullable.length > 0 && (numbers.closedRoots !== true || bound)) {
        makeRoot(
          row,
          nullable.filter((name) => !shared.includes(name)),
          solutions,
        );
        return;
      }
      // A column on both sides (tenant_id) must agree: then only the row itself is sure to.
      const agrees = shared.every((name) => row.cells.get(name) === above?.cells.get(name));
      const target = agrees ? above : row;
      key.columns.forEach((name, k) => {
        if (!shared.includes(name)) row.cells.set(name, target?.cells.get(key.referencedColumns[k] ?? ''));
      });
    });
  }
}

/** Without a reference: by the solution with NULL where CHECKs have a say (a root has depth 0), else just so. */
function makeRoot(row: PlannedRow, names: readonly string[], solutions: readonly Solution[]): void {
  const solution = solutions.find(({ columns }) => names.some((name) => columns.includes(name)));
  if (solution === undefined) {
    for (const name of names) row.cells.set(name, null);
    return;
  }
  const values = solution.values(row.n, true);
  solution.columns.forEach((name, index) => {
    if (values !== null) row.cells.set(name, values[index] ?? null);
  });
}

/** Drops rows that repeat a unique key: a boolean key has room for two. */
function withoutDuplicates(table: TableShape, rows: readonly PlannedRow[]): readonly PlannedRow[] {
  const seen = table.keys.map(() => new Set<string>());
  return rows.filter((row) => {
    const keys = table.keys.map((key) => {
      const cells = key.columns.map((name) => row.cells.get(name));
      // Left out: the column's default decides, which is most often a sequence.
      if (cells.some((cell) => cell === undefined)) return null;
      if (!key.nullsNotDistinct && cells.some((cell) => cell === null)) return null;
      return JSON.stringify(cells);
    });
    if (keys.some((key, index) => key !== null && seen[index]?.has(key) === true)) return false;
    keys.forEach((key, index) => {
      if (key !== null) seen[index]?.add(key);
    });
    return true;
  });
}
