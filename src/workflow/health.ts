/** Whether a database is fit to be changed now: one verdict from a few looks. Changes nothing. */
import { SIGNALS, type SignalName } from '../config/monitor.ts';
import type { Settings } from '../config/settings.ts';
import { isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { healthReader } from '../execute/monitor/health/index.ts';
import { Judge } from '../execute/monitor/judge.ts';
import { readSignals } from '../execute/monitor/look.ts';
import type { Watched } from '../execute/monitor/signal.ts';
import { allSignals } from '../execute/monitor/signals/index.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { Sample } from '../ledger/samples.ts';
import { createConnector } from '../postgres/connect.ts';
import type { Connection } from '../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../sql/quote.ts';
import { withSession } from './session.ts';

export interface HealthCheck {
  readonly check: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do; null where nothing is to be done. */
  readonly hint: string | null;
}

export interface HealthReport {
  readonly database: string;
  readonly environment: string;
  /** The worst of the checks. */
  readonly verdict: HealthCheck['state'];
  readonly checks: readonly HealthCheck[];
}

/** Nothing runs: nobody waits for it, and no time passes. */
const NOTHING: Watched = { pids: () => [], blocks: () => false, elapsedMs: () => 0, estimateMs: null };

const STATES: readonly HealthCheck['state'][] = ['ok', 'warning', 'failed'];

/** Looks once. A server that can't be reached is a failed check, not an error. */
export async function checkHealth(settings: Settings, reporter: Reporter): Promise<HealthReport> {
  const environment = settings.environment.name;
  try {
    return await withSession(settings, reporter, async ({ connection }) => {
      const checks = [
        connectivity(connection),
        await privileges(connection),
        await invalidIndexes(connection),
        await backups(connection, settings),
        await unfinished(connection),
        ...(await signals(connection, settings)),
      ];
      return { database: connection.server.label, environment, verdict: worst(checks), checks };
    });
  } catch (error) {
    if (!isFerrataError(error) || !error.code.startsWith('server-')) throw error;
    const failed: HealthCheck = {
      check: 'connectivity',
      state: 'failed',
      message: error.message,
      hint: error.details.hint ?? null,
    };
    return { database: settings.environment.name, environment, verdict: 'failed', checks: [failed] };
  }
}

/** What the monitors would read now: for `ferrata monitor`. The caller keeps the judges from look to look. */
export async function readHealthSignals(
  connection: Connection,
  settings: Settings,
  judges: ReadonlyMap<SignalName, Judge> = makeJudges(settings),
): Promise<readonly Sample[]> {
  const policy = settings.environment.policy.monitor;
  const reader = policy.health === null ? null : healthReader(policy.health, () => connection);
  let asked: ReturnType<NonNullable<typeof reader>['read']> | null = null;
  const health = async () => {
    if (reader === null) return null;
    asked ??= reader.read();
    return await asked;
  };
  const all = allSignals(null);
  try {
    return await readSignals(all, judges, {
      connection,
      policy,
      watched: NOTHING,
      health,
      replica: (url) => createConnector(url),
    });
  } finally {
    for (const signal of all) await signal.close?.();
  }
}

export function makeJudges(settings: Settings): ReadonlyMap<SignalName, Judge> {
  const { signals: limits } = settings.environment.policy.monitor;
  return new Map(SIGNALS.map((name) => [name, new Judge(limits[name])]));
}

function connectivity({ server }: Connection): HealthCheck {
  return server.inRecovery
    ? {
        check: 'connectivity',
        state: 'failed',
        message: `PostgreSQL ${server.version} is a standby: nothing can be written there`,
        hint: 'Give the primary’s URL.',
      }
    : ok('connectivity', `PostgreSQL ${server.version}${server.pooled ? ', behind a pooler' : ''}`);
}

/** What a run needs: a ledger of its own, and to see what others do. */
async function privileges(connection: Connection): Promise<HealthCheck> {
  const [row] = await connection.query<{ create: boolean; ledger: boolean; monitor: boolean }>(
    `SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS create,
            coalesce((SELECT pg_catalog.has_schema_privilege(oid, 'USAGE, CREATE') FROM pg_catalog.pg_namespace
                      WHERE nspname = 'ferrata'), false) AS ledger,
            pg_catalog.pg_has_role('pg_monitor', 'USAGE') AS monitor`,
  );
  const user = quoteIdent(connection.server.user);
  if (row?.create !== true && row?.ledger !== true) {
    return {
      check: 'privileges',
      state: 'failed',
      message: `${user} may not create the ledger`,
      hint: `GRANT CREATE ON DATABASE ${quoteIdent(connection.server.database)} TO ${user};`,
    };
  }
  if (!row.monitor) {
    return {
      check: 'privileges',
      state: 'warning',
      message: `${user} does not see what other users’ sessions and replicas do`,
      hint: `GRANT pg_monitor TO ${user};`,
    };
  }
  return ok('privileges', `${user} may keep a ledger, and see replicas and sessions`);
}

/** Left behind by a CONCURRENTLY that failed: it costs every write and serves no query. */
async function invalidIndexes(connection: Connection): Promise<HealthCheck> {
  const rows = await connection.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
     FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname NOT IN ('pg_toast', 'ferrata', 'ferrata_attic')
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
     ORDER BY 1, 2`,
  );
  if (rows.length === 0) return ok('indexes', 'all are valid');
  const names = rows.map(({ schema, name }) => quoteQualified(schema, name));
  return {
    check: 'indexes',
    state: 'warning',
    message: `not valid: ${names.join(', ')}`,
    hint: `REINDEX INDEX CONCURRENTLY ${names[0] ?? ''}; or DROP INDEX CONCURRENTLY ${names[0] ?? ''};`,
  };
}

async function backups(connection: Connection, settings: Settings): Promise<HealthCheck> {
  const demanded = settings.environment.policy.backup === 'required';
  const ledger = await openLedger(connection, { create: false });
  const verified = (await ledger.backups()).find(({ verifiedAt }) => verifiedAt !== null);
  if (verified !== undefined)
    return ok('backups', `the last that was verified is of ${verified.manifest.createdAt}`);
  return {
    check: 'backups',
    state: demanded ? 'warning' : 'ok',
    message: demanded
      ? 'none was verified, and the policy asks for one'
      : 'none was made; the policy asks for none',
    hint: demanded ? 'ferrata backup create' : null,
  };
}

async function unfinished(connection: Connection): Promise<HealthCheck> {
  const run = await (await openLedger(connection, { create: false })).unfinished();
  if (run === null) return ok('runs', 'none is unfinished');
  return {
    check: 'runs',
    state: 'warning',
    message: `run ${run.id} of ${run.migration} is ${run.state}`,
    hint: '`ferrata up` goes on with it, `ferrata down` takes it back.',
  };
}

async function signals(connection: Connection, settings: Settings): Promise<readonly HealthCheck[]> {
  const samples = await readHealthSignals(connection, settings);
  return samples
    .filter(({ signal }) => signal !== 'waiting-sessions')
    .map(({ signal, state, detail }) => ({
      check: signal,
      state: state === 'ok' ? 'ok' : state === 'abort' ? 'failed' : 'warning',
      message: detail ?? '',
      hint: state === 'unreadable' ? 'A run would pause until it can be read (monitor.unreadable).' : null,
    }));
}

function ok(check: string, message: string): HealthCheck {
  return { check, state: 'ok', message, hint: null };
}

function worst(checks: readonly HealthCheck[]): HealthCheck['state'] {
  return checks.reduce<HealthCheck['state']>(
    (high, { state }) => (STATES.indexOf(state) > STATES.indexOf(high) ? state : high),
    'ok',
  );
}
