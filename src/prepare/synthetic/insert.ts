/** Renders rows as INSERT statements. */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import type { Cell, Cells } from './context.ts';
import { writableColumns } from './context.ts';
import type { TableShape } from './schema.ts';

/** One statement for all `rows`; they may differ in the columns that they leave out. */
export function insertSql(
  table: TableShape,
  rows: readonly Cells[],
  returning: string | null = null,
): string {
  const columns = writableColumns(table).filter(({ name }) =>
    rows.some((row) => row.get(name) !== undefined),
  );
  const tail = `${conflictClause(table)}${returning === null ? '' : ` RETURNING ${returning}`}`;
  if (columns.length === 0) {
    // DEFAULT VALUES makes one row: a column of any name given as DEFAULT makes more, but a table may have none.
    return `INSERT INTO ${table.identity} DEFAULT VALUES${tail}`;
  }
  const names = columns.map(({ name }) => quoteIdent(name)).join(', ');
  const values = rows.map((row) => `(${columns.map(({ name }) => cellSql(row.get(name))).join(', ')})`);
  return `INSERT INTO ${table.identity} (${names}) OVERRIDING SYSTEM VALUE VALUES ${values.join(', ')}${tail}`;
}

/** An untyped literal becomes a value of the column's type, whatever that is. */
export function cellSql(cell: Cell): string {
  if (cell === undefined) return 'DEFAULT';
  return cell === null ? 'NULL' : quoteLiteral(cell);
}

/**
 * Rows that are there already (a migration may have brought some) are gone round. Neither rules nor deferrable keys go
 * with ON CONFLICT (PostgreSQL manual, INSERT).
 */
export function conflictClause(table: TableShape): string {
  return table.hasRules || table.deferrableKeys ? '' : ' ON CONFLICT DO NOTHING';
}
