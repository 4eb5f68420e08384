import { quoteLiteral } from '../../sql/quote.ts';
import { nameFromParts, showName, strings, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const renameEnumValue = rule({
  id: 'rename-enum-value',
  severity: 'danger',
  title: 'Renaming a value of an enum breaks programs that write the old one',
  on: ['AlterEnumStmt'],
  applies: ({ statement: { node } }, context) => {
    const name = nameFromParts(strings(node.typeName));
    const from = text(node, 'oldVal');
    const to = text(node, 'newVal');
    if (name === null || from === null || to === null || context.isNewType(name)) return [];
    return [
      {
        message: `Programs that write or compare ${quoteLiteral(from)} fail from now on, and those that read it meet ${quoteLiteral(to)}.`,
        safeSql: [`ALTER TYPE ${showName(name)} ADD VALUE ${quoteLiteral(to)} AFTER ${quoteLiteral(from)}`],
      },
    ];
  },
  why: 'No row is touched and no table is locked: the label alone changes, at once, for all rows. A program of the old release then writes a value that does not exist; and a logical replica, which gets values as text, lacks the new one (PostgreSQL manual, ALTER TYPE).',
  instead:
    'Add the new value; move the programs, and in batches the rows; the old value stays, and nobody uses it any more.',
  example: {
    schema: "CREATE TYPE state AS ENUM ('open', 'done'); CREATE TABLE t (id int PRIMARY KEY, s state);",
    bad: "ALTER TYPE state RENAME VALUE 'done' TO 'closed';",
    danger: { kind: 'breaks', query: "INSERT INTO t VALUES (1, 'done')", sqlstate: '22P02' },
  },
  manual: 'sql-altertype.html',
});
