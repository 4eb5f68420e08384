/**
 * Who depends on what is about to be parked. A real DROP follows `pg_depend`: what belongs to the thing goes with it,
 * what merely uses it stops a RESTRICT and is dropped by a CASCADE (PostgreSQL manual, 5.15 and pg_depend). Parking
 * leaves the thing where it is, so it has to take these away itself: the same ones, no more.
 */
import type { Connection } from '../../postgres/connection.ts';

/** An entry of `pg_depend`: catalog, object, column. */
export interface ObjectAddress {
  readonly classid: number;
  readonly objid: number;
  readonly objsubid: number;
}

export interface Dependents {
  /** What goes with the thing by itself (deptype auto and internal, followed to the end). */
  readonly own: readonly Dependent[];
  /** What uses the thing or one of its own: a RESTRICT fails because of these. */
  readonly outside: readonly Dependent[];
  /**
   * Names of what holds rows or values and would go too if the outside ones went: a column of the row type, a table
   * that inherits. A CASCADE over these cannot be parked.
   */
  readonly holdsData: readonly string[];
}

export interface Dependent extends ObjectAddress {
  /** The catalog it is in, e.g. `pg_class`. */
  readonly catalog: string;
  /** As the server describes it, e.g. `view v`. */
  readonly description: string;
  /**
   * The statement that drops it with CASCADE, and does nothing when it is gone already. Null for what is dropped with
   * something else, or what cannot be dropped by itself.
   */
  readonly drop: string | null;
}

/**
 * Walks pg_depend from the roots. The column list is $1::oid[] objids and $2::int[] objsubids in pg_class.
 * `mode`: o own, n outside (uses it), x depends on something outside.
 */
const WALK = `
WITH RECURSIVE root AS (
  SELECT 'pg_catalog.pg_class'::regclass::oid AS classid, r.objid, r.objsubid
  FROM ROWS FROM (unnest($1::oid[]), unnest($2::int[])) AS r(objid, objsubid)
), own AS (
  SELECT classid, objid, objsubid FROM root
  UNION
  SELECT d.classid, d.objid, d.objsubid
  FROM own o JOIN pg_catalog.pg_depend d
    ON d.refclassid = o.classid AND d.refobjid = o.objid AND (o.objsubid = 0 OR d.refobjsubid = o.objsubid)
  WHERE d.deptype IN ('a', 'i')
), direct AS (
  SELECT DISTINCT d.classid, d.objid, d.objsubid
  FROM own o JOIN pg_catalog.pg_depend d
    ON d.refclassid = o.classid AND d.refobjid = o.objid AND (o.objsubid = 0 OR d.refobjsubid = o.objsubid)
  WHERE d.deptype = 'n'
    AND NOT EXISTS (SELECT FROM own w WHERE w.classid = d.classid AND w.objid = d.objid
                                        AND w.objsubid IN (0, d.objsubid))
), everything AS (
  SELECT classid, objid, objsubid FROM direct
  UNION
  SELECT x.classid, x.objid, x.objsubid
  FROM everything e CROSS JOIN LATERAL (
    SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d
    WHERE d.refclassid = e.classid AND d.refobjid = e.objid AND (e.objsubid = 0 OR d.refobjsubid = e.objsubid)
      AND d.deptype IN ('n', 'a', 'i')
    UNION ALL
    -- An internal dependent takes its owner along: a view's rule the view, a generated column's expression the column.
    SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
    WHERE d.classid = e.classid AND d.objid = e.objid AND d.deptype = 'i'
  ) x
  WHERE NOT EXISTS (SELECT FROM own w WHERE w.classid = x.classid AND w.objid = x.objid
                                        AND w.objsubid IN (0, x.objsubid))
), found AS (
  SELECT 'o' AS mode, classid, objid, objsubid FROM own
  WHERE (classid, objid, objsubid) NOT IN (SELECT classid, objid, objsubid FROM root)
  UNION ALL SELECT 'n', classid, objid, objsubid FROM direct
  UNION ALL SELECT 'x', classid, objid, objsubid FROM everything
)
SELECT f.mode, f.classid, f.objid, f.objsubid, k.relname::text AS catalog,
       pg_catalog.pg_describe_object(f.classid, f.objid, f.objsubid) AS description,
       c.relkind::text AS relkind,
       CASE k.relname
         WHEN 'pg_rewrite' THEN (
           SELECT CASE
             WHEN v.relkind = 'v' THEN pg_catalog.format('DROP VIEW IF EXISTS %s CASCADE', v.oid::regclass)
             WHEN v.relkind = 'm' THEN pg_catalog.format('DROP MATERIALIZED VIEW IF EXISTS %s CASCADE', v.oid::regclass)
             ELSE pg_catalog.format('DROP RULE IF EXISTS %I ON %s CASCADE', w.rulename, v.oid::regclass) END
           FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class v ON v.oid = w.ev_class WHERE w.oid = f.objid)
         WHEN 'pg_constraint' THEN (
           -- What hangs from a partitioned table's constraint goes with that one.
           SELECT pg_catalog.format('ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %I CASCADE', t.conrelid::regclass, t.conname)
           FROM pg_catalog.pg_constraint t WHERE t.oid = f.objid AND t.conrelid <> 0 AND t.conparentid = 0
             AND t.contype <> 'n')
         WHEN 'pg_proc' THEN (
           SELECT pg_catalog.format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
           FROM pg_catalog.pg_proc p WHERE p.oid = f.objid)
         WHEN 'pg_policy' THEN (
           SELECT pg_catalog.format('DROP POLICY IF EXISTS %I ON %s CASCADE', p.polname, p.polrelid::regclass)
           FROM pg_catalog.pg_policy p WHERE p.oid = f.objid)
         WHEN 'pg_trigger' THEN (
           SELECT pg_catalog.format('DROP TRIGGER IF EXISTS %I ON %s CASCADE', g.tgname, g.tgrelid::regclass)
           FROM pg_catalog.pg_trigger g WHERE g.oid = f.objid AND NOT g.tgisinternal)
         WHEN 'pg_statistic_ext' THEN (
           SELECT pg_catalog.format('DROP STATISTICS IF EXISTS %I.%I', n.nspname, s.stxname)
           FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE s.oid = f.objid)
         WHEN 'pg_publication_rel' THEN (
           SELECT pg_catalog.format('ALTER PUBLICATION %I DROP TABLE ONLY %s', p.pubname, r.prrelid::regclass)
           FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.oid = f.objid)
         WHEN 'pg_attrdef' THEN (
           SELECT CASE WHEN a.attgenerated <> ''
             THEN pg_catalog.format('ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %I CASCADE', b.adrelid::regclass, a.attname)
             ELSE pg_catalog.format('ALTER TABLE IF EXISTS %s ALTER COLUMN %I DROP DEFAULT', b.adrelid::regclass, a.attname) END
           FROM pg_catalog.pg_attrdef b
           JOIN pg_catalog.pg_attribute a ON a.attrelid = b.adrelid AND a.attnum = b.adnum WHERE b.oid = f.objid)
         WHEN 'pg_class' THEN (
           SELECT CASE
             WHEN i.relkind IN ('i', 'I') AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_constraint t WHERE t.conindid = i.oid AND t.contype IN ('p', 'u', 'x'))
               THEN pg_catalog.format('DROP INDEX IF EXISTS %s CASCADE', i.oid::regclass)
             WHEN f.objsubid > 0 AND EXISTS (
                    SELECT FROM pg_catalog.pg_attribute a
                    WHERE a.attrelid = i.oid AND a.attnum = f.objsubid AND a.attgenerated <> '')
               THEN (SELECT pg_catalog.format('ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %I CASCADE', i.oid::regclass, a.attname)
                     FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.oid AND a.attnum = f.objsubid)
           END FROM pg_catalog.pg_class i WHERE i.oid = f.objid)
       END AS "drop",
       -- Rows and values that are nowhere else: tables, and columns that are not generated.
       (k.relname = 'pg_class' AND c.relkind IN ('r', 'p', 'f')
        AND NOT (f.objsubid > 0 AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum = f.objsubid AND a.attgenerated <> ''))) AS "holdsData"
FROM found f
JOIN pg_catalog.pg_class k ON k.oid = f.classid
LEFT JOIN pg_catalog.pg_class c ON k.relname = 'pg_class' AND c.oid = f.objid
ORDER BY f.classid, f.objid, f.objsubid`;

interface WalkRow extends Dependent {
  readonly mode: 'o' | 'n' | 'x';
  readonly relkind: string | null;
  readonly holdsData: boolean;
}

/**
 * Everything that depends on the tables, or on the columns, of the given addresses (in pg_class; objsubid 0: the whole
 * table), as the server's dependency catalog has it at this moment.
 */
export async function dependentsOf(
  connection: Connection,
  roots: readonly { readonly objid: number; readonly objsubid: number }[],
): Promise<Dependents> {
  const found = await connection.query<WalkRow>(WALK, [
    roots.map((root) => root.objid),
    roots.map((root) => root.objsubid),
  ]);
  const of = (mode: WalkRow['mode']): WalkRow[] => found.filter((row) => row.mode === mode);
  return {
    own: of('o'),
    outside: of('n'),
    holdsData: of('x')
      .filter((row) => row.holdsData)
      .map((row) => row.description),
  };
}

/**
 * The statements that drop what is outside, for a CASCADE; null where one of them holds data or is of a kind that has
 * no statement of its own here: the original statement has to run as written then.
 */
export function cascadeStatements(dependents: Dependents): readonly string[] | null {
  if (dependents.holdsData.length > 0) return null;
  const statements = new Set<string>();
  for (const dependent of dependents.outside) {
    if (dependent.drop === null) return null;
    statements.add(dependent.drop);
  }
  return [...statements];
}
