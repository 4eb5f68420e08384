/** Backups as a whole: make, list, verify on a scratch copy, restore. */
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { createConnector } from '../postgres/connect.ts';
import {
  createBackup,
  KEY_VARIABLE,
  type ListedBackup,
  listBackups,
  type RestoreOutcome,
  restoreBackup,
  verifyBackup,
} from '../prepare/backup/index.ts';
import type { BackupManifest } from '../prepare/model.ts';
import { createOwned, openScratchPlace } from '../prepare/scratch.ts';
import { ownerOfTarget } from '../prepare/scratch-owner.ts';
import { type Session, withSession } from './session.ts';

export interface BackupOptions {
  readonly kind: 'snapshot' | 'dump';
  /** Null: all. */
  readonly tables: readonly string[] | null;
  readonly name: string | null;
  readonly migration: string | null;
}

const encryptionKey = () => process.env[KEY_VARIABLE] ?? null;

/** Makes a backup of the environment's database. Throws what `createBackup` throws. */
export async function makeBackup(
  settings: Settings,
  options: BackupOptions,
  reporter: Reporter,
): Promise<BackupManifest> {
  return withSession(settings, reporter, (session) => makeBackupIn(session, options));
}

export async function makeBackupIn(session: Session, options: BackupOptions): Promise<BackupManifest> {
  const { settings, connector, reporter } = session;
  return createBackup({
    connector,
    settings,
    kind: options.kind,
    tables: options.tables ?? 'all',
    ...(options.name === null ? {} : { name: options.name }),
    migration: options.migration,
    reporter,
    encryptionKey: encryptionKey(),
  });
}

export async function readBackups(settings: Settings): Promise<readonly ListedBackup[]> {
  return listBackups(settings);
}

/** Restores the backup into a scratch copy and compares: only then is it a backup. Throws what `verifyBackup` throws. */
export async function proveBackup(
  settings: Settings,
  name: string,
  reporter: Reporter,
): Promise<BackupManifest> {
  return withSession(settings, reporter, (session) => proveBackupIn(session, name));
}

export async function proveBackupIn(session: Session, name: string): Promise<BackupManifest> {
  const { settings, connector, connection, reporter } = session;
  const place = await openScratchPlace({
    settings,
    target: connector,
    role: connection.server.user,
    targetMajor: connection.server.major,
    reporter,
  });
  try {
    const owner = await ownerOfTarget(connector);
    const manifest = await verifyBackup({
      settings,
      name,
      provider: () => createOwned(place, owner),
      encryptionKey: encryptionKey(),
      reporter,
    });
    const ledger = await openLedger(connection, { create: false });
    if (ledger.exists) await ledger.recordBackup(manifest, name);
    return manifest;
  } finally {
    await place.close();
  }
}

/** Restores into the environment's database, or into another one. Throws what `restoreBackup` throws. */
export async function restore(
  settings: Settings,
  request: {
    readonly name: string;
    /** URL of another database; null: the environment's own. */
    readonly into: string | null;
    readonly tables: readonly string[] | null;
    readonly yes: boolean;
  },
  reporter: Reporter,
): Promise<RestoreOutcome> {
  const to = (target: Session['connector']) =>
    restoreBackup({
      settings,
      name: request.name,
      target,
      tables: request.tables ?? 'all',
      yes: request.yes,
      encryptionKey: encryptionKey(),
      reporter,
    });
  if (request.into !== null) return to(createConnector(request.into));
  return withSession(settings, reporter, (session) => to(session.connector));
}
