// What the benchmarks under load share: their table, the application's process, and `ferrata up` in one of its own.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ferrata } from './lib.mjs';

export async function prepare(connection, rows) {
  await connection.script(`DROP SCHEMA IF EXISTS ferrata CASCADE; DROP SCHEMA IF EXISTS ferrata_attic CASCADE;
    DROP TABLE IF EXISTS big, history; CHECKPOINT;
    CREATE TABLE history (big bigint, at timestamptz);
    CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, b text NOT NULL, filled int);
    INSERT INTO big SELECT g, g % 1000, 'row number ' || g, NULL FROM generate_series(1, ${rows}) g`);
  await connection.script('VACUUM (ANALYZE) big');
  await connection.script('CHECKPOINT');
}

/** Runs one migration as in production; a proof of it says nothing about the application, and is left out. */
export async function up(cwd, url, sql, monitor = {}) {
  const migration = join(cwd, 'migrations', '20260101000000_change');
  await mkdir(migration, { recursive: true });
  await writeFile(join(migration, 'up.sql'), sql);
  const policy = { proof: 'off', backup: 'off', verify: 'off', monitor };
  const environments = { production: { url, policy } };
  await writeFile(join(cwd, 'ferrata.config.json'), JSON.stringify({ environments }));
  const child = spawn(process.execPath, [ferrata, 'up', '--env', 'production', '--yes', '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (said += data));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`ferrata up ended with ${code}:\n${said.slice(-2000)}`);
  return said;
}

/** The clients of `application.mjs`. */
export class Application {
  #child;
  port = 0;

  static async start(url, rows) {
    const application = new Application();
    const program = fileURLToPath(new URL('application.mjs', import.meta.url));
    application.#child = fork(program, [url, String(rows)]);
    [{ port: application.port }] = await once(application.#child, 'message');
    return application;
  }

  /** What the clients met while `work` went on. */
  async during(work) {
    const from = performance.timeOrigin + performance.now();
    await work();
    const to = performance.timeOrigin + performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    this.#child.send({ from, to });
    const [latencies] = await once(this.#child, 'message');
    return { ...latencies, tookMs: to - from };
  }

  stop() {
    this.#child.disconnect();
  }
}
