/**
 * SQL as it was written, sent to the server; and an error of the server led back to the line it is about.
 */
import { FerrataError, isFerrataError, type SourceLocation } from '../errors.ts';
import type { Action } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { characterOffset, locate } from '../sql/locate.ts';
import type { ActionContext } from './model.ts';

export type SqlAction = Extract<Action, { readonly type: 'sql' }>;
type Source = ActionContext['source'];

const SEPARATOR = '\n;\n';

/**
 * Runs the statements: several in one message, behind a savepoint, because a server error that carries no position
 * does not tell which of them it was; they are then run one by one to find out.
 */
export async function runGroup(
  connection: Connection,
  actions: readonly SqlAction[],
  source: Source,
): Promise<void> {
  const [first] = actions;
  if (first === undefined) return;
  if (actions.length === 1) {
    await runOne(connection, first, source);
    return;
  }
  const head = `SAVEPOINT ferrata_group${SEPARATOR}`;
  const message = `${head}${actions.map(({ sql }) => sql).join(SEPARATOR)}${SEPARATOR}RELEASE SAVEPOINT ferrata_group`;
  try {
    await connection.script(message);
  } catch (error) {
    const position = positionOf(error);
    if (position !== null) {
      const found = actionAt(actions, characterOffset(message, position - 1) - head.length);
      if (found !== null) throw withPlace(error, found.action, found.offset, source);
    }
    // A lock, a deadlock, a timeout, a lost connection: the next attempt is the runner's.
    if (
      !isFerrataError(error) ||
      error.code !== 'sql-failed' ||
      /^(40|57)/.test(error.details.sqlState ?? '')
    ) {
      throw error;
    }
    // The grammar reads the whole message first: where it refuses, not even the savepoint was made.
    if (error.details.sqlState === '42601') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_group; RELEASE SAVEPOINT ferrata_group');
    for (const action of actions) await runOne(connection, action, source);
  }
}

async function runOne(connection: Connection, action: SqlAction, source: Source): Promise<void> {
  try {
    await connection.script(action.sql);
  } catch (error) {
    const position = positionOf(error);
    throw withPlace(
      error,
      action,
      position === null ? null : characterOffset(action.sql, position - 1),
      source,
    );
  }
}

function actionAt(
  actions: readonly SqlAction[],
  offset: number,
): { readonly action: SqlAction; readonly offset: number } | null {
  let start = 0;
  for (const action of actions) {
    if (offset >= start && offset <= start + action.sql.length) return { action, offset: offset - start };
    start += action.sql.length + SEPARATOR.length;
  }
  return null;
}

/** The server's position: characters from 1 in the message. */
function positionOf(error: unknown): number | null {
  const position = isFerrataError(error) ? error.details.data?.position : null;
  return typeof position === 'number' && position > 0 ? position : null;
}

/**
 * The same error with the place in the migration's file: of the offset (UTF-16 units in the action's SQL) where the
 * server gave one, else of the statement; for SQL that Ferrata derived, the statement itself is quoted instead.
 */
export function withPlace(error: unknown, action: SqlAction, offset: number | null, source: Source): unknown {
  if (!isFerrataError(error) || error.details.location !== undefined) return error;
  if (error.code === 'server-connection-lost' || error.code === 'internal') return error;
  const location = source === null ? null : placeOf(action, offset, source);
  const { position: _, ...data } = error.details.data ?? {};
  if (location !== null) {
    return new FerrataError(error.code, error.message, { ...error.details, data, location });
  }
  const why = [error.details.why, `The statement: ${brief(action.sql)}`].filter((part) => part !== undefined);
  return new FerrataError(error.code, error.message, { ...error.details, data, why: why.join('\n') });
}

function placeOf(
  action: SqlAction,
  offset: number | null,
  source: NonNullable<Source>,
): SourceLocation | null {
  if (action.at === null) return null;
  const start = offsetOf(source.text, action.at.line, action.at.column);
  // Of an ALTER TABLE that was taken apart only the beginning is known.
  const exact = offset !== null && source.text.startsWith(action.sql, start);
  return locate(source.file, source.text, exact ? start + offset : start);
}

function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf('\n', at);
    if (next === -1) break;
    at = next + 1;
  }
  return at + characterOffset(text.slice(at), column - 1);
}

function brief(sql: string): string {
  return sql.length <= 1000 ? sql : `${sql.slice(0, 1000)}…`;
}
