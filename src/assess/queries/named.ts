/**
 * What a statement names, from its parse tree resolved against the catalog of the connection's database under the
 * session's search_path: relations, their columns, functions. Errs on the side of naming too much: a column's bare name
 * counts for every relation of the statement that has one of that name.
 */
import type { Connection } from '../../postgres/connection.ts';
import { namesIn } from '../../sql/names.ts';
import { parseGrammar } from '../../sql/parser.ts';
import { quoteQualified } from '../../sql/quote.ts';

/** Physical addresses (`pg_class:16384.2`, `pg_proc:16390`) of all that the statement names. */
export async function namedObjects(connection: Connection, sql: string): Promise<ReadonlySet<string>> {
  const parsed = await parseGrammar(sql);
  const found = new Set<string>();
  if (!parsed.ok) return found;
  const named = namesIn(parsed.statements.map(({ stmt }) => stmt));
  const relations = named.relations.filter(({ schema, name }) => schema !== null || !named.own.has(name));
  const written = [...new Set(relations.map(({ schema, name }) => quoteQualified(schema, name)))];
  const rows = await connection.rows<[string, string, number, string]>(
    `SELECT w, a.attrelid::pg_catalog.text, a.attnum::pg_catalog.int4, a.attname
     FROM pg_catalog.unnest($1::pg_catalog.text[]) AS w
     JOIN pg_catalog.pg_attribute a ON a.attrelid = pg_catalog.to_regclass(w) AND a.attnum > 0 AND NOT a.attisdropped
     WHERE a.attrelid >= 16384`,
    [written],
  );
  for (const { schema, name, alias } of relations) {
    const mine = rows.filter(([w]) => w === quoteQualified(schema, name));
    for (const [, oid, number, column] of mine) {
      found.add(`pg_class:${oid}`);
      const used = named.columns.some(
        ([qualifier, wanted]) =>
          (wanted === '*' || wanted === column) &&
          (qualifier === null || qualifier === (alias ?? name) || qualifier === name),
      );
      if (used) found.add(`pg_class:${oid}.${number}`);
    }
  }
  const functions = await connection.rows<[string]>(
    `SELECT p.oid::pg_catalog.text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE p.oid >= 16384 AND (n.nspname OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) p.proname = ANY ($1::pg_catalog.text[])
       OR (p.proname = ANY ($1::pg_catalog.text[]) AND pg_catalog.pg_function_is_visible(p.oid)))`,
    [named.functions],
  );
  for (const [oid] of functions) found.add(`pg_proc:${oid}`);
  return found;
}
