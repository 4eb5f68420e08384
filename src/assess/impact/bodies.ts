/**
 * What functions name whose bodies the server keeps as text (PostgreSQL manual, 38.5: all but `BEGIN ATOMIC`): it knows
 * of no dependency there, and finds out when they run. SQL and PL/pgSQL bodies are parsed; of other languages, and of
 * strings that may become SQL, the words count.
 */
import type { Connection } from '../../postgres/connection.ts';
import { tokens } from '../../sql/lexer.ts';
import { namesIn } from '../../sql/names.ts';
import { parseGrammar, parsePlpgsql } from '../../sql/parser.ts';

export interface FunctionBody {
  /** `pg_proc:16390` */
  readonly physical: string;
  /** What it names for certain. */
  readonly relations: readonly {
    readonly schema: string | null;
    readonly name: string;
    readonly alias: string | null;
  }[];
  /** `[qualifier, column]`, without stars. */
  readonly columns: readonly (readonly [string | null, string])[];
  readonly functions: readonly string[];
  /** Words of strings, and of bodies that can't be parsed: it may name what is called so. */
  readonly words: ReadonlySet<string>;
  /** Of a trigger function: OIDs of the tables whose rows it sees as NEW and OLD. */
  readonly rowsOf: readonly string[];
  /** Fields of NEW and OLD. */
  readonly rowFields: readonly string[];
  readonly searchPath: string | null;
}

interface FunctionRow {
  readonly oid: string;
  readonly language: string;
  readonly body: string;
  readonly definition: string | null;
  readonly path: string | null;
  readonly tables: readonly string[] | null;
}

/** Reads and parses every such function of the database, extensions' apart. */
export async function readFunctionBodies(connection: Connection): Promise<readonly FunctionBody[]> {
  const stored = connection.server.major >= 14 ? 'AND p.prosqlbody IS NULL' : '';
  const rows = await connection.query<FunctionRow>(
    `SELECT p.oid::pg_catalog.text AS oid, l.lanname::pg_catalog.text AS language, p.prosrc AS body,
            CASE WHEN l.lanname = 'plpgsql' THEN pg_catalog.pg_get_functiondef(p.oid) END AS definition,
            (SELECT pg_catalog.substr(s, 13) FROM pg_catalog.unnest(p.proconfig) AS s WHERE s LIKE 'search\\_path=%') AS path,
            (SELECT pg_catalog.array_agg(DISTINCT t.tgrelid::pg_catalog.text) FROM pg_catalog.pg_trigger t WHERE t.tgfoid = p.oid) AS tables
     FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal') AND p.prokind IN ('f', 'p', 'w') ${stored}
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
         AND d.objid = p.oid AND d.deptype = 'e')`,
  );
  const bodies: FunctionBody[] = [];
  for (const row of rows) bodies.push(await readBody(row));
  return bodies;
}

async function readBody(row: FunctionRow): Promise<FunctionBody> {
  const pieces =
    row.language === 'sql' ? [row.body] : row.language === 'plpgsql' ? await plpgsqlQueries(row) : null;
  const trees: unknown[] = [];
  let parsed = pieces !== null;
  for (const piece of pieces ?? []) {
    const tree = await parsePiece(piece);
    if (tree === null) parsed = false;
    else trees.push(...tree);
  }
  const named = namesIn(trees);
  const isRow = (qualifier: string | null) => /^(new|old)$/i.test(qualifier ?? '');
  return {
    physical: `pg_proc:${row.oid}`,
    relations: named.relations.filter(({ schema, name }) => schema !== null || !named.own.has(name)),
    columns: named.columns.filter(([qualifier, name]) => name !== '*' && !isRow(qualifier)),
    functions: named.functions,
    words: wordsOf(row.body, !parsed),
    rowsOf: row.tables ?? [],
    rowFields: [
      ...named.columns.filter(([qualifier]) => isRow(qualifier)).map(([, name]) => name),
      // What is assigned to is no expression: `NEW.paid_at := now()`.
      ...[...row.body.matchAll(/\b(?:new|old)\s*\.\s*(?:"([^"]+)"|([a-z_][\w$]*))/gi)].map(
        ([, quoted, plain]) => quoted ?? plain?.toLowerCase() ?? '',
      ),
    ],
    searchPath: row.path,
  };
}

/** The expressions and statements of a PL/pgSQL body; null where it can't be parsed apart from its database. */
async function plpgsqlQueries({ definition }: FunctionRow): Promise<readonly string[] | null> {
  const tree = definition === null ? null : await parsePlpgsql(definition);
  if (tree === null) return null;
  const queries: string[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, below] of Object.entries(value)) {
        if (key === 'query' && typeof below === 'string') queries.push(below);
        else visit(below);
      }
    }
  };
  visit(tree);
  return queries;
}

/** A statement; an expression; an assignment, of which the right side counts. */
async function parsePiece(piece: string): Promise<readonly unknown[] | null> {
  for (const text of [piece, `SELECT ${piece}`, `SELECT ${piece.replace(/^[^=]*?:?=/s, '')}`]) {
    const result = await parseGrammar(text);
    if (result.ok) return result.statements.map(({ stmt }) => stmt);
  }
  return null;
}

/** Words inside strings; with `all` those outside as well. Lower case, as unquoted names are. */
function wordsOf(body: string, all: boolean): ReadonlySet<string> {
  const words = new Set<string>();
  for (const token of tokens(body)) {
    const written = body.slice(token.start, token.end);
    if (token.kind === 'string') {
      for (const [word] of written.matchAll(/[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g))
        words.add(word.toLowerCase());
    } else if (all && token.kind === 'word') words.add(written.toLowerCase());
    else if (all && token.kind === 'quoted-name') words.add(written.slice(1, -1));
  }
  return words;
}
