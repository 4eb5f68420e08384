// The application of the benchmarks under load, a process of its own: clients that read and write the table all the
// while, one transaction after the other as pgbench's do, and note how long each took. It answers as an application with a health
// endpoint would. Tells its parent `{ port }` when it is ready, and its latencies when asked `{ from, to }`.
import { createServer } from 'node:http';
import { createConnector } from '../dist/postgres/connect.js';

const CLIENTS = 8;
/** The health endpoint speaks of the last seconds. */
const HEALTH_MS = 10_000;

const [url, rows] = process.argv.slice(2);
const samples = [];
const errors = [];
const connector = createConnector(url);
let running = true;
const now = () => performance.timeOrigin + performance.now();

async function work(connection) {
  while (running) {
    const id = 1 + Math.floor(Math.random() * Number(rows));
    const started = now();
    try {
      await connection.script(
        `BEGIN; UPDATE big SET a = a + 1 WHERE id = ${id}; SELECT a FROM big WHERE id = ${id}; INSERT INTO history (big, at) VALUES (${id}, now()); COMMIT`,
      );
      samples.push([now(), now() - started]);
    } catch (error) {
      errors.push([now(), String(error.message)]);
      await connection.script('ROLLBACK').catch(() => {});
    }
  }
}

function between(from, to) {
  // Any part of it: what was held up until the end is over a moment later.
  const within = ([at, ms = 0]) => at >= from && at - ms <= to;
  const times = samples
    .filter(within)
    .map(([, ms]) => ms)
    .sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return {
    transactions: times.length,
    p50: at(0.5),
    p99: at(0.99),
    longest: times.at(-1) ?? 0,
    errors: errors.filter(within).map(([, message]) => message),
  };
}

const connections = await Promise.all(
  Array.from({ length: CLIENTS }, () => connector.connect('application')),
);
const clients = connections.map(work);
const health = createServer((_request, response) => {
  const { p99, transactions, errors: failed } = between(now() - HEALTH_MS, now());
  const errorRate = failed.length / Math.max(1, transactions + failed.length);
  response.end(JSON.stringify({ errorRate, p99Ms: p99, critical: null }));
});
health.listen(0, '127.0.0.1', () => process.send({ port: health.address().port }));
process.on('message', ({ from, to }) => process.send(between(from, to)));
process.on('disconnect', async () => {
  running = false;
  await Promise.all(clients);
  await Promise.all(connections.map((connection) => connection.close()));
  health.close();
});
