// What an application of eight clients feels of a backfill, of one plain UPDATE and of the loop that people write; each
// against its own latencies just before. `npm run bench under-load=200000`: with so many rows.
import { join } from 'node:path';
import { Application, prepare, up } from './application-clients.mjs';
import { judge, withServer } from './lib.mjs';

const ROWS = 500_000;
const BASELINE_MS = 10_000;
const UPDATE = 'UPDATE big SET filled = a + 1';
const LOOP = `UPDATE big SET filled = a + 1 WHERE id IN (SELECT id FROM big WHERE filled IS NULL LIMIT 10000)`;

export async function run(given) {
  const rows = Number(given ?? ROWS);
  console.log(`Under load: ${rows} rows, an application of 8 clients that write the same table`);
  return withServer(async ({ server, folder }) => {
    const connection = await server.connector('postgres').connect('bench');
    const url = server.url('postgres');
    const measured = async (name, work) => {
      await prepare(connection, rows);
      const application = await Application.start(url, rows);
      try {
        // The first seconds fill caches.
        await sleep(3000);
        const before = await application.during(() => sleep(BASELINE_MS));
        const meanwhile = await application.during(() => work(application));
        const ratio = meanwhile.p99 / before.p99;
        console.log(
          `  ${name.padEnd(14)} ${seconds(meanwhile.tookMs)}; p99 ${ms(before.p99)} → ${ms(meanwhile.p99)} (${ratio.toFixed(2)} ×), longest ${ms(before.longest)} → ${ms(meanwhile.longest)}, errors ${meanwhile.errors.length}`,
        );
        return { ...meanwhile, ratio };
      } finally {
        application.stop();
      }
    };
    await measured('one statement', () => connection.script(UPDATE));
    await measured('the usual loop', async () => {
      for (;;) {
        const [[row]] = await connection.script(
          `WITH done AS (${LOOP} RETURNING 1) SELECT count(*) FROM done`,
        );
        if (row[0] === '0') return;
        await connection.script('SELECT pg_sleep(0.1)');
      }
    });
    const own = await measured('ferrata up', ({ port }) =>
      up(join(folder, 'project'), url, `${UPDATE};\n`, { health: { http: `http://127.0.0.1:${port}/` } }),
    );
    const [row] = await connection.rows('SELECT count(*)::int4 FROM big WHERE filled IS NULL');
    if (row[0] !== 0) throw new Error(`${row[0]} rows were not changed`);
    await connection.close();
    return [
      judge('p99 during ferrata up / before', own.ratio, 1.5),
      judge('longest stall', own.longest, 100, 'ms'),
      judge('errors', own.errors.length, 0, ''),
    ].every(Boolean);
  });
}

const sleep = (wait) => new Promise((resolve) => setTimeout(resolve, wait));
const ms = (value) => `${value.toFixed(1)} ms`;
const seconds = (value) => `${(value / 1000).toFixed(1)} s`.padStart(7);
