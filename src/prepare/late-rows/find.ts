/** Looks for the late rows after the way back. */
import { VALUE_SETTINGS } from '../../catalog/data/session.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from '../synthetic/attempts.ts';
import { type TableShape, tableShapes } from '../synthetic/schema.ts';
import type { WrittenLateRow } from './model.ts';

/**
 * For each row whether it is there under the old shape, with every value of the columns that both shapes have; of an
 * update, whether what it changed is. A value counts when its text is the same, or when the text that was written is
 * the same value of the old type. `connection`: not in a transaction; `catalog`: of its database as it is now.
 */
export async function findLateRows(
  connection: Connection,
  catalog: Catalog,
  rows: readonly WrittenLateRow[],
): Promise<readonly ('kept' | 'lost')[]> {
  const tables = tableShapes(catalog);
  const attempts: (Attempt & { readonly row: number })[] = [];
  rows.forEach((row, index) => {
    const table = tables.get(row.oldTable);
    if (table === undefined) return;
    for (const sql of searches(table, row)) attempts.push({ sql, group: index, row: index });
  });
  const outcomes = await runAttempts(connection, attempts, { rollback: true, setup: VALUE_SETTINGS });
  const found = new Set<number>();
  outcomes.forEach((outcome, index) => {
    const attempt = attempts[index];
    if (outcome.ok && attempt !== undefined) found.add(attempt.row);
  });
  return rows.map((_, index) => (found.has(index) ? 'kept' : 'lost'));
}

/** By text, then by value. A search that finds nothing divides by zero: only one that finds something works. */
function searches(table: TableShape, row: WrittenLateRow): readonly string[] {
  const names = row.kind === 'update' ? [...row.key, ...row.changed] : Object.keys(row.values);
  const columns = names.map((name) => table.columns.find((column) => column.name === name));
  // A column that did not come back is a value that did not come back.
  if (columns.some((column) => column === undefined)) return [];
  const byText = names.map((name) => textCondition(name, row.values[name] ?? null));
  const byValue = names.map((name, index) => {
    const value = row.values[name] ?? null;
    const type = columns[index]?.type ?? 'text';
    if (value === null || type === row.types[name]) return textCondition(name, value);
    const given = quoteLiteral(value);
    const kept = quoteIdent(name);
    const newType = row.types[name] ?? 'text';
    // Within a family a cast to the old type may cut or round: the value that came back must be the one that was given.
    const same =
      family(type) !== null && family(type) === family(newType)
        ? `(${kept}::${newType})::text = ${given}`
        : `${kept}::text = (${given}::${type})::text`;
    return `(${kept}::text = ${given} OR ${same})`;
  });
  return [byText, byValue].map((conditions) => {
    const where = conditions.length === 0 ? 'true' : conditions.join(' AND ');
    return `SELECT 1 / count(*) FROM ${table.identity} WHERE ${where}`;
  });
}

/** Types between which casts lose digits, characters or times in silence. */
function family(type: string): 'number' | 'text' | 'time' | null {
  if (/^(smallint|integer|bigint|numeric|real|double precision|money)\b/.test(type)) return 'number';
  if (/^(character|text|name|citext|bpchar)\b/.test(type)) return 'text';
  if (/^(timestamp|date|time|interval)\b/.test(type)) return 'time';
  return null;
}

function textCondition(name: string, value: string | null): string {
  return value === null
    ? `${quoteIdent(name)} IS NULL`
    : `${quoteIdent(name)}::text = ${quoteLiteral(value)}`;
}
