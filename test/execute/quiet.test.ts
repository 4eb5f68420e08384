/** The wait before a strong lock, with real sessions in its way. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCK_MODES } from '../../src/assess/model.ts';
import type { Policy } from '../../src/config/settings.ts';
import type { FerrataEvent } from '../../src/events.ts';
import { awaitQuiet, findBlockers } from '../../src/execute/quiet.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { conflicting } from '../../src/postgres/lock-conflicts.ts';
import { newestMajor, testServer } from '../support/servers.ts';
import { POLICY } from './policy.ts';

const WANTED = [{ relation: 'public.t', mode: 'AccessExclusiveLock', heldMs: null }] as const;

describe.each(newestMajor().map((major) => [major]))('a quiet moment on PostgreSQL %i', (major) => {
  let connector: Connector;
  let connection: Connection;
  let other: Connection;

  beforeAll(async () => {
    connector = await (await testServer(major)).createDatabase();
    connection = await connector.connect('run');
    other = await connector.connect('application');
    await connection.script(
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (id int)',
    );
  });
  afterAll(async () => {
    await other?.close();
    await connection?.close();
  });

  const wait = async (policy: Partial<Policy> = {}, signal?: AbortSignal) => {
    const events: FerrataEvent[] = [];
    // Older than the lock timeout: a younger one may well be done before that has passed.
    await new Promise((resolve) => setTimeout(resolve, 150));
    await awaitQuiet(WANTED, {
      connection,
      policy: { ...POLICY, ...policy },
      report: (event) => events.push(event),
      signal,
      step: 's1',
    });
    return events;
  };

  it('knows the modes that exclude each other as the server does', async () => {
    for (const held of LOCK_MODES) {
      for (const wanted of LOCK_MODES) {
        await other.script(`BEGIN; LOCK TABLE u IN ${words(held)} MODE`);
        const granted = await connection
          .script(`BEGIN; LOCK TABLE u IN ${words(wanted)} MODE NOWAIT`)
          .then(() => true)
          .catch(() => false);
        expect([held, wanted, conflicting(wanted).includes(held)]).toEqual([held, wanted, !granted]);
        await connection.script('ROLLBACK');
        await other.script('ROLLBACK');
      }
    }
  });

  it('comes at once where nobody holds the table, or only for a moment', async () => {
    expect(await wait()).toEqual([]);
    await other.script('BEGIN; LOCK TABLE u; SELECT * FROM u');
    expect(await wait()).toEqual([]);
    await other.script('ROLLBACK');
  });

  it('is waited for while a transaction is at the table, and its session is named', async () => {
    await other.script('BEGIN; SELECT * FROM t');
    const found = await findBlockers(WANTED, { connection });
    expect(found).toMatchObject([
      {
        pid: other.pid,
        application: 'ferrata:application',
        state: 'idle in transaction',
        relation: 'public.t',
        mode: 'AccessShareLock',
        endable: true,
      },
    ]);
    setTimeout(() => void other.script('COMMIT'), 600);
    const started = performance.now();
    const events = await wait();
    expect(performance.now() - started).toBeGreaterThan(400);
    expect(events).toEqual([
      {
        type: 'waiting',
        message: expect.stringMatching(
          new RegExp(
            `^for a quiet moment: process ${other.pid} \\(postgres, ferrata:application\\) idle in transaction on public\\.t`,
          ),
        ),
      },
    ]);
  });

  it('does not come: an error after the budget, or at once when a pause is asked for', async () => {
    await other.script('BEGIN; SELECT * FROM t');
    await expect(wait({ lockBudgetMs: 300 })).rejects.toMatchObject({
      code: 'lock-timeout',
      details: { why: expect.stringContaining(`process ${other.pid}`) },
    });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    await expect(wait({}, abort.signal)).rejects.toMatchObject({ code: 'lock-timeout' });
    await other.script('ROLLBACK');
  });

  it('is made where the policy says so: a statement cancelled, a session ended', async () => {
    const sleeping = await connector.connect('report');
    const slept = sleeping.script('BEGIN; SELECT pg_sleep(60) FROM t').catch((error: unknown) => error);
    await expect.poll(() => findBlockers(WANTED, { connection })).toHaveLength(1);
    const events = await wait({ blockers: 'cancel', blockersAfterMs: 200 });
    expect(events.at(-1)).toMatchObject({
      type: 'warning',
      message: expect.stringMatching(/^cancelled process \d+/),
    });
    expect(await slept).toMatchObject({ details: { sqlState: '57014' } });
    await sleeping.close();

    const idle = await connector.connect('forgotten');
    await idle.script('BEGIN; SELECT * FROM t');
    const more = await wait({ blockers: 'terminate', blockersAfterMs: 200 });
    expect(more.at(-1)).toMatchObject({ message: expect.stringMatching(/^terminated process \d+/) });
    await idle.close();
  });

  it('is never made at the cost of maintenance or a dump', async () => {
    await other.script(`SET application_name = 'pg_dump'; BEGIN; SELECT * FROM t`);
    await expect(
      wait({ blockers: 'terminate', blockersAfterMs: 0, lockBudgetMs: 400 }),
    ).rejects.toMatchObject({ code: 'lock-timeout' });
    expect(await findBlockers(WANTED, { connection })).toMatchObject([{ endable: false }]);
    await other.script('ROLLBACK');
  });
});

function words(mode: string): string {
  return mode
    .replace(/Lock$/, '')
    .replace(/(?<!^)([A-Z])/g, ' $1')
    .toUpperCase();
}
