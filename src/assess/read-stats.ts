/** Reads a server's own statistics (manual, 27.2 and 53): what `Stats` and `TargetFacts` hold. Catalog views alone. */
import type { Connection } from '../postgres/connection.ts';
import { type PerSecond, type RelationStats, STATS_VERSION, type Stats, targetFacts } from './stats.ts';
import type { ColumnSpread, TargetFacts } from './target-facts.ts';

export interface SampleOptions {
  /** Between the two samples; 0: rates are the average since the counters were last reset. */
  readonly seconds: number;
  /** Shares of distinct values and NULLs per column. */
  readonly columns: boolean;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Reads the statistics of the database's own relations, those of Ferrata left out. Takes AccessShareLock on each for the
 * moment in which its size is asked, and waits for none longer than two seconds. Throws what querying throws
 * (`lock-timeout`, `server-privilege` …).
 */
export async function readStats(
  connection: Connection,
  environment: string,
  { seconds, columns, sleep }: SampleOptions,
): Promise<Stats> {
  const first = await snapshot(connection, (work) => work.query<CounterRow>(COUNTERS));
  if (seconds > 0) await sleep(seconds * 1000);
  const second = seconds > 0 ? await snapshot(connection, (work) => work.query<CounterRow>(COUNTERS)) : null;
  const before = new Map(first.map((row) => [row.name, row]));
  const rates = new Map(
    (second ?? first).map((row) => [row.name, perSecond(second === null ? null : before.get(row.name), row)]),
  );
  return snapshot(connection, async (work) => {
    const relations = await work.query<RelationRow>(RELATIONS);
    const publications = await publishedBy(work);
    const spreads = columns ? await columnSpreads(work) : null;
    const [server] = await work.query<ServerRow>(SERVER);
    const settings = await work.query<{ name: string; ms: string }>(SETTINGS);
    const extensions = await work.query<{ name: string; version: string }>(EXTENSIONS);
    return {
      ferrata: STATS_VERSION,
      environment,
      takenAt: server?.taken_at ?? '',
      sampledSeconds: seconds,
      serverVersionNum: connection.server.versionNum,
      replicas: Number(server?.replicas ?? 0),
      settings: Object.fromEntries(settings.map(({ name, ms }) => [name, shownTime(Number(ms))])),
      extensions: Object.fromEntries(extensions.map(({ name, version }) => [name, version])),
      relations: Object.fromEntries(
        relations.map((row): [string, RelationStats] => {
          const rows = row.rows === null ? null : Math.round(row.rows);
          const spread = spreads === null ? undefined : spreadsOf(spreads.get(row.name) ?? [], rows);
          return [
            row.name,
            {
              kind: KINDS[row.kind] ?? 'table',
              rows,
              bytes: Number(row.bytes),
              toastBytes: Number(row.toast_bytes),
              indexes: row.indexes,
              indexBytes: Number(row.index_bytes),
              perSecond: rates.get(row.name) ?? NO_LOAD,
              publications: publications.get(row.name) ?? [],
              ...(spread === undefined ? {} : { columns: spread }),
            },
          ];
        }),
      ),
    };
  });
}

/**
 * What is known of the server at this moment, from one look. Rates are averages since the counters were reset; where
 * that is not known there are none.
 */
export async function readTarget(connection: Connection): Promise<TargetFacts> {
  const stats = await readStats(connection, '', {
    seconds: 0,
    columns: true,
    sleep: () => Promise.resolve(),
  });
  const facts = targetFacts(stats);
  const [open] = await connection.query<{ seconds: number | null }>(OLDEST_TRANSACTION);
  const sequences = await connection.query<{ name: string; next: string }>(SEQUENCES);
  return {
    ...facts,
    oldestTransactionSeconds: open?.seconds ?? null,
    nextValues: Object.fromEntries(sequences.map(({ name, next }) => [name, Number(next)])),
  };
}

interface CounterRow {
  readonly name: string;
  readonly at: number;
  /** Since the counters were reset; null where nobody knows when. */
  readonly age: number | null;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly read: number;
}

interface RelationRow {
  readonly name: string;
  readonly kind: string;
  readonly rows: number | null;
  readonly bytes: string;
  readonly toast_bytes: string;
  readonly indexes: number;
  readonly index_bytes: string;
}

interface ServerRow {
  readonly taken_at: string;
  readonly replicas: number;
}

interface SpreadRow {
  readonly name: string;
  readonly column: string;
  readonly n_distinct: number;
  readonly null_frac: number;
}

const NO_LOAD: PerSecond = { inserted: 0, updated: 0, deleted: 0, read: 0 };

const KINDS: Readonly<Record<string, RelationStats['kind']>> = {
  r: 'table',
  p: 'partitioned table',
  m: 'materialized view',
  f: 'foreign table',
};

/** Each look is a transaction of its own: within one the counters stand still (manual, 27.2.2). */
function snapshot<T>(connection: Connection, read: (connection: Connection) => Promise<T>): Promise<T> {
  return connection.transaction(
    async () => {
      await connection.query("SET LOCAL lock_timeout = '2s'");
      return read(connection);
    },
    { readOnly: true },
  );
}

function perSecond(before: CounterRow | null | undefined, after: CounterRow): PerSecond {
  const age = before === null ? after.age : before === undefined ? null : after.at - before.at;
  const rate = (counter: 'inserted' | 'updated' | 'deleted' | 'read'): number =>
    age === null || age <= 0 ? 0 : round(Math.max(0, after[counter] - (before?.[counter] ?? 0)) / age);
  return {
    inserted: rate('inserted'),
    updated: rate('updated'),
    deleted: rate('deleted'),
    read: rate('read'),
  };
}

async function publishedBy(connection: Connection): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await connection.query<{ name: string; publications: readonly string[] }>(PUBLICATIONS);
  return new Map(rows.map((row) => [row.name, row.publications]));
}

async function columnSpreads(connection: Connection): Promise<ReadonlyMap<string, readonly SpreadRow[]>> {
  const found = new Map<string, SpreadRow[]>();
  for (const row of await connection.query<SpreadRow>(SPREADS)) {
    const list = found.get(row.name);
    if (list === undefined) found.set(row.name, [row]);
    else list.push(row);
  }
  return found;
}

function spreadsOf(rows: readonly SpreadRow[], count: number | null): Readonly<Record<string, ColumnSpread>> {
  return Object.fromEntries(
    rows.map(({ column, n_distinct, null_frac }): [string, ColumnSpread] => {
      const filled = 1 - null_frac;
      // Negative: a share of all rows, NULLs included (manual, 53.28); positive: a number of values.
      const values = n_distinct < 0 ? -n_distinct : count === null || count === 0 ? null : n_distinct / count;
      const distinct = values === null || filled <= 0 ? null : round(Math.min(1, values / filled));
      return [column, { distinctPerRow: distinct, nulls: round(null_frac) }];
    }),
  );
}

/** Milliseconds as SHOW prints them: in the largest unit that holds them whole. */
function shownTime(ms: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ];
  if (ms === 0) return '0';
  const [unit, length] = units.find(([, length]) => ms % length === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}

/** Three digits say what is to be said, and keep the file's differences small. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

/** Relations by name, each with those that hold its rows: itself, or the leaves of its partitions. */
const ROOTS = `
roots AS (
  SELECT c.oid, c.relkind, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'f')
    AND c.relpersistence <> 't'
    AND n.nspname <> ALL ('{pg_catalog,information_schema,pg_toast,ferrata,ferrata_attic}')
    AND n.nspname !~ '^pg_(toast_)?temp_'
), leaves AS (
  SELECT r.oid AS root, coalesce(t.relid::oid, r.oid) AS leaf
  FROM roots r
  LEFT JOIN LATERAL (SELECT relid FROM pg_partition_tree(r.oid) WHERE isleaf) t ON r.relkind = 'p'
)`;

const COUNTERS = `
WITH ${ROOTS}, age AS (
  SELECT extract(epoch FROM clock_timestamp() - stats_reset)::float8 AS seconds
  FROM pg_stat_database WHERE datname = current_database()
)
SELECT r.name,
       extract(epoch FROM clock_timestamp())::float8 AS at,
       (SELECT seconds FROM age) AS age,
       coalesce(sum(s.n_tup_ins), 0)::float8 AS inserted,
       coalesce(sum(s.n_tup_upd), 0)::float8 AS updated,
       coalesce(sum(s.n_tup_del), 0)::float8 AS deleted,
       coalesce(sum(coalesce(s.seq_tup_read, 0) + coalesce(s.idx_tup_fetch, 0)), 0)::float8 AS read
FROM roots r
JOIN leaves l ON l.root = r.oid
LEFT JOIN pg_stat_all_tables s ON s.relid = l.leaf
GROUP BY r.name`;

/** Rows as the planner sees them: those of the last ANALYZE, scaled to today's pages (manual, 76.1). */
const RELATIONS = `
WITH ${ROOTS}, sized AS (
  SELECT l.root, c.oid AS leaf, c.reltoastrelid,
         coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int AS pages_now,
         c.relpages, c.reltuples
  FROM leaves l JOIN pg_class c ON c.oid = l.leaf
), known AS (
  SELECT *,
         CASE WHEN pages_now = 0 AND relpages = 0 AND reltuples <= 0 THEN 0
              WHEN reltuples < 0 OR (relpages = 0 AND reltuples = 0) THEN NULL
              WHEN relpages = 0 OR pages_now = 0 THEN reltuples
              ELSE reltuples / relpages * pages_now END::float8 AS rows_now
  FROM sized
)
SELECT r.name, r.relkind::text AS kind,
       CASE WHEN bool_or(k.rows_now IS NULL) THEN NULL ELSE sum(k.rows_now) END AS rows,
       sum(coalesce(pg_table_size(k.leaf), 0))::text AS bytes,
       sum(CASE WHEN k.reltoastrelid = 0 THEN 0 ELSE coalesce(pg_table_size(k.reltoastrelid), 0) END)::text AS toast_bytes,
       (SELECT count(*)::int FROM pg_index i WHERE i.indrelid = r.oid) AS indexes,
       sum(coalesce(pg_indexes_size(k.leaf), 0))::text AS index_bytes
FROM roots r JOIN known k ON k.root = r.oid
GROUP BY r.oid, r.name, r.relkind
ORDER BY r.name COLLATE "C"`;

/** Whichever way a publication names a table: itself, its schema, all; by its partitions, or by what it is a partition of. */
const PUBLICATIONS = `
WITH ${ROOTS}, family AS (
  SELECT oid AS root, oid AS member FROM roots
  UNION SELECT r.oid, t.relid::oid FROM roots r, LATERAL pg_partition_tree(r.oid) t
  UNION SELECT r.oid, a.relid::oid FROM roots r, LATERAL pg_partition_ancestors(r.oid) a (relid)
), published AS (
  SELECT p.pubname::text AS pubname, c.oid
  FROM pg_publication_tables p
  JOIN pg_namespace n ON n.nspname = p.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
)
SELECT r.name, array_agg(DISTINCT p.pubname ORDER BY p.pubname) AS publications
FROM roots r JOIN family f ON f.root = r.oid JOIN published p ON p.oid = f.member
GROUP BY r.name`;

/** Who holds WAL back or follows it: connected receivers, and slots that wait for theirs. */
const SERVER = `
SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken_at,
       ((SELECT count(*) FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup')
        + (SELECT count(*) FROM pg_replication_slots WHERE NOT active AND NOT temporary))::int AS replicas`;

/** What the server, the database and the role set, whatever this session did since. */
const SETTINGS = `
SELECT name, reset_val AS ms FROM pg_settings
WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')
ORDER BY name COLLATE "C"`;

const EXTENSIONS = `
SELECT name::text AS name, default_version AS version FROM pg_available_extensions
WHERE default_version IS NOT NULL ORDER BY name COLLATE "C"`;

/** Of a table with heirs the statistics of all of them together, where there are such. */
const SPREADS = `
SELECT DISTINCT ON (schemaname COLLATE "C", tablename COLLATE "C", attname COLLATE "C")
       quote_ident(schemaname) || '.' || quote_ident(tablename) AS name, attname::text AS column,
       n_distinct::float8, null_frac::float8
FROM pg_stats
WHERE schemaname <> ALL ('{pg_catalog,information_schema,ferrata,ferrata_attic}')
ORDER BY schemaname COLLATE "C", tablename COLLATE "C", attname COLLATE "C", inherited DESC`;

/** last_value is null before the first call, and where it may not be read. */
const SEQUENCES = `
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename) AS name,
       (CASE WHEN last_value IS NULL THEN start_value ELSE last_value + increment_by END)::text AS next
FROM pg_sequences
WHERE has_sequence_privilege(quote_ident(schemaname) || '.' || quote_ident(sequencename), 'SELECT, USAGE')`;

const OLDEST_TRANSACTION = `
SELECT coalesce(max(seconds), 0)::float8 AS seconds FROM (
  SELECT extract(epoch FROM clock_timestamp() - xact_start) AS seconds
  FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'
  UNION ALL SELECT extract(epoch FROM clock_timestamp() - prepared) FROM pg_prepared_xacts
) AS open`;
