/** Builds a schema on a scratch database: from a file of SQL, or by replaying migrations. */

import type { Policy } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection } from '../postgres/connection.ts';
import { runForward } from '../prepare/rehearse/forward.ts';
import { compileMember } from '../prepare/rehearse/member.ts';
import { onSharedServer } from '../prepare/rehearse/roles.ts';
import type { Migration } from '../source/model.ts';
import { characterOffset, locate, normaliseText } from '../sql/locate.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';
import { parseScript } from '../sql/parse.ts';
import { quoteIdent } from '../sql/quote.ts';
import { outsideTransaction, transactionControl } from '../sql/transactional.ts';
import { connectsElsewhere, plainSql } from './diff-psql.ts';

/** Statements that go in one message: one flush, one round trip. */
const BATCH = 200;
/** How often a long replay says how far it is. */
const TELL_EVERY_MS = 2000;

export interface SqlFile {
  /** As it is shown in messages. */
  readonly file: string;
  /** Without what only psql understands, offsets as in the file. */
  readonly script: Script;
  readonly copies: number;
}

/**
 * Parses a file of SQL: hand-written, or pg_dump's plain format. Throws `sql-syntax`, `sql-psql-command`.
 */
export async function readSqlFile(file: string, source: string): Promise<SqlFile> {
  const text = normaliseText(source);
  const plain = plainSql(text);
  if (connectsElsewhere(plain.commands)) {
    throw new FerrataError('sql-psql-command', `${file} connects to more than one database`, {
      why: 'It looks like a dump of a whole server (pg_dumpall); a comparison is about one database.',
      hint: 'Dump the database alone: pg_dump --schema-only <database>.',
    });
  }
  return { file, script: await parseScript(plain.text, file), copies: plain.copies };
}

/**
 * Runs the file's statements. What psql would run on this server runs; the first refusal ends it, with its place in the
 * file. Throws `sql-failed` and what else the server says.
 */
export async function runSqlFile(
  connection: Connection,
  { file, script, copies }: SqlFile,
  reporter: Reporter,
): Promise<void> {
  const { text } = script;
  const statements = script.statements.filter(({ kind }) => !ABOUT_DATABASES.has(kind));
  reporter({
    type: 'scratch',
    message: `building ${file}: ${statements.length} statements${copies === 0 ? '' : `; the rows of ${copies} COPY blocks are left out`}`,
  });
  // Inside a transaction of the file's own a failed batch could not be told from its first failed statement.
  const controlled = statements.some((statement) => transactionControl(statement) !== null);
  const tell = teller(reporter, (done) => `${done} of ${statements.length} statements of ${file}`);
  let batch: ParsedStatement[] = [];
  let done = 0;
  const flush = async (): Promise<void> => {
    const [first] = batch;
    const several = batch;
    batch = [];
    if (first === undefined) return;
    if (several.length > 1 && (await ranTogether(connection, several))) return;
    for (const statement of several) await runOne(connection, statement, file, text, reporter);
  };
  for (const statement of statements) {
    const alone = controlled || standsAlone(statement);
    if (alone) await flush();
    batch.push(statement);
    if (alone || batch.length >= BATCH) await flush();
    tell(++done);
  }
  await flush();
}

/** The scratch database stands for the one that such a statement makes or drops. */
const ABOUT_DATABASES: ReadonlySet<string> = new Set(['CreatedbStmt', 'DropdbStmt']);

function standsAlone(statement: ParsedStatement): boolean {
  return (
    outsideTransaction(statement) !== null ||
    ['VariableSetStmt', 'CreateRoleStmt', 'DropRoleStmt', 'CreateSchemaStmt'].includes(statement.kind)
  );
}

/** One message, one implicit transaction (manual, 55.2.2.1); false where the server refused, and nothing stands. */
async function ranTogether(connection: Connection, statements: readonly ParsedStatement[]): Promise<boolean> {
  try {
    await connection.script(statements.map((statement) => onThis(connection, statement)).join('\n;\n'));
    return true;
  } catch (error) {
    if (isFerrataError(error) && error.details.sqlState !== undefined) return false;
    throw error;
  }
}

async function runOne(
  connection: Connection,
  statement: ParsedStatement,
  file: string,
  text: string,
  reporter: Reporter,
): Promise<void> {
  try {
    for (const action of onSharedServer([{ type: 'sql', sql: onThis(connection, statement), at: null }])) {
      if (action.type === 'sql') await connection.script(action.sql);
    }
  } catch (error) {
    if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
    const state = error.details.sqlState;
    if (statement.kind === 'VariableSetStmt' && state === '42704') {
      reporter({
        type: 'warning',
        message: `${file}:${statement.line}: this server has no such setting: ${error.message}`,
        hint: 'the line was passed over',
      });
      return;
    }
    // Every database has it from the start, and pg_dump --schema=public writes it all the same.
    if (
      statement.kind === 'CreateSchemaStmt' &&
      state === '42P06' &&
      statement.node.schemaname === 'public'
    ) {
      return;
    }
    const position = error.details.data?.position;
    const offset =
      statement.start +
      (typeof position === 'number' && position > 0 ? characterOffset(statement.text, position - 1) : 0);
    const missing = state === '42704' && /^role /.test(error.message);
    throw new FerrataError(error.code, error.message, {
      ...error.details,
      hint:
        error.details.hint ??
        (missing
          ? 'Roles belong to a server: make it on the scratch server, or dump with --no-owner --no-privileges.'
          : 'The file was run from its beginning on an empty scratch database; nothing else was touched.'),
      location: locate(file, text, offset),
    });
  }
}

/** ALTER DATABASE, COMMENT ON DATABASE …: about the database that the scratch one stands for. */
function onThis(connection: Connection, { kind, node, text }: ParsedStatement): string {
  const about =
    kind === 'AlterDatabaseSetStmt' ||
    kind === 'AlterDatabaseStmt' ||
    (kind === 'AlterRoleSetStmt' && typeof node.database === 'string') ||
    [node.objtype, node.objectType].includes('OBJECT_DATABASE');
  if (!about) return text;
  return text.replace(
    /\b(DATABASE\s+)("(?:[^"]|"")*"|[^\s;,]+)/i,
    (_, word: string) => word + quoteIdent(connection.server.database),
  );
}

/**
 * Runs migrations forward, as `up` would on an empty database, without keeping anything for the way back. Throws what
 * the first one throws that does not run, with its place.
 */
export async function replayMigrations(
  connection: Connection,
  migrations: readonly Migration[],
  policy: Policy,
  reporter: Reporter,
): Promise<void> {
  if (migrations.length > 0) {
    reporter({ type: 'scratch', message: `replaying ${migrations.length} migrations` });
  }
  const tell = teller(reporter, (done) => `replayed ${done} of ${migrations.length} migrations`);
  for (const [index, migration] of migrations.entries()) {
    const start = { catalog: null, major: connection.server.major };
    const member = await compileMember(migration, start, null, policy, { tolerateDown: true });
    for (const step of member.plan.steps) {
      await runForward(connection, member, { ...step, captures: [] });
    }
    tell(index + 1);
  }
}

function teller(reporter: Reporter, say: (done: number) => string): (done: number) => void {
  let last = performance.now();
  return (done) => {
    if (performance.now() - last < TELL_EVERY_MS) return;
    last = performance.now();
    reporter({ type: 'scratch', message: say(done) });
  };
}
