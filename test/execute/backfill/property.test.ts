/**
 * Backfills over keys of every kind while others write: compiled from SQL as a migration would be, run, and taken back.
 * What must hold: a row that was there from the beginning and that nobody else decided about is changed exactly once;
 * the way back restores what the backfill did, and nothing else.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { assessScript } from '../../../src/assess/assess.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { backfillOf } from '../../../src/plan/backfill.ts';
import { compilePlan } from '../../../src/plan/compile.ts';
import type { Plan } from '../../../src/plan/model.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { looseMigration } from '../../../src/source/native.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { newestMajor } from '../../support/servers.ts';
import { POLICY, Stage } from '../support.ts';
import { traces } from '../undo-support.ts';
import { MIGRATION } from './support.ts';

const RUNS = Number(process.env.FERRATA_PROPERTY_RUNS ?? 14);
const stages: Stage[] = [];
afterAll(async () => {
  await Promise.all(stages.map((stage) => stage.close()));
});

/** Columns of a key, a value for row `g`, and the index. */
const KEYS = {
  bigint: ['k bigint', 'g', '(k)'],
  'bigint, descending': ['k bigint', 'g * 7', '(k DESC)'],
  'smallint, negative too': ['k smallint', 'g - 40', '(k)'],
  uuid: ['k uuid', 'md5(g::text)::uuid', '(k)'],
  text: ['k text', "chr(65 + g % 26) || CASE WHEN g % 2 = 0 THEN 'ä' ELSE '''\\' END || g", '(k)'],
  'text, another collation': [
    'k text',
    "CASE WHEN g % 2 = 0 THEN 'a' ELSE 'A' END || '-' || g",
    '(k COLLATE "C" DESC NULLS LAST)',
  ],
  numeric: ['k numeric', "CASE WHEN g = 3 THEN 'NaN'::numeric ELSE g / 7.0 END", '(k)'],
  float8: ['k float8', 'g / 3.0', '(k DESC)'],
  timestamptz: [
    'k timestamptz',
    "'2026-01-01 00:00:00.000001+05'::timestamptz + g * interval '1 microsecond'",
    '(k)',
  ],
  date: ['k date', "'2026-03-01'::date - g", '(k)'],
  bytea: ['k bytea', "decode(md5(g::text), 'hex')", '(k)'],
  interval: ['k interval', 'make_interval(secs => g * 1.5)', '(k)'],
  'char(6)': ['k char(6)', "'x' || g", '(k)'],
  inet: ['k inet', "'10.0.0.0'::inet + g", '(k)'],
  'an enum and a number': ['e mood, k int', "(ARRAY['sad', 'ok', 'glad'])[1 + g % 3]::mood, g", '(e, k)'],
  'a domain': ['k positive', 'g', '(k)'],
  'two columns, few values in front': ['t int, k int', 'g % 3, g', '(t, k)'],
  'two columns, both descending': ['t int, k text', "g % 4, 'x' || g", '(t DESC, k DESC)'],
  'two columns, one descending': ['t int, k int', 'g % 3, g', '(t, k DESC)'],
  'three columns, mixed': [
    't text, u int, k int',
    "'t' || g % 2, g % 5, g",
    '(t DESC, u, k DESC NULLS LAST)',
  ],
  'two columns, quoted': ['"T t" int, "k""" int', 'g % 3, g', '("T t", "k""")'],
} as const;

const ACTIONS = {
  'every row': 'UPDATE t SET n = n + 1',
  'some rows': 'UPDATE t AS x SET n = x.n + 1, m = fixed WHERE fixed % 3 = 0',
  'by a sub-select':
    'UPDATE t SET n = n + 1, m = (SELECT v FROM other WHERE other.id = t.fixed % 5) WHERE EXISTS (SELECT FROM other WHERE id = t.fixed % 7)',
  'from another table': 'UPDATE t SET n = n + 1, m = o.v FROM other o WHERE o.id = t.fixed % 5',
  'the time too': 'UPDATE t SET n = n + 1, at = now() WHERE created < now()',
  deleted: 'DELETE FROM t WHERE fixed % 4 = 1',
  'deleted by others': 'DELETE FROM t USING other o WHERE o.id = t.fixed % 9',
} as const;

const matches: Readonly<Record<keyof typeof ACTIONS, (fixed: number) => boolean>> = {
  'every row': () => true,
  'some rows': (fixed) => fixed % 3 === 0,
  'by a sub-select': (fixed) => fixed % 7 < 5,
  'from another table': () => true,
  'the time too': () => true,
  deleted: (fixed) => fixed % 4 === 1,
  'deleted by others': (fixed) => fixed % 9 < 5,
};

interface Case {
  readonly key: keyof typeof KEYS;
  readonly action: keyof typeof ACTIONS;
  readonly rows: number;
  readonly size: number;
  readonly workers: number;
  readonly skipLocked: boolean;
  readonly watched: boolean;
  readonly partitioned: boolean;
  readonly writers: number;
}

const cases = fc.record<Case>({
  key: fc.constantFrom(...(Object.keys(KEYS) as (keyof typeof KEYS)[])),
  action: fc.constantFrom(...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])),
  rows: fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 3, max: 120 })),
  size: fc.integer({ min: 1, max: 40 }),
  workers: fc.constantFrom(1, 1, 3),
  skipLocked: fc.boolean(),
  watched: fc.constantFrom(false, false, true),
  partitioned: fc.constantFrom(false, false, true),
  writers: fc.constantFrom(0, 1, 2),
});

async function build(connection: Connection, { key, rows, watched, partitioned }: Case): Promise<void> {
  const [columns, value, index] = KEYS[key];
  const names = columns.split(/, (?=[\w"])/).map((column) => column.slice(0, column.lastIndexOf(' ')));
  await connection.script(`
DROP TABLE IF EXISTS t, other, changes CASCADE;
DROP TYPE IF EXISTS mood CASCADE; DROP DOMAIN IF EXISTS positive CASCADE;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad'); CREATE DOMAIN positive AS int CHECK (VALUE > -1000);
CREATE TABLE t (fixed int NOT NULL, ${columns.replaceAll(/(, |$)/g, ' NOT NULL$1')}, n int NOT NULL DEFAULT 0, m int, at timestamptz,
  other text, created timestamptz NOT NULL DEFAULT '2026-01-01') ${partitioned ? 'PARTITION BY HASH (fixed)' : ''};
${partitioned ? [0, 1, 2].map((n) => `CREATE TABLE t${n} PARTITION OF t FOR VALUES WITH (MODULUS 3, REMAINDER ${n}); CREATE UNIQUE INDEX ON t${n} ${index};`).join('\n') : `CREATE UNIQUE INDEX t_key ON t ${index};`}
INSERT INTO t (fixed, ${names.join(', ')}, other) SELECT g, ${value}, 'other ' || g FROM generate_series(1, ${rows}) g;
CREATE TABLE other (id int PRIMARY KEY, v int); INSERT INTO other SELECT g, g * 10 FROM generate_series(0, 4) g;
CREATE TABLE changes (fixed int);
CREATE OR REPLACE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN IF current_setting('ferrata.capture', true) <> '' THEN INSERT INTO changes VALUES (OLD.fixed); END IF; RETURN NULL; END $$;
${watched ? 'CREATE TRIGGER watch AFTER UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION watch();' : ''}
ANALYZE t`);
}

async function compile(connection: Connection, { action, watched }: Case): Promise<Plan> {
  const sql = ACTIONS[action];
  const catalog = await readCatalog(connection);
  const script = await parseScript(sql, 'up.sql');
  const policy = { ...POLICY };
  const assessment = await assessScript(script, {
    catalog,
    sizes: new Map(),
    policy,
    migration: null,
    hasDown: false,
  });
  const plan = await compilePlan({
    migration: { ...looseMigration(`${MIGRATION}.sql`, sql), id: MIGRATION },
    script,
    down: null,
    assessment,
    startFingerprint: null,
    serverMajor: connection.server.major,
    batching: {
      catalog,
      sizes: new Map(),
      batchRows: 0,
      pattern: 'batched',
      pinned: new Set(),
      options: {},
      rowsStay: false,
      transform: null,
      estimate: null,
    },
  });
  const steps = plan.steps.map((step) => {
    if (backfillOf(step) === null) throw new Error(`${sql}: ${JSON.stringify(step.notes)}`);
    return {
      ...step,
      captures: watched ? ['public.t', 'public.changes'] : step.captures,
      inverse: [{ type: 'undo' as const, capture: `20260101000000_${step.id}` }],
    };
  });
  return { ...plan, steps };
}

interface Row {
  readonly fixed: number;
  readonly n: number;
  readonly m: number | null;
  readonly other: string;
}

async function rowsOf(connection: Connection): Promise<ReadonlyMap<number, Row>> {
  const rows = await connection.query<Row>('SELECT fixed, n, m, other FROM t');
  const found = new Map(rows.map((row) => [row.fixed, row]));
  expect(found.size).toBe(rows.length);
  return found;
}

/** What a writer did, by `fixed`. */
interface Written {
  readonly deleted: Set<number>;
  readonly inserted: Set<number>;
  readonly changed: Map<number, string>;
}

/** Writes other columns, new rows and deletions until it is told to stop. */
async function write(stage: Stage, one: Case, seed: number, stop: AbortSignal): Promise<Written> {
  const connection = await stage.connector.connect('application');
  const done: Written = { deleted: new Set(), inserted: new Set(), changed: new Map() };
  const [columns, value] = KEYS[one.key];
  const names = columns.split(/, (?=[\w"])/).map((column) => column.slice(0, column.lastIndexOf(' ')));
  let state = seed;
  const random = (most: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * most);
  };
  try {
    for (let n = 1; !stop.aborted; n++) {
      const target = 1 + random(Math.max(1, one.rows));
      const kind = random(10);
      await connection.script('BEGIN');
      if (kind < 6) {
        const text = `${seed} ${n}`;
        const [row] = await connection.query('UPDATE t SET other = $1 WHERE fixed = $2 RETURNING fixed', [
          text,
          target,
        ]);
        if (row !== undefined) done.changed.set(target, text);
      } else if (kind < 8) {
        const fixed = seed * 1000 + n;
        // A row of the same shape, somewhere among the others or behind them.
        await connection.script(
          `INSERT INTO t (fixed, ${names.join(', ')}, other) SELECT ${fixed}, ${value.replaceAll(/\bg\b/g, `(${one.rows} + ${seed} * 97 + ${n})`)}, 'new'`,
        );
        done.inserted.add(fixed);
      } else {
        const [row] = await connection.query('DELETE FROM t WHERE fixed = $1 RETURNING fixed', [target]);
        if (row !== undefined) done.deleted.add(target);
      }
      await connection.script(random(4) === 0 ? 'SELECT pg_sleep(0.005); COMMIT' : 'COMMIT');
      if (n > 40) await new Promise((resolve) => setTimeout(resolve, 3));
    }
  } finally {
    await connection.close();
  }
  return done;
}

async function holds(stage: Stage, one: Case): Promise<void> {
  const { connection } = stage;
  await build(connection, one);
  const before = await rowsOf(connection);
  const plan = await compile(connection, one);
  const deletes = ACTIONS[one.action].startsWith('DELETE');
  const policy = {
    ...POLICY,
    batchSize: one.size,
    batchWorkers: one.workers,
    batchSkipLocked: one.skipLocked,
    lockTimeoutMs: 400,
    retries: 20,
  };
  const stop = new AbortController();
  const writers = Array.from({ length: one.writers }, (_, n) => write(stage, one, n + 1, stop.signal));
  const done = await stage.up(plan, { policy }).finally(() => stop.abort());
  const written = await Promise.all(writers);
  const deleted = new Set(written.flatMap((one) => [...one.deleted]));
  const touched = new Set([...deleted, ...written.flatMap((one) => [...one.changed.keys()])]);
  const after = await rowsOf(connection);
  for (const [fixed] of before) {
    const wanted = matches[one.action](fixed);
    const now = after.get(fixed);
    if (deletes && wanted) expect(now, `${fixed} is gone`).toBeUndefined();
    else if (deleted.has(fixed)) expect(now).toBeUndefined();
    else expect(now?.n, `row ${fixed} is changed once`).toBe(wanted && !deletes ? 1 : 0);
  }
  for (const [fixed, { n }] of after)
    if (!before.has(fixed)) expect(n, `row ${fixed}, which came later`).toBeLessThanOrEqual(1);
  if (one.watched) {
    const twice = await connection.rows('SELECT fixed FROM changes GROUP BY fixed HAVING count(*) > 1');
    expect(twice).toEqual([]);
  }
  const back = await stage.down(done.run, { policy });
  const last = await rowsOf(connection);
  // Triggers keep whole rows: there a row that was changed since in any column is left alone, and told.
  const mayDiffer = one.watched ? touched : deleted;
  expect(back.conflicts.length).toBeLessThanOrEqual(mayDiffer.size);
  expect([...last.values()].filter(({ n, fixed }) => n !== 0 && !mayDiffer.has(fixed))).toEqual([]);
  for (const [fixed, row] of before) {
    if (deleted.has(fixed)) expect(last.has(fixed)).toBe(false);
    else if (!touched.has(fixed)) expect(last.get(fixed), `row ${fixed} is back`).toEqual(row);
    else if (!one.watched)
      expect(last.get(fixed), `row ${fixed}, changed by others`).toMatchObject({ n: 0, m: null });
  }
  expect((await connection.rows('SELECT FROM changes')).length).toBe(0);
  if (back.conflicts.length === 0) expect(await traces(connection)).toEqual([]);
  else await connection.script('DROP SCHEMA ferrata_attic CASCADE');
  await connection.script('DELETE FROM ferrata.backfill');
  expect(await stage.value('SELECT count(*)::int FROM ferrata.backfill_skipped')).toBe(0);
}

describe('a backfill while others write', () => {
  for (const major of newestMajor()) {
    it(`changes each row once, and leads back (PostgreSQL ${major})`, async () => {
      const stage = await Stage.open(major);
      stages.push(stage);
      await fc.assert(
        fc.asyncProperty(cases, (one) => holds(stage, one)),
        {
          numRuns: RUNS,
          seed: process.env.FERRATA_PROPERTY_SEED === 'random' ? undefined : 20260101 + major,
          endOnFailure: true,
        } as fc.Parameters<[Case]>,
      );
    }, 600_000);

    it(`along keys of every kind (PostgreSQL ${major})`, async () => {
      const stage = await Stage.open(major);
      stages.push(stage);
      for (const [index, key] of (Object.keys(KEYS) as (keyof typeof KEYS)[]).entries()) {
        await holds(stage, {
          key,
          action: index % 2 === 0 ? 'every row' : 'some rows',
          rows: 40,
          size: 7,
          workers: 1,
          skipLocked: index % 3 === 0,
          watched: false,
          partitioned: false,
          writers: index % 4 === 0 ? 1 : 0,
        }).catch((error: unknown) => {
          throw new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        });
      }
    }, 600_000);
  }
});
