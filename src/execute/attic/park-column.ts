/**
 * ALTER TABLE … DROP COLUMN, the way that can be taken back: the column stays where it is under a marked name, so that
 * values and position survive; what a real DROP would take away with it is taken away.
 */
import { PARKED_PREFIX, type ParkMemo } from '../../catalog/model.ts';
import type { Action } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import { cascadeStatements, type Dependent, dependentsOf } from './dependents.ts';
import { memoLiteral, wholeName } from './memo.ts';
import { findRelation } from './relation.ts';
import { ensureAttic } from './schema.ts';
import { setColumnAside } from './set-aside.ts';

export type ParkColumn = Extract<Action, { readonly type: 'park-column' }>;

interface ColumnRow {
  readonly attnum: number;
  readonly comment: string | null;
  readonly notNull: boolean;
  readonly identity: boolean;
  readonly hasDefault: boolean;
  /** The domain that is its type, as SQL; null for any other type. */
  readonly domain: string | null;
  readonly parkable: boolean;
}

/**
 * The SQL that parks, or the statement as written where nothing can be parked (no such column, a generated column, a
 * partitioned table, dependents of a RESTRICT …): then the server does, and says, what it always would.
 */
export async function parkColumn(connection: Connection, action: ParkColumn): Promise<readonly string[]> {
  const asWritten = [action.sql];
  const relation = await findRelation(connection, action.table);
  if (relation === null || !relation.parkable) return asWritten;
  const column = await findColumn(connection, relation.oid, action.column);
  if (column === null || !column.parkable) return asWritten;
  // A parked column must let rows in that say nothing about it.
  if (column.domain !== null && !(await takesNull(connection, column.domain))) return asWritten;

  const dependents = await dependentsOf(connection, [{ objid: relation.oid, objsubid: column.attnum }]);
  const statements: string[] = [...(await setColumnAside(connection, relation, action.parkId))];
  if (dependents.outside.length > 0) {
    const drops = action.cascade ? cascadeStatements(dependents) : null;
    if (drops === null) return asWritten;
    statements.push(...drops);
  }
  const own = ownStatements(dependents.own);
  if (own === null) return asWritten;
  // The column stays in its table; the schema tells that something lies parked.
  await ensureAttic(connection);
  statements.push(...own);

  const alter = `ALTER TABLE ${relation.sql} `;
  const name = quoteIdent(action.column);
  if (column.notNull && !column.identity) statements.push(`${alter}ALTER COLUMN ${name} DROP NOT NULL`);
  if (column.hasDefault) statements.push(`${alter}ALTER COLUMN ${name} DROP DEFAULT`);
  const parked = wholeName(PARKED_PREFIX + action.parkId);
  const sequences = await ownedSequences(connection, relation.oid, column.attnum);
  const renamed = sequences.map((sequence, index) => ({
    kind: 'sequence' as const,
    parked: wholeName(`${parked}_${index + 1}`),
    name: sequence.name,
  }));
  const memo: ParkMemo = {
    v: 1,
    parkId: action.parkId,
    kind: 'column',
    schema: relation.schema,
    table: relation.name,
    column: action.column,
    comment: column.comment,
    relations: renamed,
  };
  statements.push(
    ...renamed.map(
      (sequence) =>
        `ALTER SEQUENCE ${quoteQualified(relation.schema, sequence.name)} RENAME TO ${quoteIdent(sequence.parked)}`,
    ),
    `${alter}RENAME COLUMN ${name} TO ${quoteIdent(parked)}`,
    `COMMENT ON COLUMN ${relation.sql}.${quoteIdent(parked)} IS ${memoLiteral(memo)}`,
  );
  return statements;
}

async function findColumn(connection: Connection, table: number, name: string): Promise<ColumnRow | null> {
  const [row] = await connection.query<ColumnRow>(
    `SELECT a.attnum, pg_catalog.col_description(a.attrelid, a.attnum) AS comment, a.attnotnull AS "notNull",
            a.attidentity <> '' AS identity, a.atthasdef AS "hasDefault",
            CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.oid, NULL) END AS domain,
            (a.attnum > 0 AND a.attgenerated = '' AND a.attinhcount = 0) AS parkable
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1 AND a.attname = $2 AND NOT a.attisdropped`,
    [table, name],
  );
  return row ?? null;
}

/** Whether the domain takes a NULL: it may have NOT NULL, or a CHECK that refuses it; only trying tells. */
async function takesNull(connection: Connection, domain: string): Promise<boolean> {
  try {
    await connection.script(
      `SAVEPOINT ferrata_domain; SELECT NULL::${domain}; RELEASE SAVEPOINT ferrata_domain`,
    );
    return true;
  } catch (error) {
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_domain; RELEASE SAVEPOINT ferrata_domain');
    if (sqlStateOf(error)?.startsWith('23') === true) return false;
    throw error;
  }
}

/**
 * Drops what goes with the column by itself: constraints, indexes and statistics that involve it. Its default, its
 * sequence and its NOT NULL are dealt with elsewhere; what hangs from these (an index of a constraint, a constraint's
 * triggers) goes with them.
 */
function ownStatements(own: readonly Dependent[]): readonly string[] | null {
  const statements: string[] = [];
  for (const dependent of own) {
    switch (dependent.catalog) {
      case 'pg_attrdef':
      case 'pg_trigger':
      case 'pg_rewrite':
      case 'pg_type':
        break;
      case 'pg_class':
        // Sequences, and indexes behind constraints, have no statement of their own.
        if (dependent.drop !== null) statements.push(dependent.drop);
        break;
      case 'pg_constraint':
        if (dependent.drop !== null) statements.push(dependent.drop);
        break;
      default:
        if (dependent.drop === null) return null;
        statements.push(dependent.drop);
    }
  }
  return statements;
}

async function ownedSequences(
  connection: Connection,
  table: number,
  attnum: number,
): Promise<{ name: string }[]> {
  return await connection.query(
    `SELECT DISTINCT c.relname::text AS name
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
     WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
       AND d.refobjid = $1 AND d.refobjsubid = $2 AND d.deptype IN ('a', 'i')
     ORDER BY 1`,
    [table, attnum],
  );
}
