import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../errors.ts';
import { type Status, status } from '../../workflow/status.ts';
import { type CliContext, type Command, flag } from '../command.ts';
import { count, hang, instant, table } from '../print/layout.ts';
import { renderLive } from '../print/live.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show what is applied, pending and running',
  examples: ['ferrata status', 'ferrata status --pending --json', 'ferrata status --watch --env production'],
  options: [
    { flags: '--pending', description: 'only what is not applied yet' },
    { flags: '--watch', description: 'show it again every second until Ctrl-C' },
  ],
  async run(invocation, context) {
    const settings = await context.settings();
    const pendingOnly = flag(invocation, 'pending');
    do {
      const found = await status(settings, context.reporter);
      const shown = pendingOnly
        ? { ...found, migrations: found.migrations.filter((m) => m.state === 'pending') }
        : found;
      if (flag(invocation, 'watch') && process.stdout.isTTY) process.stdout.write('\u001b[2J\u001b[H');
      context.result({ status: shown }, () => printStatus(shown, context));
      if (!flag(invocation, 'watch')) break;
      await sleep(1000, undefined, { signal: context.signals.pause }).catch(() => {});
    } while (!context.signals.pause.aborted);
    return EXIT.done;
  },
};

/** More than this many migrations are cut to the newest; `--json` has all. */
const SHOWN = 40;

function printStatus(found: Status, { palette: p, width }: CliContext): string {
  const applied = found.migrations.filter((m) => m.state === 'applied');
  const lines = [
    hang(
      `${p.bold(found.environment)} ${found.database}: ${count(found.migrations.length - found.pending, 'migration')} applied, ${found.pending} pending`,
      width,
    ),
  ];
  const hidden = Math.max(0, applied.length - SHOWN);
  if (hidden > 0) lines.push(p.dim(`  … ${count(hidden, 'older one')}`));
  const drop = new Set(applied.slice(0, hidden).map((m) => m.id));
  const rows = found.migrations
    .filter((m) => !drop.has(m.id))
    .map((m) => [
      m.state === 'applied'
        ? p.green('applied')
        : m.state === 'pending'
          ? p.yellow('pending')
          : p.red('missing'),
      m.id,
      p.dim(
        m.appliedAt === null
          ? ''
          : `${instant(m.appliedAt)}${m.baseline ? ' (baseline)' : ` run ${m.run ?? ''}`}`,
      ),
    ]);
  if (rows.length > 0) lines.push(table(rows, width));
  if (found.atWork?.alive === true) {
    const { elapsedMs, backfill, ...atWork } = found.atWork;
    const live = {
      ...atWork,
      sinceMs: 0,
      progress: null,
      backfill: backfill === null ? null : { ...backfill, batchSize: null },
    };
    lines.push('', ...renderLive(live, elapsedMs, width, p));
  } else if (found.unfinished !== null) {
    const { id, migration, state, error } = found.unfinished;
    lines.push(
      `${p.yellow('unfinished')} run ${id} of ${migration} is ${state}${error === null ? '' : `: ${error}`}`,
      p.dim('  `ferrata up` goes on with it, `ferrata down` takes it back'),
    );
  }
  if (found.lease !== null) {
    lines.push(
      `${p.yellow('lease')} held by ${found.lease.owner} (${found.lease.purpose}) since ${instant(found.lease.acquiredAt)}`,
    );
  }
  for (const problem of found.problems) {
    lines.push(
      `${problem.severity === 'error' ? p.red('error') : p.yellow('warning')} ${problem.message}`,
      p.dim(`  ${problem.hint}`),
    );
  }
  return lines.join('\n');
}
