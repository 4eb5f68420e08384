/**
 * Runs a TypeScript file in a Node process of its own: for what only another process shows (kill -9, exit hooks, sharing).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface Child {
  readonly process: ChildProcess;
  /** The next line of its standard output; rejects when it ends first, with what it wrote to standard error. */
  line(): Promise<string>;
  /** Waits until it has ended: its exit code, or the signal's name. */
  ended(): Promise<number | string>;
}

const TYPESCRIPT = new URL('./typescript.mjs', import.meta.url).href;

/** `file` is absolute. */
export function startChild(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Child {
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, file, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const lines: string[] = [];
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  createInterface({ input: child.stdout }).on('line', (text) => {
    const next = waiting.shift();
    if (next === undefined) lines.push(text);
    else next.resolve(text);
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      for (const { reject } of waiting.splice(0))
        reject(new Error(`The child ended (${code ?? signal}): ${errors}`));
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    process: child,
    ended: () => ended,
    line: () =>
      new Promise((resolve, reject) => {
        const text = lines.shift();
        if (text !== undefined) resolve(text);
        else if (child.exitCode !== null || child.signalCode !== null) {
          reject(new Error(`The child has ended (${child.exitCode ?? child.signalCode}): ${errors}`));
        } else waiting.push({ resolve, reject });
      }),
  };
}

/** Whether the process lives; one that has ended and that nobody has waited for does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
