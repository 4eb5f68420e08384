import { quoteIdent } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import { addedLimit } from './added-limit.ts';
import { rule } from './rule.ts';
import { COMMIT, freeName } from './steps.ts';
import { typeChanges } from './type-changes.ts';
import { byTime } from './weight.ts';

export const textLimit = rule({
  id: 'text-limit',
  severity: 'danger',
  title: 'A limit on the length of a text writes the whole table anew; a CHECK does not',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    typeChanges(analysis, context).flatMap((change) => {
      // With an expression of its own the values change as well.
      const limit = change.definition.raw_default === undefined ? addedLimit(change) : null;
      if (limit === null) return [];
      const table = `ALTER TABLE ${showName(change.written)}`;
      const column = quoteIdent(limit.column);
      const name = quoteIdent(freeName(context, change, limit.column, 'check'));
      return [
        {
          severity: byTime(context, [change.table], 'danger'),
          message: `Nobody can read or write ${change.table} until it is written anew, for values of ${column} that stay as they are; and it fails if one is longer than ${limit.length}.`,
          safeSql: [
            `${table} ADD CONSTRAINT ${name} CHECK (char_length(${column}) <= ${limit.length}) NOT VALID`,
            COMMIT,
            `${table} VALIDATE CONSTRAINT ${name}`,
          ],
        },
      ];
    }),
  why: 'text and varchar are stored alike, but a shorter limit must be applied to each value, so the server writes the table and its indexes anew under an AccessExclusiveLock (PostgreSQL manual, ALTER TABLE, notes). A CHECK on the length does the same service, is validated beside reads and writes, and can be changed later without a rewrite (8.3).',
  instead: 'Leave the type, and add a CHECK, NOT VALID first.',
  manual: 'datatype-character.html',
  example: {
    schema: "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x');",
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE varchar(20);',
    danger: { kind: 'rewrite', relation: 't' },
  },
});
