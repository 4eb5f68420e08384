import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assessScript } from '../../src/assess/assess.ts';
import type { RelationSize } from '../../src/assess/model.ts';
import type { Catalog } from '../../src/catalog/model.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { defaultPolicy } from '../../src/config/policy.ts';
import { type BackfillSpec, backfillOf } from '../../src/plan/backfill.ts';
import { compilePlan } from '../../src/plan/compile.ts';
import type { Plan } from '../../src/plan/model.ts';
import type { Batching } from '../../src/plan/patterns/batched.ts';
import { parsePlan, serialisePlan } from '../../src/plan/serialise.ts';
import type { Connection } from '../../src/postgres/connection.ts';
import { looseMigration } from '../../src/source/native.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { testServer } from '../support/servers.ts';

const SCHEMA = `
CREATE TABLE big (id bigint PRIMARY KEY, a int, b int, c text, flag boolean, at timestamptz, tenant int, doc json);
CREATE TABLE lookup (code int PRIMARY KEY, label text, big_id bigint);
CREATE TABLE many (big_id bigint, v int);
CREATE VIEW seen AS SELECT * FROM big;
CREATE TABLE keyless (a int, b int);
CREATE TABLE pair (tenant int, n int, v int, PRIMARY KEY (tenant, n));
CREATE TABLE odd (code text NOT NULL, at timestamptz NOT NULL, v int);
CREATE UNIQUE INDEX odd_key ON odd (at DESC NULLS LAST, code COLLATE "C");
CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree, name text);
CREATE TABLE listed (id int PRIMARY KEY, pos int UNIQUE, email text UNIQUE);
CREATE TABLE ranked (id int PRIMARY KEY, pos int, UNIQUE (pos) DEFERRABLE);
CREATE TABLE parts (id int, at date, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE above (id int PRIMARY KEY, v int);
CREATE TABLE below () INHERITS (above);
CREATE TABLE ruled (id int PRIMARY KEY, v int);
CREATE RULE r AS ON UPDATE TO ruled DO INSTEAD NOTHING;
CREATE TABLE referred (id int PRIMARY KEY, v int);
CREATE TABLE referring (id int REFERENCES referred DEFERRABLE INITIALLY DEFERRED);
CREATE FUNCTION pure(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
CREATE FUNCTION careless(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1';
CREATE FUNCTION looks(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM big';
CREATE FUNCTION looks_elsewhere(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM lookup';
`;

let connection: Connection;
let catalog: Catalog;
let sizes: ReadonlyMap<string, RelationSize>;

beforeAll(async () => {
  connection = await (await (await testServer(18)).createDatabase()).connect();
  await connection.script(SCHEMA);
  catalog = await readCatalog(connection);
  const tables = [...catalog.objects.values()].filter(({ kind }) => kind === 'table');
  sizes = new Map(
    tables.map(({ identity }) => [identity, { relation: identity, rows: 5_000_000, bytes: 1e9, indexes: 1 }]),
  );
});
afterAll(() => connection.close());

async function compile(sql: string, more: Partial<Batching> = {}): Promise<Plan> {
  const migration = looseMigration('20260101000000_m.sql', sql);
  const script = await parseScript(sql, 'up.sql');
  const policy = defaultPolicy('production');
  const assessment = await assessScript(script, { catalog, sizes, policy, migration: null, hasDown: false });
  const plan = await compilePlan({
    migration,
    script,
    down: null,
    assessment,
    startFingerprint: null,
    serverMajor: 18,
    batching: {
      catalog,
      sizes,
      batchRows: policy.batchRows,
      pattern: null,
      pinned: new Set(),
      options: {},
      rowsStay: false,
      transform: null,
      estimate: null,
      ...more,
    },
  });
  expect(parsePlan(serialisePlan(plan))).toEqual(plan);
  return plan;
}

/** Each step in a word: `backfill`, or the statements. */
function shape(plan: Plan): readonly string[] {
  return plan.steps.map((step) =>
    backfillOf(step) !== null
      ? `backfill ${backfillOf(step)?.table}`
      : step.forward.map((action) => ('sql' in action ? action.sql : action.type)).join('; '),
  );
}

async function specOf(sql: string, more: Partial<Batching> = {}): Promise<BackfillSpec> {
  const plan = await compile(sql, more);
  const [step] = plan.steps;
  const spec = step === undefined ? null : backfillOf(step);
  if (spec === null) throw new Error(`no backfill: ${JSON.stringify(plan.steps.map(({ notes }) => notes))}`);
  return spec;
}

describe('runs in batches', () => {
  it.each([
    'UPDATE big SET b = a + 1',
    'UPDATE big SET b = a + 1 WHERE b IS NULL;',
    'UPDATE public.big AS x SET b = x.a WHERE x.flag IS DISTINCT FROM true',
    'UPDATE ONLY big SET b = 1',
    'UPDATE big SET (b, c) = (a, upper(c))',
    'UPDATE big SET b = pure(a), c = gen_random_uuid()::text',
    'UPDATE big SET b = looks_elsewhere(a)',
    'UPDATE big SET c = now()::text WHERE at < now()',
    'UPDATE big SET b = (SELECT code FROM lookup WHERE lookup.big_id = big.id LIMIT 1)',
    'UPDATE big SET b = (SELECT count(*) FROM many WHERE many.big_id = big.id)',
    'UPDATE big SET c = l.label FROM lookup l WHERE l.code = big.a',
    "UPDATE big SET c = v.label FROM (VALUES (1, 'a'), (2, 'b')) AS v (code, label) WHERE big.a = v.code",
    'UPDATE big SET c = l.label FROM many m JOIN lookup l ON l.code = m.v WHERE m.big_id = big.id AND false'.replace(
      'many m JOIN lookup l ON l.code = m.v WHERE m.big_id = big.id AND false',
      'lookup k JOIN lookup l ON l.code = k.big_id WHERE k.code = big.a',
    ),
    'UPDATE big SET flag = EXISTS (SELECT FROM lookup WHERE big_id = big.id)',
    'DELETE FROM big WHERE flag',
    'DELETE FROM big USING many WHERE many.big_id = big.id',
    'DELETE FROM big WHERE a IN (SELECT code FROM lookup)',
    'UPDATE pair SET v = 1',
    'UPDATE listed SET email = lower(email)',
    'UPDATE odd SET v = 1',
    'UPDATE parts SET v = 1',
    'UPDATE big SET c = DEFAULT',
  ])('%s', async (sql) => {
    const spec = await specOf(sql);
    expect(spec.parts.length).toBe(spec.table === 'public.parts' ? 2 : 1);
  });
});

describe('stays one statement', () => {
  it.each([
    ['WITH x AS (SELECT 1) UPDATE big SET b = 1', 'WITH'],
    ['UPDATE big SET b = 1 RETURNING id', 'RETURNING'],
    ['UPDATE big SET b = (SELECT max(code) FROM lookup)', 'one value of many rows'],
    ['UPDATE big SET b = (SELECT code FROM lookup ORDER BY label LIMIT 1)', 'one value of many rows'],
    ['UPDATE big SET b = r.n FROM (SELECT id, row_number() OVER () AS n FROM lookup) r', 'many rows'],
    ['UPDATE big SET b = (SELECT count(*) FROM big x WHERE x.tenant = big.tenant)', 'which it writes'],
    ['UPDATE big SET b = 1 WHERE id NOT IN (SELECT id FROM seen)', 'public.seen'],
    ['UPDATE big SET b = careless(a)', 'careless() is VOLATILE'],
    ['UPDATE big SET b = looks(a)', 'may read public.big'],
    ['UPDATE big SET b = 1 WHERE random() < 0.1', 'random() in the condition'],
    ["UPDATE big SET at = 'now'", 'another time'],
    ['UPDATE big SET b = 1 WHERE age(at) > $$1 day$$', 'age()'],
    ["UPDATE big SET c = set_config('a.b', c, false)", 'set_config()'],
    ['UPDATE big SET c = ctid::text', 'ctid'],
    ['UPDATE big SET c = big::text', 'as a whole'],
    ['UPDATE big SET b = public.big.a', 'with its schema'],
    ['UPDATE big SET b = m.v FROM many m WHERE m.big_id = big.id', 'several rows for one'],
    ["UPDATE big SET c = v.l FROM (VALUES (1, 'a'), (1, 'b')) v (k, l) WHERE big.a = v.k", 'several rows'],
    ['UPDATE big SET c = l.label FROM lookup l WHERE l.code = big.a OR l.code = 1', 'several rows'],
    ['UPDATE big SET b = 1 WHERE id = 5', 'single rows'],
    ["UPDATE big SET b = 1 WHERE id IN (1, 2, 3) AND c = 'x'", 'single rows'],
    ['UPDATE big SET id = a', 'no primary key'],
    ['UPDATE keyless SET b = 1', 'no primary key'],
    ['UPDATE tree SET parent = 1', 'ties rows'],
    ['DELETE FROM tree WHERE name IS NULL', 'ties rows'],
    ['UPDATE ranked SET pos = pos + 1', 'end of a transaction'],
    ['UPDATE listed SET pos = pos + 1', 'order of the rows counts'],
    ['UPDATE parts SET at = at + 1', 'another'],
    ['UPDATE above SET v = 1', 'inherit'],
    ['UPDATE ruled SET v = 1', 'rules'],
    ['DELETE FROM referred WHERE v = 1', 'end of a transaction'],
    ['UPDATE seen SET b = 1', null],
  ] as const)('%s', async (sql, why) => {
    const plan = await compile(sql);
    expect(plan.pattern).toBe('direct');
    const notes = plan.steps.flatMap((step) => step.notes ?? []).join('\n');
    if (why === null) expect(notes).toBe('');
    else expect(notes).toContain(why);
  });
});

describe('the spec', () => {
  it('has the key in the order of its index', async () => {
    expect((await specOf('UPDATE odd SET v = 1')).parts).toEqual([
      {
        table: 'public.odd',
        key: {
          index: 'public.odd_key',
          columns: [
            {
              name: 'at',
              type: 'timestamp with time zone',
              collation: null,
              descending: true,
              nullsFirst: false,
            },
            { name: 'code', type: 'text', collation: '"C"', descending: false, nullsFirst: false },
          ],
        },
      },
    ]);
    expect(
      (await specOf('UPDATE parts SET v = 1')).parts.map(({ table, key }) => [table, key?.index]),
    ).toEqual([
      ['public.parts_1', 'public.parts_1_pkey'],
      ['public.parts_2', 'public.parts_2_pkey'],
    ]);
  });

  it('holds the time still', async () => {
    const spec = await specOf(
      "UPDATE big AS x SET at = now(), c = to_char(pg_catalog.transaction_timestamp(), 'now()') /* now() */ WHERE x.at < CURRENT_DATE - 1 AND at <> localtimestamp(3)",
    );
    const moment = "(pg_catalog.current_setting('ferrata.moment')::pg_catalog.timestamptz";
    expect(spec.moment).toBe(true);
    expect(spec.action).toMatchObject({
      set: `at = ${moment}), c = to_char(${moment}), 'now()') /* now() */`,
    });
    expect(spec.where).toBe(
      `x.at < ${moment}::pg_catalog.date) - 1 AND at <> ${moment}::pg_catalog.timestamp(3))`,
    );
  });

  it('knows rows without a key by ctid where nothing moves, and only to delete them', async () => {
    expect((await specOf('DELETE FROM keyless WHERE a = 1', { rowsStay: true })).parts).toEqual([
      { table: 'public.keyless', key: null },
    ]);
    expect((await compile('UPDATE keyless SET a = 1', { rowsStay: true })).pattern).toBe('direct');
  });

  it('keeps the settings that hold where it stands', async () => {
    const plan = await compile(
      "SET work_mem = '1MB'; SET search_path = public; UPDATE big SET b = 1; CREATE TABLE x (a int)",
    );
    expect(shape(plan)).toEqual([
      'backfill public.big',
      "SET work_mem = '1MB'; SET search_path = public; CREATE TABLE x (a int)",
    ]);
    const [step] = plan.steps;
    expect(step === undefined ? null : backfillOf(step)?.settings).toEqual([
      "SET work_mem = '1MB'",
      'SET search_path = public',
    ]);
    expect((await compile('SET ROLE app; UPDATE big SET b = 1')).pattern).toBe('direct');
  });
});

describe('what decides whether a table is big', () => {
  it('the number of its rows, what plan.json says, and migration.yaml', async () => {
    const small = new Map([...sizes].map(([name, size]) => [name, { ...size, rows: 49_999 }]));
    const unknown = new Map([...sizes].map(([name, size]) => [name, { ...size, rows: null }]));
    const sql = '-- a comment\nUPDATE big SET b = 1';
    expect((await compile(sql, { sizes: small })).pattern).toBe('direct');
    expect((await compile(sql, { sizes: unknown })).pattern).toBe('direct');
    expect((await compile(sql, { sizes: small, pinned: new Set(['2:1']) })).pattern).toBe('batched');
    expect((await compile(sql, { sizes: small, pattern: 'batched' })).pattern).toBe('batched');
    expect((await compile(sql, { pattern: 'direct' })).pattern).toBe('direct');
  });

  it('how many rows the condition finds', async () => {
    const asked: string[] = [];
    const estimate = (rows: number | null) => async (sql: string) => {
      asked.push(sql);
      return rows;
    };
    const sql = "UPDATE big AS x SET b = 1 WHERE c = 'y'";
    expect((await compile(sql, { estimate: estimate(20) })).pattern).toBe('direct');
    expect((await compile(sql, { estimate: estimate(null) })).pattern).toBe('batched');
    expect((await compile(sql, { estimate: estimate(1e6) })).pattern).toBe('batched');
    expect(asked[0]).toBe("SELECT FROM public.big AS x WHERE c = 'y'\n");
  });

  it('not a table that the migration makes', async () => {
    expect(
      (
        await compile('CREATE TABLE fresh (id int PRIMARY KEY); UPDATE fresh SET id = 1', {
          pattern: 'batched',
        })
      ).pattern,
    ).toBe('direct');
  });
});

describe('what shares its transaction', () => {
  it('becomes steps before and behind it', async () => {
    expect(
      shape(
        await compile(
          'ALTER TABLE lookup ADD x int; UPDATE big SET b = 1; UPDATE pair SET v = 2; CREATE INDEX ON many (v)',
        ),
      ),
    ).toEqual([
      'ALTER TABLE lookup ADD x int',
      'backfill public.big',
      'backfill public.pair',
      'CREATE INDEX ON many (v)',
    ]);
  });

  it('is preceded by a last look under a lock where it builds on every row', async () => {
    const plan = await compile(
      'ALTER TABLE big ADD d int; UPDATE big SET d = a * 2; ALTER TABLE big ALTER d SET NOT NULL',
    );
    expect(shape(plan)).toEqual([
      'ALTER TABLE big ADD d int',
      'backfill public.big',
      'LOCK TABLE public.big IN SHARE ROW EXCLUSIVE MODE; UPDATE public.big AS big SET d = a * 2\nWHERE (big.d IS NULL); ALTER TABLE big ALTER d SET NOT NULL',
    ]);
    expect(plan.steps[2]?.captures).toEqual(['public.big']);
    expect(plan.steps.map(({ title }) => title)).toEqual([
      'ALTER TABLE big ADD d int',
      'UPDATE big SET d = a * 2',
      'ALTER TABLE big ALTER d SET NOT NULL',
    ]);
    expect(
      shape(await compile('UPDATE big SET b = a WHERE b IS NULL; ALTER TABLE big DROP COLUMN a'))[1],
    ).toContain('UPDATE public.big AS big SET b = a\nWHERE (b IS NULL\n) AND (big.b IS DISTINCT FROM (a));');
    expect(
      shape(await compile('DELETE FROM big WHERE b IS NULL; ALTER TABLE big ALTER b SET NOT NULL'))[1],
    ).toContain('DELETE FROM big WHERE b IS NULL;');
  });

  it.each([
    ['BEGIN; UPDATE big SET b = 1; UPDATE pair SET v = 1; COMMIT', 'transaction block'],
    ['LOCK TABLE many; UPDATE big SET b = 1', 'holds only for its transaction'],
    ["SET LOCAL work_mem = '1MB'; UPDATE big SET b = 1", 'holds only for its transaction'],
    ['SET CONSTRAINTS ALL DEFERRED; UPDATE big SET b = 1', 'holds only for its transaction'],
    ['INSERT INTO many SELECT id, a FROM big; DELETE FROM big WHERE flag', 'reads the same rows'],
    ['CREATE TABLE kept AS SELECT * FROM big; UPDATE big SET b = 1', 'reads the same rows'],
    ['DO $$ BEGIN NULL; END $$; UPDATE big SET b = 1', ''],
    [
      'ALTER TABLE big DISABLE TRIGGER ALL; UPDATE big SET b = 1; ALTER TABLE big ENABLE TRIGGER ALL',
      'gives back',
    ],
    [
      'ALTER TABLE big DROP CONSTRAINT c; UPDATE big SET b = 1; ALTER TABLE big ADD CONSTRAINT c CHECK (b = 1)',
      'gives back',
    ],
    [
      'DELETE FROM big WHERE at < now(); INSERT INTO many VALUES (extract(day FROM now()))',
      'must get the same',
    ],
    ['UPDATE big SET b = b + 1; ALTER TABLE big ALTER b SET NOT NULL', 'builds on every row'],
    ['UPDATE big SET doc = NULL; ALTER TABLE big DROP COLUMN a', 'builds on every row'],
    [
      'UPDATE big SET b = 1; UPDATE big SET b = 2 WHERE flag; ALTER TABLE big ALTER b SET NOT NULL',
      'builds on every row',
    ],
  ])('%s: stays together', async (sql, why) => {
    const plan = await compile(sql);
    expect(plan.pattern).toBe('direct');
    expect(plan.steps.length).toBe(1);
    expect(plan.steps.flatMap((step) => step.notes ?? []).join('\n')).toContain(why);
  });

  it('a transaction block is taken apart where migration.yaml asks for it', async () => {
    const sql = 'BEGIN; UPDATE big SET b = 1; UPDATE lookup SET label = 1; COMMIT';
    expect((await compile(sql, { pattern: 'batched' })).steps.map(({ kind }) => kind)).toEqual([
      'backfill',
      'backfill',
    ]);
    expect((await compile('BEGIN; UPDATE big SET b = 1; COMMIT')).pattern).toBe('batched');
  });
});

describe('an INSERT … SELECT, where migration.yaml asks for batches', () => {
  const asked = { pattern: 'batched' as const };

  it('is one by itself only then', async () => {
    const sql = 'INSERT INTO lookup (code, label) SELECT b.id::int, upper(b.c) FROM big AS b WHERE b.flag';
    expect((await compile(sql)).pattern).toBe('direct');
    expect(await specOf(sql, asked)).toMatchObject({
      table: 'public.big',
      alias: 'b',
      where: 'b.flag',
      action: {
        type: 'insert-select',
        target: 'public.lookup',
        columns: ['code', 'label'],
        onConflict: null,
      },
      varies: false,
    });
  });

  it('stands between what makes the table and what builds on it', async () => {
    const sql =
      'CREATE TABLE copied (id bigint PRIMARY KEY, made timestamptz); INSERT INTO copied (id, made) SELECT id, now() FROM big ON CONFLICT DO NOTHING; CREATE INDEX ON copied (made)';
    const plan = await compile(sql, asked);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(['ddl', 'backfill', 'ddl']);
    expect(backfillOf(plan.steps[1] as never)).toMatchObject({
      moment: true,
      action: { target: 'public.copied', onConflict: 'DO NOTHING' },
    });
  });

  it.each([
    ['INSERT INTO lookup SELECT id, c, id FROM big', 'does not name the columns'],
    ['INSERT INTO lookup (code, label, big_id) SELECT * FROM big', 'all columns (*)'],
    ['INSERT INTO lookup (code) SELECT max(a) FROM big', 'makes one row of many'],
    ['INSERT INTO lookup (code) SELECT DISTINCT a FROM big', 'makes one row of many'],
    ['INSERT INTO lookup (code) SELECT a FROM big ORDER BY id', 'asks for an order'],
    ['INSERT INTO lookup (code) SELECT a FROM big LIMIT 5', 'takes only some'],
    ['INSERT INTO lookup (code) SELECT row_number() OVER () FROM big', 'makes one row of many'],
    ['INSERT INTO lookup (code) SELECT generate_series(1, a) FROM big', 'several rows for one'],
    ['INSERT INTO lookup (code) SELECT careless(a) FROM big', 'VOLATILE'],
    [
      'INSERT INTO lookup (code) SELECT a FROM big WHERE a NOT IN (SELECT code FROM lookup)',
      'which it writes',
    ],
    [
      'INSERT INTO lookup (code) SELECT a FROM big ON CONFLICT (code) DO UPDATE SET label = 1',
      'more than DO NOTHING',
    ],
    ['INSERT INTO lookup (code) SELECT a FROM big RETURNING code', 'RETURNING'],
    ['INSERT INTO big (id) SELECT id + 1000 FROM big', 'which it writes'],
    ['INSERT INTO parts (id, at) SELECT id, at FROM big', 'is partitioned'],
    ['INSERT INTO tree (id) SELECT a FROM big', 'checked at the end'],
    ['INSERT INTO lookup (code) SELECT a FROM keyless', 'no primary key'],
    ['INSERT INTO lookup (code) SELECT a FROM big; DELETE FROM big WHERE flag', 'both must see the same'],
    ['INSERT INTO lookup (code) SELECT a FROM big; DROP TABLE big', 'both must see the same'],
    ['INSERT INTO lookup (code) SELECT a FROM big; ALTER TABLE big DROP COLUMN a', 'both must see the same'],
  ])('%s: stays one statement', async (sql, why) => {
    const plan = await compile(sql, asked);
    const [insert] = plan.steps.filter((step) =>
      shape({ ...plan, steps: [step] })
        .join()
        .includes('INSERT INTO'),
    );
    expect(insert?.kind).not.toBe('backfill');
    expect(plan.steps.flatMap((step) => step.notes ?? []).join('\n')).toContain(why);
  });

  it('from several tables, or from none, is not looked at', async () => {
    for (const sql of [
      'INSERT INTO lookup (code) SELECT a FROM big, many WHERE big_id = id',
      'INSERT INTO lookup (code) VALUES (1)',
    ]) {
      expect((await compile(sql, asked)).steps.flatMap((step) => step.notes ?? [])).toEqual([]);
    }
  });
});

describe('a transform', () => {
  const transform = { module: 'backfill.ts', table: 'big', reads: ['a'], writes: ['b'], where: 'b IS NULL' };

  it('comes last, or where the script says', async () => {
    const last = await compile('ALTER TABLE big ADD d int', { transform: { ...transform, writes: ['d'] } });
    expect(shape(last)).toEqual(['ALTER TABLE big ADD d int', 'backfill public.big']);
    const between = await compile(
      'ALTER TABLE big ADD d int;\n-- ferrata: backfill\nALTER TABLE big ADD e int;',
      { transform },
    );
    expect(shape(between)).toEqual([
      'ALTER TABLE big ADD d int',
      'backfill public.big',
      'ALTER TABLE big ADD e int',
    ]);
    expect(backfillOf(between.steps[1] as never)).toMatchObject({
      where: '(b IS NULL\n)',
      action: { type: 'transform', module: 'backfill.ts', reads: ['a'], writes: ['b'] },
    });
  });

  it.each([
    [{ ...transform, writes: ['nosuch'] }, 'no column nosuch'],
    [{ ...transform, table: 'keyless', reads: [], where: null }, 'no primary key'],
    [{ ...transform, writes: ['id'] }, 'no primary key'],
    [{ ...transform, where: 'random() < 1' }, 'random()'],
  ])('%o is refused', async (given, why) => {
    await expect(compile('SELECT 1', { transform: given })).rejects.toMatchObject({
      code: 'migration-invalid',
      message: expect.stringContaining(why),
    });
  });
});
