/** Foreign keys and the rows that break them, found by the server whatever its triggers have let through. */
import { ATTIC_SCHEMA, LEDGER_SCHEMA } from '../catalog/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { quoteIdent } from '../sql/quote.ts';

export interface ForeignKey {
  /** `schema.table`, quoted where needed. */
  readonly table: string;
  readonly name: string;
  readonly references: string;
  readonly columns: readonly string[];
  readonly referencedColumns: readonly string[];
  /** Equality operators, referenced column against referring column, as `schema.op`. */
  readonly operators: readonly string[];
  /** Of the referenced columns, which the server compares under; null for types without. */
  readonly collations: readonly (string | null)[];
  readonly matchFull: boolean;
  readonly validated: boolean;
  readonly deferrable: boolean;
  /** What happens to the referring rows: `a` no action, `r` restrict, `c` cascade, `n` set null, `d` set default. */
  readonly onDelete: string;
  /** Both sides without ONLY where they are partitioned. */
  readonly tableOnly: boolean;
  readonly referencesOnly: boolean;
}

/**
 * The foreign keys that are enforced, without the copies that partitions have of their parent's. With `tables`: those
 * of which one side is among them. A temporal key (WITH PERIOD, PostgreSQL 18) is no equality and is left out.
 */
export async function readForeignKeys(
  connection: Connection,
  tables: readonly string[] | null,
): Promise<ForeignKey[]> {
  const later = connection.server.major >= 18 ? 'AND k.conenforced AND NOT k.conperiod' : '';
  return connection.query<ForeignKey>(
    `SELECT format('%I.%I', cn.nspname, c.relname) AS "table", k.conname::text AS name,
            format('%I.%I', rn.nspname, r.relname) AS "references",
            (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(num, n)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
            (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) AS "referencedColumns",
            (SELECT array_agg(format('%I.%s', n.nspname, o.oprname) ORDER BY u.n)
             FROM unnest(k.conpfeqop) WITH ORDINALITY u(op, n)
             JOIN pg_catalog.pg_operator o ON o.oid = u.op
             JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) AS operators,
            (SELECT array_agg(CASE WHEN l.oid IS NOT NULL THEN format('%I.%I', n.nspname, l.collname) END ORDER BY u.n)
             FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
             JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num
             LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace) AS collations,
            k.confmatchtype = 'f' AS "matchFull", k.convalidated AS validated, k.condeferrable AS deferrable,
            k.confdeltype::text AS "onDelete", c.relkind <> 'p' AS "tableOnly", r.relkind <> 'p' AS "referencesOnly"
     FROM pg_catalog.pg_constraint k
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
     JOIN pg_catalog.pg_class r ON r.oid = k.confrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 ${later}
       AND cn.nspname NOT IN ('${LEDGER_SCHEMA}', '${ATTIC_SCHEMA}')
       AND ($1::text[] IS NULL
            OR EXISTS (SELECT FROM unnest($1::text[]) AS w(name)
                       WHERE pg_catalog.to_regclass(w.name) IN (
                         SELECT k.conrelid UNION ALL SELECT k.confrelid
                         UNION ALL SELECT relid FROM pg_catalog.pg_partition_ancestors(k.conrelid)
                         UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(k.conrelid)
                         UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(k.confrelid))))
     ORDER BY 1, 2`,
    [tables],
  );
}

/** Rows that refer to nothing, as the server's own check when a key is validated (ri_triggers.c) would see them. */
export function orphansSql(key: ForeignKey, select: string): string {
  const child = key.columns.map((column) => `c.${quoteIdent(column)}`);
  const pairs = key.columns.map((_, index) => {
    const collation = key.collations[index] ?? null;
    const parent = `p.${quoteIdent(key.referencedColumns[index] ?? '')}${collation === null ? '' : ` COLLATE ${collation}`}`;
    return `${parent} OPERATOR(${key.operators[index] ?? 'pg_catalog.='}) ${child[index]}`;
  });
  const present = child.map((column) => `${column} IS NOT NULL`);
  const allNull = child.map((column) => `${column} IS NULL`).join(' AND ');
  const missing = `NOT EXISTS (SELECT FROM ${only(key.referencesOnly)}${key.references} p WHERE ${pairs.join(' AND ')})`;
  const broken = key.matchFull
    ? `NOT (${allNull}) AND (NOT (${present.join(' AND ')}) OR ${missing})`
    : `${present.join(' AND ')} AND ${missing}`;
  return `SELECT ${select} FROM ${only(key.tableOnly)}${key.table} c WHERE ${broken}`;
}

function only(yes: boolean): string {
  return yes ? 'ONLY ' : '';
}

export async function countOrphans(connection: Connection, key: ForeignKey): Promise<number> {
  const [row] = await connection.query<{ n: string }>(orphansSql(key, 'count(*)::text AS n'));
  return Number(row?.n ?? 0);
}
