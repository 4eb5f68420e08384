import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FerrataEvent } from '../../src/events.ts';
import { acquireLease, breakLease, type LeaseRequest, leaseHolder } from '../../src/ledger/lease.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { checkLease } from '../../src/ledger/rows.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';

const FAST = { ttlMs: 600, heartbeatMs: 100, pollMs: 50 };
const open: Connection[] = [];

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});

async function connect(connector: Connector): Promise<Connection> {
  const connection = await connector.connect();
  open.push(connection);
  return connection;
}

async function fresh(major = 18): Promise<Connector> {
  const connector = await (await testServer(major)).createDatabase();
  await openLedger(await connect(connector), { create: true });
  return connector;
}

async function request(
  connector: Connector,
  owner: string,
  more: Partial<LeaseRequest> = {},
): Promise<LeaseRequest> {
  return {
    connector,
    connection: await connect(connector),
    owner,
    purpose: 'up',
    wait: false,
    timing: FAST,
    ...more,
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the lease', () => {
  for (const major of [18, 15]) {
    it(`is held by one, shown to the other, and free again (PostgreSQL ${major})`, async () => {
      const connector = await fresh(major);
      const first = await request(connector, 'a@one 1');
      const lease = await acquireLease(first);
      await expect(acquireLease(await request(connector, 'b@two 2'))).rejects.toMatchObject({
        code: 'lease-held',
        exitCode: 3,
        message: expect.stringContaining('a@one 1'),
      });
      expect(await leaseHolder(first.connection)).toMatchObject({
        owner: 'a@one 1',
        expired: false,
        purpose: 'up',
      });
      await lease.release(first.connection);
      expect(await leaseHolder(first.connection)).toBeNull();
      const second = await request(connector, 'b@two 2');
      await (await acquireLease(second)).release(second.connection);
    });
  }

  it('is waited for, and the wait says for whom', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1');
    const lease = await acquireLease(first);
    const events: FerrataEvent[] = [];
    const second = await request(connector, 'b@two 2', {
      wait: true,
      reporter: (event) => events.push(event),
    });
    const waiting = acquireLease(second);
    await sleep(FAST.ttlMs * 2);
    expect(events).toEqual([{ type: 'waiting', message: expect.stringContaining('a@one 1') }]);
    await lease.release(first.connection);
    await (await waiting).release(second.connection);
  });

  it('lives by its heartbeat, and is taken over when that stops', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1', { timing: { ...FAST, heartbeatMs: 1e6 } });
    const dead = await acquireLease(first);
    await sleep(FAST.ttlMs + 100);
    const second = await request(connector, 'b@two 2');
    const lease = await acquireLease(second);
    await expect(first.connection.script(checkLease(dead.token))).rejects.toMatchObject({
      details: { sqlState: 'FE001' },
    });
    await second.connection.script(checkLease(lease.token));
    // Letting go late must not free what somebody else holds now.
    await dead.release(first.connection);
    expect(await leaseHolder(first.connection)).toMatchObject({ owner: 'b@two 2' });
    await lease.release(second.connection);
  });

  it("follows the server's clock alone", async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1', { timing: { ...FAST, ttlMs: 60_000 } });
    const lease = await acquireLease(first);
    vi.useFakeTimers({ now: new Date('2040-01-01T00:00:00Z'), toFake: ['Date'] });
    await expect(acquireLease(await request(connector, 'fast@clock 2'))).rejects.toMatchObject({
      code: 'lease-held',
    });
    vi.setSystemTime(new Date('1999-01-01T00:00:00Z'));
    await expect(acquireLease(await request(connector, 'slow@clock 3'))).rejects.toMatchObject({
      code: 'lease-held',
    });
    expect(await leaseHolder(first.connection)).toMatchObject({ expired: false });
    await lease.release(first.connection);
    // A machine whose clock is in the past holds it as long as any other.
    const second = await request(connector, 'slow@clock 3');
    const slow = await acquireLease(second);
    vi.useRealTimers();
    await expect(acquireLease(await request(connector, 'b@two 2'))).rejects.toMatchObject({
      code: 'lease-held',
    });
    await slow.release(second.connection);
  });

  it('is not taken over before the last transaction of the former holder has ended', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1', { timing: { ...FAST, heartbeatMs: 1e6 } });
    const stopped = await acquireLease(first);
    const step = await connect(connector);
    await step.script(`BEGIN; ${checkLease(stopped.token)}; CREATE TABLE made (a int)`);
    await sleep(FAST.ttlMs + 100);
    const second = await request(connector, 'b@two 2', { wait: true });
    let taken = false;
    const taking = acquireLease(second).then((lease) => {
      taken = true;
      return lease;
    });
    await sleep(500);
    expect(taken).toBe(false);
    await step.script('COMMIT');
    const lease = await taking;
    expect(await second.connection.query('SELECT * FROM made')).toEqual([]);
    await lease.release(second.connection);
    await stopped.release(first.connection);
  });

  it('lets the heartbeat through while a step holds it', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1');
    const lease = await acquireLease(first);
    const step = await connect(connector);
    await step.script(`BEGIN; ${checkLease(lease.token)}`);
    await sleep(FAST.ttlMs * 2);
    expect(await leaseHolder(first.connection)).toMatchObject({ expired: false });
    expect(lease.lost.aborted).toBe(false);
    await step.script('COMMIT');
    await lease.release(first.connection);
  });

  it('is taken from the holder that was shown, and from nobody else', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1');
    const lease = await acquireLease(first);
    const shown = await leaseHolder(first.connection);
    if (shown === null) throw new Error('nobody holds it');
    expect(await breakLease(first.connection, { ...shown, token: '0' })).toBe(false);
    expect(await breakLease(first.connection, shown)).toBe(true);
    expect(await breakLease(first.connection, shown)).toBe(false);
    await sleep(FAST.heartbeatMs * 3);
    expect(lease.lost.aborted).toBe(true);
    expect(lease.lost.reason).toMatchObject({ code: 'lease-lost' });
    await lease.release(first.connection);
  });

  it('renews its token, which ends the old one', async () => {
    const connector = await fresh();
    const first = await request(connector, 'a@one 1');
    const lease = await acquireLease(first);
    const old = lease.token;
    await lease.renew(first.connection);
    expect(lease.token).not.toBe(old);
    await expect(first.connection.script(checkLease(old))).rejects.toMatchObject({
      details: { sqlState: 'FE001' },
    });
    await first.connection.script(checkLease(lease.token));
    await sleep(FAST.heartbeatMs * 3);
    expect(lease.lost.aborted).toBe(false);
    await lease.release(first.connection);
  });
});
