/** Every row of the table of facts, and what the analyser says of its examples, against what servers do. */
import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/assess/analyse.ts';
import { AssessContext } from '../../../src/assess/context.ts';
import { strength } from '../../../src/assess/effect.ts';
import { FAMILIES, onMajor } from '../../../src/assess/facts/index.ts';
import type { Cast, FactExample, FactFamily, FactRow } from '../../../src/assess/facts/model.ts';
import type { LockMode, LockRole, StatementFacts } from '../../../src/assess/model.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { testMajors } from '../../support/servers.ts';
import { type Seen, Stage } from './stage.ts';

/**
 * FERRATA_FACTS=<start of an id> runs some rows alone.
 * Majors run side by side: each has a server of its own.
 */
describe.concurrent.each(testMajors())('PostgreSQL %i', { timeout: 240_000 }, (major) => {
  const only = process.env.FERRATA_FACTS ?? '';
  const shared = FAMILIES.filter(({ apart }) => apart !== true);
  const alone = FAMILIES.filter(({ apart }) => apart === true);

  it.each([
    ['what statements do', shared, false],
    ['what concerns a whole database', alone, true],
  ] as const)('%s', async (_title, families, isAlone) => {
    const stage = await Stage.set(major, families, isAlone);
    try {
      const problems = await problemsOf(stage, families, only);
      expect(problems).toEqual([]);
    } finally {
      await stage.leave();
    }
  });
});

async function problemsOf(
  stage: Stage,
  families: readonly FactFamily[],
  only: string,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const row of families.flatMap(({ rows }) => rows)) {
    if (!row.id.startsWith(only)) continue;
    if (stage.major < (row.since ?? 0) || stage.major > (row.until ?? 99)) continue;
    for (const given of row.examples) {
      const example: FactExample = typeof given === 'string' ? { sql: given } : given;
      const found = await check(stage, row, example);
      problems.push(...found.map((problem) => `${row.id}: ${example.sql}: ${problem}`));
    }
  }
  return problems;
}

async function check(stage: Stage, row: FactRow, example: FactExample): Promise<readonly string[]> {
  const told = toldBy(stage, row, example);
  const seen = await stage.run(row, example, told.locks);
  if (told.fails !== null || seen.error !== null) {
    return seen.error === told.fails ? [] : [`fails with ${seen.error}, not ${told.fails}`];
  }
  const problems = [
    ...differences('row: lock', told.locks, withoutLeftOver(stage, row, seen.locks)),
    ...differences('row: scan', told.scans, seen.scans),
    ...differences('row: rewrite', told.rewrites, seen.rewrites),
    ...builds(stage, told, seen),
  ];
  if (row.outside === true && !(await stage.isRefusedInside(example.sql))) {
    problems.push('it can run in a transaction');
  }
  // Without a server to compare with there is nothing to say of the analyser.
  if (problems.length > 0) return problems;
  return againstAnalyser(stage, row, example, seen, told.roles);
}

/** CONCURRENTLY locks the index that it has replaced, which nobody uses any more, for the moment in which it is dropped. */
function withoutLeftOver(
  stage: Stage,
  row: FactRow,
  locks: ReadonlyMap<string, LockMode>,
): ReadonlyMap<string, LockMode> {
  const felt = stage.withoutImplied(locks);
  if (row.outside !== true || row.roles.index !== undefined) return felt;
  return new Map([...felt].filter(([relation]) => !stage.isIndex(relation)));
}

interface Told {
  readonly locks: ReadonlyMap<string, LockMode>;
  readonly roles: ReadonlyMap<string, LockRole>;
  readonly scans: ReadonlySet<string>;
  readonly rewrites: ReadonlySet<string>;
  /** Tables of which indexes are built: all of them, or at least one. */
  readonly built: ReadonlyMap<string, 'all' | 'one'>;
  readonly fails: string | null;
}

/** What the row says of the example's relations. */
function toldBy(stage: Stage, row: FactRow, example: FactExample): Told {
  const facts = onMajor(row, stage.major);
  const cast: Cast = example.on ?? row.on ?? {};
  const locks = new Map<string, LockMode>();
  const roles = new Map<string, LockRole>();
  const scans = new Set<string>();
  const rewrites = new Set<string>();
  const built = new Map<string, 'all' | 'one'>();
  for (const [role, { mode, work }] of Object.entries(facts.roles) as [
    LockRole,
    { mode: LockMode; work?: string },
  ][]) {
    for (const name of cast[role] ?? []) {
      const relation = name.includes('.') ? name : `public.${name}`;
      locks.set(relation, mode);
      roles.set(relation, role);
      if (work === undefined || !stage.hasStorage(relation)) continue;
      if (work !== 'move') scans.add(relation);
      if (work === 'move' || work === 'rewrite') rewrites.add(relation);
      if (work === 'build') built.set(relation, 'one');
      if (work === 'rewrite') built.set(relation, 'all');
    }
  }
  return { locks, roles, scans, rewrites, built, fails: facts.fails };
}

function builds(stage: Stage, told: Told, seen: Seen): readonly string[] {
  const problems: string[] = [];
  for (const [index, table] of seen.built) {
    if (!told.built.has(table)) problems.push(`row: index ${index} is built`);
  }
  for (const [table, which] of told.built) {
    const built = [...seen.built].filter(([, owner]) => owner === table).map(([index]) => index);
    if (which === 'one' && built.length === 0) problems.push(`row: no index of ${table} is built`);
    if (which !== 'all') continue;
    const missing = stage.indexesOf(table).filter((index) => !built.includes(index));
    if (missing.length > 0) problems.push(`row: ${missing.join(', ')} not built`);
  }
  return problems;
}

async function againstAnalyser(
  stage: Stage,
  row: FactRow,
  example: FactExample,
  seen: Seen,
  roles: ReadonlyMap<string, LockRole>,
): Promise<readonly string[]> {
  const text = [example.session, stage.fill(example.sql)].filter((part) => part !== undefined).join('; ');
  const script = await parseScript(text, 'example.sql');
  const facts = analyse(script, new AssessContext(stage.catalog), new Map()).at(-1)?.facts;
  if (facts === undefined) return ['analyser: no statement'];
  const said = strongest(facts);
  const locks = withoutLeftOver(stage, row, seen.locks);
  const blind = row.unseen !== undefined;
  const problems = [
    ...differences('analyser: lock', stage.withoutImplied(said), locks),
    ...differences('analyser: scan', new Set(facts.scans), seen.scans),
    ...differences('analyser: rewrite', new Set(facts.rewrites), seen.rewrites),
    ...differences('analyser: build', new Set(facts.builds), new Set(seen.built.keys())),
    ...differences('analyser: validate', new Set(facts.validates), seen.validates),
    ...facts.locks
      .filter(({ relation, role }) => roles.has(relation) && roles.get(relation) !== role)
      .map(({ relation, role }) => `analyser: ${relation} is ${role}, not ${roles.get(relation)}`),
  ];
  if (!blind && facts.transactional !== (row.outside !== true)) {
    problems.push(`analyser: transactional is ${facts.transactional}`);
  }
  // What the text does not tell is not said; nothing else may be invented.
  const kept = problems.filter((problem) => !(blind && problem.endsWith('is not said')));
  return row.byRows === true
    ? kept.filter((problem) => !(problem.includes('but not done') && isPartitionOf(problem, roles)))
    : kept;
}

function isPartitionOf(problem: string, roles: ReadonlyMap<string, LockRole>): boolean {
  const relation = /: \S+: (\S+)/.exec(problem)?.[1] ?? '';
  return !roles.has(relation) || roles.get(relation) === 'partition';
}

function strongest(facts: StatementFacts): Map<string, LockMode> {
  const found = new Map<string, LockMode>();
  for (const { relation, mode } of facts.locks) {
    const known = found.get(relation);
    if (known === undefined || strength(mode) > strength(known)) found.set(relation, mode);
  }
  return found;
}

type Facts = ReadonlySet<string> | ReadonlyMap<string, LockMode>;

function differences(what: string, said: Facts, done: Facts): readonly string[] {
  const value = (facts: Facts, key: string): string =>
    facts instanceof Map ? (facts.get(key) ?? 'none') : facts.has(key) ? 'yes' : 'none';
  return [...new Set([...said.keys(), ...done.keys()])].flatMap((key) => {
    const [left, right] = [value(said, key), value(done, key)];
    if (left === right) return [];
    if (left === 'none') return [`${what} ${key}: ${right} is not said`];
    if (right === 'none') return [`${what} ${key}: ${left} is said but not done`];
    return [`${what} ${key}: ${left} is said, ${right} is done`];
  });
}
