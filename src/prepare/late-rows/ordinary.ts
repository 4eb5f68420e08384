/** Rows that should suit the shape before the change as well as the one after it. */
import type { Catalog, EnumProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from '../synthetic/attempts.ts';
import { type Solution, solveChecks } from '../synthetic/checks.ts';
import { type Cell, defaultValue, type RowContext, writableColumns } from '../synthetic/context.ts';
import { type Leaf, leavesOf } from '../synthetic/partitions.ts';
import { looseRow } from '../synthetic/plan-rows.ts';
import { type CheckShape, type ColumnShape, checkExpression, type TableShape } from '../synthetic/schema.ts';
import type { TypeShape } from '../synthetic/type-shapes.ts';
import { valueFor } from '../synthetic/values.ts';
import { newName, renamed, type TablePair } from './pairs.ts';

/** Row numbers of late rows: beyond those of the start, small enough for narrow types. */
export const FIRST = 901;
export const NUMBERS = [...Array.from({ length: 48 }, (_, k) => FIRST + k), 950, 951, 952];

/** Values that please the CHECKs of both shapes; where none do, those of the new one. */
export async function solveBoth(
  context: RowContext,
  before: Catalog,
  pairs: readonly TablePair[],
): Promise<ReadonlyMap<string, readonly Solution[]>> {
  const numbers = NUMBERS.slice(0, 12);
  const both = pairs.map((pair): TableShape => {
    const domains = oldDomainChecks(before, pair);
    const known = new Set(pair.after.checks.map(({ expression }) => expression));
    const old = pair.before.checks.flatMap((check) => {
      const columns = check.columns.map((name) => newName(pair, name));
      const names = columns.filter((name) => name !== null);
      const expression = renamed(pair, check.expression);
      return names.length === columns.length && !known.has(expression)
        ? [{ name: check.name, expression, columns: names }]
        : [];
    });
    return { ...pair.after, checks: [...pair.after.checks, ...old, ...domains] };
  });
  const merged = await solveChecks(context, both, numbers);
  const failed = both.filter((table) =>
    (merged.get(table.identity) ?? []).some((solution) => solution.values(FIRST, false) === null),
  );
  if (failed.length === 0) return merged;
  const alone = await solveChecks(
    context,
    pairs
      .filter(({ after }) => failed.some(({ identity }) => identity === after.identity))
      .map(({ after }) => after),
    numbers,
  );
  return new Map([...merged, ...alone]);
}

/** The CHECKs of the old columns' domains, as CHECKs on the columns: the domain itself may ask for less by now. */
function oldDomainChecks(before: Catalog, pair: TablePair): CheckShape[] {
  return pair.columns.flatMap(({ before: column, after }) => {
    if (after.generation !== null || !before.objects.has(`domain ${column.type}`)) return [];
    return [...before.objects.values()]
      .filter(({ kind, parent }) => kind === 'constraint' && parent === `domain ${column.type}`)
      .map(({ identity, properties }) => ({
        name: identity,
        expression: checkExpression(String(properties.definition)).replace(/\bVALUE\b/g, () =>
          quoteIdent(after.name),
        ),
        columns: [after.name],
      }));
  });
}

/** Keys of referenced rows that are there, by foreign key of either shape: columns by their new names. */
export interface Reference {
  readonly columns: readonly string[];
  readonly keys: readonly (readonly string[])[];
}

const REFERENCED_ROWS = 20;

export async function references(
  context: RowContext,
  before: Catalog,
  pair: TablePair,
): Promise<readonly Reference[]> {
  const current = new Map([...context.tables.values()].map((table) => [table.physical, table]));
  const old = pair.before.foreignKeys.flatMap((key) => {
    const was = before.objects.get(`table ${key.references}`);
    const target =
      was === undefined ? undefined : (current.get(was.physical) ?? context.tables.get(key.references));
    const columns = key.columns.map((name) => newName(pair, name)).filter((name) => name !== null);
    return target === undefined || columns.length !== key.columns.length
      ? []
      : [{ ...key, columns, references: target.identity }];
  });
  // The old ones last: where both speak about a column, a row for both shapes must please them.
  const keys = [...pair.after.foreignKeys, ...old].sort((a, b) => a.columns.length - b.columns.length);
  const outcomes = await runAttempts(
    context.connection,
    keys.map((key): Attempt => {
      const list = key.referencedColumns.map((name) => `r.${quoteIdent(name)}`);
      const texts = `ARRAY[${list.map((name) => `${name}::text`).join(', ')}]`;
      const filled = list.map((name) => `${name} IS NOT NULL`).join(' AND ');
      return {
        sql: `SELECT json_agg(k) FROM (SELECT ${texts} AS k FROM ${key.references} r WHERE ${filled}
          ORDER BY ${list.join(', ')} LIMIT ${REFERENCED_ROWS}) x`,
        value: true,
      };
    }),
  );
  return keys.map(({ columns }, index) => ({
    columns,
    keys: JSON.parse(outcomes[index]?.value ?? '[]') as string[][],
  }));
}

export interface OrdinaryFacts {
  readonly before: Catalog;
  readonly oldTypes: ReadonlyMap<string, TypeShape>;
  readonly solutions: ReadonlyMap<string, readonly Solution[]>;
  readonly links: readonly Reference[];
}

export type Ordinary = (n: number, sparse: boolean) => Map<string, Cell>;

/** A row for both shapes: values of the old types, old labels, a value wherever the old shape wants one. */
export function ordinaryCells(
  context: RowContext,
  facts: OrdinaryFacts,
  pair: TablePair,
  n: number,
  sparse: boolean,
): Map<string, Cell> {
  const table = pair.after;
  const solutions = facts.solutions.get(table.identity) ?? [];
  const leaves = table.partitionKey === null ? [] : oldLeaves(context, facts.before, table);
  const row = looseRow(context, table, solutions, {
    n,
    sparse,
    leaf: leaves[n % (leaves.length || 1)] ?? null,
  });
  const solved = new Set(solutions.flatMap(({ columns }) => columns));
  const cells = new Map(row.cells);
  for (const { before, after } of pair.columns) {
    if (after.generation !== null) continue;
    if (cells.get(after.name) === null && before.notNull) {
      cells.set(after.name, defaultValue(context, after, n) ?? null);
    }
    if (solved.has(after.name) || cells.get(after.name) === null) continue;
    const value = oldValue(context, facts, before, after, n);
    if (value !== null) cells.set(after.name, value);
  }
  for (const { columns, keys } of facts.links) {
    if (keys.length === 0 || columns.some((name) => cells.get(name) === null)) continue;
    const key = keys[(n - 1) % keys.length];
    for (const [index, name] of columns.entries()) cells.set(name, key?.[index]);
  }
  // The application leaves its keys to the database where that gives them.
  for (const column of writableColumns(table)) {
    if (column.identity || /^nextval\(|gen_random_uuid\(|uuid_generate/.test(column.default ?? '')) {
      cells.set(column.name, undefined);
    }
  }
  return cells;
}

/** Partitions that were there before; where none was, all of them. */
function oldLeaves(context: RowContext, before: Catalog, table: TableShape): readonly Leaf[] {
  const known = new Set([...before.objects.values()].map(({ physical }) => physical));
  const leaves = leavesOf(table, context.tables);
  const old = leaves.filter((leaf) => known.has(leaf.table.physical));
  return old.length > 0 ? old : leaves;
}

function oldValue(
  context: RowContext,
  facts: OrdinaryFacts,
  before: ColumnShape,
  after: ColumnShape,
  n: number,
): string | null {
  const known = facts.before.objects.get(`enum ${before.type}`);
  if (known !== undefined) {
    const labels = (known.properties as unknown as EnumProperties).labels;
    const now = context.types.get(after.type)?.labels ?? [];
    const both = labels.filter((label) => now.length === 0 || now.includes(label));
    return both[(n - 1) % both.length] ?? null;
  }
  if (before.type === after.type) return null;
  const type = facts.oldTypes.get(before.type);
  const now = context.types.get(after.type);
  if (type === undefined || now === undefined || !alike(type, now)) return null;
  return valueFor(type, n, { castable: false, column: after.name }, context.chosen);
}

/** Whether a value of the one, as text, is sure to be a value of the other. */
function alike(before: TypeShape, after: TypeShape): boolean {
  const family = (type: TypeShape) => {
    if (/^(text|varchar|bpchar|citext)$/.test(type.name)) return 'text';
    if (/^(int2|int4|int8|numeric|float4|float8)$/.test(type.name)) return 'number';
    if (/^(date|timestamp|timestamptz)$/.test(type.name)) return 'moment';
    return type.name;
  };
  if (family(after) === 'text') return true;
  if (family(before) !== family(after)) return false;
  // A fraction is no integer, though both are numbers.
  return !(family(after) === 'number' && after.name.startsWith('int') && !before.name.startsWith('int'));
}
