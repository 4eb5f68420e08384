// An UPDATE of one column of a big table in batches, against one plain statement and the loop that people write, on the
// same server in one run. `npm run bench backfill=200000`: with so many rows.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadSettings } from '../dist/config/load.js';
import { rehearseMigrations } from '../dist/workflow/rehearse.js';
import { applyPending } from '../dist/workflow/up.js';
import { judge, judgeAtLeast, withServer } from './lib.mjs';

const ROWS = 5_000_000;
const UPDATE = 'UPDATE big SET filled = a + 1';
const LOOP = `UPDATE big SET filled = a + 1 WHERE id IN (SELECT id FROM big WHERE filled IS NULL LIMIT 10000)`;
const STRAIGHT = { proof: 'off', backup: 'off', verify: 'off' };

export async function run(given) {
  const rows = Number(given ?? ROWS);
  console.log(`Backfill: UPDATE of one column of ${rows} rows, no other load, fsync on`);
  return withServer(async ({ server, folder }) => {
    const connection = await server.connector('postgres').connect('bench');
    const fresh = async () => {
      await connection.script(`DROP TABLE IF EXISTS big; CHECKPOINT;
        CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, b text NOT NULL, filled int);
        INSERT INTO big SELECT g, g % 1000, 'row number ' || g, NULL FROM generate_series(1, ${rows}) g`);
      await connection.script('VACUUM (ANALYZE) big');
      await connection.script('CHECKPOINT');
    };
    const measured = async (work) => {
      await fresh();
      const started = performance.now();
      const more = await work();
      const rate = (rows / (performance.now() - started)) * 1000;
      const [row] = await connection.rows('SELECT count(*)::int4 FROM big WHERE filled = a + 1');
      if (row[0] !== rows) throw new Error(`${row[0]} of ${rows} rows were changed`);
      return { rate, ...more };
    };
    const plain = () => measured(() => connection.script(UPDATE));
    const loop = () =>
      measured(async () => {
        for (;;) {
          const [[row]] = await connection.script(
            `WITH done AS (${LOOP} RETURNING 1) SELECT count(*) FROM done`,
          );
          if (row[0] === '0') return;
          await connection.script('SELECT pg_sleep(0.1)');
        }
      });
    const batched = (environment, proved = false) =>
      measured(() => up(server, folder, environment, UPDATE, proved));

    // In turns, and the better of each: what else the machine does meanwhile hits both alike.
    const best = { plain: 0, batched: 0 };
    let memory = 0;
    let steady = 1;
    for (let round = 0; round < 2; round++) {
      best.plain = Math.max(best.plain, (await plain()).rate);
      const own = await batched('development');
      best.batched = Math.max(best.batched, own.rate);
      memory = Math.max(memory, own.memory);
      steady = own.steady;
    }
    const recorded = (await batched('development', true)).rate;
    const slow = (await loop()).rate;
    const paced = await batched('production');
    const per = (value) => `${Math.round(value)} rows/s`;
    console.log(
      `  one statement ${per(best.plain)}, in batches ${per(best.batched)}, the usual loop ${per(slow)}`,
    );
    console.log(
      `  in batches, each with the rows as they were, for the way back: ${per(recorded)}, ${(recorded / best.plain).toFixed(2)} × one statement`,
    );
    console.log(
      `  as in production (at most 5 000 rows, 200 ms between them): ${per(paced.rate)}; 500 million rows would take ${hours(best.batched)} h unhindered, ${hours(paced.rate)} h so`,
    );
    const results = [
      judgeAtLeast('in batches / one statement', best.batched / best.plain, 0.8),
      judgeAtLeast('in batches / the usual loop', best.batched / slow, 4),
      judge('memory of the runner', memory, 150, 'MB'),
    ];
    // A short run is over before there are two halves to compare.
    if (steady !== null) results.push(judgeAtLeast('rows/s of the last third / of the first', steady, 0.7));
    await connection.close();
    return results.every(Boolean);
  });
}

const hours = (rate) => (500_000_000 / rate / 3600).toFixed(1);

/** One migration by the workflow that `ferrata up` is; peak memory, and how the rate at the end compares. */
async function up(server, folder, environment, sql, proved) {
  const root = await mkdtemp(join(folder, 'project-'));
  const migration = join(root, 'migrations', '20260101000000_fill');
  await mkdir(migration, { recursive: true });
  await writeFile(join(migration, 'up.sql'), `${sql};\n`);
  await writeFile(
    join(root, 'ferrata.config.json'),
    JSON.stringify({ environments: { [environment]: { url: server.url('postgres'), policy: STRAIGHT } } }),
  );
  const settings = await loadSettings({
    cwd: root,
    config: null,
    env: environment,
    url: null,
    processEnv: {},
  });
  if (proved) {
    const all = { ids: [], all: false, together: false, data: null, write: true };
    const [one] = await rehearseMigrations(settings, all, () => {});
    if (one?.proof.outcome !== 'proved') throw new Error(`the rollback is ${one?.proof.outcome}`);
  }
  let memory = 0;
  const samples = [];
  const watch = setInterval(() => (memory = Math.max(memory, process.memoryUsage.rss() / 1024 / 1024)), 100);
  const started = performance.now();
  try {
    const outcome = await applyPending(
      settings,
      { to: null, dryRun: false, force: null, wait: true },
      (event) => {
        if (event.type === 'backfill-progress')
          samples.push({ at: performance.now() - started, done: event.done });
      },
      { pause: new AbortController().signal },
    );
    if (outcome.runs[0]?.state !== 'completed') throw new Error(`the run is ${outcome.runs[0]?.state}`);
  } finally {
    clearInterval(watch);
    const connection = await server.connector('postgres').connect('bench');
    await connection.script('DROP SCHEMA ferrata CASCADE; DROP SCHEMA IF EXISTS ferrata_attic CASCADE');
    await connection.close();
  }
  return { memory, steady: steadiness(samples) };
}

/** Rows/s over the last third of the time against those over the first, the start left out; null where it was too short. */
function steadiness(samples) {
  const end = samples.at(-1)?.at ?? 0;
  if (samples.length < 12) return null;
  const rate = (from, to) => {
    const within = samples.filter(({ at }) => at >= from * end && at <= to * end);
    const [first, last] = [within[0], within.at(-1)];
    return (last.done - first.done) / (last.at - first.at);
  };
  return rate(0.66, 1) / rate(0.1, 0.43);
}
