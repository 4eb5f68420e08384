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
  const named = `(SELECT * FROM unnest(${oids(classes)}, ${oids(addresses.map(({ oid }) => oid))}) AS a(class, oid)) n`;
  /** Rows of that catalog about which a comment or a dependency was written, or that lie in a range of such. */
  const about = (what: string, catalog: string, column: string, oid = 'oid', ranges = addressRanges) => {
    const selects = [
      `SELECT '${what}', x.${column} FROM reached r JOIN ${catalog} x ON x.${oid} = r.oid WHERE r.class = '${catalog === 'pg_index' ? 'pg_class' : catalog}'::regclass`,
    ];
    if (addresses.length > 0) {
      const its = catalog === 'pg_index' ? 'pg_class' : catalog;
      selects.push(
        `SELECT '${what}', x.${column} FROM ${named} JOIN ${catalog} x ON x.${oid} = n.oid WHERE n.class = '${its}'::regclass`,
      );
    }
    if (ranges.length > 0) {
      selects.push(`SELECT '${what}', x.${column} FROM ${catalog} x WHERE ${within(`x.${oid}`, ranges)}`);
    }
    return selects.join('\n    UNION ALL ');
  };
  const owner = (oid: string, source: string) =>
    `SELECT 'relation', d.refobjid FROM ${source} JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = ${oid}
      AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')`;
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
    SELECT 'relation' AS what, oid FROM reached WHERE class = 'pg_class'::regclass
    UNION ALL ${about('relation', 'pg_class', 'oid', 'oid', [...relationRanges, ...addressRanges])}
    UNION ALL ${about('relation', 'pg_index', 'indrelid', 'indexrelid')}
    UNION ALL ${owner('r.oid', "(SELECT oid FROM reached WHERE class = 'pg_class'::regclass) r")}
    UNION ALL ${owner('n.oid', `${named}`)} AND n.class = 'pg_class'::regclass
    UNION ALL ${about('relation', 'pg_type', 'typrelid')}
    UNION ALL ${about('relation', 'pg_constraint', 'conrelid')}
    UNION ALL ${about('relation', 'pg_trigger', 'tgrelid')}
    UNION ALL ${about('relation', 'pg_rewrite', 'ev_class')}
    UNION ALL ${about('relation', 'pg_policy', 'polrelid')}
    UNION ALL ${about('relation', 'pg_attrdef', 'adrelid')}
    UNION ALL ${about('relation', 'pg_statistic_ext', 'stxrelid')}
    UNION ALL ${about('routine', 'pg_proc', 'oid', 'oid', [...routineRanges, ...addressRanges])}
  ) affected WHERE oid <> 0`;
}

/** These queries look up a few rows each; without statistics the planner would rather read whole catalogs. */
export const BY_INDEX: readonly string[] = ['hashjoin', 'mergejoin', 'seqscan'].map(
  (method) => `SET LOCAL enable_${method} = off`,
);
export const BY_ANY: readonly string[] = BY_INDEX.map((setting) => setting.replace(/off$/, 'on'));

/**
 * OIDs of the relations that are known beside the affected ones while these are read, each with whether it is read like
 * them: what they inherit from (copies of constraints and indexes are told by their parents'). Of tables that they refer
 * to, and of composite types (which are read whole), the names and columns are enough.
 */
export function neighboursQuery(relations: ReadonlySet<string>): string {
  const affected = oids(relations);
  return `WITH RECURSIVE above(oid) AS (
    SELECT unnest(${affected})
    UNION SELECT inhparent FROM pg_inherits JOIN above ON inhrelid = above.oid
  ), referred(oid) AS (
    SELECT confrelid FROM pg_constraint WHERE conrelid IN (SELECT oid FROM above) AND confrelid <> 0
    UNION SELECT oid FROM pg_class WHERE relkind = 'c' AND oid >= ${FIRST_USER_OID}
    UNION SELECT inhparent FROM pg_inherits JOIN referred ON inhrelid = referred.oid
  ) SELECT oid, true FROM above UNION ALL SELECT oid, false FROM referred`;
}

function within(column: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return 'false';
  return `(${ranges.map(([first, last]) => `${column} BETWEEN ${first} AND ${last}`).join(' OR ')})`;
}
