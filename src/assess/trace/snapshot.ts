/**
 * What a statement can change, read before and after it on the connection that runs it (nobody else sees what its
 * transaction has not committed). Objects are compared by their oid, so that a renamed one is neither new nor gone.
 */
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import type { Reading, TextRows } from './reading.ts';

export interface SnapshotRelation {
  readonly oid: number;
  readonly schema: string;
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
  /** By relation, and by number. */
  readonly columns: ReadonlyMap<number, ReadonlyMap<number, SnapshotColumn>>;
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

/** All of it. Takes no lock on what it looks at. */
export const snapshot: Reading<Snapshot> = {
  sql: [RELATIONS, COLUMNS, CONSTRAINTS, PARENTS, OBJECTS],
  parse: (results) => {
    const parts = parse(results);
    return { ...parts, constraints: named(parts.constraints, parts.relations) };
  },
};

/**
 * The same from what it was before, as far as the transaction in hand has changed it: whoever changes a relation, makes or
 * drops it, holds a lock on it to the end. Null where names may have changed beyond that: all is to be read then.
 */
export function snapshotSince(before: Snapshot): Reading<Snapshot | null> {
  const held = `(SELECT l.relation FROM pg_catalog.pg_locks l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation >= 16384)`;
  return {
    sql: [
      `SELECT relation FROM ${held} h`,
      `${RELATIONS} AND c.oid IN ${held}`,
      `${COLUMNS} AND a.attrelid IN ${held}`,
      `${CONSTRAINTS} AND k.conrelid IN ${held}`,
      PARENTS,
      OBJECTS,
    ],
    parse([heldRows = [], ...results]) {
      const now = parse(results);
      const touched = new Set(heldRows.map(([oid]) => Number(oid)));
      if (isRenamed(before, now)) return null;
      const relations = replaced(before.relations, now.relations, (oid) => touched.has(oid));
      const constraints = replaced(before.constraints, named(now.constraints, relations), (_, { relation }) =>
        touched.has(relation),
      );
      return {
        ...now,
        relations,
        constraints,
        columns: replaced(before.columns, now.columns, (oid) => touched.has(oid)),
      };
    },
  };
}

/** A schema has another name, or a relation another schema: what belongs to it moves without being locked. */
function isRenamed(before: Snapshot, now: Snapshot): boolean {
  for (const [oid, { schema }] of now.relations) {
    if ((before.relations.get(oid)?.schema ?? schema) !== schema) return true;
  }
  return [...now.objects].some(
    ([key, name]) => key.startsWith('pg_namespace ') && (before.objects.get(key) ?? name) !== name,
  );
}

function replaced<K, V>(
  before: ReadonlyMap<K, V>,
  now: ReadonlyMap<K, V>,
  isTouched: (key: K, value: V) => boolean,
): ReadonlyMap<K, V> {
  const result = new Map<K, V>();
  for (const [key, value] of before) if (!isTouched(key, value)) result.set(key, value);
  for (const [key, value] of now) result.set(key, value);
  return result;
}

/** Constraints get the names of their tables, which may have been read before them. */
function named(
  constraints: ReadonlyMap<number, SnapshotConstraint>,
  relations: ReadonlyMap<number, SnapshotRelation>,
): ReadonlyMap<number, SnapshotConstraint> {
  return new Map(
    [...constraints].map(([oid, constraint]) => [
      oid,
      {
        ...constraint,
        name: `${relations.get(constraint.relation)?.name ?? ''}.${quoteIdent(constraint.bare)}`,
      },
    ]),
  );
}

function parse([
  relationRows = [],
  columnRows = [],
  constraintRows = [],
  parentRows = [],
  objectRows = [],
]: readonly TextRows[]): Snapshot {
  const relations = new Map<number, SnapshotRelation>();
  for (const [oid, schema, name, kind, filenode, tablespace, size, table] of relationRows) {
    relations.set(Number(oid), {
      oid: Number(oid),
      schema: schema ?? '',
      name: quoteQualified(schema ?? null, name ?? ''),
      bare: name ?? '',
      kind: kind ?? '',
      filenode: Number(filenode),
      tablespace: Number(tablespace),
      size: Number(size),
      table: table === '0' ? null : Number(table),
    });
  }
  const columns = new Map<number, Map<number, SnapshotColumn>>();
  for (const [relation, number, name, type, nullable] of columnRows) {
    const ofRelation = columns.get(Number(relation)) ?? new Map<number, SnapshotColumn>();
    ofRelation.set(Number(number), { name: name ?? '', type: type ?? '', nullable: nullable === 't' });
    columns.set(Number(relation), ofRelation);
  }
  const constraints = new Map<number, SnapshotConstraint>();
  for (const [oid, relation, name, type, validated, references] of constraintRows) {
    constraints.set(Number(oid), {
      oid: Number(oid),
      relation: Number(relation),
      name: '',
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
}
