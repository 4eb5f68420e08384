/**
 * The one interface of a command. A command reads its arguments, calls one function of the library and prints what
 * it returns; it decides nothing.
 */

import type { Settings } from '../config/settings.ts';
import type { ExitCode } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Palette } from './print/palette.ts';

export interface CommandOption {
  /** As commander reads it: `--to <id>`, `--dry-run`, `--tables <names...>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string | boolean;
}

export interface Invocation {
  /** Positional arguments. */
  readonly positional: readonly string[];
  /** Options by camelCase name. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CliContext {
  readonly json: boolean;
  /** True where a person can answer: stdin and stderr are terminals and `CI` is not set. */
  readonly interactive: boolean;
  /** Columns of the terminal; 80 where there is none. */
  readonly width: number;
  readonly palette: Palette;
  readonly reporter: Reporter;
  /** Aborted by the first Ctrl-C, with the reason `pause`; a second one ends the process. */
  readonly signals: { readonly pause: AbortSignal; readonly cancel: AbortSignal };
  settings(): Promise<Settings>;
  /** Prints a result to stdout: `value` as JSON under `--json`, else the text. */
  result(value: Readonly<Record<string, unknown>>, text: () => string): void;
  /** Prints a value to stdout as JSON, whatever the flags, without secrets: for a format that is JSON by itself. */
  document(value: object): void;
  /** Prints to stdout as it is: for SQL, which must run as it stands. Secrets are the caller's to keep out. */
  print(text: string): void;
  /** Prints to stderr. */
  say(text: string): void;
  /** Asks; without a terminal it throws `confirmation-needed` unless `yes`. */
  confirm(question: string, yes: boolean): Promise<boolean>;
  readStdin(): Promise<string>;
}

export interface Command {
  readonly name: string;
  /** `[id...]` */
  readonly arguments?: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly string[];
  readonly options: readonly CommandOption[];
  run(invocation: Invocation, context: CliContext): Promise<ExitCode>;
}

export function flag(invocation: Invocation, name: string): boolean {
  return invocation.options[name] === true;
}

export function text(invocation: Invocation, name: string): string | null {
  const value = invocation.options[name];
  return typeof value === 'string' ? value : null;
}

export function list(invocation: Invocation, name: string): readonly string[] {
  const value = invocation.options[name];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
