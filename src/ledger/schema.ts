/**
 * The ledger's own tables, and their upgrades. A new version is a new entry at the end of `UPGRADES`; an entry that
 * was released is never changed.
 *
 * There are no foreign keys between the tables: migrations may run under `session_replication_role = replica`, where
 * they would not be checked, and every one costs a trigger per migration.
 */
import { FerrataError } from '../errors.ts';
import type { Connection } from '../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../sql/quote.ts';

export interface LedgerUpgrade {
  readonly version: number;
  readonly sql: string;
}

/** SQLSTATEs that the ledger's own functions raise. */
export const LEASE_LOST = 'FE001';
export const RUN_OPEN = 'FE002';
export const ALREADY_APPLIED = 'FE003';

export const UPGRADES: readonly LedgerUpgrade[] = [
  {
    version: 1,
    sql: `
CREATE TABLE ferrata.migration (
  id text PRIMARY KEY,
  position bigint GENERATED ALWAYS AS IDENTITY,
  checksum text NOT NULL,
  stage text NOT NULL DEFAULT 'applied' CHECK (stage IN ('applied', 'expanded', 'contracted', 'purged')),
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  run text,
  baseline boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE ferrata.migration IS 'Migrations in force, in the order in which they were applied.';

CREATE TABLE ferrata.run (
  id text PRIMARY KEY,
  ordinal bigint GENERATED ALWAYS AS IDENTITY,
  migration text NOT NULL,
  state text NOT NULL CHECK (state IN
    ('pending', 'running', 'paused', 'validating', 'completed', 'failed', 'rolling_back', 'rolled_back')),
  open boolean NOT NULL,
  environment text NOT NULL,
  owner text NOT NULL,
  plan json NOT NULL,
  proof json,
  backup text,
  start_fingerprint text,
  end_fingerprint text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  window_until timestamptz,
  error text,
  verification json
);
COMMENT ON COLUMN ferrata.run.open IS 'Something is left to resume or to take back.';
CREATE INDEX run_migration ON ferrata.run (migration, ordinal);
CREATE UNIQUE INDEX run_one_open ON ferrata.run (open) WHERE open;

CREATE TABLE ferrata.step (
  run text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('up', 'down')),
  ordinal integer NOT NULL,
  step text NOT NULL,
  state text NOT NULL CHECK (state IN ('intended', 'done', 'failed')),
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  ms bigint,
  rows bigint,
  error text,
  progress integer NOT NULL DEFAULT 0,
  intent json,
  PRIMARY KEY (run, direction, ordinal)
);
COMMENT ON COLUMN ferrata.step.progress IS 'Actions of a step without a transaction that are known to be done.';
COMMENT ON COLUMN ferrata.step.intent IS 'Of a step without a transaction: the backend and what the probe saw before.';

CREATE TABLE ferrata.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run text,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  type text NOT NULL,
  detail json NOT NULL
);
CREATE INDEX event_run ON ferrata.event (run, id);

CREATE TABLE ferrata.proof (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  migration text NOT NULL,
  checksum text NOT NULL,
  plan_checksum text NOT NULL,
  start_fingerprint text NOT NULL,
  target_major integer NOT NULL,
  server_major integer NOT NULL,
  outcome text NOT NULL,
  data_source text NOT NULL,
  proved_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  body json NOT NULL
);
CREATE INDEX proof_binding ON ferrata.proof (checksum, start_fingerprint, target_major, id);

CREATE TABLE ferrata.backup (
  name text PRIMARY KEY,
  path text NOT NULL,
  created_at timestamptz NOT NULL,
  verified_at timestamptz,
  manifest json NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ferrata.lease (
  name text PRIMARY KEY,
  token bigint NOT NULL UNIQUE,
  owner text,
  purpose text,
  acquired_at timestamptz,
  heartbeat_at timestamptz,
  expires_at timestamptz
);
COMMENT ON COLUMN ferrata.lease.token IS
  'Fencing token: every change of hands raises it. Unique, so that raising it waits for the transactions that hold FOR KEY SHARE.';
INSERT INTO ferrata.lease (name, token) VALUES ('run', 1);

CREATE TABLE ferrata.audit (
  id bigint PRIMARY KEY,
  payload text NOT NULL,
  previous text NOT NULL,
  hash text NOT NULL
);
INSERT INTO ferrata.meta (key, value) VALUES ('audit', '0 ');

-- Operators are qualified, because whatever the session set as its search_path holds in here too.
CREATE FUNCTION ferrata.check_lease(held bigint) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM 1 FROM ferrata.lease WHERE token OPERATOR(pg_catalog.=) held FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease % is no longer held', held USING ERRCODE = '${LEASE_LOST}';
  END IF;
END
$function$;

-- The plans are kept for the session and made when the tables are almost empty: without the setting they would scan.
CREATE FUNCTION ferrata.check_start(held bigint, wanted text) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $function$
BEGIN
  PERFORM 1 FROM ferrata.lease WHERE token OPERATOR(pg_catalog.=) held FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease % is no longer held', held USING ERRCODE = '${LEASE_LOST}';
  END IF;
  IF EXISTS (SELECT FROM ferrata.run WHERE open) THEN
    RAISE EXCEPTION 'another run is not finished' USING ERRCODE = '${RUN_OPEN}';
  END IF;
  IF EXISTS (SELECT FROM ferrata.migration WHERE id OPERATOR(pg_catalog.=) wanted) THEN
    RAISE EXCEPTION 'migration % is already applied', wanted USING ERRCODE = '${ALREADY_APPLIED}';
  END IF;
END
$function$;

-- A run of one step, whole: a function, because its statements are then planned once for a session.
CREATE FUNCTION ferrata.record_single(p_run text, p_migration text, p_checksum text, p_state text, p_environment text,
  p_owner text, p_plan json, p_proof json, p_backup text, p_fingerprint text, p_window double precision, p_step text,
  p_rows bigint) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
  INSERT INTO ferrata.run (id, migration, state, open, environment, owner, plan, proof, backup, start_fingerprint,
                           started_at, finished_at, window_until)
  VALUES (p_run, p_migration, p_state, p_state OPERATOR(pg_catalog.<>) 'completed', p_environment, p_owner, p_plan,
          p_proof, p_backup, p_fingerprint, pg_catalog.transaction_timestamp(),
          CASE WHEN p_state OPERATOR(pg_catalog.=) 'completed' THEN pg_catalog.clock_timestamp() END,
          pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => p_window));
  INSERT INTO ferrata.step (run, direction, ordinal, step, state, started_at, finished_at, ms, rows)
  VALUES (p_run, 'up', 0, p_step, 'done', pg_catalog.transaction_timestamp(), pg_catalog.clock_timestamp(),
          pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
            OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp()) OPERATOR(pg_catalog.*) 1000, p_rows);
  INSERT INTO ferrata.migration (id, checksum, run) VALUES (p_migration, p_checksum, p_run);
END
$function$;
`,
  },
  {
    version: 2,
    sql: `
CREATE TABLE ferrata.sample (
  run text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  signal text NOT NULL,
  value double precision,
  state text NOT NULL,
  detail text
);
COMMENT ON TABLE ferrata.sample IS 'What the monitors of a run read; value is null where a signal could not be read.';
CREATE INDEX sample_run ON ferrata.sample (run, at);

CREATE TABLE ferrata.control (
  run text PRIMARY KEY,
  wanted text NOT NULL CHECK (wanted IN ('go', 'pause', 'abort')),
  factor double precision NOT NULL DEFAULT 1 CHECK (factor > 0 AND factor <= 1),
  reason text,
  by text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ferrata.control IS 'What somebody in another terminal wants of a run: ferrata pause, resume, abort, throttle.';
`,
  },
  {
    version: 3,
    sql: `
CREATE TABLE ferrata.backfill (
  run text NOT NULL,
  direction text NOT NULL CHECK (direction IN ('up', 'down')),
  ordinal integer NOT NULL,
  part integer NOT NULL,
  place integer NOT NULL,
  phase text NOT NULL CHECK (phase IN ('rows', 'skipped', 'later', 'done')),
  last text[],
  upper text[],
  moment timestamptz NOT NULL,
  capture text,
  estimate bigint NOT NULL,
  seen bigint NOT NULL DEFAULT 0,
  rows bigint NOT NULL DEFAULT 0,
  batches bigint NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (run, direction, ordinal, part)
) WITH (fillfactor = 50);
COMMENT ON TABLE ferrata.backfill IS 'How far the ranges of a backfill are: each batch moves its range on in its own transaction.';

CREATE TABLE ferrata.backfill_skipped (
  run text NOT NULL,
  ordinal integer NOT NULL,
  part integer NOT NULL,
  key text[] NOT NULL
);
COMMENT ON TABLE ferrata.backfill_skipped IS 'Rows that were locked when their batch came; they are done in a pass at the end.';
CREATE INDEX backfill_skipped_part ON ferrata.backfill_skipped (run, ordinal, part);

-- Each batch counts: one that was begun from another state than the one that is there finds no row.
CREATE FUNCTION ferrata.move_backfill(p_run text, p_direction text, p_ordinal integer, p_part integer, p_batches bigint,
  p_phase text, p_last text[], p_upper text[], p_rows bigint, p_seen bigint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off AS $function$
BEGIN
  UPDATE ferrata.backfill SET phase = p_phase, last = p_last, upper = p_upper, batches = p_batches OPERATOR(pg_catalog.+) 1,
    rows = rows OPERATOR(pg_catalog.+) p_rows, seen = seen OPERATOR(pg_catalog.+) p_seen,
    updated_at = pg_catalog.clock_timestamp()
  WHERE run OPERATOR(pg_catalog.=) p_run AND direction OPERATOR(pg_catalog.=) p_direction
    AND ordinal OPERATOR(pg_catalog.=) p_ordinal AND part OPERATOR(pg_catalog.=) p_part
    AND batches OPERATOR(pg_catalog.=) p_batches;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the backfill was moved on by somebody else' USING ERRCODE = '${LEASE_LOST}';
  END IF;
END
$function$;
`,
  },
  {
    version: 4,
    sql: `
-- A lease without an owner is being taken away: no step begins under it any more, whoever is quicker.
CREATE OR REPLACE FUNCTION ferrata.check_lease(held bigint) RETURNS void LANGUAGE plpgsql AS $function$
BEGIN
  PERFORM 1 FROM ferrata.lease WHERE token OPERATOR(pg_catalog.=) held AND owner IS NOT NULL FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the lease % is no longer held', held USING ERRCODE = '${LEASE_LOST}';
  END IF;
END
$function$;

CREATE OR REPLACE FUNCTION ferrata.check_start(held bigint, wanted text) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off AS $function$
BEGIN
  PERFORM ferrata.check_lease(held);
  IF EXISTS (SELECT FROM ferrata.run WHERE open) THEN
    RAISE EXCEPTION 'another run is not finished' USING ERRCODE = '${RUN_OPEN}';
  END IF;
  IF EXISTS (SELECT FROM ferrata.migration WHERE id OPERATOR(pg_catalog.=) wanted) THEN
    RAISE EXCEPTION 'migration % is already applied', wanted USING ERRCODE = '${ALREADY_APPLIED}';
  END IF;
END
$function$;
`,
  },
];

/** The version that this ferrata writes. */
export const LEDGER_VERSION: number = UPGRADES.at(-1)?.version ?? 0;

/** Every machine takes the same key, so that two first runs create the ledger one after the other. */
const UPGRADE_LOCK = 7_305_511_842_091;

interface Found {
  readonly schema: boolean;
  readonly meta: boolean;
  readonly usage: boolean | null;
  readonly select: boolean | null;
  readonly create: boolean;
}

/** Null where there is no ledger. Throws `server-privilege` where there is one that this user may not read. */
export async function ledgerVersion(connection: Connection): Promise<number | null> {
  const [found] = await connection.query<Found>(
    `SELECT n.oid IS NOT NULL AS schema, c.oid IS NOT NULL AS meta,
            pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usage,
            pg_catalog.has_table_privilege(c.oid, 'SELECT') AS select,
            pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS create
     FROM (SELECT) AS one
     LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'ferrata'
     LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = 'meta'`,
  );
  if (found === undefined || !found.meta) return null;
  if (found.usage !== true || found.select !== true) throw ledgerNotAllowed(connection);
  const [row] = await connection.query<{ value: string }>(
    `SELECT value FROM ferrata.meta WHERE key = 'version'`,
  );
  return row === undefined ? null : Number(row.value);
}

/**
 * Creates the ledger, or brings an older one up to date. Each upgrade is one transaction under a transaction-level
 * advisory lock, so that it works through a pooler too. Throws `ledger-too-new`, `server-privilege`.
 */
export async function upgradeLedger(
  connection: Connection,
  upgrades: readonly LedgerUpgrade[] = UPGRADES,
): Promise<void> {
  const known = upgrades.at(-1)?.version ?? 0;
  const found = await ledgerVersion(connection);
  if (found !== null && found > known) throw tooNew(found, known);
  if (found === known) return;
  try {
    await connection.transaction(async () => {
      await connection.script(
        `SET LOCAL search_path = pg_catalog; SELECT pg_advisory_xact_lock(${UPGRADE_LOCK})`,
      );
      let version = await ledgerVersion(connection);
      if (version === null) {
        await connection.script(
          `CREATE SCHEMA IF NOT EXISTS ferrata;
           COMMENT ON SCHEMA ferrata IS 'The ledger of ferrata: what was changed, when, and how to take it back.';
           CREATE TABLE ferrata.meta (key text PRIMARY KEY, value text NOT NULL);
           INSERT INTO ferrata.meta VALUES ('version', '0')`,
        );
        version = 0;
      }
      for (const upgrade of upgrades) {
        if (upgrade.version <= version) continue;
        await connection.script(
          `${upgrade.sql};
           UPDATE ferrata.meta SET value = ${quoteLiteral(String(upgrade.version))} WHERE key = 'version'`,
        );
      }
    });
  } catch (error) {
    if (error instanceof FerrataError && error.code === 'server-privilege') {
      const { user, database } = connection.server;
      throw new FerrataError(
        'server-privilege',
        `The ledger can not be ${found === null ? 'created' : 'upgraded'}: ${error.message}`,
        {
          ...error.details,
          why: 'Ferrata keeps its own tables in the schema "ferrata" of the database that it changes.',
          hint:
            found === null
              ? `GRANT CREATE ON DATABASE ${quoteIdent(database)} TO ${quoteIdent(user)};`
              : `Run it once as the owner of the schema: ALTER SCHEMA ferrata OWNER TO ${quoteIdent(user)}; names another one.`,
          cause: error,
        },
      );
    }
    throw error;
  }
}

export function tooNew(found: number, known: number): FerrataError {
  return new FerrataError('ledger-too-new', `The ledger has version ${found}, this ferrata knows ${known}`, {
    why: 'A newer ferrata has upgraded it; an older one could not keep what the newer one wrote.',
    hint: 'Upgrade ferrata: npm install --save-dev ferrata@latest',
  });
}

function ledgerNotAllowed(connection: Connection): FerrataError {
  const user = quoteIdent(connection.server.user);
  return new FerrataError('server-privilege', `User ${user} may not read the ledger`, {
    why: 'The schema "ferrata" belongs to the user that ran ferrata first.',
    hint:
      `GRANT USAGE ON SCHEMA ferrata TO ${user}; ` +
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ferrata TO ${user}; ` +
      `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ferrata TO ${user}; (USAGE and SELECT alone to read)`,
  });
}
