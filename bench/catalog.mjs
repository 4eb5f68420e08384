// Catalog read + fingerprint on an open connection against `pg_dump --schema-only` of the same database.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprintCatalog } from '../dist/catalog/fingerprint.js';
import { readCatalog } from '../dist/catalog/read.js';
import { findClient, findServers } from '../dist/postgres/programs.js';
import { startServer } from '../dist/postgres/server.js';
import { judge, median, time } from './lib.mjs';

const TABLES = 1000;
const SMALL = 30;

/** Ten columns, a primary key, three indexes and a foreign key. */
const table = (n) => `CREATE TABLE t${n} (id bigint PRIMARY KEY, a int NOT NULL, b text NOT NULL DEFAULT '',
  c varchar(100), d numeric(10, 2) DEFAULT 0, e timestamptz NOT NULL DEFAULT now(), f boolean DEFAULT false, g jsonb,
  h date, parent bigint REFERENCES t${Math.max(n - 1, 0)});
  CREATE INDEX ON t${n} (a); CREATE INDEX ON t${n} (b, c); CREATE INDEX ON t${n} (parent);`;

export async function run() {
  // pg_dump refuses servers newer than itself: the newest pair that fits.
  const dump = await findClient('pg_dump', 13);
  if (dump === null) throw new Error('pg_dump is not installed: scripts/install-test-tools.sh installs it');
  const programs = (await findServers(null)).find(({ major }) => major <= dump.major);
  if (programs === undefined) throw new Error(`no PostgreSQL server of version ${dump.major} or older found`);
  console.log(
    `Catalog: ${TABLES} tables on PostgreSQL ${programs.major}, pg_dump ${dump.major} (medians of 7)`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-bench-'));
  const server = await startServer({
    programs,
    dataDir: join(folder, 'data'),
    fsync: false,
    remove: true,
    settings: { max_locks_per_transaction: '1024' },
  });
  try {
    const big = await fill(server, 'big', TABLES);
    const started = performance.now();
    fingerprintCatalog(await readCatalog(big));
    const first = performance.now() - started;
    const env = server.connector('big').clientEnvironment();
    const reads = [];
    const prints = [];
    const dumps = [];
    // Turn by turn, so that both meet the same noise of the machine.
    for (let turn = 0; turn < 7; turn++) {
      dumps.push(await time(dump.path, ['--schema-only', '--file', '/dev/null'], { env }));
      const start = performance.now();
      const catalog = await readCatalog(big);
      const read = performance.now();
      fingerprintCatalog(catalog);
      prints.push(performance.now() - read);
      reads.push(read - start);
    }
    const both = reads.map((read, turn) => read + prints[turn]);
    const middle = (list) => median(list.length, (turn) => list[turn]);
    const [read, print, all, dumped] = await Promise.all([reads, prints, both, dumps].map(middle));
    console.log(`  read ${read.toFixed(0)} ms (with dependencies), fingerprint ${print.toFixed(0)} ms`);
    console.log(
      `  the first time in this process ${first.toFixed(0)} ms; pg_dump --schema-only ${dumped.toFixed(0)} ms`,
    );
    const result = judge('read + fingerprint / pg_dump --schema-only', all / dumped, 0.8);
    await big.close();

    const small = await fill(server, 'small', SMALL);
    const ms = await median(21, async (turn) => {
      await small.script(`ALTER TABLE t0 ADD x${turn} int`);
      const start = performance.now();
      fingerprintCatalog(await readCatalog(small, { dependencies: false }));
      return performance.now() - start;
    });
    console.log(`  ${SMALL} tables, right after a change, without dependencies: ${ms.toFixed(1)} ms`);
    await small.close();
    return result;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(server, name, count) {
  const admin = await server.connector('postgres').connect('bench');
  await admin.script(`CREATE DATABASE ${name}`);
  await admin.close();
  const connection = await server.connector(name).connect('bench');
  for (let n = 0; n < count; n += 100) {
    const batch = Array.from({ length: Math.min(100, count - n) }, (_, index) => table(n + index));
    await connection.script(batch.join('\n'));
  }
  await connection.script('ANALYZE');
  return connection;
}
