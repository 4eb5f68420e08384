import { EXIT, FerrataError } from '../../errors.ts';
import { type PulledStats, pullStats } from '../../workflow/stats.ts';
import { type Command, flag, type Invocation, text } from '../command.ts';
import { bytes, count, hang, table } from '../print/layout.ts';
import type { Palette } from '../print/palette.ts';

const LONGEST_SECONDS = 3600;
const SHOWN = 10;

export const statsCommand: Command = {
  name: 'stats',
  arguments: '[action]',
  summary: 'Pull sizes and load of a database, for assessments elsewhere to judge by',
  description:
    'Action: pull. Reads row estimates, sizes, index counts, rows per second (two samples), publications and standbys, and writes them to ferrata.stats.json beside the configuration, where `ferrata assess` finds it. Names and numbers alone: no rows, no values, no addresses. To be kept in version control.',
  examples: [
    'ferrata stats pull --env production',
    'ferrata stats pull --env production --seconds 60 --output prod.stats.json',
  ],
  options: [
    { flags: '--output <file>', description: 'where to write them (default: ferrata.stats.json)' },
    { flags: '--seconds <n>', description: 'how long to count what is read and written', default: '10' },
    { flags: '--columns', description: 'also, per column, the share of distinct values and of NULLs' },
  ],
  async run(invocation, context) {
    const [action, ...rest] = invocation.positional;
    if (action !== 'pull' || rest.length > 0) {
      throw new FerrataError(
        'usage',
        action === undefined ? 'Which action?' : `There is no action \`${invocation.positional.join(' ')}\`.`,
        { hint: 'Use: ferrata stats pull --env production' },
      );
    }
    const request = {
      output: text(invocation, 'output'),
      seconds: secondsOf(invocation),
      columns: flag(invocation, 'columns'),
    };
    const pulled = await pullStats(await context.settings(), request, context.reporter);
    context.result({ file: pulled.file, stats: pulled.stats }, () =>
      printStats(pulled, context.palette, context.width),
    );
    return EXIT.done;
  },
};

function secondsOf(invocation: Invocation): number {
  const given = text(invocation, 'seconds') ?? '';
  const seconds = Number(given);
  if (given.trim() !== '' && seconds >= 1 && seconds <= LONGEST_SECONDS) return seconds;
  throw new FerrataError('usage', `--seconds ${given} is no number of seconds.`, {
    hint: `From 1 to ${LONGEST_SECONDS}: rates are what was counted in that time.`,
  });
}

function printStats({ file, stats }: PulledStats, p: Palette, width: number): string {
  const relations = Object.entries(stats.relations);
  const largest = [...relations].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, SHOWN);
  const rows = largest.map(([name, relation]) => {
    const { inserted, updated, deleted } = relation.perSecond;
    return [
      name,
      relation.rows === null ? '? rows' : count(relation.rows, 'row'),
      bytes(relation.bytes),
      count(relation.indexes, 'index', 'indexes'),
      `${Math.round(inserted + updated + deleted).toLocaleString('en-US')} written/s`,
    ];
  });
  const rest = relations.length - largest.length;
  return [
    hang(
      `${p.bold(file)}  ${count(relations.length, 'relation')} of ${stats.environment}, ${count(stats.replicas, 'replica')}, counted for ${stats.sampledSeconds} s`,
      width,
    ),
    ...(rows.length === 0 ? [] : [table(rows, width)]),
    ...(rest > 0 ? [p.dim(`  and ${rest.toLocaleString('en-US')} more`)] : []),
  ].join('\n');
}
