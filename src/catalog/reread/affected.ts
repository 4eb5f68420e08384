/**
 * What shows a change: the objects whose own rows were written, and those whose definitions mention them, though their
 * own rows stayed (a view over a renamed table). `pg_depend` tells (manual, 5.15 "Dependency Tracking").
 */
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Changes, Range } from './tally.ts';

/** Text of an OID array for SQL. */
export function oids(list: Iterable<string>): string {
  return `'{${[...list].join(',')}}'::oid[]`;
}

/**
 * Two columns: `relation` or `routine`, and the OID. Relations are tables, views and composite types, with all that
 * belongs to them; what is gone is there too.
 *
 * From what was written the way leads to its dependents, and on over those that only hand a definition through: types
 * (a table's row type, its array), functions, views. A table that merely has a column of a changed type is read again,
 * but nobody's text changes by that.
 */
export function affectedQuery(changes: Changes): string {
  const { relations, routines, types, addresses, relationRanges, routineRanges, addressRanges } = changes;
  const classes = addresses.map((address) => address.class);
  const named = `(SELECT * FROM unnest(${oids(classes)}, ${oids(addresses.map(({ oid }) => oid))}) AS a(class, oid))`;
  /** What was named in a comment or a dependency of that catalog, or lies in a range of such. */
  const about = (catalog: string, column: string) =>
    `(${column} IN (SELECT oid FROM ${named} n WHERE n.class = '${catalog}'::regclass) OR ${within(column, addressRanges)})`;
  const part = (catalog: string, relation: string) =>
    `SELECT 'relation', x.${relation} FROM ${catalog} x WHERE x.oid >= ${FIRST_USER_OID} AND ${about(catalog, 'x.oid')}
     UNION ALL SELECT 'relation', x.${relation} FROM ${catalog} x JOIN reached r ON r.class = '${catalog}'::regclass AND r.oid = x.oid`;
  return `WITH RECURSIVE written(class, oid) AS (
    SELECT 'pg_class'::regclass::oid, unnest(${oids(relations)})
    UNION SELECT 'pg_class'::regclass, indrelid FROM pg_index WHERE indexrelid = ANY (${oids(relations)})
    UNION SELECT refclassid, refobjid FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = ANY (${oids(relations)})
      AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    UNION SELECT 'pg_type'::regclass, unnest(${oids(types)})
    UNION SELECT 'pg_proc'::regclass, unnest(${oids(routines)})
  ), reached(class, oid, onward) AS (
    SELECT class, oid, true FROM written
    UNION
    SELECT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(w.ev_class, d.objid),
      w.oid IS NOT NULL OR d.classid IN ('pg_type'::regclass, 'pg_proc'::regclass)
    FROM reached r JOIN pg_depend d ON d.refclassid = r.class AND d.refobjid = r.oid
    LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
    WHERE r.onward
  )
  SELECT DISTINCT * FROM (
    SELECT 'relation', oid FROM reached WHERE class = 'pg_class'::regclass
    UNION ALL SELECT 'relation', i.indrelid FROM pg_index i JOIN reached r ON r.class = 'pg_class'::regclass AND r.oid = i.indexrelid
    UNION ALL SELECT 'relation', i.indrelid FROM pg_index i WHERE ${about('pg_class', 'i.indexrelid')}
    UNION ALL SELECT 'relation', d.refobjid FROM pg_depend d JOIN reached r ON r.class = 'pg_class'::regclass AND r.oid = d.objid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION ALL SELECT 'relation', c.oid FROM pg_class c WHERE ${within('c.oid', relationRanges)} OR ${about('pg_class', 'c.oid')}
    UNION ALL SELECT 'relation', d.refobjid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
      AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND ${about('pg_class', 'd.objid')}
    UNION ALL SELECT 'relation', t.typrelid FROM pg_type t WHERE ${about('pg_type', 't.oid')}
    UNION ALL SELECT 'relation', t.typrelid FROM pg_type t WHERE t.oid = ANY (${oids(types)})
    UNION ALL ${part('pg_constraint', 'conrelid')}
    UNION ALL ${part('pg_trigger', 'tgrelid')}
    UNION ALL ${part('pg_rewrite', 'ev_class')}
    UNION ALL ${part('pg_policy', 'polrelid')}
    UNION ALL ${part('pg_attrdef', 'adrelid')}
    UNION ALL ${part('pg_statistic_ext', 'stxrelid')}
    UNION ALL SELECT 'routine', oid FROM reached WHERE class = 'pg_proc'::regclass
    UNION ALL SELECT 'routine', p.oid FROM pg_proc p WHERE ${within('p.oid', routineRanges)} OR ${about('pg_proc', 'p.oid')}
  ) affected WHERE oid <> 0`.replace(
    "SELECT 'relation', oid FROM reached",
    "SELECT 'relation' AS what, oid FROM reached",
  );
}

/**
 * OIDs of the relations that must be known for the affected ones to be read: tables that they inherit from or refer to;
 * and composite types, which are read whole.
 */
export function neighboursQuery(relations: ReadonlySet<string>): string {
  const affected = oids(relations);
  return `WITH RECURSIVE above(oid) AS (
    SELECT unnest(${affected})
    UNION SELECT inhparent FROM pg_inherits JOIN above ON inhrelid = above.oid
  ) SELECT oid FROM above
  UNION SELECT confrelid FROM pg_constraint WHERE conrelid = ANY (${affected}) AND confrelid <> 0
  UNION SELECT oid FROM pg_class WHERE relkind = 'c' AND oid >= ${FIRST_USER_OID}`;
}

function within(column: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return 'false';
  return `(${ranges.map(([first, last]) => `${column} BETWEEN ${first} AND ${last}`).join(' OR ')})`;
}
