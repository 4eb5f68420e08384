/**
 * Every rule, on real servers: its example's SQL is found and shows the danger; what the finding says to write instead
 * runs, shows none, and is not found again; and the page says what was run.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES, SCRIPT_RULES } from '../../src/assess/rules/index.ts';
import { type ExecutedSql, renderIndex, renderPage, renderRefutation } from '../../src/assess/rules/page.ts';
import { REFUTED } from '../../src/assess/rules/refuted.ts';
import { concerns, type Danger, type Lesson } from '../../src/assess/rules/rule.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { testMajors } from '../support/servers.ts';
import { Playground } from './danger.ts';
import { assess } from './support.ts';

const ALL: readonly Lesson[] = [...RULES, ...SCRIPT_RULES].sort((a, b) => (a.id < b.id ? -1 : 1));
const BY_ID = ALL.map((rule) => [rule.id, rule] as const);

/** The newest major and 15; with FERRATA_TEST_MAJORS all that run. */
const MAJORS =
  process.env.FERRATA_TEST_MAJORS === undefined
    ? testMajors().filter((major) => major === 18 || major === 15)
    : testMajors();

/** What was run instead, by rule and major. */
const executed = new Map<string, Map<number, readonly string[]>>();

describe.each(MAJORS.map((major) => [major] as const))('PostgreSQL %i', (major) => {
  let playground: Playground;
  beforeAll(async () => {
    playground = await Playground.open(major, true);
  });
  afterAll(() => playground.close());

  it.each(BY_ID)('%s', async (id, rule) => {
    const { schema, bad, danger, good } = rule.example;
    await playground.make(schema);
    const { before = [], rows = {}, surroundings = {} } = rule.example;
    const options = {
      catalog: await readCatalog(playground.main),
      rules: { [id]: rule.severity },
      rows,
      surroundings,
    };
    const traced = rule.example.traced === true ? { trace: await playground.trace(bad) } : {};
    if (rule.example.traced === true) await playground.make(schema);
    const found = (await assess(bad, { ...options, ...traced })).findings.find(
      (finding) => finding.id === id,
    );
    if (!concerns(rule, major)) {
      expect(found).toBeUndefined();
      executed.set(id, executed.get(id) ?? new Map());
      return;
    }
    expect(found, 'the example is found').toBeDefined();
    expect(found?.docs).toBe(`docs/findings/${id}.md`);

    const seen = await playground.run([...before, bad].join('\nCOMMIT;\n'), danger);
    if (isVisible(danger, major)) expect(seen.danger, 'the example shows the danger').toBe(true);
    // What fails is what is told of; everything else must run.
    const mayFail = danger.kind === 'fails' || (danger.kind === 'shows' && danger.fails === true);
    if (!mayFail) expect(seen.errors).toEqual([]);

    const own = found?.safeSql ?? [];
    const safe = good ?? own;
    executed.set(id, (executed.get(id) ?? new Map()).set(major, safe));
    for (const sql of new Set([safe, own].map((part) => part.join(';\n')))) {
      if (sql === '') continue;
      await playground.make(schema);
      const instead = await playground.run(sql, danger);
      expect(instead.errors, sql).toEqual([]);
      // Where `good` is the whole, what the finding itself says is a part of the way.
      if (sql === safe.join(';\n')) expect(instead.danger, `no danger in\n${sql}`).toBe(false);
      // What stands in the place of several files is the whole release.
      const alone = before.length === 0 ? options : { ...options, surroundings: {} };
      const again = (await assess(sql, alone)).findings.map((finding) => finding.id);
      expect(again, sql).not.toContain(id);
    }
  });

  it.each(REFUTED.map((entry) => [entry.id, entry] as const))('%s is no danger', async (_id, { example }) => {
    await playground.make(example.schema);
    const catalog = await readCatalog(playground.main);
    expect((await assess(example.harmless, { catalog, native: true })).findings).toEqual([]);
    expect(await playground.run(example.harmless, example.danger)).toEqual({ danger: false, errors: [] });
  });
});

/** For these there is no SQL to write instead: what helps stands in their `instead`. */
const WITHOUT_SQL = new Set([
  'add-column-breaks-select-star-plans',
  'alter-type-breaks-cached-plans',
  'change-default',
  'create-trigger',
  'disk-headroom',
  'do-block',
  'drop-constraint',
  'drop-database',
  'drop-matview-or-view',
  'drop-not-null',
  'drop-schema',
  'drop-table',
  'extension-change',
  'index-concurrently-corruption-14',
  'index-redundant',
  'index-write-hot-table',
  'non-linear-history',
  'rename-constraint',
  'replace-view-locks',
  'replica-identity',
  'replication-lag',
]);

// A step that cannot be written down takes the others with it: nobody would notice but here.
it.each(BY_ID)('%s has SQL to write instead, or is known to have none', (id) => {
  const ran = executed.get(id);
  if (ran === undefined) throw new Error('Its example was not run.');
  expect([...ran.values()].every((sql) => sql.length === 0)).toBe(WITHOUT_SQL.has(id));
});

it.each(BY_ID)('%s can be looked for without a catalog', async (id, rule) => {
  const { findings } = await assess(rule.example.bad, { rules: { [id]: rule.severity } });
  expect(findings.every(({ message, why }) => message !== '' && why !== '')).toBe(true);
});

// `npx vitest run test/assess/rules.test.ts -u` writes the pages.
describe('pages', () => {
  it.each(BY_ID)('%s', async (id, rule) => {
    const ran = executed.get(id);
    if (ran === undefined)
      throw new Error('Its example was not run: there is nothing that its page may say.');
    const page = renderPage(rule, byMajor(ran));
    await expect(page).toMatchFileSnapshot(`../../docs/findings/${id}.md`);
  });

  it.each(REFUTED.map((entry) => [entry.id, entry] as const))('%s', async (id, entry) => {
    await expect(renderRefutation(entry)).toMatchFileSnapshot(`../../docs/findings/${id}.md`);
  });

  it('are listed', async () => {
    await expect(renderIndex(ALL, REFUTED)).toMatchFileSnapshot('../../docs/findings/README.md');
  });
});

function isVisible(danger: Danger, major: number): boolean {
  if (danger.kind === 'convention') return false;
  if (danger.kind !== 'shows') return true;
  return major >= (danger.from ?? 0) && major <= (danger.to ?? Number.POSITIVE_INFINITY);
}

/** Majors that run the same are one entry; the page speaks of 18 and of 15 alone, whatever else ran. */
function byMajor(safe: ReadonlyMap<number, readonly string[]>): readonly ExecutedSql[] {
  const shown = [...safe].filter(([major]) => major === 18 || major === 15);
  const groups = new Map<string, { majors: number[]; sql: readonly string[] }>();
  for (const [major, sql] of shown) {
    const key = sql.join(';');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { majors: [major], sql });
    else group.majors.push(major);
  }
  if (groups.size <= 1) return [...groups.values()].map(({ sql }) => ({ majors: null, sql }));
  return [...groups.values()];
}
