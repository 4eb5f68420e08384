import { EXIT, type ExitCode, FerrataError } from '../../errors.ts';
import { makeBackup, proveBackup, readBackups, restore } from '../../workflow/backup.ts';
import { type CliContext, type Command, flag, type Invocation, list, text } from '../command.ts';
import { bytes, count, instant, table } from '../print/layout.ts';

export const backupCommand: Command = {
  name: 'backup',
  arguments: '[action] [name]',
  summary: 'Create, list, verify and restore backups',
  description:
    'Actions: create, list, verify <name>, restore <name>. A backup counts only once it has been restored into a scratch copy and compared. With FERRATA_BACKUP_KEY set, backups are encrypted (AES-256-GCM).',
  examples: [
    'ferrata backup create --tables orders order_items',
    'ferrata backup list',
    'ferrata backup verify 20261120T093000Z',
    'ferrata backup restore 20261120T093000Z --into postgresql://localhost/copy',
  ],
  options: [
    { flags: '--kind <kind>', description: 'snapshot (built in) or dump (pg_dump -Fd)', default: 'snapshot' },
    { flags: '--tables <names...>', description: 'only these tables (schema.table)' },
    { flags: '--name <name>', description: 'create: name of the backup' },
    { flags: '--into <url>', description: 'restore: another database than the environment’s' },
    { flags: '--yes', description: 'restore: overwrite rows that are there (they are backed up first)' },
  ],
  async run(invocation, context) {
    const [action = 'list', name] = invocation.positional;
    switch (action) {
      case 'create':
        return create(invocation, context);
      case 'list':
        return show(context);
      case 'verify':
        return verify(required(name, action), context);
      case 'restore':
        return bringBack(required(name, action), invocation, context);
      default:
        throw new FerrataError('usage', `There is no action \`${action}\`.`, {
          hint: 'Use: ferrata backup create | list | verify <name> | restore <name>',
        });
    }
  },
};

function required(name: string | undefined, action: string): string {
  if (name !== undefined) return name;
  throw new FerrataError('usage', 'Which backup?', {
    hint: `ferrata backup ${action} <name>; \`ferrata backup list\` shows them.`,
  });
}

function tablesOf(invocation: Invocation): readonly string[] | null {
  const tables = list(invocation, 'tables');
  return tables.length === 0 ? null : tables;
}

async function create(invocation: Invocation, context: CliContext): Promise<ExitCode> {
  const kind = text(invocation, 'kind');
  if (kind !== 'snapshot' && kind !== 'dump') {
    throw new FerrataError('usage', `\`${kind}\` is no kind of backup.`, {
      hint: 'Use --kind snapshot or --kind dump.',
    });
  }
  const manifest = await makeBackup(
    await context.settings(),
    { kind, tables: tablesOf(invocation), name: text(invocation, 'name'), migration: null },
    context.reporter,
  );
  context.result({ backup: manifest }, () => {
    const rows = manifest.tables.reduce((sum, t) => sum + t.rows, 0);
    return `Backup ${context.palette.bold(manifest.name)}: ${count(manifest.tables.length, 'table')}, ${count(rows, 'row')}.\nNext: ferrata backup verify ${manifest.name}`;
  });
  return EXIT.done;
}

async function show(context: CliContext): Promise<ExitCode> {
  const backups = await readBackups(await context.settings());
  const { palette: p, width } = context;
  context.result({ backups }, () =>
    backups.length === 0
      ? 'No backup yet. `ferrata backup create` makes one.'
      : table(
          backups.map(({ name, manifest, problem, bytes: size }) =>
            manifest === null
              ? [p.red('unusable'), name, problem ?? '']
              : [
                  manifest.verifiedAt === null ? p.yellow('unverified') : p.green('verified'),
                  name,
                  `${manifest.kind}, ${count(manifest.tables.length, 'table')}${size === null ? '' : `, ${bytes(size)}`}, ${instant(manifest.createdAt)}${manifest.encrypted ? ', encrypted' : ''}`,
                ],
          ),
          width,
        ),
  );
  return EXIT.done;
}

async function verify(name: string, context: CliContext): Promise<ExitCode> {
  const manifest = await proveBackup(await context.settings(), name, context.reporter);
  context.result({ backup: manifest }, () =>
    context.palette.green(`Backup ${name} restores: schema and content are equal.`),
  );
  return EXIT.done;
}

async function bringBack(name: string, invocation: Invocation, context: CliContext): Promise<ExitCode> {
  const outcome = await restore(
    await context.settings(),
    { name, into: text(invocation, 'into'), tables: tablesOf(invocation), yes: flag(invocation, 'yes') },
    context.reporter,
  );
  context.result({ restored: outcome }, () =>
    [
      `${count(outcome.rows, 'row')} of ${count(outcome.tables.length, 'table')} restored into ${outcome.target}.`,
      ...(outcome.safetyBackup === null
        ? []
        : [`What was there before is in backup ${outcome.safetyBackup}.`]),
    ].join('\n'),
  );
  return EXIT.done;
}
