/**
 * Recording what a step does to rows: statement-level triggers with transition tables write the rows before and after
 * into the attic, in the step's own transaction (PostgreSQL manual, CREATE TRIGGER).
 */
import { ATTIC_SCHEMA, CAPTURE_PREFIX } from '../../catalog/model.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { CAPTURE_FUNCTION, ensureCaptureFunction, REGISTRY } from './function.ts';

interface Target {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'r' | 'p';
  /**
   * In a tree of INHERITS transition tables would show the parent's columns of a child's rows; of a MERGE on a
   * partitioned table they show rows that it inserted in the place of those that it updated (`mayMerge`).
   */
  readonly byRow: boolean;
  readonly captured: boolean;
}

/**
 * Puts the capture's triggers on the tables (`schema.name`, quoted where needed; resolved through the search_path where
 * there is no schema), their partitions, partitioned ancestors and inheritance trees. Missing tables and relations
 * that hold no rows of their own are passed by. Rows that an earlier use of the same name left behind are forgotten:
 * the step runs anew, and is undone from here. Calling it twice in one transaction is the same as calling it once.
 *
 * Needs an open transaction. Each table is locked against writers until it ends.
 *
 * @param texts the SQL that is going to run
 * @param whose whose writes are recorded: the backend with this process id, or every session whose setting
 *   `ferrata.capture` is this text
 */
export async function installCaptures(
  connection: Connection,
  capture: string,
  tables: readonly string[],
  texts: readonly string[],
  whose: string = String(connection.pid),
): Promise<void> {
  await ensureCaptureFunction(connection);
  const merges = await mayMerge(connection, texts);
  const found = await findTargets(connection, capture, tables, whose, merges);
  const targets = found.filter(({ captured }) => !captured);
  if (!(await isInstalled(connection, capture, whose))) await dropCapture(connection, capture);
  const statements = targets.flatMap((target) => triggerStatements(target, capture, whose));
  if (statements.length > 0) await connection.script(statements.join(';\n'));
}

function triggerStatements(target: Target, capture: string, whose: string): string[] {
  const table = quoteQualified(target.schema, target.name);
  const call = `EXECUTE FUNCTION ${CAPTURE_FUNCTION}(${quoteLiteral(capture)}, ${quoteLiteral(whose)})`;
  const events: readonly (readonly [letter: string, event: string, reads: string])[] = [
    ['i', 'AFTER INSERT', 'NEW TABLE AS ferrata_new'],
    ['u', 'AFTER UPDATE', 'OLD TABLE AS ferrata_old NEW TABLE AS ferrata_new'],
    ['d', 'AFTER DELETE', 'OLD TABLE AS ferrata_old'],
  ];
  const statements: string[] = [];
  const add = (letter: string, event: string, how: string): void => {
    const trigger = quoteIdent(triggerName(capture, letter));
    statements.push(
      `CREATE TRIGGER ${trigger} ${event} ON ${table} ${how} ${call}`,
      // Also where the session plays a replica: logical apply must not pass it by.
      `ALTER TABLE ONLY ${table} ENABLE ALWAYS TRIGGER ${trigger}`,
    );
  };
  for (const [letter, event, reads] of events) {
    // Its partitions tell row by row.
    if (target.byRow && target.kind === 'p') break;
    add(letter, event, target.byRow ? 'FOR EACH ROW' : `REFERENCING ${reads} FOR EACH STATEMENT`);
  }
  // TRUNCATE of a partitioned table fires the triggers of its partitions too, and only they hold rows.
  if (target.kind === 'r') add('t', 'BEFORE TRUNCATE', 'FOR EACH STATEMENT');
  return statements;
}

/**
 * Takes the triggers away again, wherever the tables are by now; what they recorded stays. Needs an open transaction.
 *
 * Dropping a trigger takes an ACCESS EXCLUSIVE lock, which a long reader may hold up: a trigger whose table is not free
 * at once is disabled instead, for which the lock that the capture holds anyway is enough, and is dropped later with
 * the capture.
 */
export async function removeCaptures(
  connection: Connection,
  capture: string,
  _tables: readonly string[],
): Promise<void> {
  const triggers = await installedTriggers(connection, capture);
  if (triggers.length === 0) return;
  // Deferred checks of the step are due now: a table with pending trigger events can't be altered.
  await connection.script('SET CONSTRAINTS ALL IMMEDIATE');
  for (const [table, names] of byTable(triggers)) {
    const drops = names.map((name) => `DROP TRIGGER ${quoteIdent(name)} ON ${table}`);
    const free = await lockedAtOnce(connection, table);
    const disables = names.map((name) => `ALTER TABLE ONLY ${table} DISABLE TRIGGER ${quoteIdent(name)}`);
    await connection.script((free ? drops : disables).join(';\n'));
  }
}

async function lockedAtOnce(connection: Connection, table: string): Promise<boolean> {
  try {
    await connection.script(
      `SAVEPOINT ferrata_lock; LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE NOWAIT; RELEASE SAVEPOINT ferrata_lock`,
    );
    return true;
  } catch (error) {
    if (!(error instanceof FerrataError) || error.code !== 'lock-timeout') throw error;
    await connection.script('ROLLBACK TO SAVEPOINT ferrata_lock; RELEASE SAVEPOINT ferrata_lock');
    return false;
  }
}

/** Forgets everything that the capture recorded, and its triggers where any are left. Needs an open transaction. */
export async function dropCapture(connection: Connection, capture: string): Promise<void> {
  const [there] = await connection.query<{ there: boolean }>(
    `SELECT pg_catalog.to_regclass('${REGISTRY}') IS NOT NULL AS there`,
  );
  if (there?.there !== true) return;
  const triggers = await installedTriggers(connection, capture);
  const stores = await connection.query<{ store: string }>(
    `DELETE FROM ${REGISTRY} WHERE capture = $1 RETURNING store`,
    [capture],
  );
  const statements = [
    ...triggers.map(({ table, name }) => `DROP TRIGGER ${quoteIdent(name)} ON ${table}`),
    ...stores.map(({ store }) => `DROP TABLE IF EXISTS ${quoteQualified(ATTIC_SCHEMA, store)}`),
  ];
  if (statements.length > 0) await connection.script(statements.join(';\n'));
}

interface InstalledTrigger {
  readonly table: string;
  readonly name: string;
}

async function installedTriggers(connection: Connection, capture: string): Promise<InstalledTrigger[]> {
  return await connection.query<InstalledTrigger>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS "table", t.tgname::text AS name
     FROM pg_catalog.pg_trigger t
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE t.tgname = ANY ($1::name[]) AND t.tgparentid = 0 ORDER BY c.oid, t.tgname`,
    [['i', 'u', 'd', 't'].map((letter) => triggerName(capture, letter))],
  );
}

function byTable(triggers: readonly InstalledTrigger[]): Map<string, string[]> {
  const tables = new Map<string, string[]>();
  for (const { table, name } of triggers) tables.set(table, [...(tables.get(table) ?? []), name]);
  return tables;
}

/** Whether the capture watches any table in this very transaction or session. */
async function isInstalled(connection: Connection, capture: string, whose: string): Promise<boolean> {
  const [row] = await connection.query<{ there: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger
                    WHERE tgname = ANY ($1::name[]) AND tgenabled = 'A'
                      AND pg_catalog.encode(tgargs, 'escape') LIKE '%\\\\000' || $2 || '\\\\000') AS there`,
    [['i', 'u', 'd', 't'].map((letter) => triggerName(capture, letter)), whose],
  );
  return row?.there === true;
}

function triggerName(capture: string, letter: string): string {
  const name = `${CAPTURE_PREFIX}${capture}_${letter}`;
  if (Buffer.byteLength(name) <= 63) return name;
  throw new FerrataError('internal', `The capture name ${capture} is too long`, {
    why: 'PostgreSQL cuts names at 63 bytes, and two triggers would get the same one.',
  });
}

/**
 * Whether a MERGE may run: in the step's SQL, or in a function that it may call. On a partitioned table a MERGE that both
 * inserts and updates hands the row inserted last to the transition table in the place of the updated one (seen on
 * PostgreSQL 15 and 18; before 15 there is no MERGE), so that only triggers for each row see what happened.
 */
async function mayMerge(connection: Connection, texts: readonly string[]): Promise<boolean> {
  if (connection.server.major < 15) return false;
  if (texts.some((text) => /\bmerge\b/i.test(text))) return true;
  const [row] = await connection.query<{ there: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_catalog.pg_proc p
       WHERE p.oid >= 16384
         AND coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) ~* '\\mmerge\\M') AS there`,
  );
  return row?.there === true;
}

/** The named tables with every partition, partitioned ancestor and inheritance relative. */
async function findTargets(
  connection: Connection,
  capture: string,
  tables: readonly string[],
  whose: string,
  merges: boolean,
): Promise<readonly Target[]> {
  return await connection.query<Target>(
    `WITH RECURSIVE tree AS (
       SELECT pg_catalog.to_regclass(t)::oid AS oid FROM unnest($1::text[]) t
       WHERE pg_catalog.to_regclass(t) IS NOT NULL
       UNION
       SELECT CASE t.oid WHEN i.inhrelid THEN i.inhparent ELSE i.inhrelid END
       FROM tree t JOIN pg_catalog.pg_inherits i ON t.oid IN (i.inhrelid, i.inhparent)
     )
     SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
            CASE WHEN c.relispartition OR c.relkind = 'p' THEN $4
                 ELSE EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) END AS "byRow",
            EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = $2 AND g.tgenabled = 'A'
                    AND pg_catalog.encode(g.tgargs, 'escape') LIKE '%\\\\000' || $3 || '\\\\000') AS captured
     FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
       AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'ferrata', 'ferrata_attic')
     ORDER BY c.oid`,
    [tables, triggerName(capture, 'i'), whose, merges],
  );
}
