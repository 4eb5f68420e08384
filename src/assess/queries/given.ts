/**
 * INSERTs that a column without a value will stop: the server prepares them all the same, and refuses each row
 * (PostgreSQL manual, 5.5.2: a column that no value is given for gets its default, else NULL).
 */
import type { Connection } from '../../postgres/connection.ts';
import { parseGrammar } from '../../sql/parser.ts';
import { quoteQualified } from '../../sql/quote.ts';
import { isNode, type Node, nameFromRange, text } from '../../sql/tree.ts';
import type { KnownQuery } from './model.ts';
import type { Preparing } from './prepare.ts';

/** One INSERT of a query: the table as written and the columns that it gives a value for; null: the first ones. */
interface Insert {
  readonly table: string;
  readonly columns: readonly string[] | null;
  /** Values per row, where there is no list; null where they are not counted. */
  readonly width: number | null;
}

export interface MissingValue {
  /** `public.orders.paid_at` as messages name it, unquoted. */
  readonly column: string;
  readonly table: string;
  /** A BEFORE INSERT trigger may yet give the value: its function names the column, or could without naming it. */
  readonly trigger: boolean;
}

/** By query: the columns that are NOT NULL, without default, and given no value. Only queries that have any. */
export async function missingValues(
  connection: Connection,
  preparing: Preparing,
  queries: readonly KnownQuery[],
): Promise<ReadonlyMap<string, readonly MissingValue[]>> {
  const found = new Map<string, readonly MissingValue[]>();
  for (const query of queries) {
    const inserts = await insertsIn(query.sql);
    if (inserts.length === 0) continue;
    await preparing.useSearchPath(query);
    const missing: MissingValue[] = [];
    for (const insert of inserts) missing.push(...(await missingIn(connection, insert)));
    if (missing.length > 0) found.set(query.id, missing);
  }
  return found;
}

async function missingIn(connection: Connection, insert: Insert): Promise<readonly MissingValue[]> {
  if (insert.columns === null && insert.width === null) return [];
  const rows = await connection.rows<[string, string, boolean]>(
    `SELECT a.attname, c.relname, EXISTS (SELECT FROM pg_catalog.pg_trigger t
              JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_language l ON l.oid = p.prolang
              WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype::pg_catalog.int4 & 7 = 7
                AND (l.lanname <> 'plpgsql' OR pg_catalog.strpos(pg_catalog.lower(p.prosrc), pg_catalog.lower(a.attname)) > 0
                  OR p.prosrc ~* 'populate_record|#=|\\mnew\\s*:?=|\\minto\\s+(strict\\s+)?new\\M'))
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     LEFT JOIN pg_catalog.pg_type d ON d.oid = a.atttypid
     WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
       AND (a.attnotnull OR d.typnotnull) AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = '' AND d.typdefault IS NULL
       AND CASE WHEN $2::pg_catalog.text[] IS NULL
             THEN (SELECT count(*) FROM pg_catalog.pg_attribute b WHERE b.attrelid = c.oid AND b.attnum > 0
                   AND NOT b.attisdropped AND b.attnum <= a.attnum) > $3::pg_catalog.int4
             ELSE a.attname <> ALL ($2::pg_catalog.text[]) END
     ORDER BY a.attnum`,
    [insert.table, insert.columns, insert.width],
  );
  return rows.map(([column, table, trigger]) => ({ column, table, trigger }));
}

async function insertsIn(sql: string): Promise<readonly Insert[]> {
  if (!/\binsert\b/i.test(sql)) return [];
  const parsed = await parseGrammar(sql);
  if (!parsed.ok) return [];
  const found: Insert[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    if (!isNode(value)) return;
    if (isNode(value.InsertStmt)) found.push(...insertOf(value.InsertStmt));
    if (isNode(value.MergeStmt)) found.push(...insertsOfMerge(value.MergeStmt));
    for (const below of Object.values(value)) if (typeof below === 'object') visit(below);
  };
  visit(parsed.statements.map(({ stmt }) => stmt));
  return found;
}

function insertOf(insert: Node): Insert[] {
  const name = isNode(insert.relation) ? nameFromRange(insert.relation) : null;
  // DEFAULT VALUES gives none.
  if (name === null) return [];
  const table = quoteQualified(name.schema, name.name);
  const source = isNode(insert.selectStmt) ? insert.selectStmt.SelectStmt : undefined;
  const given = names(insert.cols) ?? (source === undefined ? [] : null);
  return [{ table, columns: given, width: given === null ? widthOf(source) : null }];
}

function insertsOfMerge(merge: Node): Insert[] {
  const name = isNode(merge.relation) ? nameFromRange(merge.relation) : null;
  if (name === null) return [];
  const table = quoteQualified(name.schema, name.name);
  return (Array.isArray(merge.mergeWhenClauses) ? merge.mergeWhenClauses : []).flatMap((item): Insert[] => {
    const clause = isNode(item) && isNode(item.MergeWhenClause) ? item.MergeWhenClause : null;
    if (clause === null || text(clause, 'commandType') !== 'CMD_INSERT') return [];
    const columns = names(clause.targetList);
    const width = Array.isArray(clause.values) ? clause.values.length : 0;
    return [{ table, columns, width: columns === null ? width : null }];
  });
}

/** Values per row of VALUES, or of a SELECT whose list holds no star. */
function widthOf(source: unknown): number | null {
  if (!isNode(source)) return null;
  const [first] = Array.isArray(source.valuesLists) ? source.valuesLists : [];
  if (isNode(first) && isNode(first.List) && Array.isArray(first.List.items)) return first.List.items.length;
  if (!Array.isArray(source.targetList)) return null;
  return JSON.stringify(source.targetList).includes('"A_Star"') ? null : source.targetList.length;
}

function names(list: unknown): readonly string[] | null {
  if (!Array.isArray(list)) return null;
  return list.flatMap((item) =>
    isNode(item) && isNode(item.ResTarget) ? [text(item.ResTarget, 'name') ?? ''] : [],
  );
}
