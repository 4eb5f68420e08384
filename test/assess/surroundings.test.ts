/** Rules that ask for more than the schema: load, sizes, room, standbys, extensions, history, the other files of a release. */
import { describe, expect, it } from 'vitest';
import { noteWork, unsettled } from '../../src/assess/rules/across-files.ts';
import { DEFAULT_RULE_SETTINGS } from '../../src/assess/rules/settings.ts';
import type { Surroundings } from '../../src/assess/surroundings.ts';
import { type RelationLoad, type TargetFacts, UNKNOWN_TARGET } from '../../src/assess/target-facts.ts';
import { assess } from './support.ts';

const GB = 1024 ** 3;
const LOAD: RelationLoad = {
  rows: null,
  bytes: null,
  indexes: null,
  indexBytes: null,
  toastBytes: null,
  writesPerSecond: null,
  publications: null,
  columns: null,
};

interface Known extends Partial<Omit<TargetFacts, 'relations'>> {
  readonly t?: Partial<RelationLoad>;
  readonly around?: Partial<Surroundings>;
  readonly loose?: true;
}

async function found(sql: string, { t, around, loose, ...target }: Known): Promise<readonly string[]> {
  const relations = t === undefined ? {} : { 'public.t': { ...LOAD, ...t } };
  const { findings } = await assess(sql, {
    native: loose !== true,
    surroundings: { target: { ...UNKNOWN_TARGET, ...target, relations }, ...around },
  });
  return findings.map(({ id, severity }) => `${severity} ${id}`);
}

describe('nothing is said of what is not known', () => {
  const ids = [
    'large-or-hot-table',
    'disk-headroom',
    'replication-lag',
    'cross-file-sequence',
    'non-linear-history',
  ];
  it.each(['ALTER TABLE t ALTER COLUMN a TYPE bigint', 'ALTER TABLE t ADD COLUMN b int', 'VACUUM FULL t'])(
    '%s',
    async (sql) => {
      for (const known of [{ loose: true } as const, {}]) {
        const names = await found(sql, known);
        expect(names.filter((name) => ids.some((id) => name.endsWith(id)))).toEqual([]);
      }
    },
  );
});

describe('a busy table', () => {
  const ADD = 'ALTER TABLE t ADD COLUMN b int';
  it('is warned of in a loose file, told in a migration of Ferrata’s', async () => {
    expect(await found(ADD, { t: { writesPerSecond: 200 }, loose: true })).toContain(
      'warning large-or-hot-table',
    );
    expect(await found(ADD, { t: { writesPerSecond: 200 } })).toContain('info large-or-hot-table');
    expect(await found(ADD, { t: { writesPerSecond: 1 } })).not.toContain('info large-or-hot-table');
  });
  it('is content with a short lock_timeout', async () => {
    const names = await found(`SET lock_timeout = '500ms'; ${ADD}`, {
      t: { writesPerSecond: 200 },
      loose: true,
    });
    expect(names).toEqual([]);
    const long = await found(`SET lock_timeout = '8s'; ${ADD}`, { t: { writesPerSecond: 200 }, loose: true });
    expect(long).toEqual(['warning large-or-hot-table']);
  });
  it('is told once', async () => {
    const names = await found(`${ADD}; ALTER TABLE t ADD COLUMN c int`, { t: { writesPerSecond: 200 } });
    expect(names).toEqual(['info large-or-hot-table']);
  });
  it('makes a trigger weigh more', async () => {
    const TRIGGER = 'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()';
    expect(await found(TRIGGER, { t: { writesPerSecond: 200 } })).toContain('warning create-trigger');
    expect(await found(TRIGGER, {})).toContain('info create-trigger');
  });
  it('a long transaction stands in front of any lock', async () => {
    expect(await found(ADD, { oldestTransactionSeconds: 600, loose: true })).toContain(
      'warning large-or-hot-table',
    );
    expect(await found(ADD, { oldestTransactionSeconds: 2, loose: true })).not.toContain(
      'warning large-or-hot-table',
    );
    expect(await found('CREATE TABLE n (id int)', { oldestTransactionSeconds: 600, loose: true })).toEqual(
      [],
    );
  });
});

describe('room and standbys', () => {
  const REWRITE = 'ALTER TABLE t ALTER COLUMN a TYPE bigint';
  const big = { t: { bytes: 8 * GB, indexBytes: 2 * GB, indexes: 2, rows: 1e8 } };
  const one = async (known: Known, sql = REWRITE): Promise<readonly string[]> =>
    (await found(sql, known)).filter((name) => /disk-headroom|replication-lag/.test(name));
  it('a rewrite needs a second copy', async () => {
    expect(await one(big)).toEqual(['info disk-headroom']);
    expect(await one({ ...big, freeBytes: 9 * GB })).toEqual(['danger disk-headroom']);
    expect(await one({ ...big, freeBytes: 15 * GB })).toEqual(['warning disk-headroom']);
    expect(await one({ ...big, freeBytes: 100 * GB })).toEqual([]);
    expect(await one({ t: { bytes: 1000, indexBytes: 0, indexes: 0 } })).toEqual([]);
    expect(await one(big, 'ALTER TABLE t ADD COLUMN b int')).toEqual([]);
  });
  it('an index about as much as the others', async () => {
    expect(await one({ ...big, freeBytes: GB / 2 }, 'CREATE INDEX CONCURRENTLY i ON t (a)')).toEqual([
      'danger disk-headroom',
    ]);
  });
  it('standbys get all of it', async () => {
    expect(await one({ ...big, replicas: 2, freeBytes: 100 * GB })).toEqual(['warning replication-lag']);
    expect(await one({ ...big, replicas: 0, freeBytes: 100 * GB })).toEqual([]);
    expect(await one({ ...big, replicas: 1 }, 'UPDATE t SET a = 1')).toEqual(['warning replication-lag']);
    expect(await one({ ...big, replicas: 1 }, 'UPDATE t SET a = 1 WHERE id = 5')).toEqual([]);
  });
});

describe('statistics, settings and extensions of the server', () => {
  const UNIQUE = 'CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)';
  const spread = (distinctPerRow: number): Known => ({ t: { columns: { a: { distinctPerRow, nulls: 0 } } } });
  it('tell whether a key has a chance', async () => {
    expect(await found(UNIQUE, spread(0.2))).toContain('danger unique-data-dependent');
    expect(await found(UNIQUE, spread(1))).toContain('info unique-data-dependent');
    expect(await found(UNIQUE, {})).toContain('info unique-data-dependent');
  });
  it('an extension that is not there cannot be made', async () => {
    expect(await found('CREATE EXTENSION postgis', { extensions: { citext: '1.6' } })).toEqual([
      'danger extension-change',
    ]);
    expect(await found('CREATE EXTENSION citext', { extensions: { citext: '1.6' } })).toEqual([
      'info extension-change',
    ]);
  });
  it('a default of the role or the database counts as set', async () => {
    const ADD = 'ALTER TABLE t ADD COLUMN b int';
    expect(await found(ADD, { settings: { lock_timeout: '2s' }, loose: true })).toEqual([]);
    expect(await found(ADD, { settings: { lock_timeout: '0' }, loose: true })).toEqual([
      'warning missing-lock-timeout',
    ]);
  });
  it('a publication makes the replica identity matter', async () => {
    const NOTHING = 'ALTER TABLE t REPLICA IDENTITY NOTHING';
    expect(await found(NOTHING, { t: { publications: ['p'] } })).toEqual(['danger replica-identity']);
    expect(await found(NOTHING, { t: { publications: [] } })).toEqual([]);
    expect(await found(NOTHING, {})).toEqual(['warning replica-identity']);
  });
  it('rules are switched off and weighed by the project', async () => {
    const settings = {
      ...DEFAULT_RULE_SETTINGS,
      levels: { truncate: 'off' as const, 'lock-table': 'info' as const },
    };
    expect(await found('TRUNCATE t; LOCK TABLE t', { around: { settings } })).toEqual(['info lock-table']);
  });
});

describe('history', () => {
  const applied = ['20260101000000_a', '20260301000000_c', '20260401000000_d'];
  const run = (migration: string): Promise<readonly string[]> =>
    found('CREATE TABLE n (id int); CREATE TABLE o (id int)', { around: { migration, applied } });
  it('a migration in front of applied ones is told of once', async () => {
    expect(await run('20260201000000_b')).toEqual(['warning non-linear-history']);
    expect(await run('20260501000000_e')).toEqual([]);
    expect(await run('20260301000000_c')).toEqual([]);
  });
});

describe('files of one release', () => {
  const native = { native: true } as const;
  it('what several go through under a lock adds up', async () => {
    const worked = new Map<string, string>();
    noteWork(worked, await assess('ALTER TABLE t ALTER COLUMN a TYPE bigint', native));
    noteWork(worked, await assess('CREATE INDEX CONCURRENTLY i ON u (a)', native));
    expect([...worked.keys()]).toEqual(['public.t']);
    const around = { worked };
    expect(await found('ALTER TABLE t ADD CHECK (a > 0)', { around })).toContain('info cross-file-sequence');
    expect(await found('ALTER TABLE u ADD CHECK (a > 0)', { around })).not.toContain(
      'info cross-file-sequence',
    );
    expect(await found('ALTER TABLE t ADD COLUMN b int', { around })).toEqual([]);
  });
  it('a later file validates what an earlier one adds', async () => {
    const add = await assess('ALTER TABLE t ADD CONSTRAINT k CHECK (a > 0) NOT VALID', native);
    const validate = await assess('ALTER TABLE t VALIDATE CONSTRAINT k', native);
    const other = await assess('ALTER TABLE t VALIDATE CONSTRAINT other', native);
    const ids = (files: Parameters<typeof unsettled>[0]) =>
      unsettled(files).map((findings) => findings.map(({ id }) => id));
    expect(ids([add, validate])).toEqual([[], []]);
    expect(ids([add, other])).toEqual([['not-valid-never-validated'], []]);
    expect(ids([validate, add])).toEqual([[], ['not-valid-never-validated']]);
  });
});
