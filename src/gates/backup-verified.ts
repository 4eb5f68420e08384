import { type Gate, holds, refuses } from './model.ts';

/** So many of the newest runs may lie between the backup and now. */
const RUNS = 100;

/**
 * A backup that was restored and compared, of the schema as it stands, or of one from which Ferrata's own runs since
 * have led here.
 */
export const backupVerified: Gate = async ({ session, ledger, migration, startFingerprint }) => {
  const { policy, name } = session.settings.environment;
  if (policy.backup === 'off') return holds(`The policy of ${name} asks for no backup.`);
  const hint = 'Run `ferrata backup create`, then `ferrata backup verify <name>`.';
  // `auto`: `up` has made one by now, of the tables that the migration touches; where it touches none, there is none.
  const missing = (message: string) =>
    policy.backup === 'auto'
      ? holds('`up` itself backs up the tables that the migration touches.')
      : refuses('backup-missing', message, hint);
  const backups = await ledger.backups();
  const verified = backups.filter((backup) => backup.verifiedAt !== null);
  if (backups.length === 0) return missing('There is no verified backup.');
  if (verified.length === 0) {
    return missing('No backup was verified: it was never restored and compared.');
  }
  const fits = new Set<string>();
  if (startFingerprint !== null) fits.add(startFingerprint);
  for (const run of await ledger.runs({ states: ['completed'], limit: RUNS })) {
    if (run.startFingerprint !== null) fits.add(run.startFingerprint);
  }
  const found = verified.find(
    ({ manifest }) =>
      manifest.migration === migration.id ||
      startFingerprint === null ||
      fits.has(manifest.schemaFingerprint),
  );
  if (found === undefined) {
    return missing('Every verified backup is of another schema than the one that stands.');
  }
  return holds(`Backup ${found.name}, verified ${found.verifiedAt}.`, found.name);
};
