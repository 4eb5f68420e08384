/** The queries of a text: split, placeholders numbered, read by the grammar; what can't be judged is told apart. */
import { deparse } from '../../sql/deparse.ts';
import { normaliseText } from '../../sql/locate.ts';
import { parseGrammar, type RawStatement } from '../../sql/parser.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, type KindedNode, nameFromRange, showName, strings, text, unwrap } from '../../sql/tree.ts';
import { numberPlaceholders } from './placeholders.ts';
import { splitStatements } from './split.ts';

/** Statements that can be prepared and whose objects can change under them. */
const JUDGED = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CallStmt']);

export interface ReadQuery {
  readonly sql: string;
  readonly kind: string;
  /** `-- name: …` in the comments in front of it. */
  readonly name: string | null;
  /** From 1. */
  readonly line: number;
}

export interface ReadQueries {
  readonly queries: readonly ReadQuery[];
  readonly unread: readonly { readonly sql: string; readonly line: number; readonly why: string }[];
  readonly utility: number;
}

/** Reads every statement of `source`. Nothing is thrown: what the grammar refuses is in `unread`, with its message. */
export async function readQueries(source: string): Promise<ReadQueries> {
  const whole = normaliseText(source);
  const queries: ReadQuery[] = [];
  const unread: { sql: string; line: number; why: string }[] = [];
  let utility = 0;
  let line = 1;
  let counted = 0;
  for (const piece of splitStatements(whole)) {
    for (; counted < piece.start; counted++) if (whole.charCodeAt(counted) === 0x0a) line++;
    const read = await readQuery(piece.text);
    if (read === null) utility++;
    else if (typeof read === 'string') unread.push({ sql: piece.text, line, why: read });
    else queries.push({ ...read, name: nameIn(piece.comments), line });
  }
  return { queries, unread, utility };
}

/** One statement: what to prepare, null for a utility statement, or why it can't be read. */
export async function readQuery(
  written: string,
): Promise<{ readonly sql: string; readonly kind: string } | string | null> {
  const numbered = numberPlaceholders(written).sql;
  let result = await parseGrammar(numbered);
  let sql = numbered;
  if (!result.ok && numbered !== written) {
    const asItStands = await parseGrammar(written);
    if (asItStands.ok) {
      result = asItStands;
      sql = written;
    }
  }
  if (!result.ok) return result.error.message;
  const statement = kinded(result.statements[0]);
  if (statement === null || result.statements.length > 1) return 'it is not one statement';
  if (JUDGED.has(statement.kind)) return { sql: mended(sql), kind: statement.kind };
  return inner(statement);
}

function kinded(raw: RawStatement | undefined): KindedNode | null {
  return raw?.stmt === undefined ? null : unwrap(raw.stmt);
}

/** The query that EXPLAIN, PREPARE, DECLARE … CURSOR and COPY carry; a COPY of a table as what it reads or writes. */
async function inner({ kind, node }: KindedNode): Promise<{ sql: string; kind: string } | null> {
  if (kind === 'CopyStmt' && child(node, 'relation') !== null) {
    const name = nameFromRange(child(node, 'relation'));
    const columns = strings(node.attlist).map(quoteIdent).join(', ') || '*';
    return name === null ? null : { sql: `SELECT ${columns} FROM ${showName(name)}`, kind: 'SelectStmt' };
  }
  if (!['ExplainStmt', 'PrepareStmt', 'DeclareCursorStmt', 'CopyStmt'].includes(kind)) return null;
  const query = unwrap(node.query);
  if (query === null || !JUDGED.has(query.kind)) return null;
  const sql = await deparse(query.kind, query.node);
  return sql === null ? null : { sql, kind: query.kind };
}

/**
 * pg_stat_statements puts `$n` for every constant, also where the grammar of a server takes a constant alone (manual,
 * F.32.3): behind a type's name, and as the field of EXTRACT.
 */
function mended(sql: string): string {
  return sql
    .replace(
      /\b(interval|date|timestamptz|timestamp(?:\s+with(?:out)?\s+time\s+zone)?|time|numeric|uuid|jsonb?|inet)\s+(\$\d+)(?!\w)/gi,
      (_, type: string, parameter: string) => `CAST(${parameter} AS ${type})`,
    )
    .replace(/\bextract\s*\(\s*\$\d+\s+from\b/gi, 'extract(epoch from');
}

/** sqlc and aiosql write `-- name: get_orders :many`. */
function nameIn(comments: readonly string[]): string | null {
  for (const comment of comments) {
    const name = /^(?:--|\/\*)\s*(?:@|:)?name\s*:?\s*([\w.-]+)/i.exec(comment)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

/** Whether a query names nothing but PostgreSQL's own catalogs, or Ferrata's tables: no application sends it. */
export async function isAboutTheServer(sql: string): Promise<boolean> {
  const result = await parseGrammar(sql);
  if (!result.ok) return false;
  let relations = 0;
  let own = 0;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, below] of Object.entries(value)) {
        if (key === 'relname' || key === 'schemaname') continue;
        visit(below);
      }
      const name = text(value as Readonly<Record<string, unknown>>, 'relname');
      if (name === null) return;
      relations++;
      const schema = text(value as Readonly<Record<string, unknown>>, 'schemaname');
      if (SERVER_SCHEMAS.has(schema ?? '') || (schema === null && /^pg_/.test(name))) own++;
    }
  };
  visit(result.statements);
  return relations > 0 && relations === own;
}

const SERVER_SCHEMAS = new Set(['pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic']);
