/** The sentence that says in which order to deploy. */
import { expect, test } from 'vitest';
import type { QueryError, QueryResult } from '../../../src/assess/queries/model.ts';
import { deploymentOrder } from '../../../src/assess/queries/order.ts';
import { resultChanges } from '../../../src/assess/queries/prepare.ts';

const ERROR: QueryError = { sqlstate: '42703', message: 'no such column' };

/** `o` works, `x` fails, `!` behind: a held one fails. */
function query(id: string, letters: string, outcome: QueryResult['outcome']): QueryResult {
  const states = [...letters.matchAll(/([ox])(!?)/g)].map(([, letter, mark], index) => ({
    state: index === 0 ? 'before' : `s${index}`,
    verdict: letter === 'x' ? ('fails' as const) : ('works' as const),
    error: letter === 'x' ? ERROR : null,
    held: mark === '!' ? ERROR : null,
    plan: null,
    resultChanges: [],
  }));
  return {
    ...{
      id,
      name: null,
      file: null,
      line: null,
      sql: '',
      kind: 'SelectStmt',
      calls: null,
      role: null,
      searchPath: null,
    },
    ...{ outcome, states, touches: [], doubts: [] },
  };
}

const STATES = ['before', 's1', 's2', 's3', 's4'].map((id) => ({ id, title: null }));

test.each([
  [
    [query('q1', 'ooooo', 'unaffected')],
    'The query works before, at every rollback point and after: application and database can be deployed in either order.',
    null,
    null,
  ],
  [
    [query('q1', 'oooox', 'breaks'), query('q2', 'xxooo', 'needs')],
    'Deploy the new application after step s2; the old one breaks at step s4 (q1 fails).',
    's2',
    's3',
  ],
  [
    [query('q1', 'ooxxx', 'breaks'), query('q2', 'oooxx', 'breaks')],
    'Deploy the application that no longer sends q1 and q2 before step s2: the old one breaks there.',
    null,
    's1',
  ],
  [
    [query('q1', 'xoooo', 'needs'), query('q2', 'xxxoo', 'needs'), query('q3', 'ooooo', 'unaffected')],
    'Deploy the new application after step s3, which q1 and q2 need; the old one works throughout.',
    's3',
    null,
  ],
  [
    [query('q1', 'oxxxx', 'breaks'), query('q2', 'xxooo', 'needs')],
    /^No state serves both applications: the old one breaks at step s1 \(q1 fails\), the new one works only after step s2\./,
    's2',
    'before',
  ],
  [
    [query('q1', 'oo!ooo', 'changes')],
    /either order\. Sessions that hold q1 as a prepared statement get one error each after s1:/,
    null,
    null,
  ],
  [
    [query('q1', 'xoxxx', 'breaks'), query('q2', 'ooooo', 'unaffected')],
    /Q1 works at some of the steps alone\.$/,
    null,
    null,
  ],
  [[query('q1', 'xxxxx', 'unknown')], /^None of the queries works in any state/, null, null],
] as const)('%#', (queries, sentence, newFrom, oldUntil) => {
  const order = deploymentOrder(STATES, queries);
  if (typeof sentence === 'string') expect(order.sentence).toBe(sentence);
  else expect(order.sentence).toMatch(sentence);
  expect([order.newFrom, order.oldUntil]).toEqual([newFrom, oldUntil]);
});

test('a migration of one step is called so', () => {
  const { sentence } = deploymentOrder(STATES.slice(0, 2), [query('q1', 'ox', 'breaks')]);
  expect(sentence).toBe(
    'Deploy the application that no longer sends q1 before the migration: the old one breaks there.',
  );
});

test('differences between results', () => {
  const columns = (...list: readonly string[]) =>
    list.map((one) => ({ name: one.split(' ')[0] ?? '', type: one.split(' ')[1] ?? 'text' }));
  expect(resultChanges(columns('a', 'b'), columns('a', 'b'))).toEqual([]);
  expect(resultChanges(columns('a', 'b'), columns('a', 'c'))).toEqual(['b is now named c']);
  expect(resultChanges(columns('a', 'b'), columns('a', 'b', 'c'))).toEqual(['c is new']);
  expect(resultChanges(columns('a', 'b'), columns('b'))).toEqual(['a is gone']);
  expect(resultChanges(columns('a int', 'b'), columns('a bigint', 'b'))).toEqual(['a is bigint (was int)']);
  expect(resultChanges(columns('a', 'b'), columns('b', 'a'))).toEqual(['the columns stand in another order']);
  expect(resultChanges(columns('a'), columns('a', 'ferrata_parked_1'))).toEqual([
    'ferrata_parked_1 is there until what is parked is purged',
  ]);
  expect(resultChanges(null, null)).toEqual([]);
});
