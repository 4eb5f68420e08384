import { quoteIdent } from '../../sql/quote.ts';
import { showName, text } from '../../sql/tree.ts';
import { foreignKeysOf } from './foreign-keys.ts';
import { rule } from './rule.ts';

export const fkOptions = rule({
  id: 'fk-options',
  severity: 'info',
  optional: true,
  title: 'A foreign key that does not say what a DELETE shall do refuses it',
  on: ['AlterTableStmt', 'CreateStmt'],
  commands: ['AT_AddColumn', 'AT_AddConstraint'],
  applies: ({ statement }, context) =>
    foreignKeysOf(statement, context)
      // NO ACTION, said or not.
      .filter(({ constraint }) => (text(constraint, 'fk_del_action') ?? 'a') === 'a')
      .map((key) => ({
        message: `A DELETE in ${key.referenced} fails as long as ${showName(key.written)} (${key.columns.map(quoteIdent).join(', ')}) refers to the row.`,
        safeSql: [],
      })),
  why: 'Without ON DELETE it is NO ACTION: programs that delete rows which others refer to get an error from the day of the migration on. Whether that is meant, only the project knows (PostgreSQL manual, 5.5.5).',
  instead: 'Say ON DELETE CASCADE, SET NULL or RESTRICT, whichever is meant.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id) NOT VALID;',
    danger: { kind: 'breaks', query: 'DELETE FROM r', sqlstate: '23503' },
    good: [
      'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id) ON DELETE SET NULL NOT VALID',
    ],
  },
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-FK',
});
