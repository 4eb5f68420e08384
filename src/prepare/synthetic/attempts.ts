/**
 * Trial by the server: any number of statements in one round trip, each in a subtransaction of its own, so that one
 * that fails neither stops nor undoes the others.
 */
import type { Connection } from '../../postgres/connection.ts';
import { dollarQuote, quoteLiteral } from '../../sql/quote.ts';

export interface Attempt {
  readonly sql: string;
  /** The statement gives one row with one text: keep it. */
  readonly value?: boolean;
  /** Attempts with the same number stand for one another: after the first that works the others are skipped. */
  readonly group?: number;
}

export interface Outcome {
  readonly ok: boolean;
  /** Not tried, because another one of its group had worked. */
  readonly skipped: boolean;
  readonly rows: number;
  readonly value: string | null;
  /** SQLSTATE and what else the server said; null where it worked. */
  readonly state: string | null;
  readonly message: string;
  readonly constraint: string;
  readonly column: string;
}

export interface AttemptOptions {
  /** Undo everything in the end; the outcomes stay. */
  readonly rollback?: boolean;
  /** SQL that runs before, in the same transaction (e.g. `SET LOCAL …;`). */
  readonly setup?: string;
}

/** What one message to the server may hold; more goes in several, each a transaction of its own. */
const MAX_CHARACTERS = 16_000_000;

/**
 * Runs the attempts in order and tells what became of each. Constraints are checked at once, deferred ones too. What
 * worked is committed, unless the caller has a transaction open or asks for a rollback.
 */
export async function runAttempts(
  connection: Connection,
  attempts: readonly Attempt[],
  options: AttemptOptions = {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const batch of batches(attempts, options.rollback === true)) {
    const results = await connection.script(
      `SET LOCAL jit = off; SET CONSTRAINTS ALL IMMEDIATE; ${options.setup ?? ''}
       DO ${dollarQuote(block(batch, options.rollback === true))};
       SELECT current_setting('ferrata.attempts')`,
    );
    const answer = results.at(-1)?.[0]?.[0] ?? '[]';
    outcomes.push(...(JSON.parse(answer) as Outcome[]));
  }
  return outcomes;
}

/** Variables of plpgsql outlive the subtransaction that is rolled back: so the outcomes do too. */
function block(attempts: readonly Attempt[], rollback: boolean): string {
  const list = (items: readonly string[], type: string) => `ARRAY[${items.join(',')}]::${type}[]`;
  return `
DECLARE
  statements text[] := ${list(
    attempts.map(({ sql }) => quoteLiteral(sql)),
    'text',
  )};
  valued bool[] := ${list(
    attempts.map(({ value }) => String(value === true)),
    'bool',
  )};
  groups int[] := ${list(
    attempts.map(({ group }) => String(group ?? 'NULL')),
    'int',
  )};
  done int[] := '{}';
  outcomes text[] := '{}';
  given text;
  affected bigint;
  the_state text; the_message text; the_constraint text; the_column text;
BEGIN
  BEGIN
    FOR i IN 1 .. coalesce(array_length(statements, 1), 0) LOOP
      IF groups[i] = ANY (done) THEN
        outcomes := array_append(outcomes, pg_catalog.concat(json_build_object('ok', false, 'skipped', true, 'rows', 0, 'value', NULL, 'state', NULL,
          'message', '', 'constraint', '', 'column', '')));
        CONTINUE;
      END IF;
      BEGIN
        given := NULL;
        IF valued[i] THEN EXECUTE statements[i] INTO given; ELSE EXECUTE statements[i]; END IF;
        GET DIAGNOSTICS affected = ROW_COUNT;
        IF groups[i] IS NOT NULL THEN done := array_append(done, groups[i]); END IF;
        outcomes := array_append(outcomes, pg_catalog.concat(json_build_object('ok', true, 'skipped', false, 'rows', affected, 'value', given,
          'state', NULL, 'message', '', 'constraint', '', 'column', '')));
      EXCEPTION WHEN OTHERS OR assert_failure THEN
        GET STACKED DIAGNOSTICS the_state = RETURNED_SQLSTATE, the_message = MESSAGE_TEXT,
          the_constraint = CONSTRAINT_NAME, the_column = COLUMN_NAME;
        outcomes := array_append(outcomes, pg_catalog.concat(json_build_object('ok', false, 'skipped', false, 'rows', 0, 'value', NULL,
          'state', the_state, 'message', the_message, 'constraint', the_constraint, 'column', the_column)));
      END;
    END LOOP;
    ${rollback ? "RAISE EXCEPTION USING ERRCODE = 'FE001', MESSAGE = 'undone on purpose';" : ''}
  EXCEPTION WHEN SQLSTATE 'FE001' THEN NULL;
  END;
  PERFORM set_config('ferrata.attempts', concat('[', array_to_string(outcomes, ','), ']'), false);
END`;
}

function batches(attempts: readonly Attempt[], whole: boolean): Attempt[][] {
  const result: Attempt[][] = [];
  let batch: Attempt[] = [];
  let size = 0;
  let group: number | undefined;
  for (const attempt of attempts) {
    const sameGroup = attempt.group !== undefined && attempt.group === group;
    if (!whole && batch.length > 0 && !sameGroup && size + attempt.sql.length > MAX_CHARACTERS) {
      result.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(attempt);
    size += attempt.sql.length;
    group = attempt.group;
  }
  if (batch.length > 0) result.push(batch);
  return result;
}
