/** What it means that the server refuses a statement on the copy: whether it would on the target, whose rows are others. */
import { isFerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import type { Observation } from './observe.ts';
import type { Snapshot } from './snapshot.ts';
import { isCalled, namesOf } from './subjects.ts';

export type Verdict =
  /** The rows of these tables were in the way: without them it may run. */
  | { readonly kind: 'again'; readonly tables: readonly string[] }
  /** It says nothing about the target. */
  | { readonly kind: 'skip'; readonly reason: string }
  /** It fails, wherever it runs. */
  | { readonly kind: 'stop' };

export interface Situation {
  /** Tables that were emptied already. */
  readonly emptied: ReadonlySet<string>;
  /** The line of an earlier statement that did not run here; 0: the schema itself is not here; null: all is. */
  readonly missing: number | null;
}

/** SQLSTATE classes and codes (manual, appendix A) that depend on rows: data exceptions, constraints, RAISE, ASSERT. */
const ABOUT_ROWS = /^(22|23|P000[134]|21000)/;
/** What is not there: relations, columns, types, roles, functions, schemas, settings. */
const ABSENT = /^(42P01|42703|42704|42883|3F000|42P02|26000)$/;
/** The copy's own server: it lacks a file, a privilege, memory, or took too long. */
const ABOUT_SERVER = /^(58|53|57|XX|F0|08|25P0[234]|42501|55P02)/;
const MISSING_EXTENSION = /extension "[^"]*" is not available|could not (open|access) (extension|file)/;
const MISSING_ROLE = /^(role|tablespace|collation|database) "[^"]*" .*does not exist$/;

export function verdictOn(
  error: NonNullable<Observation['error']>,
  statement: ParsedStatement,
  before: Snapshot,
  { emptied, missing }: Situation,
): Verdict {
  const { sqlstate, message } = error;
  if (ABOUT_ROWS.test(sqlstate)) {
    const tables = tablesInTheWay(error, statement, before).filter((table) => !emptied.has(table));
    if (tables.length > 0) return { kind: 'again', tables };
    return { kind: 'skip', reason: `the made-up rows of the copy do not fit: ${message}` };
  }
  if (sqlstate === '57014') return { kind: 'skip', reason: 'it takes too long even on some rows' };
  if (ABOUT_SERVER.test(sqlstate) || MISSING_EXTENSION.test(message) || MISSING_ROLE.test(message)) {
    return { kind: 'skip', reason: `the server of the copy cannot: ${message}` };
  }
  if (ABSENT.test(sqlstate) && missing !== null) {
    const why = missing === 0 ? 'the schema is not known' : `line ${missing} did not run on the copy`;
    return { kind: 'skip', reason: `${why}: ${message}` };
  }
  return { kind: 'stop' };
}

/** The table that the server names, else what the statement is about, else (a DO block, a function) every table. */
function tablesInTheWay(
  error: NonNullable<Observation['error']>,
  statement: ParsedStatement,
  before: Snapshot,
): readonly string[] {
  const tables = [...before.relations.values()].filter(({ kind }) => kind === 'r' || kind === 'p');
  if (error.table !== null) {
    const named = tables.filter(({ name }) => name === error.table);
    if (named.length > 0) return named.map(({ name }) => name);
  }
  const subjects = namesOf(statement);
  const meant =
    subjects.length === 0 ? tables : tables.filter((one) => subjects.some((name) => isCalled(one, name)));
  return meant.map(({ name }) => name);
}

/** Takes the rows away, and those that refer to them. What cannot be emptied keeps its rows. */
export async function emptyTables(connection: Connection, tables: readonly string[]): Promise<void> {
  await attempt(connection, `TRUNCATE ${tables.join(', ')} CASCADE`);
}

/** What a failed CONCURRENTLY leaves behind: an index that is of no use, in the way of the next attempt. */
export async function dropLeftovers(
  connection: Connection,
  before: Snapshot,
  after: Snapshot,
): Promise<void> {
  for (const [oid, { kind, name }] of after.relations) {
    if (kind === 'i' && !before.relations.has(oid)) await attempt(connection, `DROP INDEX ${name}`);
  }
}

async function attempt(connection: Connection, sql: string): Promise<void> {
  try {
    await connection.script(sql);
  } catch (error) {
    if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
  }
}
