/** Ferrata's memory in the target database: what is in force, what ran, what was proved (DESIGN §2, ledger). */
import { randomBytes } from 'node:crypto';
import { FerrataError } from '../errors.ts';
import type { FerrataEvent } from '../events.ts';
import type { Connection } from '../postgres/connection.ts';
import type { BackupManifest, ProvedPlan } from '../prepare/model.ts';
import { type AuditCheck, type AuditEntry, appendAudit, checkAudit, readAudit } from './audit.ts';
import type { AppliedMigration, RunRecord, RunState, Stage } from './model.ts';
import {
  type BackupRecord,
  insertProof,
  type ProofBinding,
  putBackup,
  readBackups,
  selectProof,
} from './proofs.ts';
import { checkStart, insertMigration, insertRun, type NewRun, type RunPatch, updateRun } from './rows.ts';
import { iso, type RunFilter, readApplied, readRuns, standingSteps } from './runs.ts';
import { LEDGER_VERSION, ledgerVersion, tooNew, upgradeLedger } from './schema.ts';
import { forbidden } from './states.ts';

export interface RecordedEvent {
  readonly id: number;
  readonly run: string | null;
  readonly at: string;
  readonly type: string;
  readonly detail: unknown;
}

/**
 * Opens the ledger of the database that `connection` leads to. With `create: false` nothing is created: on a fresh
 * database the ledger is empty and `exists` is false. An older ledger is upgraded either way.
 *
 * Throws `ledger-too-new`; `server-privilege`, naming the GRANT that is missing.
 */
export async function openLedger(
  connection: Connection,
  { create }: { readonly create: boolean },
): Promise<Ledger> {
  const found = await ledgerVersion(connection);
  if (found !== null && found > LEDGER_VERSION) throw tooNew(found, LEDGER_VERSION);
  if (found === LEDGER_VERSION) return new Ledger(connection, true);
  if (found === null && !create) return new Ledger(connection, false);
  await upgradeLedger(connection);
  return new Ledger(connection, true);
}

/** Twelve hexadecimal digits: short enough to type, and nobody's clock decides. */
export function newRunId(): string {
  return randomBytes(6).toString('hex');
}

export class Ledger {
  readonly connection: Connection;
  /** False where there is no ledger yet: everything reads as empty, and writing is a defect of the caller. */
  readonly exists: boolean;

  constructor(connection: Connection, exists: boolean) {
    this.connection = connection;
    this.exists = exists;
  }

  /** In the order in which they were applied. */
  async applied(): Promise<readonly AppliedMigration[]> {
    return this.exists ? await readApplied(this.connection) : [];
  }

  /** Records migrations as in force without running them; those that already are stay as they are. */
  async recordBaseline(
    migrations: readonly { readonly id: string; readonly checksum: string }[],
  ): Promise<void> {
    await this.connection.query(
      `INSERT INTO ferrata.migration (id, checksum, baseline)
       SELECT id, checksum, true FROM unnest($1::pg_catalog.text[], $2::pg_catalog.text[])
         WITH ORDINALITY AS given (id, checksum, n)
       ORDER BY given.n ON CONFLICT (id) DO NOTHING`,
      [migrations.map((m) => m.id), migrations.map((m) => m.checksum)],
    );
  }

  /** The newest first. */
  async runs(filter: RunFilter = {}): Promise<readonly RunRecord[]> {
    return this.exists ? await readRuns(this.connection, filter) : [];
  }

  async run(id: string): Promise<RunRecord | null> {
    return this.exists ? ((await readRuns(this.connection, { id }))[0] ?? null) : null;
  }

  /** The run that is left to resume or to take back; there is at most one in a database. */
  async unfinished(): Promise<RunRecord | null> {
    return (await this.runs({ open: true, limit: 1 }))[0] ?? null;
  }

  /** The run that put a migration in force; null for what is not applied, or was recorded by `baseline`. */
  async runOf(migration: string): Promise<RunRecord | null> {
    if (!this.exists) return null;
    const [row] = await this.connection.query<{ run: string | null }>(
      'SELECT run FROM ferrata.migration WHERE id = $1',
      [migration],
    );
    return row === undefined || row.run === null ? null : await this.run(row.run);
  }

  /**
   * Records a run that is about to begin, under the lease. Throws `lease-lost`, `run-unfinished`, `migration-applied`
   * as SQLSTATEs of the server (see `execute/failure.ts`).
   */
  async startRun(run: NewRun, token: string): Promise<void> {
    await this.connection.transaction(async () => {
      await this.connection.script(`${checkStart(token, run.migration)}; ${insertRun(run)}`);
    });
  }

  /** Throws `internal` where the change is not one of DESIGN §2's. */
  async setState(id: string, state: RunState, patch: RunPatch = {}): Promise<void> {
    const [changed] = await this.connection.query<{ id: string }>(
      `${updateRun(id, state, patch)} RETURNING id`,
    );
    if (changed !== undefined) return;
    const run = await this.run(id);
    if (run === null) throw unknownRun(id);
    throw forbidden(id, run.state, state);
  }

  async recordProof(proved: ProvedPlan): Promise<void> {
    await insertProof(this.connection, proved);
  }

  /** The proof that counts for this migration, schema and server major; refuted ones are found too. */
  async findProof(binding: ProofBinding): Promise<ProvedPlan | null> {
    return this.exists ? await selectProof(this.connection, binding) : null;
  }

  /** Records a backup, or what became of it (`verifiedAt`). */
  async recordBackup(manifest: BackupManifest, path: string): Promise<void> {
    await putBackup(this.connection, manifest, path);
  }

  /** The newest first. */
  async backups(): Promise<readonly BackupRecord[]> {
    return this.exists ? await readBackups(this.connection) : [];
  }

  async appendEvent(run: string | null, event: FerrataEvent): Promise<void> {
    const { type, ...detail } = event;
    await this.connection.query('INSERT INTO ferrata.event (run, type, detail) VALUES ($1, $2, $3)', [
      run,
      type,
      JSON.stringify(detail),
    ]);
  }

  async events(run: string): Promise<readonly RecordedEvent[]> {
    if (!this.exists) return [];
    const rows = await this.connection.rows<[string, string | null, string, string, string]>(
      `SELECT id::pg_catalog.text, run, ${iso('at')}, type, detail::pg_catalog.text FROM ferrata.event
       WHERE run = $1 ORDER BY event.id`,
      [run],
    );
    return rows.map(([id, owner, at, type, detail]) => ({
      id: Number(id),
      run: owner,
      at,
      type,
      detail: JSON.parse(detail),
    }));
  }

  async audit(actor: string, action: string, detail: unknown): Promise<void> {
    await appendAudit(this.connection, actor, action, detail);
  }

  async auditTrail(): Promise<readonly AuditEntry[]> {
    return this.exists ? await readAudit(this.connection) : [];
  }

  async verifyAudit(): Promise<AuditCheck> {
    return this.exists ? await checkAudit(this.connection) : { ok: true, entries: 0, problems: [] };
  }

  /**
   * Forgets that a failed run is open: nothing in the schema is touched. Throws `migration-unknown` for an unknown run,
   * `run-unfinished` for one that did not fail. The run and its steps stay readable.
   */
  async reset(id: string, actor: string): Promise<RunRecord> {
    const run = await this.run(id);
    if (run === null) throw unknownRun(id);
    if (run.state !== 'failed') {
      throw new FerrataError('run-unfinished', `Run ${id} of ${run.migration} is ${run.state}, not failed`, {
        why: 'Only a failed run can be forgotten: of any other, steps may be at work or in force.',
        hint:
          run.state === 'completed'
            ? `\`ferrata rollback --to ${run.migration}\` or \`ferrata down\` takes it back.`
            : '`ferrata up` goes on with it, `ferrata down` takes it back.',
      });
    }
    const standing = standingSteps(run);
    await this.connection.query('UPDATE ferrata.run SET open = false WHERE id = $1', [id]);
    await this.audit(actor, 'reset', { run: id, migration: run.migration, standingSteps: standing });
    return run;
  }

  /** Takes a migration out of the list of those in force. */
  async removeApplied(id: string): Promise<void> {
    await this.connection.query('DELETE FROM ferrata.migration WHERE id = $1', [id]);
  }

  /** Puts a migration into the list of those in force, as `repair` does for one whose steps all stand. */
  async recordApplied(id: string, checksum: string, run: string | null): Promise<void> {
    await this.connection.script(`${insertMigration(id, checksum, run)} ON CONFLICT (id) DO NOTHING`);
  }

  async setStage(id: string, stage: Stage): Promise<void> {
    await this.connection.query('UPDATE ferrata.migration SET stage = $2 WHERE id = $1', [id, stage]);
  }

  /** After a reviewed edit of an applied migration. */
  async setChecksum(id: string, checksum: string): Promise<void> {
    await this.connection.query('UPDATE ferrata.migration SET checksum = $2 WHERE id = $1', [id, checksum]);
  }

  /** Completed runs whose rollback window is over by the server's clock and that were not purged yet. */
  async pastWindow(): Promise<readonly RunRecord[]> {
    if (!this.exists) return [];
    const rows = await this.connection.query<{ id: string }>(
      `SELECT r.id FROM ferrata.run r JOIN ferrata.migration m ON m.run = r.id
       WHERE r.state = 'completed' AND m.stage <> 'purged' AND r.window_until < pg_catalog.clock_timestamp()
       ORDER BY r.ordinal`,
    );
    const runs = await Promise.all(rows.map((row) => this.run(row.id)));
    return runs.filter((run) => run !== null);
  }
}

function unknownRun(id: string): FerrataError {
  return new FerrataError('migration-unknown', `There is no run ${id}`, {
    hint: '`ferrata status` lists the runs.',
  });
}
