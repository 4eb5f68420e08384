/** `assess` on a scratch copy, from the command line: what it says, and what it leaves behind when it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Assessment } from '../../src/assess/model.ts';
import { project } from './project.ts';

const BASE = 'CREATE TABLE orders (id int PRIMARY KEY, total int)';
/** What the second block runs is put together where no text shows it. */
const SLOW = `DO $$ BEGIN PERFORM pg_sleep(20); END $$;
  DO $$ BEGIN EXECUTE reverse('tnigib EPYT latot RETLA sredro ELBAT RETLA'); END $$;`;

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await what()); waited += 50) {
    if (waited > 60_000) throw new Error('it did not come to that');
    await sleep(50);
  }
}

it('traces by default, on a server of its own; --no-trace does not', async () => {
  const made = await project({ base: BASE, migrations: { '1_block': SLOW.replace('20', '0') } });
  const { value } = await made.json(['assess']);
  const [, block] = (value.assessments as readonly Assessment[])[0]?.statements ?? [];
  expect(block).toMatchObject({ source: 'traced', rewrites: ['public.orders'], blocks: 'reads and writes' });
  const without = await made.json(['assess', '--no-trace']);
  const [, text] = (without.value.assessments as readonly Assessment[])[0]?.statements ?? [];
  expect(text).toMatchObject({ source: 'static', rewrites: [] });
});

// A server of its own ends with the process: test/postgres has that.
it('Ctrl-C leaves no database behind on another server', async () => {
  const made = await project({ base: BASE, migrations: { '1_block': SLOW.replace('20', '20.25') } });
  const sleepers = () =>
    made.rows(
      `SELECT datname FROM pg_stat_activity WHERE datname LIKE 'ferrata\\_scratch\\_%' AND state = 'active'
         AND query LIKE 'DO $$ BEGIN PERFORM pg_sleep(20.25)%'`,
    );
  await made.write(
    'ferrata.config.yaml',
    `environments: { development: { policy: { scratchUrl: "${made.url}" } } }`,
  );
  // Somebody else on that server.
  const other = await made.connect();
  const shared = await made.start(['assess']);
  await until(async () => (await sleepers()).length > 0);
  const [[copy] = []] = await sleepers();
  shared.process.kill('SIGINT');
  expect(await shared.ended).toMatchObject({ code: 130 });
  expect(await made.rows(`SELECT 1 FROM pg_database WHERE datname = '${String(copy)}'`)).toEqual([]);
  expect(await other.rows('SELECT 1')).toEqual([[1]]);
  await other.close();
});
