import { describe, expect, it } from 'vitest';
import type { Policy, Settings } from '../../src/config/settings.ts';
import { checkGates, type GateInput, requireGates } from '../../src/gates/index.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { planChecksum } from '../../src/plan/checksum.ts';
import type { BackupManifest, Proof } from '../../src/prepare/model.ts';
import { POLICY } from '../execute/policy.ts';
import { planOf, proofOf, sqlStep } from '../ledger/support.ts';
import { testServer } from '../support/servers.ts';

const plan = planOf('20260101000000_a', [sqlStep(1, ['SELECT 1'])]);

async function withInput(
  policy: Partial<Policy>,
  proof: Partial<Proof> | null,
  work: (input: GateInput) => Promise<void>,
): Promise<void> {
  const connection = await (await (await testServer(18)).createDatabase()).connect();
  try {
    const ledger = await openLedger(connection, { create: true });
    const settings = {
      environment: {
        name: 'production',
        url: null,
        policy: { ...POLICY, proof: 'required', proofData: 'synthetic', ...policy },
      },
    } as Settings;
    const { major } = connection.server;
    const bound = { planChecksum: planChecksum(plan), serverMajor: major, targetMajor: major };
    await work({
      session: { settings, connection },
      ledger,
      migration: { id: plan.migration, checksum: plan.checksum },
      plan,
      proved: proof === null ? null : { plan, proof: proofOf(plan, { ...bound, ...proof }) },
      startFingerprint: 'start',
      force: null,
    });
  } finally {
    await connection.close();
  }
}

describe('the iron law', () => {
  const cases: readonly [string, Partial<Policy>, Partial<Proof> | null, string | null][] = [
    ['a valid proof', {}, {}, null],
    ['stronger data than asked', {}, { dataSource: 'backup' }, null],
    ['no proof, and none asked', { proof: 'off' }, null, null],
    ['no proof', {}, null, 'proof-missing'],
    ['no proof with policy auto', { proof: 'auto' }, null, 'proof-missing'],
    ['a refuted one', {}, { outcome: 'refuted' }, 'proof-refuted'],
    ['a failed one', {}, { outcome: 'failed' }, 'proof-missing'],
    ['another text', {}, { checksum: 'other' }, 'proof-stale'],
    ['another plan', {}, { planChecksum: 'other' }, 'plan-mismatch'],
    ['another schema', {}, { startFingerprint: 'other' }, 'proof-stale'],
    ['another target version', {}, { targetMajor: 9 }, 'proof-stale'],
    ['rehearsed on another version', {}, { serverMajor: 9 }, 'proof-too-weak'],
    ['rehearsed on another version, allowed', { proofOtherMajor: true }, { serverMajor: 9 }, null],
    ['too weak data', {}, { dataSource: 'none' }, 'proof-too-weak'],
    ['the schema alone', {}, { level: 1 }, 'proof-too-weak'],
    ['the schema alone, where no rows are asked for', { proofData: 'none' }, { level: 1 }, null],
  ];
  for (const [what, policy, proof, code] of cases) {
    it(`${code === null ? 'lets through' : 'refuses'}: ${what}`, async () => {
      await withInput(policy, proof, async (input) => {
        const [result] = await checkGates(input, ['rollback_tested']);
        expect(result).toMatchObject({ gate: 'rollback_tested', ok: code === null, code });
        if (result !== undefined && code !== null) {
          expect(result.hint).toBeTruthy();
          expect(() => requireGates([result], plan.migration)).toThrow(result.message);
        }
      });
    });
  }

  it('yields to a reason where the policy allows it, and nowhere else', async () => {
    await withInput({ backup: 'required' }, null, async (input) => {
      const forced = await checkGates({ ...input, force: 'the site is down' });
      expect(forced.map(({ gate, ok, forced: pass }) => [gate, ok, pass])).toEqual([
        ['history_clean', true, false],
        ['rollback_tested', false, true],
        ['backup_verified', false, true],
      ]);
      requireGates(forced, plan.migration);
      await expect(checkGates({ ...input, force: ' ' })).rejects.toMatchObject({ code: 'usage' });
    });
    await withInput({ allowForce: false }, null, async (input) => {
      await expect(checkGates({ ...input, force: 'please' })).rejects.toMatchObject({
        code: 'force-refused',
        exitCode: 3,
      });
    });
  });
});

describe('backup_verified', () => {
  const manifest = (more: Partial<BackupManifest>): BackupManifest => ({
    ferrata: 1,
    name: 'b1',
    kind: 'snapshot',
    createdAt: '2026-01-01T00:00:00.000Z',
    source: 'here',
    serverVersion: '18.4',
    schemaFingerprint: 'start',
    encrypted: false,
    migration: null,
    tables: [],
    sequences: {},
    dumpSha256: null,
    verifiedAt: null,
    ...more,
  });

  it('with policy auto stops nothing: `up` makes the backup, and a new table has nothing to back up', async () => {
    await withInput({ backup: 'auto' }, null, async (input) => {
      expect((await checkGates(input, ['backup_verified']))[0]).toMatchObject({ ok: true, code: null });
    });
  });

  it('asks for one that was restored and compared, of this schema', async () => {
    await withInput({ backup: 'required' }, null, async (input) => {
      const check = async () => (await checkGates(input, ['backup_verified']))[0];
      expect(await check()).toMatchObject({ ok: false, code: 'backup-missing' });
      await input.ledger.recordBackup(manifest({}), '/b');
      expect(await check()).toMatchObject({ ok: false, message: expect.stringContaining('verified') });
      await input.ledger.recordBackup(manifest({ verifiedAt: '2026-01-01T00:00:01.000Z' }), '/b');
      expect(await check()).toMatchObject({ ok: true });
      await input.ledger.recordBackup(
        manifest({ verifiedAt: '2026-01-01T00:00:01.000Z', schemaFingerprint: 'old' }),
        '/b',
      );
      expect(await check()).toMatchObject({ ok: false, message: expect.stringContaining('another schema') });
    });
  });
});
