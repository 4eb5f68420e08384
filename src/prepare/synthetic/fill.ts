/** Fills the tables of a scratch copy with synthetic rows (DESIGN §6). */
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, type Outcome, runAttempts } from './attempts.ts';
import { solveChecks } from './checks.ts';
import { type RowContext, rowContext } from './context.ts';
import { insertSql } from './insert.ts';
import { type PlannedRow, planRows, type RowNumbers, type RowPlan } from './plan-rows.ts';
import type { TableShape } from './schema.ts';
import { tryRows } from './trial.ts';

/**
 * `default`: full rows, and some in which all that may be NULL is; `no-nulls`: full rows alone; `castable-text`: full
 * rows whose texts read as numbers; `single-row`: one full row per table, for a new unique key over anything.
 */
export type SyntheticVariant = 'default' | 'no-nulls' | 'castable-text' | 'single-row';

export interface SyntheticOptions {
  /** Full rows per table; 20 unless told. */
  readonly rows?: number;
  readonly variant?: SyntheticVariant;
  /** Identities of tables that stay as they are: the change accepts no row in them. */
  readonly without?: ReadonlySet<string>;
  /** Whether one row holds texts as long as their columns allow. Default false; of `default` alone. */
  readonly long?: boolean;
}

export interface SyntheticResult {
  /** Rows that each table holds afterwards, those included that were there before; partitions by leaf. */
  readonly rows: Readonly<Record<string, number>>;
  /** Tables that are empty afterwards, and what the server said. */
  readonly unfilled: readonly { readonly table: string; readonly reason: string }[];
}

/** The number of the row with long texts. */
const LONG_ROW = 11;
const FULL_ROWS = 20;
const SPARSE_ROWS = 4;

/**
 * Fills every table of `catalog`, which is that of the connection's database. Constraints hold, triggers fire; where a
 * table's triggers refuse, they are off while its rows are written. Sequences are moved on past the rows, populated
 * materialised views refreshed. Deterministic. Existing rows are left alone. The connection must not be in a
 * transaction, and its role must own the tables.
 */
export async function fillSynthetic(
  connection: Connection,
  catalog: Catalog,
  options: SyntheticOptions = {},
): Promise<SyntheticResult> {
  const variant = options.variant ?? 'default';
  const numbers = {
    ...rowNumbers(variant, options.rows ?? FULL_ROWS),
    without: options.without ?? new Set<string>(),
    closedRoots: variant !== 'default',
    long: options.long === true && variant === 'default' ? LONG_ROW : null,
  };
  const all = [...numbers.full, ...numbers.sparse];
  // Some beyond: the second item of an array is the value of the next number.
  const context = await rowContext(
    connection,
    catalog,
    [...all, all.length + 1, all.length + 2],
    variant === 'castable-text',
  );
  const roots = [...context.tables.values()].filter((t) => t.partitionOf === null && !t.foreign);
  const solutions = await solveChecks(context, roots, all);
  const plan = planRows(context, solutions, numbers);
  const reasons = await writePlan(context, plan);
  await runAttempts(connection, [...sequenceAttempts(context), ...refreshAttempts(catalog)]);
  return await countTables(context, plan, reasons);
}

function rowNumbers(variant: SyntheticVariant, rows: number): Pick<RowNumbers, 'full' | 'sparse'> {
  const range = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, k) => from + k);
  if (variant === 'single-row') return { full: [1], sparse: [] };
  if (variant === 'default') return { full: range(1, rows), sparse: range(rows + 1, rows + SPARSE_ROWS) };
  return { full: range(1, rows + SPARSE_ROWS), sparse: [] };
}

/** One round trip where nothing refuses; then the tables that do, row by row. Gives what the server said, by table. */
async function writePlan(context: RowContext, plan: RowPlan): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>();
  const components = plan.order.filter((tables) => tables.some((table) => rowsOf(plan, table).length > 0));
  const outcomes = await runAttempts(
    context.connection,
    components.map((tables): Attempt => ({ sql: componentSql(plan, tables) })),
  );
  for (const [index, tables] of components.entries()) {
    if (satisfied(outcomes[index])) continue;
    for (const table of tables) {
      const rows = rowsOf(plan, table);
      const results = await tryRows(context, table, rows, { triggersOff: true });
      if (results.every(({ ok }) => !ok))
        reasons.set(table.identity, results[0]?.message ?? 'no row was accepted');
    }
    if (tables.length > 1) await closeCycle(context, tables);
  }
  return reasons;
}

function rowsOf(plan: RowPlan, table: TableShape): readonly PlannedRow[] {
  return plan.rows.get(table.identity) ?? [];
}

/** No error, and not a single row: something swallowed them. */
function satisfied(outcome: Outcome | undefined): boolean {
  return outcome?.ok === true && outcome.rows > 0;
}

/**
 * The tables of a cycle are written in one statement: foreign keys are checked at its end (PostgreSQL manual, 7.8.4
 * and CREATE TABLE, NOT DEFERRABLE).
 */
function componentSql(plan: RowPlan, tables: readonly TableShape[]): string {
  const inserts = tables.flatMap((table) => {
    const cells = rowsOf(plan, table).map((row) => row.cells);
    return cells.length === 0 ? [] : [insertSql(table, cells)];
  });
  const last = inserts.at(-1) ?? '';
  if (inserts.length === 1) return last;
  const parts = inserts.slice(0, -1).map((insert, index) => `ferrata_${index} AS (${insert})`);
  return `WITH ${parts.join(', ')} ${last}`;
}

/** Rows of a cycle that had to be written one table after the other get the references that were left NULL. */
async function closeCycle(context: RowContext, tables: readonly TableShape[]): Promise<void> {
  const members = new Set(tables.map(({ identity }) => identity));
  const updates = tables.flatMap((table) =>
    table.foreignKeys
      .filter(({ references }) => members.has(references) && references !== table.identity)
      .map((key): Attempt => {
        const columns = key.columns.map(quoteIdent);
        const filled = key.referencedColumns.map((name) => `${quoteIdent(name)} IS NOT NULL`).join(' AND ');
        const referenced = key.referencedColumns.map(quoteIdent).join(', ');
        return {
          sql: `UPDATE ${table.identity} SET (${columns.join(', ')}) = (SELECT ${referenced} FROM ${key.references}
            WHERE ${filled} ORDER BY ${referenced} LIMIT 1) WHERE ${columns.map((c) => `${c} IS NULL`).join(' AND ')}`,
        };
      }),
  );
  await runAttempts(context.connection, updates);
}

/** Sequences behind identity columns and nextval defaults go on after the largest value that is there. */
function sequenceAttempts(context: RowContext): Attempt[] {
  return [...context.tables.values()].flatMap((table) =>
    table.foreign
      ? []
      : table.columns.flatMap((column): Attempt[] => {
          const named = /^nextval\('((?:[^']|'')+)'::regclass\)/.exec(column.default ?? '')?.[1];
          const sequence = column.identity
            ? `pg_get_serial_sequence(${quoteLiteral(table.identity)}, ${quoteLiteral(column.name)})`
            : named === undefined
              ? null
              : `'${named}'`;
          if (sequence === null) return [];
          const top = `(SELECT max(${quoteIdent(column.name)})::bigint AS top FROM ${table.identity}) m`;
          return [
            {
              sql: `SELECT setval(s.seqrelid, m.top) FROM ${top}, pg_sequence s WHERE s.seqrelid = ${sequence}::regclass
                AND s.seqincrement > 0 AND m.top BETWEEN s.seqmin AND s.seqmax
                AND m.top > coalesce(pg_sequence_last_value(s.seqrelid), s.seqstart - 1)`,
            },
          ];
        }),
  );
}

/** Twice where there are several: one may read another. */
function refreshAttempts(catalog: Catalog): Attempt[] {
  const views = [...catalog.objects.values()].filter(
    ({ kind, properties }) => kind === 'materialized view' && properties.populated === true,
  );
  const once = views.map(({ identity }): Attempt => ({ sql: `REFRESH MATERIALIZED VIEW ${identity}` }));
  return views.length > 1 ? [...once, ...once] : once;
}

async function countTables(
  context: RowContext,
  plan: RowPlan,
  reasons: ReadonlyMap<string, string>,
): Promise<SyntheticResult> {
  const tables = [...context.tables.values()].filter(
    (table) => table.partitionKey === null && !table.foreign,
  );
  const outcomes = await runAttempts(
    context.connection,
    tables.map(({ identity }) => ({ sql: `SELECT count(*) FROM ONLY ${identity}`, value: true })),
  );
  const rows: Record<string, number> = {};
  const unfilled: { table: string; reason: string }[] = [];
  tables.forEach((table, index) => {
    const count = Number(outcomes[index]?.value ?? 0);
    rows[table.identity] = count;
    // A partition may rightly stay empty (hash, default): its root is what counts.
    if (count === 0 && table.partitionOf === null) {
      unfilled.push({ table: table.identity, reason: reasons.get(table.identity) ?? 'no row stayed in it' });
    }
  });
  for (const table of context.tables.values()) {
    if (table.partitionKey === null || table.partitionOf !== null) continue;
    const leaves = plan.leaves.get(table.identity) ?? [];
    if (leaves.some((leaf) => (rows[leaf.table.identity] ?? 0) > 0)) continue;
    const reason = leaves.length === 0 ? 'it has no partitions' : reasons.get(table.identity);
    unfilled.push({ table: table.identity, reason: reason ?? 'no row stayed in it' });
  }
  return { rows, unfilled };
}
