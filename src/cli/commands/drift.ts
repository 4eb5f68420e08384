import { EXIT, FerrataError } from '../../errors.ts';
import { findDrift } from '../../workflow/drift.ts';
import { watchDdl } from '../../workflow/watch-ddl.ts';
import { type CliContext, type Command, flag, type Invocation, text } from '../command.ts';
import { printDrift, printWatch } from '../print/drift.ts';

export const driftCommand: Command = {
  name: 'drift',
  summary: 'Compare the live schema with the one last proved',
  description:
    'Exit code 4 when somebody has changed the schema beside Ferrata. With --watch-ddl the server itself records from then on who changes it (two event triggers; a superuser installs them), and drift names them.',
  examples: [
    'ferrata drift',
    'ferrata drift --env production --json',
    'ferrata drift --watch-ddl --dry-run > watch.sql',
    'ferrata drift --watch-ddl --keep 30',
    'ferrata drift --unwatch-ddl',
  ],
  options: [
    { flags: '--all', description: 'every difference and statement, however long' },
    { flags: '--watch-ddl', description: 'install the event triggers that record who changes the schema' },
    { flags: '--unwatch-ddl', description: 'remove them, and what they have recorded' },
    { flags: '--keep <days>', description: 'with --watch-ddl: how long a record is kept (default: 90)' },
    { flags: '--dry-run', description: 'with --watch-ddl or --unwatch-ddl: print the SQL, run nothing' },
  ],
  async run(invocation, context) {
    const [on, off] = [flag(invocation, 'watchDdl'), flag(invocation, 'unwatchDdl')];
    const keepDays = keepOf(invocation);
    const dryRun = flag(invocation, 'dryRun');
    if (on && off) throw new FerrataError('usage', '--watch-ddl and --unwatch-ddl exclude each other.');
    if (keepDays !== null && !on) throw new FerrataError('usage', '--keep belongs to --watch-ddl.');
    if (dryRun && !on && !off) {
      throw new FerrataError('usage', '--dry-run belongs to --watch-ddl or --unwatch-ddl.', {
        hint: '`ferrata drift` alone changes nothing.',
      });
    }
    const settings = await context.settings();
    if (on || off) {
      const request = { turn: on ? 'on' : 'off', dryRun, keepDays } as const;
      const watch = await watchDdl(settings, request, context.reporter);
      context.result({ watch }, () => printWatch(watch, context.palette, context.width));
      return EXIT.done;
    }
    return compare(flag(invocation, 'all'), context);
  },
};

async function compare(all: boolean, context: CliContext) {
  const drift = await findDrift(await context.settings(), context.reporter);
  context.result({ drift }, () => printDrift(drift, context.palette, context.width, all).trimEnd());
  return drift.outcome === 'different' ? EXIT.proof : EXIT.done;
}

function keepOf(invocation: Invocation): number | null {
  const said = text(invocation, 'keep');
  if (said === null) return null;
  const days = Number(said);
  if (Number.isInteger(days) && days >= 1 && days <= 36_500) return days;
  throw new FerrataError('usage', `\`${said}\` is no number of days.`, {
    hint: 'For example: ferrata drift --watch-ddl --keep 30',
  });
}
