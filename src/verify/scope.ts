/** Which tables a verification looks at. */

import { compareCatalogs } from '../catalog/compare.ts';
import { ATTIC_SCHEMA, type Catalog, LEDGER_SCHEMA, type ObjectKey } from '../catalog/model.ts';
import type { Connection } from '../postgres/connection.ts';
import type { VerifyInput } from './check.ts';

/**
 * The tables that a migration touches, as far as the plan, the proof and the two catalogs tell; null where there is no
 * migration: then every table counts.
 */
export function touchedTables(input: VerifyInput, now: Catalog | null): readonly string[] | null {
  if (input.tables !== undefined && input.tables !== null) return input.tables;
  const { plan = null, proof = null, catalogBefore = null } = input;
  if (plan === null && input.migration == null) return null;
  const touched = new Set<string>();
  for (const step of plan?.steps ?? []) {
    for (const table of step.captures) touched.add(table);
    for (const lock of step.expects) if (lock.mode !== 'AccessShareLock') touched.add(lock.relation);
  }
  for (const measure of proof?.measures ?? []) {
    for (const { table } of measure.writes) touched.add(table);
    for (const table of measure.rewrites) touched.add(table);
  }
  for (const lock of proof?.locks ?? []) if (lock.mode !== 'AccessShareLock') touched.add(lock.relation);
  if (catalogBefore !== null && now !== null) {
    for (const { kind, object } of compareCatalogs(catalogBefore, now).differences) {
      for (const table of tablesOf(`${kind} ${object}`, [catalogBefore, now])) touched.add(table);
    }
  }
  return [...touched].sort();
}

function tablesOf(key: ObjectKey, catalogs: readonly Catalog[]): string[] {
  return catalogs.flatMap((catalog) => {
    const object = catalog.objects.get(key);
    if (object === undefined) return [];
    if (object.kind === 'table') return [object.identity];
    if (object.parent?.startsWith('table ') === true) return [object.parent.slice('table '.length)];
    const { table } = object.properties as { table?: unknown };
    return object.kind === 'index' && typeof table === 'string' ? [table] : [];
  });
}

/**
 * Oids (as text) of the tables that are there, with partitions and partitioned parents; of every user table where
 * `tables` is null.
 */
export async function tableOids(connection: Connection, tables: readonly string[] | null): Promise<string[]> {
  const rows = await connection.query<{ oid: string }>(
    `SELECT c.oid::int8::text AS oid
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('information_schema', '${LEDGER_SCHEMA}', '${ATTIC_SCHEMA}') AND n.nspname !~ '^pg_'
       AND ($1::text[] IS NULL OR c.oid IN (
         SELECT related.oid FROM unnest($1::text[]) AS w(name)
         JOIN pg_catalog.pg_class t ON t.oid = pg_catalog.to_regclass(w.name) AND t.relkind IN ('r', 'p')
         CROSS JOIN LATERAL (SELECT t.oid
                             UNION SELECT relid::oid FROM pg_catalog.pg_partition_tree(t.oid)
                             UNION SELECT relid::oid FROM pg_catalog.pg_partition_ancestors(t.oid)) AS related))`,
    [tables],
  );
  return rows.map((row) => row.oid);
}
