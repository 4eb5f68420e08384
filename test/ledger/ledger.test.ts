import { describe, expect, it } from 'vitest';
import { acquireLease } from '../../src/ledger/lease.ts';
import { newRunId, openLedger } from '../../src/ledger/ledger.ts';
import type { NewRun } from '../../src/ledger/rows.ts';
import { LEDGER_VERSION, UPGRADES, upgradeLedger } from '../../src/ledger/schema.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { planOf, proofOf, sqlStep } from './support.ts';

async function withDatabase<T>(
  major: number,
  work: (connector: Connector, connection: Connection) => Promise<T>,
): Promise<T> {
  const connector = await (await testServer(major)).createDatabase();
  const connection = await connector.connect();
  try {
    return await work(connector, connection);
  } finally {
    await connection.close();
  }
}

function newRun(migration: string): NewRun {
  return {
    id: newRunId(),
    migration,
    state: 'running',
    environment: 'test',
    owner: 'me@here 1',
    plan: planOf(migration, [sqlStep(1, ['SELECT 1'])]),
    proof: null,
    backup: null,
    startFingerprint: null,
  };
}

describe('the ledger', () => {
  it('is not created by reading, and reads as empty on a fresh database', async () => {
    await withDatabase(18, async (_, connection) => {
      const ledger = await openLedger(connection, { create: false });
      expect(ledger.exists).toBe(false);
      expect(await ledger.applied()).toEqual([]);
      expect(await ledger.runs()).toEqual([]);
      expect(await ledger.unfinished()).toBeNull();
      expect(await ledger.verifyAudit()).toEqual({ ok: true, entries: 0, problems: [] });
      expect(await connection.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'ferrata'`)).toEqual([]);
    });
  });

  for (const major of [18, 15]) {
    it(`is created once by processes that race for it (PostgreSQL ${major})`, async () => {
      await withDatabase(major, async (connector) => {
        const connections = await Promise.all([1, 2, 3, 4].map(() => connector.connect()));
        const ledgers = await Promise.all(connections.map((c) => openLedger(c, { create: true })));
        expect(ledgers.every((ledger) => ledger.exists)).toBe(true);
        await Promise.all(connections.map((c) => c.close()));
      });
    });
  }

  it('refuses a ledger that a newer ferrata wrote', async () => {
    await withDatabase(18, async (_, connection) => {
      await openLedger(connection, { create: true });
      await connection.script(`UPDATE ferrata.meta SET value = '99' WHERE key = 'version'`);
      await expect(openLedger(connection, { create: false })).rejects.toMatchObject({
        code: 'ledger-too-new',
      });
      await expect(openLedger(connection, { create: true })).rejects.toMatchObject({
        code: 'ledger-too-new',
      });
    });
  });

  it('is upgraded by itself, each upgrade once', async () => {
    await withDatabase(18, async (_, connection) => {
      await upgradeLedger(connection, UPGRADES);
      const more = [...UPGRADES, { version: LEDGER_VERSION + 1, sql: 'CREATE TABLE ferrata.later (a int)' }];
      await upgradeLedger(connection, more);
      await upgradeLedger(connection, more);
      expect(await connection.query(`SELECT value FROM ferrata.meta WHERE key = 'version'`)).toEqual([
        { value: String(LEDGER_VERSION + 1) },
      ]);
    });
  });

  it('names the GRANT that is missing', async () => {
    const server = await testServer(18);
    const connector = await server.createDatabase();
    const admin = await connector.connect();
    const role = `r_${newRunId()}`;
    await admin.script(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    const url = new URL(server.url(admin.server.database));
    url.username = role;
    url.password = 'x';
    const { createConnector } = await import('../../src/postgres/connect.ts');
    const limited = await createConnector(url.href).connect();
    await expect(openLedger(limited, { create: true })).rejects.toMatchObject({
      code: 'server-privilege',
      details: {
        hint: expect.stringContaining(`GRANT CREATE ON DATABASE ${admin.server.database} TO ${role}`),
      },
    });
    await openLedger(admin, { create: true });
    await expect(openLedger(limited, { create: false })).rejects.toMatchObject({
      code: 'server-privilege',
      details: { hint: expect.stringContaining(`GRANT USAGE ON SCHEMA ferrata TO ${role}`) },
    });
    await limited.close();
    await admin.close();
  });

  it('keeps baselines in order, and 2 000 of them are read by one query', async () => {
    await withDatabase(18, async (_, connection) => {
      const ledger = await openLedger(connection, { create: true });
      const ids = Array.from({ length: 2000 }, (_unused, n) => `2026010100${String(n).padStart(4, '0')}_m`);
      await ledger.recordBaseline(ids.map((id) => ({ id, checksum: 'c' })));
      await ledger.recordBaseline([{ id: ids[0] ?? '', checksum: 'other' }]);
      const applied = await ledger.applied();
      expect(applied.map((m) => m.id)).toEqual(ids);
      expect(applied[0]).toMatchObject({ checksum: 'c', baseline: true, run: null, stage: 'applied' });
      expect(applied[0]?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    });
  });

  it('starts one run at a time, and only under the lease', async () => {
    await withDatabase(18, async (connector, connection) => {
      const ledger = await openLedger(connection, { create: true });
      await expect(ledger.startRun(newRun('20260101000000_a'), '999')).rejects.toMatchObject({
        details: { sqlState: 'FE001' },
      });
      const lease = await acquireLease({ connector, connection, owner: 'me', purpose: 'up', wait: false });
      const run = newRun('20260101000000_a');
      await ledger.startRun(run, lease.token);
      await expect(ledger.startRun(newRun('20260102000000_b'), lease.token)).rejects.toMatchObject({
        details: { sqlState: 'FE002' },
      });
      expect(await ledger.unfinished()).toMatchObject({
        id: run.id,
        state: 'running',
        plan: run.plan,
        steps: [],
      });
      await lease.release(connection);
    });
  });

  it('allows the changes of state that DESIGN names, and no others', async () => {
    await withDatabase(18, async (connector, connection) => {
      const ledger = await openLedger(connection, { create: true });
      const lease = await acquireLease({ connector, connection, owner: 'me', purpose: 'up', wait: false });
      const run = newRun('20260101000000_a');
      await ledger.startRun(run, lease.token);
      await expect(ledger.setState(run.id, 'rolled_back')).rejects.toMatchObject({ code: 'internal' });
      await ledger.setState(run.id, 'paused');
      await expect(ledger.setState(run.id, 'completed')).rejects.toMatchObject({ code: 'internal' });
      await ledger.setState(run.id, 'running');
      await ledger.setState(run.id, 'validating', { verification: { ok: true }, endFingerprint: 'f' });
      await ledger.setState(run.id, 'completed', { windowHours: 24 });
      const done = await ledger.run(run.id);
      expect(done).toMatchObject({ state: 'completed', verification: { ok: true }, endFingerprint: 'f' });
      expect(Date.parse(done?.windowUntil ?? '') - Date.parse(done?.finishedAt ?? '')).toBeGreaterThan(
        86_000_000,
      );
      expect(await ledger.unfinished()).toBeNull();
      await expect(ledger.setState(run.id, 'running')).rejects.toMatchObject({ code: 'internal' });
      await expect(ledger.setState('nobody', 'running')).rejects.toMatchObject({ code: 'migration-unknown' });
      await lease.release(connection);
    });
  });

  it('forgets a failed run and nothing else', async () => {
    await withDatabase(18, async (connector, connection) => {
      const ledger = await openLedger(connection, { create: true });
      const lease = await acquireLease({ connector, connection, owner: 'me', purpose: 'up', wait: false });
      const run = newRun('20260101000000_a');
      await ledger.startRun(run, lease.token);
      await expect(ledger.reset(run.id, 'me')).rejects.toMatchObject({ code: 'run-unfinished' });
      await ledger.setState(run.id, 'failed', { error: 'why', open: true });
      await ledger.reset(run.id, 'me');
      expect(await ledger.unfinished()).toBeNull();
      expect(await ledger.run(run.id)).toMatchObject({ state: 'failed', error: 'why' });
      expect((await ledger.auditTrail()).map((entry) => entry.action)).toEqual(['reset']);
      await lease.release(connection);
    });
  });
});

describe('proofs', () => {
  it('are found by checksum, fingerprint and major; a refutation counts until it is proved again', async () => {
    await withDatabase(18, async (_, connection) => {
      const ledger = await openLedger(connection, { create: true });
      const plan = planOf('20260101000000_a', [sqlStep(1, ['SELECT 1'])]);
      const binding = { checksum: plan.checksum, startFingerprint: 'start', serverMajor: 18 };
      expect(await ledger.findProof(binding)).toBeNull();
      await ledger.recordProof({ plan, proof: proofOf(plan, { dataSource: 'backup', scratch: '1' }) });
      await ledger.recordProof({ plan, proof: proofOf(plan, { dataSource: 'none', scratch: '2' }) });
      await ledger.recordProof({ plan, proof: proofOf(plan, { outcome: 'failed', scratch: '3' }) });
      expect((await ledger.findProof(binding))?.proof.scratch).toBe('1');
      expect(await ledger.findProof({ ...binding, serverMajor: 17 })).toBeNull();
      expect(await ledger.findProof({ ...binding, startFingerprint: 'other' })).toBeNull();
      expect(await ledger.findProof({ ...binding, checksum: 'edited' })).toBeNull();
      await ledger.recordProof({ plan, proof: proofOf(plan, { outcome: 'refuted', scratch: '4' }) });
      expect((await ledger.findProof(binding))?.proof.outcome).toBe('refuted');
      await ledger.recordProof({ plan, proof: proofOf(plan, { dataSource: 'none', scratch: '5' }) });
      const found = await ledger.findProof(binding);
      expect(found?.proof.scratch).toBe('5');
      expect(found?.plan).toEqual(plan);
    });
  });
});

describe('the audit chain', () => {
  async function chained(connection: Connection) {
    const ledger = await openLedger(connection, { create: true });
    for (const n of [1, 2, 3]) await ledger.audit('me@here', 'force', { reason: `it's \\ ${n} "é"\n` });
    return ledger;
  }

  it('holds, and keeps what was said', async () => {
    await withDatabase(15, async (_, connection) => {
      const ledger = await chained(connection);
      expect(await ledger.verifyAudit()).toEqual({ ok: true, entries: 3, problems: [] });
      expect((await ledger.auditTrail())[1]).toMatchObject({
        id: 2,
        actor: 'me@here',
        action: 'force',
        detail: { reason: `it's \\ 2 "é"\n` },
      });
    });
  });

  it('survives concurrent writers', async () => {
    await withDatabase(18, async (connector, connection) => {
      const ledger = await openLedger(connection, { create: true });
      await Promise.all(
        [1, 2, 3, 4].map(async (n) => {
          const other = await connector.connect();
          const mine = await openLedger(other, { create: false });
          for (let k = 0; k < 5; k++) await mine.audit(`a${n}`, 'x', { k });
          await other.close();
        }),
      );
      expect(await ledger.verifyAudit()).toEqual({ ok: true, entries: 20, problems: [] });
    });
  });

  for (const [what, sql] of [
    ['a changed entry', `UPDATE ferrata.audit SET payload = replace(payload, '2', '9') WHERE id = 2`],
    ['a deleted entry', 'DELETE FROM ferrata.audit WHERE id = 2'],
    ['a deleted end', 'DELETE FROM ferrata.audit WHERE id = 3'],
    ['an emptied chain', 'TRUNCATE ferrata.audit'],
  ] as const) {
    it(`shows ${what}`, async () => {
      await withDatabase(18, async (_, connection) => {
        const ledger = await chained(connection);
        await connection.script(sql);
        expect((await ledger.verifyAudit()).ok).toBe(false);
      });
    });
  }
});
