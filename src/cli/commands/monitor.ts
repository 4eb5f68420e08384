import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../errors.ts';
import { makeJudges, readHealthSignals } from '../../workflow/health.ts';
import { withSession } from '../../workflow/session.ts';
import { type Command, flag } from '../command.ts';
import { table } from '../print/layout.ts';

export const monitorCommand: Command = {
  name: 'monitor',
  summary: 'Show the database’s health, once a second, as a run would see it',
  description:
    'Reads what a run would watch, against the limits of the environment’s policy. Changes nothing.',
  examples: ['ferrata monitor --env production', 'ferrata monitor --once --json'],
  options: [{ flags: '--once', description: 'one look, then end' }],
  async run(invocation, context) {
    const settings = await context.settings();
    const { palette: p, width } = context;
    const judges = makeJudges(settings);
    const live = process.stdout.isTTY && !context.json && !flag(invocation, 'once');
    await withSession(settings, context.reporter, async ({ connection }) => {
      do {
        const samples = await readHealthSignals(connection, settings, judges);
        if (live) process.stdout.write('\u001b[2J\u001b[H');
        context.result({ at: new Date().toISOString(), samples }, () => {
          const rows = samples.map(({ signal, state, detail }) => [
            state === 'ok' ? p.green(state) : state === 'abort' ? p.red(state) : p.yellow(state),
            signal,
            detail ?? '',
          ]);
          return table(rows, width);
        });
        if (flag(invocation, 'once')) break;
        const { intervalMs } = settings.environment.policy.monitor;
        await sleep(intervalMs, undefined, { signal: context.signals.pause }).catch(() => {});
      } while (!context.signals.pause.aborted);
    });
    return EXIT.done;
  },
};
