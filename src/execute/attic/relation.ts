/**
 * What a name in a DROP means at this moment, and whether the thing behind it is one that can be parked.
 */
import type { RelationName } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteQualified } from '../../sql/quote.ts';

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Quoted where needed. */
  readonly sql: string;
  readonly comment: string | null;
  /** An ordinary table by itself: not temporary, no partition or parent, no typed table, no extension's member. */
  readonly parkable: boolean;
}

interface RelationRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly comment: string | null;
  readonly parkable: boolean;
}

/**
 * Resolves the name as the statement itself would: through the search_path where it has no schema.
 * Null where there is no such relation.
 */
export async function findRelation(connection: Connection, name: RelationName): Promise<Relation | null> {
  const [row] = await connection.query<RelationRow>(
    `SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name,
            pg_catalog.obj_description(c.oid, 'pg_class') AS comment,
            (c.relkind = 'r' AND c.relpersistence IN ('p', 'u') AND NOT c.relispartition AND c.reloftype = 0
             AND n.nspname NOT IN ('ferrata', 'ferrata_attic', 'pg_catalog', 'information_schema')
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent))
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                             WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            ) AS parkable
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = pg_catalog.to_regclass($1)::oid`,
    [quoteQualified(name.schema, name.name)],
  );
  return row === undefined ? null : { ...row, sql: quoteQualified(row.schema, row.name) };
}
