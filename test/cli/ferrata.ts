/** Runs the command line as a user does: `bin/ferrata.js` in a process of its own, from a build of today's sources. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import type {} from '../support/build.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The folder that holds `bin/` and `dist/`; built once per vitest run, whoever comes first. */
export async function built(): Promise<string> {
  const folder = inject('build');
  const home = join(folder, 'home');
  if (await exists(join(folder, 'ready'))) return home;
  try {
    await mkdir(join(folder, 'lock'));
  } catch {
    for (let waited = 0; !(await exists(join(folder, 'ready'))); waited += 100) {
      if (waited > 240_000 || (await exists(join(folder, 'failed')))) throw new Error('The build failed.');
      await sleep(100);
    }
    return home;
  }
  try {
    await mkdir(home);
    for (const name of ['bin', 'package.json', 'docs', 'README.md', 'LICENSE']) {
      await cp(join(ROOT, name), join(home, name), { recursive: true }).catch(() => {});
    }
    await symlink(join(ROOT, 'node_modules'), join(home, 'node_modules'));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const options = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(home, 'dist')];
    await run(process.execPath, [tsc, ...options], { cwd: ROOT }).catch(
      async (error: { stdout?: string }) => {
        // It writes the programs whatever the types say; those are checked by a command of their own.
        if (!(await exists(join(home, 'dist/cli/main.js')))) throw error;
        console.warn(`The build has type errors:\n${error.stdout ?? ''}`);
      },
    );
    await run(process.execPath, [join(ROOT, 'scripts/bundle.mjs'), join(home, 'dist')], { cwd: ROOT });
    await mkdir(join(folder, 'ready'));
  } catch (error) {
    await mkdir(join(folder, 'failed'));
    const { stdout = '' } = error as { stdout?: string };
    throw new Error(`The build failed:\n${stdout}`, { cause: error });
  }
  return home;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Options of node itself, e.g. `--import file`. */
  readonly node?: readonly string[];
}

export interface Outcome {
  /** The exit code, or the signal's name. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  /** Waits until standard error holds this; rejects when the process ends first. */
  said(text: string | RegExp): Promise<void>;
}

/** The environment without what would change the outcome, and without a terminal's width. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(FERRATA_|PG|DATABASE_URL|CI$|NO_COLOR|FORCE_COLOR|COLUMNS|NODE_OPTIONS|VITEST|NODE_ENV)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}

/** Starts `ferrata <args>` and returns at once. */
export async function start(args: readonly string[], options: RunOptions): Promise<Started> {
  const home = await built();
  const child = spawn(process.execPath, [...(options.node ?? []), join(home, 'bin/ferrata.js'), ...args], {
    cwd: options.cwd,
    env: environment(options.env ?? {}),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Outcome>((resolve) => {
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', stdout, stderr }));
  });
  return {
    process: child,
    pid: child.pid ?? -1,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!(typeof text === 'string' ? stderr.includes(text) : text.test(stderr))) return;
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`It ended without saying ${text}:\n${stderr}\n${stdout}`)));
      }),
  };
}

/** Runs `ferrata <args>` to its end. */
export async function ferrata(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return (await start(args, options)).ended;
}

/** Runs it with `--json`: the one document on standard output, and the events on standard error. */
export async function ferrataJson(
  args: readonly string[],
  options: RunOptions,
): Promise<{
  readonly code: number | string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it freely
  readonly value: any;
  readonly events: readonly Record<string, unknown>[];
}> {
  const { code, stdout, stderr } = await ferrata([...args, '--json'], options);
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw new Error(`Standard output is not one JSON document:\n${stdout}\n${stderr}`);
  }
  const events = stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, value, events };
}

/** Names of the commands, from the folder that holds one file for each. */
export async function commandNames(): Promise<readonly string[]> {
  const files = await readdir(join(ROOT, 'src/cli/commands'));
  return files.map((file) => file.replace(/\.ts$/, '')).sort();
}
