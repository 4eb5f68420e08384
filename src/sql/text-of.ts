/**
 * The text of a value as its type's own output function gives it, NULL for NULL; `value` is SQL. `::text` would run a cast
 * that somebody made with CREATE CAST, which may say the same of different values. Beside `::text`, booleans are `t` and
 * `f`, and `character(n)` keeps its spaces.
 */
export function textOf(value: string): string {
  return `CASE WHEN pg_catalog.num_nulls(${value}) = 0 THEN pg_catalog.concat(${value}) END`;
}
