/**
 * Where the ledger and reality disagree: every finding is explained and comes with the SQL of its fix, which is run
 * only after somebody has seen it.
 */
import { CAPTURE_PREFIX } from '../catalog/model.ts';
import type { Policy } from '../config/settings.ts';
import { leaseHolder } from '../ledger/lease.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RunRecord } from '../ledger/model.ts';
import { deleteMigration, insertMigration, putStep, text } from '../ledger/rows.ts';
import { readIntent, standingSteps } from '../ledger/runs.ts';
import type { Connection } from '../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../sql/quote.ts';
import type { ReadFingerprint } from './context.ts';
import { CLEAN_SESSION, statementLimits } from './session.ts';

export type FindingKind =
  | 'stale-lease'
  | 'open-run'
  | 'step-in-doubt'
  | 'missing-record'
  | 'unfounded-record'
  | 'invalid-index'
  | 'edited-migration'
  | 'capture-trigger'
  | 'audit-broken';

export interface Fix {
  /** What it does, for people. */
  readonly description: string;
  /** One message each; run in order. */
  readonly sql: readonly string[];
}

export interface Finding {
  readonly kind: FindingKind;
  /** What it is about: an index, a migration, a run. */
  readonly subject: string;
  readonly explanation: string;
  /** Null where a command, not a repair, is the way on; the explanation names it. */
  readonly fix: Fix | null;
}

export interface RepairInput {
  readonly connection: Connection;
  readonly ledger: Ledger;
  /** Of the migrations in the folder. */
  readonly migrations: readonly { readonly id: string; readonly checksum: string }[];
  readonly readFingerprint: ReadFingerprint | null;
}

/** Looks, and changes nothing. */
export async function findMismatches(input: RepairInput): Promise<readonly Finding[]> {
  const { ledger, connection } = input;
  if (!ledger.exists) return await invalidIndexes(connection);
  return [
    ...(await staleLease(connection)),
    ...(await openRun(input)),
    ...(await records(ledger)),
    ...(await invalidIndexes(connection)),
    ...(await captureTriggers(connection, (await ledger.unfinished()) !== null)),
    ...(await editedMigrations(input)),
    ...(await brokenAudit(ledger)),
  ];
}

/**
 * Runs one fix, and writes it into the audit chain. Hold the lease, except for a stale one. Throws what the server
 * says.
 */
export async function applyFix(
  finding: Finding,
  { connection, ledger, policy, actor }: RepairInput & { readonly policy: Policy; readonly actor: string },
): Promise<void> {
  if (finding.fix === null) return;
  try {
    for (const sql of finding.fix.sql) {
      await connection.script(statementLimits(policy, sql));
      await connection.script(sql);
    }
  } finally {
    await connection.script(CLEAN_SESSION).catch(() => {});
  }
  if (ledger.exists) {
    const { kind, subject } = finding;
    await ledger.audit(actor, 'repair', { kind, subject, sql: finding.fix.sql });
  }
}

async function staleLease(connection: Connection): Promise<readonly Finding[]> {
  const holder = await leaseHolder(connection);
  if (holder === null || !holder.expired) return [];
  return [
    {
      kind: 'stale-lease',
      subject: holder.owner,
      explanation: `${holder.owner} (ferrata ${holder.purpose}) gave its last sign of life ${holder.heartbeatAt}. The next command takes the lease over by itself.`,
      fix: {
        description: 'Free the lease now',
        sql: [
          `UPDATE ferrata.lease SET token = token + 1, owner = NULL, purpose = NULL, expires_at = NULL WHERE name = 'run' AND token = ${BigInt(holder.token)}`,
        ],
      },
    },
  ];
}

async function openRun(input: RepairInput): Promise<readonly Finding[]> {
  const run = await input.ledger.unfinished();
  if (run === null) return [];
  const holder = await leaseHolder(input.connection);
  if (holder !== null && !holder.expired) {
    return [
      {
        kind: 'open-run',
        subject: run.migration,
        explanation: `Run ${run.id} is ${run.state}, and ${holder.owner} is at work on this database. Nothing is wrong with that.`,
        fix: null,
      },
    ];
  }
  const standing = standingSteps(run);
  const total = run.plan.steps.length;
  const way =
    run.state === 'rolling_back'
      ? '`ferrata down` finishes the way back.'
      : '`ferrata up` goes on with it, `ferrata down` takes it back.';
  return [
    {
      kind: 'open-run',
      subject: run.migration,
      explanation: `Run ${run.id} is ${run.state} and nobody works on it; ${standing.length} of ${total} steps stand${run.error === null ? '' : ` (${run.error})`}. ${way}`,
      fix: null,
    },
    ...(await stepsInDoubt(run, input)),
  ];
}

/** Steps outside a transaction that were begun: an index tells by itself, of others only the schema can tell. */
async function stepsInDoubt(run: RunRecord, input: RepairInput): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [ordinal, step] of run.plan.steps.entries()) {
    const row = run.steps.find((s) => s.step === step.id && s.direction === 'up');
    if (step.transactional || row === undefined || row.state === 'done') continue;
    const intended = await readIntent(input.connection, run.id, 'up', ordinal);
    if (intended === null || intended.intent === null) continue;
    if (step.done.type !== 'fingerprint' || input.readFingerprint === null) {
      findings.push({
        kind: 'step-in-doubt',
        subject: `${run.migration} ${step.id}`,
        explanation: `${step.title}: it was begun and not recorded as done. \`ferrata up\` and \`ferrata down\` look at the index themselves.`,
        fix: null,
      });
      continue;
    }
    const now = await input.readFingerprint(input.connection);
    const { before } = intended.intent;
    const verdict =
      now === before
        ? 'the schema is what it was before it: it did not happen, and `ferrata up` runs it again.'
        : now === step.fingerprintAfter
          ? 'the schema is what the rehearsal saw after it: it happened, and `ferrata up` goes on behind it.'
          : 'the schema is neither what it was before it nor what the rehearsal saw after it. Look at what it did; if the schema is as it should be, record it as done.';
    findings.push({
      kind: 'step-in-doubt',
      subject: `${run.migration} ${step.id}`,
      explanation: `${step.title}: it was interrupted; ${verdict}`,
      fix:
        now === before || now === step.fingerprintAfter
          ? null
          : {
              description: `Record step ${step.id} as done, as the schema stands`,
              sql: [
                putStep({
                  run: run.id,
                  direction: 'up',
                  ordinal,
                  step: step.id,
                  state: 'done',
                  ms: 0,
                  progress: step.forward.length,
                }),
              ],
            },
    });
  }
  return findings;
}

/** The list of migrations in force against the runs. */
async function records(ledger: Ledger): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const applied = new Map((await ledger.applied()).map((migration) => [migration.id, migration]));
  const seen = new Set<string>();
  for (const run of await ledger.runs()) {
    // The newest run of a migration is the one that says whether it is in force.
    if (seen.has(run.migration)) continue;
    const record = applied.get(run.migration);
    if (run.state === 'failed' && standingSteps(run).length === 0) continue;
    seen.add(run.migration);
    if ((run.state === 'completed' || run.state === 'validating') && record === undefined) {
      findings.push({
        kind: 'missing-record',
        subject: run.migration,
        explanation: `Run ${run.id} is ${run.state}, but ${run.migration} is not recorded as in force: \`ferrata up\` would run it again.`,
        fix: {
          description: `Record ${run.migration} as in force`,
          sql: [insertMigration(run.migration, run.plan.checksum, run.id)],
        },
      });
    }
    if (run.state === 'rolled_back' && record !== undefined && !record.baseline && record.run === run.id) {
      findings.push({
        kind: 'unfounded-record',
        subject: run.migration,
        explanation: `Run ${run.id} was taken back, but ${run.migration} is recorded as in force.`,
        fix: { description: `Take ${run.migration} out of the list`, sql: [deleteMigration(run.migration)] },
      });
    }
  }
  return findings;
}

async function invalidIndexes(connection: Connection): Promise<readonly Finding[]> {
  const rows = await connection.query<{
    schema: string;
    name: string;
    table_schema: string;
    table: string;
    kind: string;
    building: boolean;
    constrained: boolean;
  }>(
    `SELECT n.nspname AS schema, c.relname AS name, tn.nspname AS table_schema, t.relname AS table,
            c.relkind::pg_catalog.text AS kind,
            EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
                    WHERE l.relation = t.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
                      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                      AND a.query ~* 'concurrently') AS building,
            EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')) AS constrained
     FROM pg_catalog.pg_index i
     JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
     WHERE NOT i.indisvalid AND n.nspname NOT IN ('ferrata', 'ferrata_attic', 'pg_toast') ORDER BY 1, 2`,
  );
  return rows.map((row): Finding => {
    const name = quoteQualified(row.schema, row.name);
    const table = quoteQualified(row.table_schema, row.table);
    const fixable = row.kind === 'i' && !row.building && !row.constrained;
    return {
      kind: 'invalid-index',
      subject: name,
      explanation: row.building
        ? `Index ${name} on ${table} is being built or dropped CONCURRENTLY right now.`
        : row.kind === 'I'
          ? `Index ${name} on the partitioned table ${table} is invalid until every partition has its index attached (ALTER INDEX … ATTACH PARTITION).`
          : `Index ${name} on ${table} is invalid: a CONCURRENTLY build or drop of it broke off. It is kept up to date by every write, and serves no query. ${
              row.constrained
                ? `REINDEX INDEX CONCURRENTLY ${name} mends it.`
                : 'Build it again afterwards if you want it.'
            }`,
      fix: fixable
        ? { description: `Drop ${name}`, sql: [`DROP INDEX CONCURRENTLY IF EXISTS ${name}`] }
        : null,
    };
  });
}

/** Those of a backfill that is half way are at work: they are switched on, and its run is open. */
async function captureTriggers(connection: Connection, open: boolean): Promise<readonly Finding[]> {
  const rows = await connection.query<{ schema: string; table: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, t.tgname AS name FROM pg_catalog.pg_trigger t
     JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
     WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND pn.nspname = 'ferrata_attic'
       AND pg_catalog.starts_with(p.proname, $1) AND (t.tgenabled = 'D' OR NOT $2) ORDER BY 1, 2, 3`,
    [CAPTURE_PREFIX, open],
  );
  const byTable = new Map<string, string[]>();
  for (const { schema, table, name } of rows) {
    const key = quoteQualified(schema, table);
    byTable.set(key, [...(byTable.get(key) ?? []), name]);
  }
  return [...byTable].map(([table, names]) => ({
    kind: 'capture-trigger',
    subject: table,
    explanation: `${names.length} triggers that recorded a step's writes are left on ${table}, switched off because it was in use when the step ended.`,
    fix: {
      description: `Drop them from ${table}`,
      sql: [names.map((name) => `DROP TRIGGER IF EXISTS ${quoteIdent(name)} ON ${table}`).join('; ')],
    },
  }));
}

async function editedMigrations({ ledger, migrations }: RepairInput): Promise<readonly Finding[]> {
  const files = new Map(migrations.map((migration) => [migration.id, migration]));
  return (await ledger.applied()).flatMap((applied): Finding[] => {
    const file = files.get(applied.id);
    if (file === undefined || applied.checksum === '' || file.checksum === applied.checksum) return [];
    return [
      {
        kind: 'edited-migration',
        subject: applied.id,
        explanation: `${applied.id} was edited after it was applied: what is in force is not what the files say. If the edit changes nothing that runs (a comment, white space), accept it; otherwise put the old text back and write a new migration.`,
        fix: {
          description: 'Accept the files as they are, after you have reviewed the edit',
          sql: [
            `UPDATE ferrata.migration SET checksum = ${text(file.checksum)} WHERE id = ${text(applied.id)} AND checksum = ${text(applied.checksum)}`,
          ],
        },
      },
    ];
  });
}

async function brokenAudit(ledger: Ledger): Promise<readonly Finding[]> {
  const { ok, problems } = await ledger.verifyAudit();
  if (ok) return [];
  return [
    {
      kind: 'audit-broken',
      subject: 'ferrata.audit',
      explanation: `The audit chain does not hold: ${problems.join('; ')}. Somebody changed it by hand; a backup shows what it said. There is nothing to mend.`,
      fix: null,
    },
  ];
}
