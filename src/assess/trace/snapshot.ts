/**
 * What a statement can change, read before and after it on the connection that runs it (nobody else sees what its
 * transaction has not committed). Objects are compared by their oid, so that a renamed one is neither new nor gone.
 */
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import type { Reading } from './reading.ts';

export interface SnapshotRelation {
  readonly oid: number;
  /** Schema-qualified, quoted where needed. */
  readonly name: string;
  /** `pg_class.relname`, as the server's messages give it. */
  readonly bare: string;
  /** `pg_class.relkind`. */
  readonly kind: string;
  readonly filenode: number;
  readonly tablespace: number;
  /** In bytes; 0 where it has no storage. */
  readonly size: number;
  /** The table of an index, or the table that owns a sequence; null for the rest. */
  readonly table: number | null;
}

export interface SnapshotColumn {
  readonly relation: number;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

export interface SnapshotConstraint {
  readonly oid: number;
  readonly relation: number;
  /** `schema.table.constraint`. */
  readonly name: string;
  /** `pg_constraint.conname`. */
  readonly bare: string;
  /** `pg_constraint.contype`. */
  readonly type: string;
  readonly validated: boolean;
  readonly references: number | null;
}

export interface Snapshot {
  readonly relations: ReadonlyMap<number, SnapshotRelation>;
  /** By `relation number`. */
  readonly columns: ReadonlyMap<string, SnapshotColumn>;
  readonly constraints: ReadonlyMap<number, SnapshotConstraint>;
  /** Partitions and heirs with their parents. */
  readonly parents: readonly (readonly [child: number, parent: number])[];
  readonly defaultPartitions: ReadonlySet<number>;
  /** Everything else that has a name: `class oid` of the object to its name. */
  readonly objects: ReadonlyMap<string, string>;
}

/**
 * One message for all of it. Objects of the system, of TOAST and of sessions (temporary ones) are left out;
 * `oid >= 16384` leaves the first ones out (FirstNormalObjectId).
 */
const RELATIONS = `
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, c.reltablespace,
    CASE WHEN c.relkind IN ('r', 'm', 'i') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END,
    coalesce(i.indrelid, (SELECT d.refobjid FROM pg_catalog.pg_depend d
      WHERE c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') LIMIT 1), 0)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
  WHERE c.oid >= 16384 AND c.relkind <> 't' AND n.nspname !~ '^pg_'
    AND n.nspname NOT IN ('information_schema', 'ferrata', 'ferrata_attic')`;

const COLUMNS = `
  SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), NOT a.attnotnull
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
    AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace`;

const CONSTRAINTS = `
  SELECT k.oid, k.conrelid, k.conname, k.contype, k.convalidated, k.confrelid
  FROM pg_catalog.pg_constraint k WHERE k.oid >= 16384 AND k.conrelid >= 16384`;

const PARENTS = `
  SELECT i.inhrelid, i.inhparent, coalesce(p.partdefid = i.inhrelid, false)
  FROM pg_catalog.pg_inherits i LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = i.inhparent`;

const OBJECTS = `
  SELECT 'pg_proc', p.oid, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid >= 16384 AND n.nspname <> 'pg_catalog'
  UNION ALL
  SELECT 'pg_type', t.oid, pg_catalog.format('%I.%I', n.nspname, t.typname)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r') AND n.nspname <> 'pg_catalog'
  UNION ALL
  SELECT 'pg_namespace', oid, pg_catalog.quote_ident(nspname) FROM pg_catalog.pg_namespace
    WHERE oid >= 16384 AND nspname !~ '^pg_'
  UNION ALL
  SELECT 'pg_trigger', t.oid, pg_catalog.format('%I.%I.%I', n.nspname, c.relname, t.tgname)
    FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal
  UNION ALL
  SELECT 'pg_extension', oid, pg_catalog.quote_ident(extname) FROM pg_catalog.pg_extension WHERE oid >= 16384
  UNION ALL
  SELECT 'pg_policy', p.oid, pg_catalog.format('%I.%I.%I', n.nspname, c.relname, p.polname)
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

/** Takes no lock on what it looks at. */
export const snapshot: Reading<Snapshot> = {
  sql: [RELATIONS, COLUMNS, CONSTRAINTS, PARENTS, OBJECTS],
  parse([relationRows = [], columnRows = [], constraintRows = [], parentRows = [], objectRows = []]) {
    const relations = new Map<number, SnapshotRelation>();
    for (const [oid, schema, name, kind, filenode, tablespace, size, table] of relationRows) {
      relations.set(Number(oid), {
        oid: Number(oid),
        name: quoteQualified(schema ?? null, name ?? ''),
        bare: name ?? '',
        kind: kind ?? '',
        filenode: Number(filenode),
        tablespace: Number(tablespace),
        size: Number(size),
        table: table === '0' ? null : Number(table),
      });
    }
    const columns = new Map<string, SnapshotColumn>();
    for (const [relation, number, name, type, nullable] of columnRows) {
      columns.set(`${relation} ${number}`, {
        relation: Number(relation),
        name: name ?? '',
        type: type ?? '',
        nullable: nullable === 't',
      });
    }
    const constraints = new Map<number, SnapshotConstraint>();
    for (const [oid, relation, name, type, validated, references] of constraintRows) {
      const table = relations.get(Number(relation))?.name ?? '';
      constraints.set(Number(oid), {
        oid: Number(oid),
        relation: Number(relation),
        name: `${table}.${quoteIdent(name ?? '')}`,
        bare: name ?? '',
        type: type ?? '',
        validated: validated === 't',
        references: references === '0' ? null : Number(references),
      });
    }
    return {
      relations,
      columns,
      constraints,
      defaultPartitions: new Set(parentRows.filter((row) => row[2] === 't').map(([kid]) => Number(kid))),
      parents: parentRows.map(([kid, parent]) => [Number(kid), Number(parent)] as const),
      objects: new Map(objectRows.map(([catalog, oid, name]) => [`${catalog} ${oid}`, name ?? ''])),
    };
  },
};
