// What every benchmark shares: a server of its own, wall times of child processes, a table of ratios.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findClient, findServers } from '../dist/postgres/programs.js';
import { startServer } from '../dist/postgres/server.js';

export const ferrata = fileURLToPath(new URL('../bin/ferrata.js', import.meta.url));
export const benchBin = (name) => fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));

/** Runs `work` with a fresh server (fsync on, as in production) and a temporary folder; both are removed. */
export async function withServer(work, { fsync = true } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-bench-'));
  const [programs] = await findServers(null);
  if (programs === undefined) throw new Error('no PostgreSQL server found: npm ci installs one');
  const server = await startServer({ programs, dataDir: join(folder, 'data'), fsync, remove: true });
  try {
    return await work({ server, folder });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs `work` with a temporary folder, which is removed. */
export async function withFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Wall time of a process, milliseconds. Fails when the process does. */
export async function time(program, args, { cwd, env = {} } = {}) {
  const started = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const ms = performance.now() - started;
  if (code !== 0)
    throw new Error(`${program} ${args.join(' ')} exited with ${code}:\n${output.slice(-2000)}`);
  return ms;
}

/** Median of several runs. */
export async function median(times, work) {
  const results = [];
  for (let run = 0; run < times; run++) results.push(await work(run));
  return results.sort((a, b) => a - b)[Math.floor(results.length / 2)];
}

export async function psql() {
  const client = await findClient('psql', 13);
  if (client === null) throw new Error('psql is not installed: scripts/install-test-tools.sh installs it');
  return client.path;
}

/** Prints `name: value (limit) ok`; answers whether the limit is met. */
export function judge(name, value, limit, unit = '×') {
  const ok = value <= limit;
  const shown = unit === '×' || unit === '' ? `${value.toFixed(2)} ${unit}` : `${Math.round(value)} ${unit}`;
  console.log(`  ${ok ? 'ok    ' : 'MISSED'} ${name}: ${shown} (at most ${limit} ${unit})`);
  return ok;
}

/** As `judge`, for what must not be less. */
export function judgeAtLeast(name, value, limit, unit = '×') {
  const ok = value >= limit;
  console.log(
    `  ${ok ? 'ok    ' : 'MISSED'} ${name}: ${value.toFixed(2)} ${unit} (at least ${limit} ${unit})`,
  );
  return ok;
}
