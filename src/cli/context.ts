/** What a command has around it: streams, colours, prompts, settings, signals. */
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { FerrataEvent } from '../events.ts';
import { cleanUp } from '../postgres/interrupt.ts';
import { redact } from '../postgres/redact.ts';
import type { CliContext } from './command.ts';
import { LiveView } from './live-view.ts';
import { Pace } from './pace.ts';
import { printEvent } from './print/events.ts';
import { createPalette } from './print/palette.ts';
import type { Telemetry } from './telemetry/index.ts';

export interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly env?: string;
  readonly url?: string;
  readonly color?: boolean;
  readonly quiet?: boolean;
}

export function colourWanted(flag: boolean, stream: NodeJS.WriteStream): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (!flag || (NO_COLOR !== undefined && NO_COLOR !== '')) return false;
  return stream.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== '0');
}

/** Columns: the terminal's, else what COLUMNS says, else 80. */
export function terminalWidth(stream: NodeJS.WriteStream): number {
  const said = Number(process.env.COLUMNS);
  return stream.columns ?? (Number.isInteger(said) && said > 0 ? said : 80);
}

/** String by string: what is blotted out in the finished text could take a quote with it, and it were JSON no longer. */
function jsonText(value: object): string {
  return JSON.stringify(
    value,
    (key, item: unknown) =>
      typeof item !== 'string' ? item : /passw(or)?d$/i.test(key) ? '***' : redact(item),
    2,
  );
}

/** How long the user waits for it after Ctrl-C. */
const CLEAN_UP_MS = 5000;

export function createContext(
  options: GlobalOptions,
  telemetry: Telemetry | null = null,
): CliContext & { close(): void } {
  const json = options.json === true;
  const palette = createPalette(!json && colourWanted(options.color !== false, process.stdout));
  const eventPalette = createPalette(colourWanted(options.color !== false, process.stderr));
  const interactive =
    process.stdin.isTTY === true && process.stderr.isTTY === true && process.env.CI === undefined;
  // Under --json standard error is NDJSON, whatever is said.
  const view =
    process.stderr.isTTY === true && process.env.CI === undefined && !json && options.quiet !== true
      ? new LiveView(process.stderr, eventPalette)
      : null;
  const pace = new Pace();
  const write = (line: string) => {
    if (view === null) process.stderr.write(`${redact(line)}\n`);
    else view.say(redact(line));
  };
  const tell = (text: string) => {
    write(json ? JSON.stringify({ type: 'message', message: text.trim() }) : text);
  };
  const abort = new AbortController();
  const cancel = new AbortController();
  let interrupts = 0;
  let pausable = false;
  const onInterrupt = (signal: NodeJS.Signals) => {
    interrupts++;
    // A command that cannot pause ends at once; servers that it started end with it, and what it made on others goes.
    if (!pausable) {
      if (interrupts > 1 && signal !== 'SIGHUP') process.exit(130);
      if (interrupts === 1) void cleanUp(CLEAN_UP_MS).finally(() => process.exit(130));
      return;
    }
    // A terminal that closes sends SIGHUP more than once: from the kernel and from the shell.
    if (interrupts === 2 && signal !== 'SIGHUP') cancel.abort('cancel');
    // Whoever asks a third time does not want to wait for the server's answer.
    if (interrupts > 2 && signal !== 'SIGHUP') process.exit(130);
    if (interrupts === 1) tell(`\n${signal}: finishing the step in hand; once more stops at once`);
    abort.abort('pause');
  };
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onInterrupt);

  let settings: Promise<Settings> | null = null;
  return {
    json,
    interactive,
    width: terminalWidth(process.stdout),
    palette,
    get signals() {
      pausable = true;
      return { pause: abort.signal, cancel: cancel.signal };
    },
    reporter: (event: FerrataEvent) => {
      telemetry?.hear(event);
      if (options.quiet === true) return;
      if (view?.hear(event) === true) return;
      if (!json && event.type === 'backfill-progress' && !pace.due(event)) return;
      const line = json ? JSON.stringify(event) : printEvent(event, eventPalette);
      if (line !== null) write(line);
    },
    settings: () => {
      const loading =
        settings ??
        loadSettings({
          cwd: process.cwd(),
          config: options.config ?? null,
          env: options.env ?? null,
          url: options.url ?? null,
          processEnv: process.env,
        });
      settings = loading;
      return loading;
    },
    result: (value, text) => {
      const shown = json ? jsonText({ ferrata: 1, ...value }) : redact(text());
      if (shown !== '') process.stdout.write(`${shown}\n`);
    },
    document: (value) => {
      process.stdout.write(`${jsonText(value)}\n`);
    },
    print: (text) => {
      process.stdout.write(`${text}\n`);
    },
    say: (text) => {
      if (options.quiet !== true) tell(text);
    },
    confirm: async (question, yes) => {
      if (yes) return true;
      if (!interactive) {
        throw new FerrataError('confirmation-needed', question, {
          why: 'There is no terminal to ask on.',
          hint: 'Add --yes when you are sure.',
        });
      }
      const { createInterface } = await import('node:readline/promises');
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      const answer = await prompt.question(`${question} [y/N] `).finally(() => prompt.close());
      return /^y(es)?$/i.test(answer.trim());
    },
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
      return Buffer.concat(chunks).toString('utf8');
    },
    close: () => {
      view?.close();
      for (const signal of signals) process.off(signal, onInterrupt);
    },
  };
}
