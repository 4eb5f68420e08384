import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { FerrataError } from '../../src/errors.ts';
import { planChecksum } from '../../src/plan/checksum.ts';
import type { Action, Plan } from '../../src/plan/model.ts';
import { parkIdOf } from '../../src/plan/park-id.ts';
import { parsePlan, serialisePlan } from '../../src/plan/serialise.ts';
import { compile } from './support.ts';

/** `<name>.sql`, and beside it what it is compiled to. A second part behind `-- down` is the way back. */
describe('cases', () => {
  const folder = new URL('./cases/', import.meta.url);
  it.each(readdirSync(folder).filter((name) => name.endsWith('.sql')))('%s', async (name) => {
    const [up = '', down = null] = readFileSync(new URL(name, folder), 'utf8').split(/^-- down\n/m);
    const text = stringify(await outcome(up, down), { lineWidth: 0 });
    await expect(text).toMatchFileSnapshot(new URL(name.replace('.sql', '.yaml'), folder).pathname);
  });
});

async function outcome(up: string, down: string | null): Promise<unknown> {
  try {
    const plan = await compile(up, down);
    return {
      steps: plan.steps.map((step) => ({
        id: step.id,
        kind: step.kind,
        title: step.title,
        transactional: step.transactional,
        forward: step.forward.map(short),
        ...(step.captures.length > 0 && { captures: step.captures }),
        ...(step.done.type !== 'ledger' && { done: step.done }),
      })),
      ...(plan.down !== null && {
        down: plan.down.groups.map(({ transactional, actions }) => ({
          transactional,
          actions: actions.map(short),
        })),
      }),
    };
  } catch (error) {
    if (!(error instanceof FerrataError)) throw error;
    return error.toJSON();
  }
}

function short(action: Action): string {
  if (action.type === 'undo') return `undo ${action.capture}`;
  if (action.type === 'keep-column') return `keep ${action.table}.${action.column} ${action.when}`;
  if (action.type === 'keep-sequences') return `keep ${action.sequences.join(', ')}`;
  if (action.type === 'backfill') return `backfill ${action.spec.table}`;
  const at = action.at === null ? '' : `${action.at.line}:${action.at.column} `;
  if (action.type === 'sql') return `${at}${action.sql}`;
  const flags = `${action.ifExists ? ' if exists' : ''}${action.cascade ? ' cascade' : ''}`;
  const what =
    action.type === 'park-table'
      ? action.tables.map(({ schema, name }) => `${schema ?? '?'}.${name}`).join(', ')
      : `${action.table.schema ?? '?'}.${action.table.name}.${action.column}`;
  return `${at}${action.type} ${action.parkId} ${what}${flags} | ${action.sql}`;
}

describe('checksum and plan.json', () => {
  const source = 'ALTER TABLE t DROP COLUMN a; CREATE INDEX CONCURRENTLY i ON t (b); UPDATE t SET b = 1';

  it('survives plan.json', async () => {
    const plan = await compile(source, 'DROP INDEX i');
    const again = parsePlan(serialisePlan(plan));
    expect(again).toEqual(plan);
    expect(planChecksum(again)).toBe(planChecksum(plan));
    expect(planChecksum(plan)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is the same for the same migration, and for another order of keys', async () => {
    const plan = await compile(source);
    expect(planChecksum(await compile(source))).toBe(planChecksum(plan));
    const shuffled = Object.fromEntries(Object.entries(plan).reverse()) as unknown as Plan;
    expect(planChecksum(shuffled)).toBe(planChecksum(plan));
  });

  it('changes with what runs, and not with measurements', async () => {
    const plan = await compile(source, 'SELECT 1');
    const sum = planChecksum(plan);
    const change = (edit: (step: Plan['steps'][number]) => Plan['steps'][number]): Plan => ({
      ...plan,
      steps: plan.steps.map((step, index) => (index === 0 ? edit(step) : step)),
    });
    const measured = change((step) => ({
      ...step,
      expects: [{ relation: 'public.t', mode: 'AccessExclusiveLock', heldMs: 12 }],
    }));
    expect(planChecksum({ ...measured, risk: 'critical', rollbackWindowHours: 1 })).toBe(sum);
    const edits: Plan[] = [
      change((step) => ({ ...step, forward: [] })),
      change((step) => ({ ...step, inverse: [] })),
      change((step) => ({ ...step, captures: ['t'] })),
      change((step) => ({ ...step, transactional: false })),
      change((step) => ({ ...step, fingerprintAfter: 'x' })),
      { ...plan, startFingerprint: 'x' },
      { ...plan, checksum: 'x' },
      { ...plan, down: null },
      { ...plan, steps: plan.steps.slice(1) },
    ];
    expect(new Set([sum, ...edits.map(planChecksum)]).size).toBe(edits.length + 1);
  });

  it.each(['', '{', '{}', '[]', '{"ferrata": 2}', 'null'])('refuses %j as plan.json', (text) => {
    expect(() => parsePlan(text, 'db/plan.json')).toThrow(expect.objectContaining({ code: 'plan-mismatch' }));
  });

  it('keeps what a later version adds', async () => {
    const plan = { ...(await compile(source)), note: 'x' };
    expect(parsePlan(serialisePlan(plan))).toEqual(plan);
  });
});

describe('parkIdOf', () => {
  it('leaves room in the 63 bytes of a name', () => {
    for (const id of ['20240102030405_add_x', 'no digits at all', `${'9'.repeat(80)}_x`, '0001_x', 'ö']) {
      const name = `ferrata_parked_${parkIdOf(id, 9999)}_12`;
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(name).toMatch(/^[a-z0-9_]+$/);
    }
    expect(parkIdOf('20240102030405_add_x', 3)).toBe('20240102030405_3');
    expect(parkIdOf('a', 1)).not.toBe(parkIdOf('b', 1));
  });
});

describe('grouping', () => {
  const PLAIN = ['CREATE TABLE a (id int)', 'UPDATE t SET x = 1', 'ALTER TABLE t ADD y int', 'SELECT 1'];
  const ALONE = ['CREATE INDEX CONCURRENTLY i ON t (x)', 'VACUUM t', 'DROP INDEX CONCURRENTLY i'];

  it('loses nothing, keeps the order, and puts alone what must stand alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...PLAIN, ...ALONE, 'COMMIT'), { minLength: 1, maxLength: 12 }),
        async (statements) => {
          const work = statements.filter((sql) => sql !== 'COMMIT');
          fc.pre(work.length > 0);
          const { steps } = await compile(statements.join(';\n'));
          const done = steps.flatMap((step) =>
            step.forward.map((action) => ('sql' in action ? action.sql : '')),
          );
          expect(done).toEqual(work);
          for (const step of steps) {
            const [first] = step.forward;
            const alone = first?.type === 'sql' && ALONE.includes(first.sql);
            expect(step.transactional).toBe(!alone);
            if (alone) expect(step.forward.length).toBe(1);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
