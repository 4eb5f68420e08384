/** What a query reads, writes and calls, as the server's own analysis resolves it. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { KnownQuery } from './model.ts';
import { namedObjects } from './named.ts';
import type { Prepared, Preparing } from './prepare.ts';

/** Physical addresses, as `CatalogObject.physical`: `pg_class:16384`, `pg_class:16384.2`, `pg_proc:16390` … */
export type Addresses = ReadonlySet<string>;

/**
 * Resolves queries that can be prepared in the connection's database. From PostgreSQL 14 on the server tells: the query
 * becomes, for a moment, the body of a function (`BEGIN ATOMIC`, manual, CREATE FUNCTION), and `pg_depend` says what that
 * needs, by column. Else, and for what no such body can hold, the parse tree is resolved against the catalog.
 */
export async function touchedByQueries(
  connection: Connection,
  preparing: Preparing,
  queries: readonly KnownQuery[],
  prepared: ReadonlyMap<string, Prepared>,
): Promise<ReadonlyMap<string, Addresses>> {
  const found = new Map<string, Addresses>();
  const types = await typeNames(connection, prepared);
  for (const query of queries) {
    const one = prepared.get(query.id);
    if (one?.ok !== true) continue;
    await preparing.useSearchPath(query);
    const parameters = one.parameters.map((oid) => types.get(oid) ?? 'text');
    found.set(
      query.id,
      (await byServer(connection, query, parameters)) ?? (await namedObjects(connection, query.sql)),
    );
  }
  return found;
}

const UNDO = 'ferrata_query';

async function byServer(
  connection: Connection,
  query: KnownQuery,
  parameters: readonly string[],
): Promise<Addresses | null> {
  if (connection.server.major < 14 || query.kind === 'CallStmt') return null;
  // The line break ends a comment that the query may end in.
  const define = `CREATE FUNCTION pg_temp.${UNDO}(${parameters.join(', ')}) RETURNS void LANGUAGE sql BEGIN ATOMIC ${query.sql}\n; END`;
  try {
    return await connection.transaction(async () => {
      await connection.query(define);
      const rows = await connection.rows<[string, string, number]>(
        `SELECT d.refclassid::pg_catalog.regclass::pg_catalog.text, d.refobjid::pg_catalog.text, d.refobjsubid
         FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.objid
         WHERE d.classid = ${quoteLiteral('pg_catalog.pg_proc')}::pg_catalog.regclass AND p.proname = ${quoteLiteral(UNDO)}
           AND p.pronamespace = pg_catalog.pg_my_temp_schema() AND d.deptype = 'n' AND d.refobjid >= 16384`,
      );
      throw new Found(new Set(rows.flatMap(([catalog, oid, sub]) => addressesOf(catalog, oid, sub))));
    });
  } catch (error) {
    return error instanceof Found ? error.addresses : null;
  }
}

/** Carries the result out of a transaction that must not be kept. */
class Found extends Error {
  readonly addresses: Addresses;
  constructor(addresses: Addresses) {
    super('found');
    this.addresses = addresses;
  }
}

/** A column, and the relation that it is of. */
function addressesOf(catalog: string, oid: string, sub: number): string[] {
  const whole = `${catalog.replace(/^pg_catalog\./, '')}:${oid}`;
  return sub === 0 ? [whole] : [whole, `${whole}.${sub}`];
}

async function typeNames(
  connection: Connection,
  prepared: ReadonlyMap<string, Prepared>,
): Promise<ReadonlyMap<number, string>> {
  const oids = new Set([...prepared.values()].flatMap((one) => (one.ok ? one.parameters : [])));
  if (oids.size === 0) return new Map();
  const rows = await connection.rows<[number, string]>(
    `SELECT t.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname)
     FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
     WHERE t.oid IN (${[...oids].map(Number).join(', ')})`,
  );
  return new Map(rows);
}
