/**
 * Who changed the schema: a log of DDL that two event triggers keep (`ferrata drift --watch-ddl`). It lies in the
 * ledger's schema, is made and removed by itself, and belongs to the superuser who installs it; the ledger works
 * without it, so that it is no part of the ledger's own versions.
 *
 * What the triggers see is in the manual (Event Trigger Firing Matrix): every command on an object of this database.
 * Not seen: TRUNCATE, and what belongs to the whole server (roles, databases, tablespaces, event triggers themselves).
 */
import { WATCH_PREFIX } from '../catalog/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { dollarQuote, quoteIdent, quoteLiteral } from '../sql/quote.ts';
import { iso } from './runs.ts';

export const WATCH_TRIGGERS = { ddl: `${WATCH_PREFIX}ddl`, drop: `${WATCH_PREFIX}drop` } as const;

/** The log never holds more rows than about this; older ones go first, whatever their age. */
export const LOG_ROWS = 10_000;
/** Objects of one command that are recorded: DROP SCHEMA … CASCADE may take thousands. */
const OBJECTS_PER_COMMAND = 200;
/** Characters of a statement that are kept. */
const QUERY_LENGTH = 4000;

export const DEFAULT_KEEP_DAYS = 90;

/**
 * Texts that may hold a secret are not kept at all. Without backslashes: whatever `standard_conforming_strings` says
 * where the trigger fires, they read the same.
 */
const SECRETS = [
  // PASSWORD 'x', password => 'x', 'host=db password=x'. Up to the next comma: a column password_hash is no secret.
  "(pass(word|wd|phrase)|secret|token|credential|api_?key|private_?key)[^,;)]*['$]",
  '[[:<:]]options[[:space:]]*[(]',
  '[[:<:]](subscription|user[[:space:]]+mapping)[[:>:]]',
  "[[:<:]]connection[[:space:]]*e?['$]",
  '://[^/@[:space:]]*:[^@[:space:]]*@',
];

const SECRET_TAGS = '(SUBSCRIPTION|SERVER|USER MAPPING|FOREIGN DATA WRAPPER)$';

export interface WatchOptions {
  /** Rows older than so many days are removed. */
  readonly keepDays: number;
  /** Roles that shall read the log besides its owner. */
  readonly readers: readonly string[];
}

/**
 * The statements that install the watch, or bring an installed one up to date; its rows stay. To be run in one
 * transaction by a superuser (manual, CREATE EVENT TRIGGER), or by whom a managed server lets make event triggers.
 *
 * The function runs with its owner's rights, because those who change the schema need none on the ledger. It must
 * never fail what it watches, nor hold it up: it waits for no lock, swallows its errors, and reads nothing where that
 * could make a serializable transaction fail.
 */
export function installWatch({ keepDays, readers }: WatchOptions): readonly string[] {
  const meta = quoteLiteral(JSON.stringify({ keepDays }));
  return [
    // First, so that an older watch does not record what follows.
    ...Object.values(WATCH_TRIGGERS).map((name) => `DROP EVENT TRIGGER IF EXISTS ${name}`),
    `CREATE TABLE IF NOT EXISTS ferrata.ddl_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  xid xid8 NOT NULL,
  session_role text NOT NULL,
  set_role text,
  application text,
  client text,
  pid integer NOT NULL,
  tag text NOT NULL,
  dropped boolean NOT NULL,
  object_type text NOT NULL,
  catalog text,
  object oid,
  sub integer,
  identity text,
  query text,
  withheld boolean NOT NULL
)`,
    `COMMENT ON TABLE ferrata.ddl_log IS 'Who changed the schema; read by ferrata drift.'`,
    'REVOKE ALL ON ferrata.ddl_log FROM PUBLIC',
    ...readers.map((role) => `GRANT SELECT ON ferrata.ddl_log TO ${quoteIdent(role)}`),
    `CREATE OR REPLACE FUNCTION ferrata.watch_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '100ms' SET standard_conforming_strings = on
AS ${dollarQuote(watchBody(keepDays), 'function')}`,
    'REVOKE ALL ON FUNCTION ferrata.watch_ddl() FROM PUBLIC',
    `INSERT INTO ferrata.meta (key, value)
SELECT 'watch', pg_catalog.jsonb_set(${meta}::pg_catalog.jsonb, '{since}', pg_catalog.to_jsonb(${iso('pg_catalog.clock_timestamp()')}))::pg_catalog.text
ON CONFLICT (key) DO UPDATE SET value = (meta.value::pg_catalog.jsonb || ${meta}::pg_catalog.jsonb)::pg_catalog.text`,
    `CREATE EVENT TRIGGER ${WATCH_TRIGGERS.ddl} ON ddl_command_end EXECUTE FUNCTION ferrata.watch_ddl()`,
    `CREATE EVENT TRIGGER ${WATCH_TRIGGERS.drop} ON sql_drop EXECUTE FUNCTION ferrata.watch_ddl()`,
    // Sessions under session_replication_role = replica change the schema too.
    ...Object.values(WATCH_TRIGGERS).map((name) => `ALTER EVENT TRIGGER ${name} ENABLE ALWAYS`),
  ];
}

/** The statements that remove the watch and its log. */
export function removeWatch(): readonly string[] {
  return [
    ...Object.values(WATCH_TRIGGERS).map((name) => `DROP EVENT TRIGGER IF EXISTS ${name}`),
    'DROP FUNCTION IF EXISTS ferrata.watch_ddl()',
    'DROP TABLE IF EXISTS ferrata.ddl_log',
    `DELETE FROM ferrata.meta WHERE key = 'watch'`,
  ];
}

function watchBody(keepDays: number): string {
  const secrets = SECRETS.map((pattern) => `plain ~* ${quoteLiteral(pattern)}`).join('\n      OR ');
  return `
DECLARE
  now_ timestamptz := clock_timestamp();
  said text := left(current_query(), ${QUERY_LENGTH * 2});
  plain text;
  secret boolean;
  newest bigint;
  oldest record;
BEGIN
  -- Another's table in the place of the log would get this function's rights through its triggers.
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('ferrata.ddl_log') AND relkind = 'r'
                   AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)) THEN
    RETURN;
  END IF;
  -- With its comments and without: what looks like one may stand in a literal.
  plain := said || ';' || regexp_replace(regexp_replace(said, '/[*].*?[*]/', ' ', 'g'), '--[^' || chr(10) || ']*', ' ', 'g');
  secret := coalesce(TG_TAG ~ ${quoteLiteral(SECRET_TAGS)}
      OR ${secrets}, true);
  IF TG_EVENT = 'sql_drop' THEN
    INSERT INTO ferrata.ddl_log (at, xid, session_role, set_role, application, client, pid, tag, dropped, object_type,
                                 catalog, object, sub, identity, query, withheld)
    SELECT now_, pg_current_xact_id(), session_user, nullif(current_setting('role'), 'none'),
           nullif(current_setting('application_name'), ''), host(inet_client_addr()), pg_backend_pid(), TG_TAG, true,
           d.object_type, d.classid::regclass::text, d.objid, d.objsubid, left(d.object_identity, 1000),
           CASE WHEN NOT secret THEN left(said, ${QUERY_LENGTH}) END, secret
    FROM pg_event_trigger_dropped_objects() d
    WHERE NOT d.is_temporary AND d.schema_name IS DISTINCT FROM 'ferrata' AND d.schema_name IS DISTINCT FROM 'pg_toast'
      AND d.object_identity !~ '(^|[^[:alnum:]_"])(ferrata|pg_temp(_[0-9]+)?)[.]'
    ORDER BY d.original DESC, d.normal DESC LIMIT ${OBJECTS_PER_COMMAND};
  ELSE
    -- What is refreshed every minute would fill the log: the last time is enough.
    IF TG_TAG = 'REFRESH MATERIALIZED VIEW' AND current_setting('transaction_isolation') = 'read committed' THEN
      DELETE FROM ferrata.ddl_log WHERE id IN (
        SELECT l.id FROM ferrata.ddl_log l JOIN pg_event_trigger_ddl_commands() c ON l.object = c.objid AND l.tag = c.command_tag
        FOR UPDATE OF l SKIP LOCKED);
    END IF;
    INSERT INTO ferrata.ddl_log (at, xid, session_role, set_role, application, client, pid, tag, dropped, object_type,
                                 catalog, object, sub, identity, query, withheld)
    SELECT now_, pg_current_xact_id(), session_user, nullif(current_setting('role'), 'none'),
           nullif(current_setting('application_name'), ''), host(inet_client_addr()), pg_backend_pid(), c.command_tag, false,
           c.object_type, c.classid::regclass::text, c.objid, c.objsubid, left(c.object_identity, 1000),
           CASE WHEN NOT secret THEN left(said, ${QUERY_LENGTH}) END, secret
    FROM pg_event_trigger_ddl_commands() c
    WHERE NOT c.in_extension AND c.schema_name IS DISTINCT FROM 'ferrata' AND c.schema_name IS DISTINCT FROM 'pg_temp'
      AND coalesce(c.object_identity, '') !~ '(^|[^[:alnum:]_"])(ferrata|pg_temp(_[0-9]+)?)[.]'
    LIMIT ${OBJECTS_PER_COMMAND};
  END IF;
  IF NOT FOUND OR current_setting('transaction_isolation') <> 'read committed' THEN
    RETURN;
  END IF;
  SELECT id INTO newest FROM ferrata.ddl_log ORDER BY id DESC LIMIT 1;
  SELECT id, at INTO oldest FROM ferrata.ddl_log ORDER BY id LIMIT 1;
  IF oldest.at < now_ - interval '${keepDays} days' OR oldest.id <= newest - ${LOG_ROWS} THEN
    DELETE FROM ferrata.ddl_log WHERE id IN (
      SELECT id FROM ferrata.ddl_log
      WHERE at < now_ - interval '${keepDays} days' OR id <= newest - ${LOG_ROWS}
      ORDER BY id LIMIT 500 FOR UPDATE SKIP LOCKED);
  END IF;
EXCEPTION WHEN OTHERS THEN
  -- The watch looks on; it stands in nobody's way.
  NULL;
END
`;
}

/** The watch as it is on the server. */
export interface Watch {
  /** False where a trigger was disabled by hand. */
  readonly enabled: boolean;
  /** ISO 8601, UTC; null where the ledger does not say. */
  readonly since: string | null;
  readonly keepDays: number | null;
  /** Whether this user may read the log. */
  readonly readable: boolean;
}

/** Null where no watch is installed. The ledger must exist. */
export async function readWatch(connection: Connection): Promise<Watch | null> {
  const [row] = await connection.query<{
    triggers: number;
    enabled: boolean | null;
    readable: boolean | null;
    meta: string | null;
  }>(
    `SELECT pg_catalog.count(*)::pg_catalog.int4 AS triggers, pg_catalog.bool_and(evtenabled <> 'D') AS enabled,
            (SELECT pg_catalog.has_table_privilege(c.oid, 'SELECT') FROM pg_catalog.pg_class c
             WHERE c.oid = pg_catalog.to_regclass('ferrata.ddl_log')) AS readable,
            (SELECT value FROM ferrata.meta WHERE key = 'watch') AS meta
     FROM pg_catalog.pg_event_trigger WHERE evtname = ANY ($1::pg_catalog.name[])`,
    [Object.values(WATCH_TRIGGERS)],
  );
  if (row === undefined || row.triggers === 0 || row.readable === null) return null;
  const { since = null, keepDays = null } = parse(row.meta);
  return {
    enabled: row.enabled === true && row.triggers === Object.keys(WATCH_TRIGGERS).length,
    since,
    keepDays,
    readable: row.readable,
  };
}

function parse(meta: string | null): { since?: string | null; keepDays?: number | null } {
  if (meta === null) return {};
  const value = JSON.parse(meta) as Readonly<Record<string, unknown>>;
  return {
    since: typeof value.since === 'string' ? value.since : null,
    keepDays: typeof value.keepDays === 'number' ? value.keepDays : null,
  };
}

/** One object that one command touched. */
export interface DdlEntry {
  readonly id: number;
  /** ISO 8601, UTC, by the server's clock. */
  readonly at: string;
  readonly transaction: string;
  readonly user: string;
  /** What SET ROLE made of the user; null where it was not used. */
  readonly role: string | null;
  readonly application: string | null;
  /** Address; null for a local socket. */
  readonly client: string | null;
  readonly pid: number;
  readonly tag: string;
  readonly dropped: boolean;
  /** As the server names it, e.g. `table column`; of GRANT and REVOKE in capitals, and then no object is named. */
  readonly objectType: string;
  /** `pg_class:16384`, `pg_class:16384.3`; null for GRANT, REVOKE and ALTER DEFAULT PRIVILEGES. */
  readonly physical: string | null;
  readonly identity: string | null;
  readonly query: string | null;
  readonly withheld: boolean;
}

/** The moment of a reading: entries of transactions that it did not see yet may have changed what was read. */
export interface LogPosition {
  /** ISO 8601, UTC, by the server's clock. */
  readonly at: string;
  /** `pg_current_snapshot()`; null where it is not known. */
  readonly snapshot: string | null;
}

type EntryRow = readonly [
  id: string,
  at: string,
  xid: string,
  user: string,
  role: string | null,
  application: string | null,
  client: string | null,
  pid: number,
  tag: string,
  dropped: boolean,
  type: string,
  physical: string | null,
  identity: string | null,
  query: string | null,
  withheld: boolean,
];

/**
 * What was done since, the oldest first: all from then on, and what a transaction did before that had not ended then
 * (not more than a day earlier: on a restored copy the numbers of transactions mean nothing).
 */
export async function readDdlLog(
  connection: Connection,
  { at, snapshot }: LogPosition,
): Promise<readonly DdlEntry[]> {
  const rows = await connection.rows<EntryRow>(
    `SELECT id::pg_catalog.text, ${iso('at')}, xid::pg_catalog.text, session_role, set_role, application, client, pid,
            tag, dropped, object_type,
            CASE WHEN object IS NOT NULL
              THEN pg_catalog.concat(catalog, ':', object, CASE WHEN sub <> 0 THEN pg_catalog.concat('.', sub) END) END, identity, query, withheld
     FROM ferrata.ddl_log
     WHERE at >= $1::pg_catalog.timestamptz
        OR (at > $1::pg_catalog.timestamptz - interval '1 day'
            AND NOT pg_catalog.pg_visible_in_snapshot(xid, $2::pg_catalog.pg_snapshot))
     ORDER BY ddl_log.id`,
    [at, snapshot],
  );
  return rows.map(
    ([
      id,
      time,
      transaction,
      user,
      role,
      application,
      client,
      pid,
      tag,
      dropped,
      type,
      physical,
      ...rest
    ]) => ({
      id: Number(id),
      at: time,
      transaction,
      user,
      role,
      application,
      client,
      pid,
      tag,
      dropped,
      objectType: type,
      physical,
      identity: rest[0],
      query: rest[1],
      withheld: rest[2],
    }),
  );
}
