/** Backups (DESIGN §6): create, list, verify, restore. */
export { type BackupRequest, createBackup } from './create.ts';
export { KEY_VARIABLE } from './encryption.ts';
export { type ListedBackup, listBackups, newestVerified, readManifest } from './manifest.ts';
export { type RestoreOutcome, type RestoreRequest, restoreBackup } from './restore.ts';
export { type EmptyDatabaseProvider, type VerifyBackupRequest, verifyBackup } from './verify.ts';
