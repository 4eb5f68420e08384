/** Takes an existing database under Ferrata's care: what is there counts as applied. */
import { mkdir } from 'node:fs/promises';
import { readCatalog } from '../catalog/read.ts';
import { renderDifference } from '../catalog/render/index.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { openScratchPlace } from '../prepare/scratch.ts';
import type { Migration } from '../source/model.ts';
import { createMigration, readMigrations } from '../source/native.ts';
import { recordLiveSchema } from './drift.ts';
import { ownerName } from './owner.ts';
import { findMigration } from './select.ts';
import { requireWritable, type Session, withSession } from './session.ts';

export interface BaselineOutcome {
  /** Migrations that count as applied from now on. */
  readonly recorded: readonly string[];
  /** The migration written from the database's schema; null where the folder had migrations, or nothing was to write. */
  readonly written: string | null;
  readonly fingerprint: string;
}

/**
 * Records the pending migrations up to `to` (all where null) as applied, without running them, and the live schema as
 * the one `drift` compares with. With an empty migrations folder the schema itself becomes the first migration, so
 * that the history can be replayed.
 */
export async function baseline(
  settings: Settings,
  request: { readonly to: string | null; readonly write: boolean },
  reporter: Reporter,
): Promise<BaselineOutcome> {
  return withSession(settings, reporter, async (session) => {
    requireWritable(session);
    await mkdir(settings.migrations, { recursive: true });
    const migrations = await readMigrations(settings);
    const ledger = await openLedger(session.connection, { create: true });
    const written = migrations.length === 0 && request.write ? await writeSchema(session) : null;
    const known = written === null ? migrations : [written];
    const last = request.to === null ? null : findMigration(known, request.to);
    const chosen = known.filter((migration) => last === null || migration.id <= last.id);
    const applied = new Set((await ledger.applied()).map((record) => record.id));
    const recorded = chosen.filter((migration) => !applied.has(migration.id));
    await ledger.recordBaseline(recorded.map(({ id, checksum }) => ({ id, checksum })));
    await ledger.audit(ownerName(), 'baseline', { migrations: recorded.map((m) => m.id) });
    const fingerprint = await recordLiveSchema(session, 'baseline');
    return { recorded: recorded.map((m) => m.id), written: written?.id ?? null, fingerprint };
  });
}

/** The schema as a migration; null where there is nothing in the database. */
async function writeSchema(session: Session): Promise<Migration | null> {
  const { settings, connection, connector, reporter } = session;
  const live = await readCatalog(connection, { dependencies: true });
  const place = await openScratchPlace({
    settings,
    target: connector,
    role: connection.server.user,
    targetMajor: connection.server.major,
    reporter,
  });
  try {
    const empty = await (await place.create()).connector.connect('baseline');
    const rendering = renderDifference(await readCatalog(empty, { dependencies: true }), live, {
      sameDatabase: false,
      currentUser: connection.server.user,
    });
    await empty.close();
    if (rendering.refusals.length > 0) {
      throw new FerrataError('catalog-not-renderable', 'The schema cannot be written as a migration.', {
        why: rendering.refusals.map((refusal) => `${refusal.object}: ${refusal.reason}`).join('; '),
        hint: 'Run `ferrata baseline --no-write`, and write the first migration by hand (pg_dump --schema-only).',
      });
    }
    if (rendering.statements.length === 0) return null;
    const sql = rendering.statements.map((statement) => `${statement.sql};`).join('\n');
    const migration = await createMigration(
      settings,
      'baseline',
      `-- The schema as it was when Ferrata came.\n${sql}\n`,
    );
    return migration;
  } finally {
    await place.close();
  }
}
