// The catalog: read + fingerprint against `pg_dump --schema-only` of the same database; how time and memory grow with
// the number of tables; compare and render of two big catalogs; reading again after a change.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compareCatalogs } from '../dist/catalog/compare.js';
import { fingerprintCatalog } from '../dist/catalog/fingerprint.js';
import { readCatalog } from '../dist/catalog/read.js';
import { renderDifference } from '../dist/catalog/render/index.js';
import { readAgainFor, readCatalogToRemember, rereadCatalog } from '../dist/catalog/reread/index.js';
import { findClient, findServers } from '../dist/postgres/programs.js';
import { startServer } from '../dist/postgres/server.js';
import { judge, median, time } from './lib.mjs';

const TABLES = 1000;
const SMALL = 30;
const SIZES = [1000, 2000, 5000, 10_000];

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
  console.log(`Catalog on PostgreSQL ${programs.major}, pg_dump ${dump.major}`);
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-bench-'));
  const server = await startServer({
    programs,
    dataDir: join(folder, 'data'),
    fsync: false,
    remove: true,
    settings: { max_locks_per_transaction: '1024' },
  });
  try {
    const results = [await againstDump(server, dump), await growth(server)];
    await smallOne(server);
    return results.every(Boolean);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function againstDump(server, dump) {
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
  console.log(
    `  ${TABLES} tables: read ${read.toFixed(0)} ms (with dependencies), fingerprint ${print.toFixed(0)} ms (medians of 7)`,
  );
  console.log(
    `  the first time in this process ${first.toFixed(0)} ms; pg_dump --schema-only ${dumped.toFixed(0)} ms`,
  );
  const result = judge('read + fingerprint / pg_dump --schema-only', all / dumped, 0.8);
  await big.close();
  return result;
}

/** The same schema in several sizes, each measured in a process of its own. */
async function growth(server) {
  const times = [];
  let [memory, compared, scoped] = [0, 0, 0];
  for (const size of SIZES) {
    await (await fill(server, `s${size}`, size)).close();
    const program = fileURLToPath(new URL('catalog-size.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, server.url(`s${size}`)]);
    const one = JSON.parse(stdout);
    console.log(
      `  ${String(size).padStart(6)} tables: read + fingerprint ${one.read.toFixed(0)} ms (${((one.read * 1000) / size).toFixed(0)} µs a table), ` +
        `${one.memory.toFixed(0)} MB; compare ${one.compare.toFixed(0)} ms; render one change ${one.render.toFixed(0)} ms; ` +
        `read again after it ${one.again.toFixed(0)} ms (${(one.again / one.whole).toFixed(2)} of a whole read)`,
    );
    times.push(one.read);
    memory = one.memory;
    compared = one.compare;
    if (size === TABLES) scoped = one.again;
  }
  const [least, most] = [SIZES[0], SIZES.at(-1)];
  const exponent = Math.log(times.at(-1) / times[0]) / Math.log(most / least);
  return [
    judge(`time grows with the number of tables to the power of`, exponent, 1.1, ''),
    judge(`memory of reading ${most} tables`, memory, 1000, 'MB'),
    judge(`compare of two catalogs of ${most} tables`, compared, 200, 'ms'),
    judge(`reading again after a change to one of ${TABLES} tables`, scoped, 50, 'ms'),
  ].every(Boolean);
}

async function smallOne(server) {
  const small = await fill(server, 'small', SMALL);
  const ms = await median(21, async (turn) => {
    await small.script(`ALTER TABLE t0 ADD x${turn} int`);
    const start = performance.now();
    fingerprintCatalog(await readCatalog(small, { dependencies: false }));
    return performance.now() - start;
  });
  console.log(`  ${SMALL} tables, right after a change, without dependencies: ${ms.toFixed(1)} ms`);
  await small.close();
}

/** Measures one database; the least of several times, which is the one with the least noise in it. */
export async function measure(connection) {
  const least = async (times, work) => {
    let best = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < times; turn++) best = Math.min(best, await work(turn));
    return best;
  };
  const timed = async (work) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  let before = await readCatalogToRemember(connection);
  fingerprintCatalog(before);
  const memory = process.resourceUsage().maxRSS / 1024;
  const read = await least(5, () => timed(async () => fingerprintCatalog(await readCatalog(connection))));
  const whole = await least(3, () => timed(() => readCatalog(connection)));
  let after = before;
  const again = await least(7, async (turn) => {
    before = after;
    await connection.script(`ALTER TABLE t7 ADD x${turn} int`);
    const ms = await timed(async () => {
      after = await rereadCatalog(connection, before);
    });
    if (readAgainFor(after) === null) throw new Error('all was read again');
    return ms;
  });
  const render = await least(5, () => timed(() => renderDifference(after, before, { sameDatabase: true })));
  const other = await readCatalog(connection);
  const compare = await least(7, () => timed(() => compareCatalogs(after, other)));
  return { read, whole, memory, again, render, compare };
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
