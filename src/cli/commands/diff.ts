import { resolve } from 'node:path';
import { loadSettings } from '../../config/load.ts';
import type { Settings } from '../../config/settings.ts';
import { EXIT, type ExitCode, FerrataError, isFerrataError } from '../../errors.ts';
import { diffSchemas, parseIgnore, type SchemaDiff } from '../../workflow/diff.ts';
import { IGNORABLE } from '../../workflow/diff-scope.ts';
import { type CliContext, type Command, flag, type Invocation, list, text } from '../command.ts';
import { diffHeading, diffJson, printDiff } from '../print/diff.ts';
import { sqlScript } from '../print/sql-script.ts';

const FORMATS = ['text', 'sql', 'json'] as const;
type Format = (typeof FORMATS)[number];

export const diffCommand: Command = {
  name: 'diff',
  summary: 'Compare two schemas: databases, SQL files, migrations, proofs',
  description: [
    'A side is an environment of the configuration, a URL, a file of SQL (pg_dump’s too), a migrations folder, one migration (the state after it), proof:<migration>[@start|@end], recorded[:<environment>], a file that --save wrote, or empty. What is no database is built on a scratch server.',
    'Exit code 4 when they are different, 0 when they are equal but for column order and white space in bodies. With --format sql 0 when the script is whole, 1 when something in it had to be refused.',
  ].join('\n\n'),
  examples: [
    'ferrata diff --from staging --to production',
    'ferrata diff                                   # the migrations against the environment',
    'ferrata diff --from schema.sql --to postgres://localhost/app --ignore owners,privileges',
    'ferrata diff --from 20261101120000_orders --to 20261115090000_index --format sql',
    'ferrata diff --from empty --to production --save production.json',
  ],
  options: [
    { flags: '--from <what>', description: 'the left side (default: the migrations folder)' },
    { flags: '--to <what>', description: 'the right side (default: the environment)' },
    { flags: '--format <format>', description: 'text, sql (what leads from left to right) or json' },
    {
      flags: '--ignore <classes...>',
      description: `leave out, separated by commas: ${Object.keys(IGNORABLE).join(', ')}`,
    },
    { flags: '--schema <names...>', description: 'only these schemas and what lies in them' },
    { flags: '--save <file>', description: 'keep the schema of --to in a file' },
    { flags: '--all', description: 'print everything, however long' },
    { flags: '--exit-code', description: 'exit with 4 when different, with every format' },
    { flags: '--no-exit-code', description: 'exit with 0 when different' },
  ],
  async run(invocation, context) {
    const format = formatOf(invocation, context);
    const { settings, environment } = await settingsOf(invocation, context);
    const save = text(invocation, 'save');
    const diff = await diffSchemas(
      settings,
      {
        from: text(invocation, 'from') ?? settings.migrations,
        to: text(invocation, 'to') ?? settings.environment.name,
        ignore: parseIgnore(list(invocation, 'ignore')),
        schemas: list(invocation, 'schema').flatMap((names) => names.split(',')),
        sql: format !== 'text',
        save: save === null ? null : resolve(save),
        environment,
      },
      context.reporter,
    );
    context.print(show(diff, format, flag(invocation, 'all'), context));
    return exitCode(diff, format, invocation.options.exitCode);
  },
};

/** Secrets were taken out by the comparison: blotting out more would change what the SQL does. */
function show(diff: SchemaDiff, format: Format, all: boolean, { palette, width }: CliContext): string {
  switch (format) {
    case 'json':
      return JSON.stringify({ ferrata: 1, ...diffJson(diff) }, null, 2);
    case 'sql':
      return sqlScript(diff.sql, diff.refusals, diffHeading(diff));
    case 'text':
      return printDiff(diff, { palette, width, all });
    default: {
      const unknown: never = format;
      return unknown;
    }
  }
}

function exitCode(diff: SchemaDiff, format: Format, wanted: unknown): ExitCode {
  if (format === 'sql' && diff.refusals.length > 0) return EXIT.failed;
  const counts = wanted === undefined ? format !== 'sql' : wanted === true;
  return counts && diff.outcome === 'different' ? EXIT.proof : EXIT.done;
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

/**
 * The settings for paths and names, and those of any environment. Where both sides are given, an environment whose URL
 * is not set here is no obstacle, unless it is one of the sides.
 */
async function settingsOf(
  invocation: Invocation,
  context: CliContext,
): Promise<{ readonly settings: Settings; readonly environment: (name: string) => Promise<Settings> }> {
  const given = { cwd: process.cwd(), config: text(invocation, 'config'), processEnv: process.env };
  const url = text(invocation, 'url');
  const sides = [text(invocation, 'from'), text(invocation, 'to')];
  const needed = sides[1] === null || sides.includes('recorded');
  const settings = await context.settings().catch((error: unknown) => {
    if (needed || !isFerrataError(error) || error.code !== 'config-invalid') throw error;
    return loadSettings({ ...given, env: text(invocation, 'env'), url: 'embedded' });
  });
  return {
    settings,
    environment: (name) =>
      loadSettings({ ...given, env: name, url: name === settings.environment.name ? url : null }),
  };
}
