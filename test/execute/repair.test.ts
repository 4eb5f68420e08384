import { afterEach, describe, expect, it } from 'vitest';
import { listPurgeable, purgeRuns } from '../../src/execute/purge.ts';
import { applyFix, findMismatches } from '../../src/execute/repair.ts';
import type { Action } from '../../src/plan/model.ts';
import { planOf, sqlStep } from '../ledger/support.ts';
import { POLICY, Stage, testFingerprint } from './support.ts';

const stages: Stage[] = [];
afterEach(async () => {
  await Promise.all(stages.splice(0).map((stage) => stage.close()));
});
async function stage(major = 18): Promise<Stage> {
  const opened = await Stage.open(major);
  stages.push(opened);
  return opened;
}

function inputOf(
  { connection, ledger }: Stage,
  migrations: readonly { id: string; checksum: string }[] = [],
) {
  return { connection, ledger, migrations, readFingerprint: testFingerprint };
}

describe('repair', () => {
  it('finds nothing where nothing is wrong', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [sqlStep(1, ['CREATE TABLE t (a int)'])]);
    await on.up(plan);
    expect(await findMismatches(inputOf(on, [{ id: plan.migration, checksum: plan.checksum }]))).toEqual([]);
  });

  it('finds, and drops, an invalid index; and not one that is being built', async () => {
    const on = await stage(15);
    await on.connection.script('CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)');
    await expect(on.connection.script('CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)')).rejects.toThrow();
    const builder = await on.connector.connect();
    const old = await on.connector.connect();
    await old.script('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    const building = builder.script('CREATE INDEX CONCURRENTLY u_a ON t (a)');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const during = await findMismatches(inputOf(on));
    expect(during.map(({ subject, fix }) => [subject, fix === null])).toEqual([
      ['public.t_a', true],
      ['public.u_a', true],
    ]);
    await old.script('COMMIT');
    await building;
    const findings = await findMismatches(inputOf(on));
    expect(findings).toMatchObject([
      {
        kind: 'invalid-index',
        subject: 'public.t_a',
        fix: { sql: ['DROP INDEX CONCURRENTLY IF EXISTS public.t_a'] },
      },
    ]);
    for (const finding of findings) await applyFix(finding, { ...inputOf(on), policy: POLICY, actor: 'me' });
    expect(await findMismatches(inputOf(on))).toEqual([]);
    expect((await on.ledger.auditTrail()).map(({ action }) => action)).toEqual(['repair']);
    await Promise.all([builder.close(), old.close()]);
  });

  it('finds records that no run stands behind, and runs without a record', async () => {
    const on = await stage();
    const a = planOf('20260101000000_a', [
      sqlStep(1, ['CREATE TABLE a ()'], { inverse: [{ type: 'sql', sql: 'DROP TABLE a', at: null }] }),
    ]);
    const b = planOf('20260102000000_b', [sqlStep(1, ['CREATE TABLE b ()'])]);
    const { run } = await on.up(a);
    await on.up(b);
    await on.down(run);
    await on.connection.script(
      `INSERT INTO ferrata.migration (id, checksum, run) VALUES ('${a.migration}', 'x', '${run}'); DELETE FROM ferrata.migration WHERE id = '${b.migration}'`,
    );
    const findings = await findMismatches(inputOf(on));
    expect(findings.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['missing-record', b.migration],
      ['unfounded-record', a.migration],
    ]);
    for (const finding of findings) await applyFix(finding, { ...inputOf(on), policy: POLICY, actor: 'me' });
    expect((await on.ledger.applied()).map(({ id }) => id)).toEqual([b.migration]);
  });

  it('accepts an edit after review', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [sqlStep(1, ['CREATE TABLE t (a int)'])]);
    await on.up(plan);
    const files = [{ id: plan.migration, checksum: 'edited' }];
    const [finding] = await findMismatches(inputOf(on, files));
    expect(finding).toMatchObject({ kind: 'edited-migration', subject: plan.migration });
    if (finding !== undefined) await applyFix(finding, { ...inputOf(on), policy: POLICY, actor: 'me' });
    expect(await findMismatches(inputOf(on, files))).toEqual([]);
  });

  it('shows a step that was interrupted half way, and lets somebody decide', async () => {
    const on = await stage();
    const plan = planOf('20260101000000_a', [
      sqlStep(1, ['VACUUM'], {
        transactional: false,
        done: { type: 'fingerprint' },
        fingerprintAfter: 'as rehearsed',
      }),
    ]);
    await on.connection.script('CREATE TABLE half (a int)');
    const { run } = await on.up(plan);
    // As a dead process would have left it.
    await on.connection.script(
      `UPDATE ferrata.run SET state = 'running', open = true WHERE id = '${run}'; DELETE FROM ferrata.migration;
       UPDATE ferrata.step SET state = 'intended', progress = 0, intent = '{"pid":1,"backendStart":"","before":"something else"}'`,
    );
    await expect(on.up(plan, { resume: await on.ledger.unfinished() })).rejects.toMatchObject({
      code: 'run-failed',
    });
    expect(await on.ledger.unfinished()).toMatchObject({ id: run, state: 'failed' });
    await on.lease.release(on.connection);
    const findings = await findMismatches(inputOf(on));
    expect(findings.map(({ kind }) => kind)).toEqual(['open-run', 'step-in-doubt']);
    for (const finding of findings) await applyFix(finding, { ...inputOf(on), policy: POLICY, actor: 'me' });
    const again = await Stage.at(on.connector);
    stages.push(again);
    expect(await again.up(plan, { resume: await again.ledger.unfinished() })).toMatchObject({
      state: 'completed',
    });
    expect(await again.ledger.applied()).toHaveLength(1);
  });
});

describe('purge', () => {
  it('removes what is past its window, and nothing else', async () => {
    const on = await stage();
    await on.connection.script(
      'CREATE TABLE gone (a int); INSERT INTO gone VALUES (1); CREATE TABLE kept (a int)',
    );
    const park = (id: string, table: string): Action => ({
      type: 'park-table',
      parkId: id,
      tables: [{ schema: 'public', name: table }],
      ifExists: false,
      cascade: false,
      sql: `DROP TABLE ${table}`,
      at: null,
    });
    const old = planOf('20260101000000_a', [{ ...sqlStep(1, []), forward: [park('p1', 'gone')] }]);
    const young = planOf('20260102000000_b', [{ ...sqlStep(1, []), forward: [park('p2', 'kept')] }]);
    const { run } = await on.up(old);
    await on.up(young);
    expect(await listPurgeable(on.ledger)).toEqual([]);
    await on.connection.script(
      `UPDATE ferrata.run SET window_until = now() - interval '1 hour' WHERE id = '${run}'`,
    );
    const due = await listPurgeable(on.ledger);
    expect(due).toMatchObject([{ run, migration: old.migration, parked: [{ memo: { parkId: 'p1' } }] }]);
    const { connection, ledger, lease } = on;
    await purgeRuns(due, { connection, ledger, lease, policy: POLICY, reporter: () => {}, actor: 'me' });
    expect(await listPurgeable(on.ledger)).toEqual([]);
    expect((await on.ledger.applied()).map(({ stage: at }) => at)).toEqual(['purged', 'applied']);
    expect(
      await on.value(
        `SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'ferrata_attic' AND relkind = 'r' AND relname LIKE '%p2%' OR relname = 'gone'`,
      ),
    ).not.toBeNull();
    expect((await ledger.auditTrail()).map(({ action }) => action)).toEqual(['purge']);
  });
});
