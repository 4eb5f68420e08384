/** Phase 6 as a whole: the report of a run, written after it and shown at any time. */
import { relative } from 'node:path';
import { readSizes } from '../assess/sizes.ts';
import type { Settings } from '../config/settings.ts';
import { buildReport, type Report, reportToHtml, reportToMarkdown, writeReport } from '../document/index.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { type Ledger, openLedger } from '../ledger/ledger.ts';
import type { RunRecord } from '../ledger/model.ts';
import { compileMember } from '../prepare/rehearse/member.ts';
import { readMigrations } from '../source/native.ts';
import { type Session, withSession } from './session.ts';

/** Writes the report in its three forms; answers the Markdown's path, relative to the working directory. */
export async function writeRunReport(session: Session, ledger: Ledger, run: string): Promise<string | null> {
  const record = await ledger.run(run);
  if (record === null) return null;
  const written = await writeReport(session.settings.directory, await reportOf(session, ledger, record));
  return relative(process.cwd(), written.markdown);
}

/**
 * The report of a run, by its id or by the migration's; the newest run where null. Throws `migration-unknown`.
 */
export async function showReport(settings: Settings, id: string | null, reporter: Reporter): Promise<Report> {
  return withSession(settings, reporter, async (session) => {
    const ledger = await openLedger(session.connection, { create: false });
    const record = await findRun(ledger, id);
    if (record === null) {
      throw new FerrataError(
        'migration-unknown',
        id === null ? 'Nothing has run yet.' : `There is no run of \`${id}\`.`,
        {
          hint: '`ferrata status` shows what is applied, with the runs.',
        },
      );
    }
    const report = await reportOf(session, ledger, record);
    await writeReport(settings.directory, report);
    return report;
  });
}

async function findRun(ledger: Ledger, id: string | null): Promise<RunRecord | null> {
  if (id === null) return (await ledger.runs({ limit: 1 }))[0] ?? null;
  return (await ledger.run(id)) ?? (await ledger.runs({ migration: id, limit: 1 }))[0] ?? null;
}

async function reportOf(session: Session, ledger: Ledger, run: RunRecord): Promise<Report> {
  const { server } = session.connection;
  const applied = await ledger.applied();
  const index = applied.findIndex((record) => record.id === run.migration);
  const backups = run.backup === null ? [] : await ledger.backups();
  return buildReport({
    run,
    assessment: await assessmentOf(session, run),
    backup: backups.find((backup) => backup.name === run.backup)?.manifest ?? null,
    server: server.label,
    serverVersion: server.version,
    newest: index === applied.length - 1,
    previous: applied[index - 1]?.id ?? null,
    forced: await forcedOf(ledger, run),
    now: await serverTime(session),
  });
}

/** What the audit chain says of a `--force` right before this run. */
async function forcedOf(ledger: Ledger, run: RunRecord): Promise<Report['forced']> {
  const entry = (await ledger.auditTrail()).findLast(
    ({ action, at, detail }) =>
      action === 'force' &&
      at <= run.startedAt &&
      (detail as { readonly migration?: unknown }).migration === run.migration,
  );
  if (entry === undefined) return null;
  const between = (await ledger.runs({ migration: run.migration })).some(
    ({ startedAt }) => entry.at <= startedAt && startedAt < run.startedAt,
  );
  if (between) return null;
  const { gates, reason } = entry.detail as { readonly gates?: unknown; readonly reason?: unknown };
  return {
    gates: Array.isArray(gates) ? gates.map(String) : [],
    reason: String(reason ?? ''),
    by: entry.actor,
  };
}

/** The window is counted by the server's clock, not by this machine's. */
async function serverTime({ connection }: Session): Promise<Date> {
  const [row] = await connection.query<{ ms: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS ms',
  );
  return new Date(Number(row?.ms ?? Date.now()));
}

/** From the text and today's sizes: the schema that it was assessed on is gone by now. Null without the file. */
async function assessmentOf(session: Session, run: RunRecord) {
  const migration = (await readMigrations(session.settings)).find((m) => m.id === run.migration);
  if (migration === undefined) return null;
  const { policy } = session.settings.environment;
  const sizes = (relations: readonly string[]) => readSizes(session.connection, relations);
  const member = await compileMember(migration, { catalog: null, major: null }, sizes, policy).catch(
    () => null,
  );
  return member?.assessment ?? null;
}

export { reportToHtml, reportToMarkdown };
