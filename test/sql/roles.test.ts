import { expect, test } from 'vitest';
import { parseScript } from '../../src/sql/parse.ts';
import { rolesOf } from '../../src/sql/roles.ts';

const roles = async (sql: string) => {
  const { named, made } = rolesOf(await parseScript(sql, 'up.sql'));
  return { named: [...named].sort(), made: [...made].sort() };
};

test.each([
  ['GRANT SELECT ON t TO a, "B", PUBLIC', ['B', 'a']],
  ['REVOKE ALL ON SCHEMA s FROM a GRANTED BY CURRENT_USER', ['a']],
  ['ALTER TABLE t OWNER TO a; ALTER FUNCTION f() OWNER TO b', ['a', 'b']],
  ['CREATE POLICY p ON t FOR SELECT TO a USING (true)', ['a']],
  ['CREATE SCHEMA s AUTHORIZATION a', ['a']],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT ALL ON TABLES TO b', ['a', 'b']],
  ['GRANT a TO b', ['a', 'b']],
  ['SET ROLE a; SET LOCAL ROLE NONE; RESET ROLE', ['a']],
  ['ALTER ROLE a SET search_path = s', ['a']],
  ['SELECT 1', []],
])('%s', async (sql, named) => {
  expect(await roles(sql)).toEqual({ named, made: [] });
});

test('roles that are made are told apart', async () => {
  expect(await roles('CREATE ROLE a; CREATE USER b IN ROLE c; GRANT a TO b')).toEqual({
    named: ['a', 'b', 'c'],
    made: ['a', 'b'],
  });
});
