/**
 * Application queries from pg_stat_statements (PostgreSQL manual, F.32): the normalised texts of the connected database,
 * with how often each ran.
 */
import { FerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { KnownQuery, QuerySource, UnreadQuery } from './model.ts';
import { isAboutTheServer, readQuery } from './read-text.ts';

interface StatementRow {
  readonly here: boolean;
  readonly role: string | null;
  readonly query: string | null;
  readonly calls: string;
  readonly path: string | null;
  readonly outermost: boolean;
}

/** What the server shows in place of a text that the role may not read. */
const HIDDEN = '<insufficient privilege>';

/**
 * Reads the view; with `roles`, the statements of those roles alone. Left out, and counted: statements of other
 * databases and roles, utility statements, queries about the server itself, texts that may not be read.
 *
 * Throws `queries-unreadable` where the extension is not there or not loaded.
 */
export async function readStatementStatistics(
  connection: Connection,
  roles: readonly string[] = [],
): Promise<QuerySource> {
  const rows = await readRows(connection);
  const skipped = new Map<string, number>();
  const skip = (what: string) => skipped.set(what, (skipped.get(what) ?? 0) + 1);
  const unread: UnreadQuery[] = [];
  const found = new Map<string, KnownQuery>();
  for (const row of rows) {
    const { query } = row;
    if (!row.here) skip('statements of other databases');
    else if (roles.length > 0 && !roles.includes(row.role ?? '')) skip('statements of other roles');
    else if (query === null || query === HIDDEN) skip('statements whose text may not be read');
    else if (!row.outermost) skip('statements inside functions');
    else {
      const read = await readQuery(query.trim().replace(/;+$/, ''));
      if (read === null) skip('utility statements');
      else if (typeof read === 'string') unread.push({ file: null, line: null, sql: query, why: read });
      else if (await isAboutTheServer(read.sql)) skip('queries about the server itself');
      else note(found, read, row);
    }
  }
  const queries = [...found.values()]
    .sort((a, b) => (b.calls ?? 0) - (a.calls ?? 0))
    .map((query, index) => ({ ...query, id: `q${index + 1}` }));
  return { queries, unread, skipped: Object.fromEntries(skipped) };
}

/** Two roles that send the same text under the same search_path send the same query. */
function note(
  found: Map<string, KnownQuery>,
  read: { readonly sql: string; readonly kind: string },
  { role, path, calls }: StatementRow,
): void {
  const key = `${path ?? ''}\n${read.sql}`;
  const known = found.get(key);
  found.set(key, {
    id: '',
    name: null,
    file: null,
    line: null,
    ...read,
    calls: (known?.calls ?? 0) + Number(calls),
    role: known === undefined || known.role === role ? role : null,
    searchPath: path,
  });
}

const NOT_LOADED = '55000';

async function readRows(connection: Connection): Promise<readonly StatementRow[]> {
  const [extension] = await connection.query<{ schema: string }>(
    `SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname = 'pg_stat_statements'`,
  );
  if (extension === undefined) {
    throw new FerrataError(
      'queries-unreadable',
      'The database has no pg_stat_statements: it does not know which queries the application sends.',
      {
        hint: 'Run CREATE EXTENSION pg_stat_statements (it must be in shared_preload_libraries), or give the queries as .sql files.',
      },
    );
  }
  // `toplevel` came with PostgreSQL 14's version of the view, 1.9.
  const [column] = await connection.query(
    `SELECT FROM pg_catalog.pg_attribute WHERE attname = 'toplevel' AND attrelid = pg_catalog.to_regclass($1)`,
    [`${quoteIdent(extension.schema)}.pg_stat_statements`],
  );
  try {
    return await connection.query<StatementRow>(
      `SELECT d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AS here, r.rolname::pg_catalog.text AS role, s.query,
              s.calls::pg_catalog.text AS calls, ${column === undefined ? 'true' : 's.toplevel'} AS outermost,
              (SELECT pg_catalog.substr(setting, 13) FROM pg_catalog.pg_db_role_setting g, pg_catalog.unnest(g.setconfig) AS setting
               WHERE g.setrole = s.userid AND g.setdatabase IN (0, s.dbid) AND setting LIKE 'search\\_path=%'
               ORDER BY g.setdatabase DESC LIMIT 1) AS path
       FROM ${quoteIdent(extension.schema)}.pg_stat_statements s
       LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
       LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid
       ORDER BY s.calls DESC`,
    );
  } catch (error) {
    if (sqlStateOf(error) !== NOT_LOADED) throw error;
    throw new FerrataError('queries-unreadable', 'pg_stat_statements is installed but not loaded.', {
      why: 'The server collects nothing unless the library is in shared_preload_libraries (PostgreSQL manual, F.32).',
      hint: "Add it to shared_preload_libraries and restart the server, or give the application's queries as .sql files.",
      cause: error,
    });
  }
}
