import { EXIT, type ExitCode, FerrataError } from '../../errors.ts';
import { repairSchema } from '../../workflow/schema-repair.ts';
import { type CliContext, type Command, flag, type Invocation, text } from '../command.ts';
import { printSchemaRepair } from '../print/schema-repair.ts';

export const schemaCommand: Command = {
  name: 'schema',
  arguments: '[action]',
  summary: 'Write the migration that mends drift, or accept the drift',
  description:
    'Action: repair. Writes a migration that leads the live schema back to the recorded one, tried on a scratch copy first; rehearse and run it like any other. With --accept the live schema counts from now on: a migration that describes the drift is written and recorded as applied. (Mismatches between ledger and database: ferrata repair.)',
  examples: [
    'ferrata schema repair --dry-run',
    'ferrata schema repair',
    'ferrata schema repair --allow-data-loss --name undo_hotfix',
    'ferrata schema repair --accept --env production --yes',
  ],
  options: [
    { flags: '--dry-run', description: 'show the statements, write nothing' },
    { flags: '--allow-data-loss', description: 'also where the way back drops tables, columns or values' },
    { flags: '--accept', description: 'the live schema is the right one: describe it and record it' },
    { flags: '--no-write', description: 'with --accept: record the schema without writing a migration' },
    { flags: '--name <name>', description: 'name of the migration (default: repair_drift, accept_drift)' },
    { flags: '--all', description: 'every difference, however long' },
    { flags: '--yes', description: 'with --accept: do not ask' },
  ],
  async run(invocation, context) {
    const [action, ...rest] = invocation.positional;
    if (action !== 'repair' || rest.length > 0) {
      throw new FerrataError(
        'usage',
        action === undefined ? 'Which action?' : `There is no action \`${invocation.positional.join(' ')}\`.`,
        {
          hint: 'Use: ferrata schema repair [--dry-run | --accept]',
        },
      );
    }
    return repair(invocation, context);
  },
};

async function repair(invocation: Invocation, context: CliContext): Promise<ExitCode> {
  const accept = flag(invocation, 'accept');
  const dryRun = flag(invocation, 'dryRun');
  const write = invocation.options.write !== false;
  if (!accept && !write) {
    throw new FerrataError('usage', '--no-write belongs to --accept.', {
      hint: '`--dry-run` shows the migration without writing it.',
    });
  }
  const settings = await context.settings();
  const { name } = settings.environment;
  if (accept && !dryRun) {
    const unasked = flag(invocation, 'yes') || name === 'development';
    const question = `Record the schema of ${name}, as it is now, as the right one?`;
    if (!(await context.confirm(question, unasked))) return EXIT.done;
  }
  const outcome = await repairSchema(
    settings,
    {
      accept,
      dryRun,
      write,
      allowDataLoss: flag(invocation, 'allowDataLoss'),
      name: text(invocation, 'name'),
    },
    context.reporter,
  );
  const all = flag(invocation, 'all');
  context.result({ schemaRepair: outcome }, () =>
    printSchemaRepair(outcome, context.palette, context.width, all),
  );
  return outcome.refusals.length > 0 ? EXIT.failed : EXIT.done;
}
