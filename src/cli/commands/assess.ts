import { EXIT, type ExitCode, FerrataError } from '../../errors.ts';
import { type AssessOutcome, assessFiles } from '../../workflow/assess.ts';
import { type CliContext, type Command, flag, type Invocation, text } from '../command.ts';
import { fails, parseFailOn } from '../print/assess/fail-on.ts';
import { outcomeJson } from '../print/assess/json.ts';

const FORMATS = ['text', 'json', 'sarif', 'github', 'gitlab', 'markdown'] as const;
type Format = (typeof FORMATS)[number];

export const assessCommand: Command = {
  name: 'assess',
  arguments: '[id|file|folder|-...]',
  summary: 'Say what a migration locks, rewrites, loses and risks',
  description: [
    'Reads SQL with PostgreSQL’s own grammar, and sizes and structure from the database where it can be reached, or from ferrata.stats.json. Without arguments: every pending migration.',
    'Exit code 0 also where there are findings, unless --fail-on says otherwise; 2 where a file cannot be read or parsed.',
  ].join('\n\n'),
  examples: [
    'ferrata assess',
    'ferrata assess change.sql',
    'ferrata assess db/migrations --fail-on danger',
    'echo "ALTER TABLE t ADD COLUMN a int" | ferrata assess -',
    'ferrata assess 20261120093000_add_order_status --json',
    'ferrata assess --format sarif > ferrata.sarif',
    'ferrata assess db/migrations --write-baseline ferrata.baseline.json',
  ],
  options: [
    { flags: '--format <format>', description: FORMATS.join(', ') },
    {
      flags: '--fail-on <level>',
      description: 'exit with 4 from this severity or risk on: danger, warning, info, low … critical, never',
    },
    { flags: '--baseline <file>', description: 'findings in this file are old: counted, and fail nothing' },
    { flags: '--write-baseline <file>', description: 'write the findings there are now to this file' },
    { flags: '--stats <file>', description: 'sizes and load of the target (default: ferrata.stats.json)' },
    { flags: '--no-stats', description: 'without such a file' },
    { flags: '--trace', description: 'run the statements on a scratch copy, and fail where there is none' },
    { flags: '--no-trace', description: 'from the text and the catalog alone: run nothing' },
    {
      flags: '--queries <source>',
      description:
        'the application’s queries at each state: a file or folder of SQL, or pg_stat_statements[:role,…]',
    },
    { flags: '--app <folder>', description: 'search this source tree for the names that change' },
    {
      flags: '--impact',
      description: 'what hangs on the objects that change (--queries and --app show it too)',
    },
    { flags: '--verbose', description: 'every file whole, and what is allowed or in the baseline' },
  ],
  async run(invocation, context) {
    const format = formatOf(invocation, context);
    const settings = await context.settings();
    const given = text(invocation, 'failOn');
    const failOn = parseFailOn(given === null ? (settings.assess?.failOn ?? ['never']) : [given]);
    const words = invocation.positional;
    const stdin = words.includes('-') ? await context.readStdin() : null;
    const { stats, trace } = invocation.options;
    const outcome = await assessFiles(
      settings,
      { words, stdin },
      {
        trace: trace === true ? 'on' : trace === false ? 'off' : 'auto',
        stats: stats === false ? 'none' : typeof stats === 'string' ? { file: stats } : 'auto',
        baseline: text(invocation, 'baseline'),
        writeBaseline: text(invocation, 'writeBaseline'),
        brief: format === 'text' && !flag(invocation, 'verbose'),
        ...application(invocation),
      },
      context.reporter,
    );
    tellAside(outcome, format, context);
    await show(outcome, format, flag(invocation, 'verbose'), context);
    return exitCode(outcome, fails(outcome, failOn));
  },
};

function application(invocation: Invocation) {
  const question = { queries: text(invocation, 'queries'), app: text(invocation, 'app') };
  const isAsked = question.queries !== null || question.app !== null || flag(invocation, 'impact');
  return isAsked ? { application: question } : {};
}

function exitCode({ errors, written }: AssessOutcome, failed: boolean): ExitCode {
  if (errors.length > 0) return EXIT.usage;
  return failed && written === null ? EXIT.proof : EXIT.done;
}

/** What is no finding, and must not get lost in a report for machines. */
function tellAside({ files, baseline, written }: AssessOutcome, format: Format, context: CliContext): void {
  const warn = (message: string, hint: string | null) => context.reporter({ type: 'warning', message, hint });
  if (baseline !== null && baseline.stale.length > 0 && written === null) {
    const [first] = baseline.stale;
    warn(
      `${baseline.file}: ${baseline.stale.length === 1 ? '1 entry is' : `${baseline.stale.length} entries are`} not found any more (${first?.id} in ${first?.file}${baseline.stale.length > 1 ? ' …' : ''})`,
      `ferrata assess --write-baseline ${baseline.file} removes them`,
    );
  }
  if (written !== null) context.say(`${written.file}: ${written.findings} findings written`);
  if (format === 'text' || format === 'github') return;
  for (const { assessment, unusedAllows } of files) {
    for (const { id, line } of unusedAllows) {
      warn(`${assessment.file}:${line}: ferrata:allow ${id}: there is no such finding here`, 'remove it');
    }
  }
}

/** Each format is loaded only when it is asked for. */
async function show(
  outcome: AssessOutcome,
  format: Format,
  verbose: boolean,
  context: CliContext,
): Promise<void> {
  switch (format) {
    case 'text': {
      const { printOutcome } = await import('../print/assess/text.ts');
      const { palette, width } = context;
      context.result({}, () => printOutcome(outcome, { palette, width, verbose }));
      return;
    }
    case 'json':
      context.document({ ferrata: 1, ...outcomeJson(outcome) });
      return;
    case 'sarif': {
      const [{ sarifLog }, { repositoryRoot }, { RULES, SCRIPT_RULES }, { version }] = await Promise.all([
        import('../print/assess/sarif.ts'),
        import('../print/assess/places.ts'),
        import('../../assess/rules/index.ts'),
        import('../version.ts'),
      ]);
      const root = repositoryRoot(process.cwd());
      context.document(sarifLog(outcome, root, [...RULES, ...SCRIPT_RULES], version()));
      return;
    }
    case 'gitlab': {
      const [{ gitlabReport }, { repositoryRoot }] = await Promise.all([
        import('../print/assess/gitlab.ts'),
        import('../print/assess/places.ts'),
      ]);
      context.document(gitlabReport(outcome, repositoryRoot(process.cwd())));
      return;
    }
    case 'github': {
      const [{ githubCommands }, { repositoryRoot }] = await Promise.all([
        import('../print/assess/github.ts'),
        import('../print/assess/places.ts'),
      ]);
      context.result({}, () => githubCommands(outcome, repositoryRoot(process.cwd())));
      return;
    }
    case 'markdown': {
      const [{ markdownReport }, { repositoryRoot }] = await Promise.all([
        import('../print/assess/markdown.ts'),
        import('../print/assess/places.ts'),
      ]);
      context.result({}, () => markdownReport(outcome, repositoryRoot(process.cwd())));
      return;
    }
    default: {
      const unknown: never = format;
      throw new Error(unknown);
    }
  }
}

function formatOf(invocation: Invocation, context: CliContext): Format {
  const given = text(invocation, 'format');
  if (given === null) return context.json ? 'json' : 'text';
  const format = FORMATS.find((word) => word === given);
  if (format === undefined || (context.json && format !== 'json')) {
    throw new FerrataError(
      'usage',
      format === undefined
        ? `There is no format \`${given}\`.`
        : `--json and --format ${given} contradict each other.`,
      { hint: `--format takes ${FORMATS.join(', ')}; --json is --format json, with events as JSON too.` },
    );
  }
  return format;
}
