/** What is measured before a run, for `consistency` and `integrity` to compare with. */
import { fingerprintData } from '../catalog/data/fingerprint.ts';
import type { Connection } from '../postgres/connection.ts';
import { CheckContext } from './check.ts';
import { integrity } from './checks/integrity.ts';
import type { Baseline } from './model.ts';
import { tableOids } from './scope.ts';

export interface BaselineOptions {
  /** Tables above this many bytes are counted, not checksummed. */
  readonly maxBytes?: number;
  /** Whether `integrity` looks for what is wrong already. Default true. */
  readonly integrity?: boolean;
}

const MAX_BYTES = 1024 ** 3;

/**
 * Row counts and column checksums of `tables` (as SQL has their names; partitioned ones at their leaves), of all tables
 * when null. One read-only transaction with one snapshot.
 */
export async function takeBaseline(
  connection: Connection,
  tables: readonly string[] | null,
  options: BaselineOptions = {},
): Promise<Baseline> {
  const { maxBytes = MAX_BYTES } = options;
  return connection.transaction(
    async () => {
      await connection.script('SET LOCAL row_security = off');
      const oids = await tableOids(connection, tables);
      const found = await connection.query<{ name: string; bytes: string }>(
        `SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_catalog.pg_table_size(c.oid)::text AS bytes
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND c.oid = ANY ($1::oid[])`,
        [oids],
      );
      const small = found.filter((table) => Number(table.bytes) <= maxBytes).map((table) => table.name);
      const result: Record<string, Baseline['tables'][string]> = {};
      const data =
        small.length === 0 ? null : await fingerprintData(connection, { tables: small, inTransaction: true });
      for (const table of data?.tables.values() ?? [])
        result[table.table] = { rows: table.rows, columns: table.columns };
      for (const { name } of found.filter((table) => !(table.name in result))) {
        const [row] = await connection.query<{ rows: string }>(
          `SELECT count(*)::text AS rows FROM ONLY ${name}`,
        );
        result[name] = { rows: Number(row?.rows ?? 0), columns: null };
      }
      const [snapshot] = await connection.query<{ xid: string }>(
        `SELECT (pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::numeric % 4294967296)::text AS xid`,
      );
      const problems =
        options.integrity === false ? [] : await integrity.run(new CheckContext(connection, {}, tables));
      return {
        tables: result,
        ...(snapshot !== undefined && { xid: snapshot.xid }),
        problems: problems.filter((one) => !one.ok).map((one) => `${one.subject}: ${one.message}`),
      };
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}
