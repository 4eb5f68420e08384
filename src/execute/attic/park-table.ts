/**
 * DROP TABLE, the way that can be taken back: the table moves into the attic with its rows, indexes, own sequences,
 * triggers and privileges; what a real DROP would take away beside it is taken away.
 */
import { ATTIC_SCHEMA, type ParkMemo } from '../../catalog/model.ts';
import type { Action } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import { cascadeStatements, dependentsOf } from './dependents.ts';
import { fitName, memoLiteral, wholeName } from './memo.ts';
import { findRelation, type Relation } from './relation.ts';
import { ensureAttic } from './schema.ts';
import { setTablesAside } from './set-aside.ts';

export type ParkTable = Extract<Action, { readonly type: 'park-table' }>;

/**
 * The SQL that parks, or the statement as written where nothing can be parked (no such table, a view, a partition,
 * dependents of a RESTRICT …): then the server does, and says, what it always would.
 */
export async function parkTable(connection: Connection, action: ParkTable): Promise<readonly string[]> {
  const asWritten = [action.sql];
  const relations: Relation[] = [];
  const missing: string[] = [];
  for (const name of action.tables) {
    const relation = await findRelation(connection, name);
    if (relation === null) missing.push(quoteQualified(name.schema, name.name));
    else if (!relation.parkable) return asWritten;
    else if (!relations.some(({ oid }) => oid === relation.oid)) relations.push(relation);
  }
  if (relations.length === 0 || (missing.length > 0 && !action.ifExists)) return asWritten;

  const dependents = await dependentsOf(
    connection,
    relations.map(({ oid }) => ({ objid: oid, objsubid: 0 })),
  );
  const statements: string[] = [];
  if (dependents.outside.length > 0) {
    const drops = action.cascade ? cascadeStatements(dependents) : null;
    if (drops === null) return asWritten;
    statements.push(...drops);
  }
  await ensureAttic(connection);
  // Run at once: the names are looked up below.
  const aside = await setTablesAside(connection, action.parkId);
  if (aside.length > 0) await connection.script(aside.join(';\n'));
  // The server's own notice for each that is not there.
  statements.push(...missing.map((name) => `DROP TABLE IF EXISTS ${name}`));
  let ordinal = 0;
  const taken = new Set<string>();
  for (const relation of relations) {
    statements.push(...(await leaveBehind(connection, relation)));
    const renamed: ParkMemo['relations'][number][] = [];
    for (const { kind, name } of await relationsOf(connection, relation)) {
      const parked = wholeName(`p${action.parkId}_${++ordinal}`);
      statements.push(
        `ALTER ${kind.toUpperCase()} ${quoteQualified(relation.schema, name)} RENAME TO ${quoteIdent(parked)}`,
      );
      renamed.push({ kind, parked, name });
    }
    const parkedName = await freeName(connection, `p${action.parkId}_${relation.name}`, taken);
    taken.add(parkedName);
    const memo: ParkMemo = {
      v: 1,
      parkId: action.parkId,
      kind: 'table',
      schema: relation.schema,
      table: relation.name,
      column: null,
      comment: relation.comment,
      relations: renamed,
    };
    statements.push(
      `ALTER TABLE ${relation.sql} RENAME TO ${quoteIdent(parkedName)}`,
      `ALTER TABLE ${quoteQualified(relation.schema, parkedName)} SET SCHEMA ${ATTIC_SCHEMA}`,
      `COMMENT ON TABLE ${quoteQualified(ATTIC_SCHEMA, parkedName)} IS ${memoLiteral(memo)}`,
    );
  }
  return statements;
}

/**
 * What must not stay with a parked table: its foreign keys (they would stop deletes in tables that live on), its place
 * in publications, and extended statistics (their names would stay taken in the old schema). The derived rollback
 * makes them again from the schema before.
 */
async function leaveBehind(connection: Connection, relation: Relation): Promise<string[]> {
  const rows = await connection.query<{ sql: string }>(
    `SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', $2::text, conname) AS sql
     FROM pg_catalog.pg_constraint WHERE conrelid = $1 AND contype = 'f'
     UNION ALL
     SELECT pg_catalog.format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, $2::text)
     FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = $1
     UNION ALL
     SELECT pg_catalog.format('DROP STATISTICS %I.%I', n.nspname, s.stxname)
     FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = $1
     ORDER BY 1`,
    [relation.oid, relation.sql],
  );
  return rows.map(({ sql }) => sql);
}

interface OwnedRelation {
  readonly kind: 'index' | 'sequence';
  readonly name: string;
}

/** Its indexes (those of constraints too) and the sequences that its columns own: all in the table's schema. */
async function relationsOf(connection: Connection, relation: Relation): Promise<OwnedRelation[]> {
  return await connection.query<OwnedRelation>(
    `SELECT 'index' AS kind, c.relname::text AS name
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1
     UNION ALL
     SELECT DISTINCT 'sequence', c.relname::text
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.refobjid = $1 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
     ORDER BY 1, 2`,
    [relation.oid],
  );
}

/** Two tables of one DROP may have the same name in two schemas, or the same first 63 bytes. */
async function freeName(connection: Connection, wanted: string, taken: ReadonlySet<string>): Promise<string> {
  for (let n = 1; ; n++) {
    const name = fitName(wanted, n === 1 ? '' : `_${n}`);
    if (taken.has(name)) continue;
    const [row] = await connection.query<{ there: boolean }>(
      'SELECT pg_catalog.to_regclass($1) IS NOT NULL AS there',
      [quoteQualified(ATTIC_SCHEMA, name)],
    );
    if (row?.there !== true) return name;
  }
}
