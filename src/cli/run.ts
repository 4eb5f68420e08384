/** Parses the arguments of one command with commander, and runs it. */
import { Command as Commander, CommanderError } from 'commander';
import { EXIT, type ExitCode, FerrataError } from '../errors.ts';
import { isInterrupted } from '../postgres/interrupt.ts';
import type { Command } from './command.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { COMMANDS, nearestCommand } from './registry.ts';
import type { Telemetry } from './telemetry/index.ts';
import { version } from './version.ts';

/** Options that every command takes. */
const GLOBAL: readonly { readonly flags: string; readonly description: string }[] = [
  { flags: '--json', description: 'print one JSON document to stdout, events as NDJSON to stderr' },
  {
    flags: '--config <file>',
    description: 'config file (default: ferrata.config.* in the working directory)',
  },
  { flags: '--env <name>', description: 'environment of the config file' },
  {
    flags: '--url <url>',
    description: 'database to work on, instead of the environment’s (or DATABASE_URL)',
  },
  { flags: '--no-color', description: 'no colours (also: NO_COLOR)' },
  { flags: '--quiet', description: 'no progress on stderr' },
];

export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  const wantsJson = argv.includes('--json');
  try {
    return await dispatch(argv);
  } catch (error) {
    // On its way out, a command loses what it works with: that is no error to tell.
    if (isInterrupted()) return new Promise<ExitCode>(() => {});
    return report(error, wantsJson, argv);
  }
}

async function dispatch(argv: readonly string[]): Promise<ExitCode> {
  const { name, rest } = splitCommand(argv);
  if (name === null || name === 'help') {
    const [topic] = rest.filter((word) => !word.startsWith('-'));
    if (name === 'help' && topic !== undefined) return dispatch([topic, '--help']);
    process.stdout.write(overview());
    return name === null && argv.length === 0 ? EXIT.usage : EXIT.done;
  }
  const entry = COMMANDS.find((command) => command.name === name);
  if (entry === undefined) {
    const near = nearestCommand(name);
    throw new FerrataError('usage', `There is no command \`${name}\`.`, {
      hint: near === null ? '`ferrata --help` lists the commands.' : `Did you mean \`ferrata ${near}\`?`,
    });
  }
  return runOne(await entry.load(), rest);
}

/** The first word that is no option (or an option's value) is the command. */
function splitCommand(argv: readonly string[]): { name: string | null; rest: readonly string[] } {
  const takesValue = new Set(['--config', '--env', '--url']);
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (takesValue.has(word)) index++;
    else if (!word.startsWith('-')) {
      return { name: word, rest: [...argv.slice(0, index), ...argv.slice(index + 1)] };
    }
  }
  return { name: null, rest: argv };
}

/** What reads the arguments of one command. */
export function parserOf(command: Command): Commander {
  const commander = new Commander(`ferrata ${command.name}`)
    .description(command.description ?? command.summary)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(command.arguments !== undefined)
    .addHelpText('after', `\nExamples:\n${command.examples.map((line) => `  $ ${line}`).join('\n')}`);
  if (command.arguments !== undefined) commander.argument(command.arguments);
  for (const option of command.options) {
    commander.option(option.flags, option.description, option.default);
  }
  for (const option of GLOBAL) commander.option(option.flags, option.description);
  return commander;
}

async function runOne(command: Command, argv: readonly string[]): Promise<ExitCode> {
  const commander = parserOf(command);
  try {
    commander.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    throw new FerrataError('usage', error.message.replace(/^error: /, ''), {
      hint: `\`ferrata ${command.name} --help\` lists what it takes.`,
    });
  }
  const options: GlobalOptions & Record<string, unknown> = commander.opts();
  const telemetry = await telemetryWanted();
  const context = createContext(options, telemetry);
  try {
    return await command.run({ positional: commander.args, options }, context);
  } finally {
    context.close();
    await telemetry?.close();
  }
}

/** Loaded only where a variable asks for it: most commands run without. */
async function telemetryWanted(): Promise<Telemetry | null> {
  const names = Object.keys(process.env);
  if (!names.some((name) => /^(FERRATA_METRICS_|OTEL_EXPORTER_OTLP_)/.test(name))) return null;
  const { openTelemetry } = await import('./telemetry/index.ts');
  return openTelemetry(process.env);
}

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `ferrata ${version()}
Changes live databases; no migration runs before its rollback has been proved.

Usage: ferrata <command> [options]

Commands:
${lines.join('\n')}

\`ferrata <command> --help\` shows options and examples.
Exit codes: 0 done, 1 failed, 2 usage, 3 a gate refuses, 4 a proof or verification failed, 5 paused.
`;
}

async function report(error: unknown, json: boolean, argv: readonly string[]): Promise<ExitCode> {
  const { redact } = await import('../postgres/redact.ts');
  const known =
    error instanceof FerrataError
      ? error
      : new FerrataError('internal', error instanceof Error ? error.message : String(error), {
          hint: 'This is a bug in Ferrata. Run again with FERRATA_DEBUG=1 and report what it prints.',
          cause: error,
        });
  if (json) {
    process.stdout.write(`${redact(JSON.stringify({ ferrata: 1, error: known.toJSON() }, null, 2))}\n`);
  } else {
    const { createPalette } = await import('./print/palette.ts');
    const { printError } = await import('./print/error.ts');
    const { colourWanted, terminalWidth } = await import('./context.ts');
    const palette = createPalette(colourWanted(!argv.includes('--no-color'), process.stderr));
    process.stderr.write(`${redact(printError(known, palette, terminalWidth(process.stderr)))}\n`);
  }
  if (process.env.FERRATA_DEBUG !== undefined && error instanceof Error) {
    process.stderr.write(`${redact(error.stack ?? '')}\n`);
  }
  return known.exitCode;
}
