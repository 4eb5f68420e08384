/** The entries of `pg_depend` for what is read again: where each leads from, and what its ends belong to. */
import { DEPENDENCY_QUERY } from '../dependencies.ts';
import { FIRST_USER_OID, SYSTEM_CATALOGS } from '../system-catalogs.ts';
import { oids } from './affected.ts';

/** Catalogs whose entries are asked for by relation; those of every other catalog are all asked for. */
const BY_RELATION: readonly (readonly [catalog: string, relation: string])[] = [
  ['pg_trigger', 'tgrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_policy', 'polrelid'],
  ['pg_attrdef', 'adrelid'],
  ['pg_statistic_ext', 'stxrelid'],
];

/** For relations, routines, and composite types (by their relations): rows as those of `DEPENDENCY_QUERY`; some lead from objects that are not read again, and from their parts. */
export function dependenciesQuery(
  relations: Iterable<string>,
  routines: Iterable<string>,
  types: Iterable<string>,
): string {
  const list = oids(relations);
  const named = new Set([
    'pg_class',
    'pg_constraint',
    'pg_proc',
    'pg_type',
    ...BY_RELATION.map(([catalog]) => catalog),
  ]);
  const others = Object.entries(SYSTEM_CATALOGS).filter(([, catalog]) => !named.has(catalog));
  return `WITH RECURSIVE asked(class, oid) AS (
    SELECT 'pg_class'::regclass::oid, unnest(${list})
    UNION ALL SELECT 'pg_class'::regclass, unnest(${oids(types)})
    UNION ALL SELECT 'pg_class'::regclass, indexrelid FROM pg_index WHERE indrelid = ANY (${list})
    UNION ALL SELECT 'pg_class'::regclass, s.seqrelid FROM pg_sequence s LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass
      AND d.objid = s.seqrelid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      WHERE d.refobjid IS NULL OR d.refobjid = ANY (${list})
    UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid = ANY (${list} || 0::oid)
    ${BY_RELATION.map(([catalog, relation]) => `UNION ALL SELECT '${catalog}'::regclass, oid FROM ${catalog} WHERE ${relation} = ANY (${list})`).join('\n    ')}
    UNION ALL SELECT 'pg_proc'::regclass, unnest(${oids(routines)})
    UNION ALL SELECT 'pg_proc'::regclass, aggfnoid::oid FROM pg_aggregate WHERE aggfnoid >= ${FIRST_USER_OID}
    UNION ALL SELECT 'pg_type'::regclass, t.oid FROM pg_type t WHERE t.oid >= ${FIRST_USER_OID} AND CASE t.typtype
      WHEN 'c' THEN t.typrelid = ANY (${oids(types)}) WHEN 'b' THEN t.typinput <> 'array_in'::regproc ELSE true END
    UNION ALL SELECT DISTINCT classid, objid FROM pg_depend WHERE classid = ANY (${oids(others.map(([oid]) => oid))})
      AND objid >= ${FIRST_USER_OID}
  ), mine AS MATERIALIZED (
    SELECT entry.* FROM (SELECT DISTINCT class, oid FROM asked) ask
    -- OFFSET 0 keeps the planner from turning this round.
    CROSS JOIN LATERAL (${DEPENDENCY_QUERY} AND d.classid = ask.class AND d.objid = ask.oid OFFSET 0) entry
  ), above AS (
    SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
    FROM mine m JOIN pg_depend d ON d.classid = m.refclassid AND d.objid = m.refobjid AND d.deptype = 'i'
    WHERE m.refobjid >= ${FIRST_USER_OID}
    UNION
    SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
    FROM above a JOIN pg_depend d ON d.classid = a.refclassid AND d.objid = a.refobjid AND d.deptype = 'i'
    WHERE a.refobjid >= ${FIRST_USER_OID}
  )
  SELECT * FROM mine UNION SELECT * FROM above`;
}
