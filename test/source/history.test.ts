import { describe, expect, it } from 'vitest';
import { type AppliedRecord, checkHistory, findBranches, historyError } from '../../src/source/history.ts';
import type { Migration } from '../../src/source/model.ts';

function migration(id: string, options: Partial<Migration> & { readonly sql?: string } = {}): Migration {
  const { sql = 'SELECT 1', ...rest } = options;
  return {
    id,
    name: id.replace(/^\d+_/, ''),
    up: { path: `migrations/${id}/up.sql`, text: sql },
    down: null,
    verify: null,
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: `sum ${id}`,
    folder: `/x/${id}`,
    ...rest,
  };
}

const applied = (id: string, more: Partial<AppliedRecord> = {}): AppliedRecord => ({
  id,
  checksum: `sum ${id}`,
  ...more,
});

function codes(migrations: readonly Migration[], records: readonly AppliedRecord[]): readonly string[] {
  return checkHistory(migrations, records).map((problem) => `${problem.code} ${problem.migration}`);
}

describe('checkHistory', () => {
  it('is content with what is in order', () => {
    expect(codes([migration('1_a'), migration('2_b', { dependsOn: ['1_a'] })], [applied('1_a')])).toEqual([]);
    expect(codes([], [])).toEqual([]);
  });

  it.each([
    ['edited', [migration('1_a')], [applied('1_a', { checksum: 'other' })], ['migration-edited 1_a']],
    ['missing', [migration('2_b')], [applied('1_a')], ['migration-missing 1_a']],
    ['missing, but a baseline', [], [applied('1_a', { baseline: true })], []],
    ['duplicate', [migration('1_a'), migration('1_b')], [], ['migration-duplicate 1_b']],
    ['late', [migration('1_a'), migration('2_b')], [applied('2_b')], ['migration-late 1_a']],
    ['unknown dependency', [migration('2_b', { dependsOn: ['1_a'] })], [], ['migration-dependency 2_b']],
    [
      'dependency that comes later',
      [migration('1_a', { dependsOn: ['2_b'] }), migration('2_b')],
      [],
      ['migration-dependency 1_a'],
    ],
    ['dependency by number', [migration('1_a'), migration('2_b', { dependsOn: ['1'] })], [], []],
    ['dependency on itself', [migration('1_a', { dependsOn: ['1_a'] })], [], ['migration-dependency 1_a']],
    [
      'dependency of an applied one that was taken back',
      [migration('1_a'), migration('2_b', { dependsOn: ['1_a'] })],
      [applied('2_b')],
      ['migration-late 1_a', 'migration-dependency 2_b'],
    ],
  ])('%s', (_what, migrations, records, expected) => {
    expect(codes(migrations, records)).toEqual(expected);
    for (const problem of checkHistory(migrations, records)) {
      expect(problem.hint.length).toBeGreaterThan(10);
      expect(historyError(problem)).toMatchObject({ code: problem.code, message: problem.message });
    }
  });

  it('offers the late one a number behind the newest', () => {
    const [problem] = checkHistory(
      [migration('20240101000000_a'), migration('20240109000000_b')],
      [applied('20240109000000_b')],
    );
    expect(problem?.hint).toContain('20240109000001_a');
  });
});

describe('findBranches', () => {
  it('warns where two that know nothing of each other touch a table', async () => {
    const one = migration('1_a', { sql: 'ALTER TABLE orders ADD COLUMN a int' });
    const two = migration('2_b', { sql: 'UPDATE public.orders SET b = 1' });
    const [problem, ...rest] = await findBranches([one, two], []);
    expect(rest).toEqual([]);
    expect(problem).toMatchObject({ code: 'branches-touch-table', severity: 'warning', migration: '2_b' });
    expect(problem?.message).toContain('orders');
    expect(await findBranches([one, { ...two, dependsOn: ['1_a'] }], [])).toEqual([]);
    expect(await findBranches([one, two], [applied('1_a')])).toEqual([]);
  });

  it('warns of a late one beside newer ones that are applied', async () => {
    const late = migration('1_a', { sql: 'CREATE INDEX i ON orders (a)' });
    const newer = migration('2_b', { sql: 'ALTER TABLE orders DROP COLUMN a' });
    expect((await findBranches([late, newer], [applied('2_b')])).length).toBe(1);
  });

  it('is silent about other tables, tables that one of them makes, and files that do not parse', async () => {
    const made = migration('1_a', { sql: 'CREATE TABLE n (id int)' });
    const used = migration('2_b', { sql: 'ALTER TABLE n ADD COLUMN b int; INSERT INTO o VALUES (1)' });
    const broken = migration('3_c', { sql: 'ALTER TABEL o' });
    expect(await findBranches([made, used, broken], [])).toEqual([]);
  });
});
