/** The commands by name. Each module is loaded only when its command runs: `ferrata --version` stays quick. */
import type { Command } from './command.ts';

interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly Entry[] = [
  entry(
    'init',
    'Set a project up: config, migrations folder, npm scripts',
    async () => (await import('./commands/init.ts')).initCommand,
  ),
  entry(
    'create',
    'Write a new migration folder',
    async () => (await import('./commands/create.ts')).createCommand,
  ),
  entry(
    'assess',
    'Say what a migration locks, rewrites, loses and risks',
    async () => (await import('./commands/assess.ts')).assessCommand,
  ),
  entry(
    'stats',
    'Pull sizes and load of a database, for assessments elsewhere to judge by',
    async () => (await import('./commands/stats.ts')).statsCommand,
  ),
  entry(
    'plan',
    'Compile a migration into steps, each with its way back',
    async () => (await import('./commands/plan.ts')).planCommand,
  ),
  entry(
    'rehearse',
    'Prove the rollback on a scratch copy',
    async () => (await import('./commands/rehearse.ts')).rehearseCommand,
  ),
  entry(
    'backup',
    'Create, list, verify and restore backups',
    async () => (await import('./commands/backup.ts')).backupCommand,
  ),
  entry('up', 'Apply pending migrations', async () => (await import('./commands/up.ts')).upCommand),
  entry(
    'verify',
    'Check schema, consistency, integrity, completeness and your own queries',
    async () => (await import('./commands/verify.ts')).verifyCommand,
  ),
  entry(
    'report',
    'Show or write the report of a run',
    async () => (await import('./commands/report.ts')).reportCommand,
  ),
  entry(
    'status',
    'Show what is applied, pending and running',
    async () => (await import('./commands/status.ts')).statusCommand,
  ),
  entry(
    'health',
    'Say whether the database is fit to be changed now',
    async () => (await import('./commands/health.ts')).healthCommand,
  ),
  entry(
    'monitor',
    'Show the database’s health, once a second, as a run would see it',
    async () => (await import('./commands/monitor.ts')).monitorCommand,
  ),
  entry(
    'pause',
    'Have the run at work pause after the batch or step in hand',
    async () => (await import('./commands/pause.ts')).pauseCommand,
  ),
  entry('resume', 'Let a paused run go on', async () => (await import('./commands/resume.ts')).resumeCommand),
  entry(
    'throttle',
    'Have the run at work take a share of its usual pace',
    async () => (await import('./commands/throttle.ts')).throttleCommand,
  ),
  entry(
    'abort',
    'End the run at work, and take back what it did',
    async () => (await import('./commands/abort.ts')).abortCommand,
  ),
  entry('down', 'Take migrations back', async () => (await import('./commands/down.ts')).downCommand),
  entry(
    'rollback',
    'Go back to a migration',
    async () => (await import('./commands/rollback.ts')).rollbackCommand,
  ),
  entry(
    'validate',
    'Check that every migration can be read and compiled',
    async () => (await import('./commands/validate.ts')).validateCommand,
  ),
  entry(
    'check',
    'Compare the migrations folder with what is applied',
    async () => (await import('./commands/check.ts')).checkCommand,
  ),
  entry(
    'drift',
    'Compare the live schema with the one last proved',
    async () => (await import('./commands/drift.ts')).driftCommand,
  ),
  entry(
    'diff',
    'Compare two schemas: databases, SQL files, migrations, proofs',
    async () => (await import('./commands/diff.ts')).diffCommand,
  ),
  entry(
    'schema',
    'Write the migration that mends drift, or accept the drift',
    async () => (await import('./commands/schema.ts')).schemaCommand,
  ),
  entry(
    'baseline',
    'Record migrations as applied without running them',
    async () => (await import('./commands/baseline.ts')).baselineCommand,
  ),
  entry(
    'repair',
    'Explain and mend mismatches between ledger and database',
    async () => (await import('./commands/repair.ts')).repairCommand,
  ),
  entry('reset', 'Forget a failed run', async () => (await import('./commands/reset.ts')).resetCommand),
  entry(
    'unlock',
    'Show who holds the lease, and take it',
    async () => (await import('./commands/unlock.ts')).unlockCommand,
  ),
  entry(
    'purge',
    'Remove for good what is past its rollback window',
    async () => (await import('./commands/purge.ts')).purgeCommand,
  ),
  entry(
    'servers',
    'List and install PostgreSQL servers for rehearsals',
    async () => (await import('./commands/servers.ts')).serversCommand,
  ),
  entry(
    'demo',
    'See a live database changed and changed back',
    async () => (await import('./commands/demo.ts')).demoCommand,
  ),
];

function entry(name: string, summary: string, load: Entry['load']): Entry {
  return { name, summary, load };
}

/** The nearest command name, for a typo; null where nothing is near. */
export function nearestCommand(name: string): string | null {
  const ranked = COMMANDS.map((c) => ({ name: c.name, distance: editDistance(name, c.name) })).sort(
    (a, b) => a.distance - b.distance,
  );
  const [best] = ranked;
  return best !== undefined && best.distance <= 2 ? best.name : null;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
