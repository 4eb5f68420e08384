/** Rehearsals in a database whose own casts and functions stand in the way (test/support/hostile.ts). */
import { expect, test } from 'vitest';
import { IMPLICIT_CASTS, LYING_CASTS } from '../../support/hostile.ts';
import { proofsOf } from './history.ts';

const START = { up: `${LYING_CASTS}; ${IMPLICIT_CASTS}; ALTER TABLE own.held ADD n bigserial` };

test('a derived way back restores values that look alike', async () => {
  const [, changed, dropped] = await proofsOf([
    START,
    {
      up: `UPDATE own.held SET m = 'ok', ms = '{ok,sad}', ts = '{z}', p = '(5,x)', ps = NULL, w = 'w', n = n + 100;
          DELETE FROM own.held WHERE id = 3`,
    },
    {
      up: `ALTER TABLE own.held DROP COLUMN m, DROP COLUMN ts`,
    },
  ]);
  expect(changed).toMatchObject({ outcome: 'proved', error: null });
  expect(dropped).toMatchObject({ outcome: 'proved', error: null });
});

test('a way back that loses such a value is refuted', async () => {
  const [, proof] = await proofsOf([START, { up: `UPDATE own.held SET m = 'ok'`, down: 'SELECT 1' }]);
  expect(proof).toMatchObject({ outcome: 'refuted' });
  expect(proof?.rollbackPoints.at(-1)?.losses).toMatchObject([{ table: 'own.held', column: 'm' }]);
});
