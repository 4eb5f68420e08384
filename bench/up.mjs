// `ferrata up` of 500 small migrations, gates off, against psql and three runners on the same server.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchBin, ferrata, judge, psql, time, withServer } from './lib.mjs';

const COUNT = 500;
const ROUNDS = 3;
const sql = (n) => `CREATE TABLE bench_${n} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz);\n`;
const id = (n) => String(20200101000000 + n);

export async function run() {
  console.log(
    `up: ${COUNT} small migrations, one transaction each (best of ${ROUNDS}, fresh database each time)`,
  );
  return withServer(async ({ server, folder }) => {
    const projects = await writeProjects(folder);
    const psqlPath = await psql();
    let database = 0;
    const fresh = async () => {
      const name = `bench${database++}`;
      const connection = await server.connector('postgres').connect('bench');
      await connection.query(`CREATE DATABASE ${name}`);
      await connection.close();
      return server.url(name);
    };
    const node = process.execPath;
    const files = Array.from({ length: COUNT }, (_, n) => [
      '-f',
      join(projects.plain, `${id(n)}.sql`),
    ]).flat();
    const tools = {
      psql: (url) => time(psqlPath, ['-qX', '-v', 'ON_ERROR_STOP=1', ...files, url]),
      ferrata: (url) =>
        time(node, [ferrata, 'up', '--yes', '--quiet'], {
          cwd: projects.ferrata,
          env: { DATABASE_URL: url },
        }),
      dbmate: (url) =>
        time(benchBin('dbmate'), [
          '--no-dump-schema',
          '-d',
          projects.dbmate,
          '--url',
          `${url}?sslmode=disable`,
          'up',
        ]),
      // By default it puts everything into one transaction; here each migration has its own, as with the others.
      'node-pg-migrate': (url) =>
        time(benchBin('node-pg-migrate'), ['up', '-m', projects.nodePgMigrate, '--no-single-transaction'], {
          env: { DATABASE_URL: url },
        }),
      'graphile-migrate': (url) =>
        time(benchBin('graphile-migrate'), ['migrate'], {
          cwd: projects.graphile,
          env: {
            DATABASE_URL: url,
            SHADOW_DATABASE_URL: `${url}_shadow`,
            ROOT_DATABASE_URL: server.url('postgres'),
          },
        }),
    };
    // In turns, and the best of each: what else the machine does meanwhile hits all of them alike.
    const best = Object.fromEntries(Object.keys(tools).map((name) => [name, Number.POSITIVE_INFINITY]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, run] of Object.entries(tools))
        best[name] = Math.min(best[name], await run(await fresh()));
    }
    console.log(
      `  ${Object.entries(best)
        .map(([name, ms]) => `${name} ${Math.round(ms)} ms`)
        .join(', ')}`,
    );
    const { psql: plain, ferrata: own, ...others } = best;
    const results = [judge('ferrata up / psql', own / plain, 1.5)];
    for (const [name, ms] of Object.entries(others)) results.push(judge(`ferrata up / ${name}`, own / ms, 1));
    return results.every(Boolean);
  });
}

async function writeProjects(folder) {
  const at = (name) => join(folder, name);
  const projects = {
    plain: at('plain'),
    ferrata: at('ferrata'),
    dbmate: at('dbmate'),
    nodePgMigrate: at('node-pg-migrate'),
    graphile: at('graphile'),
  };
  for (const path of Object.values(projects)) await mkdir(path, { recursive: true });
  await mkdir(join(projects.graphile, 'migrations', 'committed'), { recursive: true });
  await writeFile(
    join(projects.ferrata, 'ferrata.config.json'),
    JSON.stringify({
      environments: { development: { policy: { proof: 'off', backup: 'off', verify: 'off' } } },
    }),
  );
  await writeFile(join(projects.graphile, '.gmrc'), '{ "pgSettings": {} }');
  await writeFile(join(projects.graphile, 'migrations', 'current.sql'), '');
  const { createHash } = await import('node:crypto');
  let previous = null;
  for (let n = 0; n < COUNT; n++) {
    const text = sql(n);
    await writeFile(join(projects.plain, `${id(n)}.sql`), `BEGIN;\n${text}COMMIT;\n`);
    const migration = join(projects.ferrata, 'migrations', `${id(n)}_m${n}`);
    await mkdir(migration, { recursive: true });
    await writeFile(join(migration, 'up.sql'), text);
    await writeFile(join(projects.dbmate, `${id(n)}_m${n}.sql`), `-- migrate:up\n${text}\n-- migrate:down\n`);
    await writeFile(
      join(projects.nodePgMigrate, `${id(n)}_m${n}.sql`),
      `-- Up Migration\n${text}\n-- Down Migration\n`,
    );
    const hash = `sha1:${createHash('sha1')
      .update(`${`${previous ?? ''}\n${text.trim()}`.trim()}\n`)
      .digest('hex')}`;
    await writeFile(
      join(projects.graphile, 'migrations', 'committed', `${String(n + 1).padStart(6, '0')}.sql`),
      `--! Previous: ${previous ?? '-'}\n--! Hash: ${hash}\n\n${text}`,
    );
    previous = hash;
  }
  return projects;
}
