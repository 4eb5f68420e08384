/**
 * Runs a step's actions on a connection: the same function for the rehearsal on a scratch copy and for the real run,
 * inside a transaction that the caller has opened (with its lock timeout), or outside of one for what needs that.
 */
import type { Action } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { keepColumn } from './attic/keep-column.ts';
import { keepSequences } from './attic/keep-sequences.ts';
import { parkColumn } from './attic/park-column.ts';
import { parkTable } from './attic/park-table.ts';
import { releasing } from './attic/release.ts';
import { runWhole } from './backfill/whole.ts';
import type { ActionContext, Conflict, StepOutcome } from './model.ts';
import { runGroup, type SqlAction, withPlace } from './sql-group.ts';
import { installCaptures, removeCaptures } from './undo/capture.ts';
import { replay } from './undo/replay.ts';
import { readWrites, writesBetween } from './undo/writes.ts';

/** Longer messages would keep the server parsing while it could already work. UTF-16 units. */
const LONGEST_MESSAGE = 1_000_000;

/** What is done as one: SQL that goes in one message, or one action of another kind. */
type Unit = { readonly type: 'group'; readonly actions: readonly SqlAction[] } | Exclude<Action, SqlAction>;

/**
 * Runs the actions in order. Rows written are counted where a transaction is open; captures (`context.captures`) are
 * installed before the first action and removed after the last, unless the actions are themselves an undo. A backfill is
 * done as the one statement that it stands for: for a copy; the real run takes it in batches.
 *
 * Throws the server's refusal as FerrataError (`sql-failed`, `lock-timeout` …) with the place in the migration's file;
 * the transaction is aborted then.
 */
export async function runActions(actions: readonly Action[], context: ActionContext): Promise<StepOutcome> {
  const { connection } = context;
  const before = await readWrites(connection, actions.some(mayEmpty));
  const capturing = context.captures.length > 0 && !actions.some(({ type }) => type === 'undo');
  const needsToKnow = actions.length > 1 || capturing || actions.some(({ type }) => type === 'undo');
  const open = needsToKnow && (await readMoment(connection)) === before.moment;
  const whole = async <T>(work: () => Promise<T>): Promise<T> =>
    open ? await work() : await connection.transaction(work);

  const started = performance.now();
  if (capturing) {
    const texts = actions.flatMap((action) => (action.type === 'sql' ? [action.sql] : []));
    await whole(() => installCaptures(connection, context.capture, context.captures, texts));
  }
  const conflicts: Conflict[] = [];
  let restored = 0;
  for (const unit of unitsOf(actions, open)) {
    if (unit.type === 'undo') {
      const outcome = await whole(() => replay(connection, unit.capture));
      restored += outcome.restored;
      conflicts.push(...outcome.conflicts);
    } else await runUnit(unit, context, open);
  }
  if (capturing) await whole(() => removeCaptures(connection, context.capture, context.captures));
  const ms = performance.now() - started;
  const after = await readWrites(connection, actions.some(mayEmpty));
  return {
    ms,
    writes: writesBetween(before, after),
    ...(actions.some(({ type }) => type === 'undo') && { restored, conflicts }),
  };
}

async function runUnit(
  unit: Exclude<Unit, { readonly type: 'undo' }>,
  context: ActionContext,
  open: boolean,
): Promise<void> {
  const { connection, source } = context;
  if (unit.type === 'group') {
    // What lies in the attic must not stand in the way of a type that goes: only where a DROP or ALTER may find it.
    const guarded = open && unit.actions.some(({ sql }) => /\b(drop|alter)\b/i.test(sql));
    const run = () => runGroup(connection, unit.actions, source);
    const texts = unit.actions.map(({ sql }) => sql);
    if (guarded) await releasing(connection, texts, run);
    else await run();
    return;
  }
  if (unit.type === 'backfill') {
    await runWhole(connection, unit.spec, context.folder ?? null);
    return;
  }
  if (unit.type === 'keep-column') {
    await connection.script((await keepColumn(connection, unit, context.capture)).join(';\n'));
    return;
  }
  if (unit.type === 'keep-sequences') {
    const statements = await keepSequences(connection, unit.sequences, context.capture);
    await connection.script(statements.join(';\n'));
    return;
  }
  try {
    const statements = await (unit.type === 'park-table'
      ? parkTable(connection, unit)
      : parkColumn(connection, unit));
    if (statements.length === 1 && statements[0] === unit.sql) {
      await runGroup(connection, [{ type: 'sql', sql: unit.sql, at: unit.at }], source);
    } else await connection.script(statements.join(';\n'));
  } catch (error) {
    throw withPlace(error, { type: 'sql', sql: unit.sql, at: unit.at }, null, source);
  }
}

/** Consecutive SQL is joined where a transaction is open; outside each statement is a message of its own. */
function unitsOf(actions: readonly Action[], open: boolean): readonly Unit[] {
  const units: Unit[] = [];
  let group: SqlAction[] = [];
  let length = 0;
  const flush = (): void => {
    if (group.length > 0) units.push({ type: 'group', actions: group });
    group = [];
    length = 0;
  };
  for (const action of actions) {
    if (action.type !== 'sql') {
      flush();
      units.push(action);
      continue;
    }
    if (!open || length + action.sql.length > LONGEST_MESSAGE || standsAlone(action.sql)) flush();
    group.push(action);
    length += action.sql.length;
    if (standsAlone(action.sql)) flush();
  }
  flush();
  return units;
}

/**
 * A whole message is split into statements before the first of them runs: what changes how text is read stands alone.
 * So does what drops or changes a type: it may have to run again once what was captured just before is out of its way.
 */
function standsAlone(sql: string): boolean {
  return (
    /standard_conforming_strings|backslash_quote|client_encoding|escape_string/i.test(sql) ||
    /^(drop\s+(type|domain|extension|schema|owned)|alter\s+(type|domain))\b/i.test(sql)
  );
}

/** Whether rows may go without being counted: everything but a plain definition may TRUNCATE. */
function mayEmpty(action: Action): boolean {
  return (
    action.type === 'sql' &&
    !/^(create\s+(?!table|materialized)|alter|comment|grant|revoke|set)\b/i.test(action.sql)
  );
}

async function readMoment(connection: Connection): Promise<string> {
  const [row] = await connection.rows<[string]>('SELECT pg_catalog.now()::text');
  return row?.[0] ?? '';
}

export { unseenWrites } from './undo/writes.ts';
