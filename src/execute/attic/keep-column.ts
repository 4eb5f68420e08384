/**
 * What a column holds before and after a step that gives it another type, or takes it away with its type: by the row's
 * key, in the attic. The way back then knows for each row what it held, as long as nobody has changed it since; a lossy
 * USING, or values that no cast leads back to, restore all the same.
 */
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import type { Action } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { ensureCaptureFunction, REGISTRY } from '../undo/function.ts';

export type KeepColumn = Extract<Action, { readonly type: 'keep-column' }>;

/** Where the values lie; `capture` is the step's. The name is that of a capture's store: it is purged with them. */
export function keptStore(capture: string, ordinal: number): string {
  return quoteQualified(ATTIC_SCHEMA, storeName(capture, ordinal));
}

/**
 * Before the step: key and value of every row. After it: the value beside them that the step made of it. Needs the
 * step's open transaction; the table is locked against writers until it ends, as the change of type would anyway.
 */
export async function keepColumn(
  connection: Connection,
  action: KeepColumn,
  capture: string,
): Promise<readonly string[]> {
  const store = keptStore(capture, action.ordinal);
  const keys = action.key.map(quoteIdent);
  const stored = keys.map((_, index) => `k${index + 1}`);
  const column = quoteIdent(action.column);
  const value = await kept(connection, action.table, action.column);
  if (action.when === 'before') {
    await ensureCaptureFunction(connection);
    return [
      `LOCK TABLE ${action.table} IN SHARE ROW EXCLUSIVE MODE`,
      `DROP TABLE IF EXISTS ${store}`,
      `CREATE TABLE ${store} AS SELECT ${keys.map((key, index) => `${key} AS ${stored[index]}`).join(', ')}, ${value(column)} AS o FROM ${action.table}`,
      `DELETE FROM ${REGISTRY} WHERE capture = ${quoteLiteral(capture)} AND store = ${quoteLiteral(storeName(capture, action.ordinal))}`,
      `INSERT INTO ${REGISTRY} (capture, store, relation, schema_name, table_name, columns, state)
       SELECT ${quoteLiteral(capture)}, ${quoteLiteral(storeName(capture, action.ordinal))}, c.oid, n.nspname, c.relname, '[]', 'kept'
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.oid = pg_catalog.to_regclass(${quoteLiteral(action.table)})`,
    ];
  }
  const before = quoteQualified(ATTIC_SCHEMA, `${storeName(capture, action.ordinal)}_o`);
  return [
    `ALTER TABLE ${store} RENAME TO ${quoteIdent(`${storeName(capture, action.ordinal)}_o`)}`,
    `CREATE TABLE ${store} AS SELECT ${stored.map((name) => `s.${name}`).join(', ')}, s.o, ${value(`t.${column}`)} AS n
     FROM ${before} s JOIN ${action.table} t ON ${keys.map((key, index) => `t.${key} = s.${stored[index]}`).join(' AND ')}`,
    `DROP TABLE ${before}`,
    `ALTER TABLE ${store} ADD PRIMARY KEY (${stored.join(', ')})`,
    `ANALYZE ${store}`,
  ];
}

/** Types of users' own may go before the values are wanted back: as text they survive everything. */
async function kept(
  connection: Connection,
  table: string,
  column: string,
): Promise<(value: string) => string> {
  const [row] = await connection.query<{ own: boolean }>(
    `SELECT t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace AS own
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped`,
    [table, column],
  );
  return row?.own === true ? (value) => `${value}::pg_catalog.text` : (value) => value;
}

function storeName(capture: string, ordinal: number): string {
  return `u${capture}_k${ordinal}`;
}
