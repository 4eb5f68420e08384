/** Values that a conversion loses: up on a live database, later writes, down; and what of it is purged. */
import { expect, it } from 'vitest';
import { project } from './project.ts';

const A = '20260101000000_a';
const KEPT = `SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('ferrata_attic') AND relname LIKE 'u%\\_k%' AND relkind = 'r'`;

it('come back by the row; what was written since goes back by a cast, and stops the way back where there is none', async () => {
  const made = await project({
    base: `CREATE TYPE mood AS ENUM ('calm', 'cross');
      CREATE TABLE t (id int PRIMARY KEY, v numeric(10, 4), mood mood);
      INSERT INTO t VALUES (1, 1.2345, 'calm'), (2, 9.8765, 'cross'), (3, NULL, NULL), (4, 7.7777, 'calm');`,
    migrations: {
      [A]: `ALTER TABLE t ALTER COLUMN v TYPE numeric(8, 1), ALTER COLUMN mood TYPE text USING left(mood::text, 1);
        DROP TYPE mood;`,
    },
  });
  expect(await made.run(['up'])).toMatchObject({ code: 0 });
  expect(await made.rows('SELECT id, v::text, mood FROM t ORDER BY id')).toEqual([
    [1, '1.2', 'c'],
    [2, '9.9', 'c'],
    [3, null, null],
    [4, '7.8', 'c'],
  ]);
  expect(await made.rows(KEPT)).toHaveLength(2);
  // One is changed, one is new, one is gone.
  await made.rows(`UPDATE t SET v = 5.5 WHERE id = 2`);
  await made.rows(`INSERT INTO t VALUES (5, 6.6, 'calm'), (6, NULL, 'vexed')`);
  await made.rows('DELETE FROM t WHERE id = 4');
  const refused = await made.run(['down']);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr + refused.stdout).toContain('id=6 was written after the change');
  await made.rows(`UPDATE t SET mood = 'cross' WHERE id = 6`);
  expect(await made.run(['down'])).toMatchObject({ code: 0 });
  expect(await made.rows('SELECT id, v::text, mood::text FROM t ORDER BY id')).toEqual([
    [1, '1.2345', 'calm'],
    [2, '5.5000', 'cross'],
    [3, null, null],
    [5, '6.6000', 'calm'],
    [6, null, 'cross'],
  ]);
});
