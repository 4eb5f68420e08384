// A step that takes ACCESS EXCLUSIVE while long transactions come and go: what an application of eight clients feels of
// it, beside a plain ALTER TABLE.
import { join } from 'node:path';
import { Application, prepare, up } from './application-clients.mjs';
import { judge, withServer } from './lib.mjs';

const ROWS = 100_000;
/** The policy's default of every environment. */
const LOCK_TIMEOUT_MS = 250;
const LONG_MS = 4000;
const BETWEEN_MS = 1500;

export async function run() {
  console.log(
    `ACCESS EXCLUSIVE beside transactions of ${LONG_MS / 1000} s with ${BETWEEN_MS / 1000} s between them, and 8 clients`,
  );
  return withServer(async ({ server, folder }) => {
    const connection = await server.connector('postgres').connect('bench');
    const url = server.url('postgres');
    const measured = async (name, work) => {
      await prepare(connection, ROWS);
      const application = await Application.start(url, ROWS);
      const reader = longTransactions(await server.connector('postgres').connect('report'));
      try {
        await application.during(() => sleep(2000));
        // It begins while one is open.
        await reader.opened();
        const { longest, errors, tookMs } = await application.during(async () => {
          await work();
          await sleep(500);
        });
        console.log(
          `  ${name.padEnd(14)} ${(tookMs / 1000).toFixed(1)} s; longest stall ${longest.toFixed(0)} ms, errors ${errors.length}`,
        );
        return { longest, errors };
      } finally {
        await reader.stop();
        application.stop();
      }
    };
    await measured('ALTER TABLE', () => connection.script('ALTER TABLE big ADD COLUMN note text'));
    const own = await measured('ferrata up', () =>
      up(join(folder, 'project'), url, 'ALTER TABLE big ADD COLUMN note text;\n'),
    );
    await connection.close();
    return [
      judge('longest stall', own.longest, LOCK_TIMEOUT_MS + 100, 'ms'),
      judge('errors', own.errors.length, 0, ''),
    ].every(Boolean);
  });
}

/** A report that reads the table in a transaction of its own, again and again. */
function longTransactions(connection) {
  let running = true;
  let tell = () => {};
  const work = (async () => {
    while (running) {
      await connection.script('BEGIN; SELECT count(*) FROM big');
      tell();
      await connection.script(`SELECT pg_sleep(${LONG_MS / 1000}); COMMIT`);
      await sleep(BETWEEN_MS);
    }
  })();
  return {
    opened: () => new Promise((resolve) => (tell = resolve)),
    stop: async () => {
      running = false;
      await work;
      await connection.close();
    },
  };
}

const sleep = (wait) => new Promise((resolve) => setTimeout(resolve, wait));
