import type { ObjectKey } from '../../catalog/model.ts';
import { children, flag, nameFromParts, showName, strings, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { dependentsOf, taken, told } from './dependents.ts';
import { rule } from './rule.ts';
import { untilNone } from './steps.ts';

export const dropTypeOrEnumValue = rule({
  id: 'drop-type-or-enum-value',
  severity: 'danger',
  title: 'With a type go the columns that are of it',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const removed = text(node, 'removeType');
    if (removed !== 'OBJECT_TYPE' && removed !== 'OBJECT_DOMAIN') return [];
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    return children(node, 'objects').flatMap(({ node: item }) => {
      const name = nameFromParts(strings(item.names));
      if (name === null || context.isNewType(name)) return [];
      const type = context.resolveType(name);
      const users = usersOf(type, context);
      if (users !== null && users.length === 0) return [];
      if (users === null) {
        // Without CASCADE it is dropped when nobody uses it, and else nothing happens.
        if (!cascade || flag(node, 'missing_ok')) return [];
        return [
          {
            message: `Columns of the type ${showName(name)} go with it, in every table that has one (not known without the database).`,
            severity: 'warning' as const,
            safeSql: [],
          },
        ];
      }
      const columns = users.filter((key) => taken(key).kind === 'column');
      return [
        {
          message: cascade
            ? `With ${type} go ${told(users)}${columns.length === 0 ? '' : ', with all their values'}.`
            : `The statement fails: ${told(users)} ${users.length === 1 ? 'is' : 'are'} of ${type}.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'DROP TYPE … CASCADE drops every column, function and view that uses the type, with the values; without CASCADE the server refuses. A single value of an enum cannot be dropped at all: what is called so makes a new type and moves the columns over (PostgreSQL manual, DROP TYPE, ALTER TYPE).',
  instead:
    'Move each column to another type first, by way of a new column that is filled in batches, and drop the type when nothing is of it any more, without CASCADE.',
  example: {
    schema:
      "CREATE TYPE state AS ENUM ('open', 'done'); CREATE TABLE t (id int PRIMARY KEY, s state); INSERT INTO t VALUES (1, 'open');",
    bad: 'DROP TYPE state CASCADE;',
    danger: { kind: 'breaks', query: 'SELECT s FROM t', sqlstate: '42703' },
    good: [
      'ALTER TABLE t ADD COLUMN s_new text',
      'COMMIT',
      untilNone('t', 'UPDATE t SET s_new = s::text', 's_new IS NULL AND s IS NOT NULL'),
      'COMMIT',
      'ALTER TABLE t DROP COLUMN s',
      'ALTER TABLE t RENAME COLUMN s_new TO s',
      'DROP TYPE state',
    ],
  },
  manual: 'sql-droptype.html',
});

/** What is of the type; null where nobody knows. */
function usersOf(type: string, context: AssessContext): readonly ObjectKey[] | null {
  const kinds = ['enum', 'domain', 'composite', 'range', 'base type'] as const;
  const kind = kinds.find((one) => context.known.has(one, type));
  const listed = kind === undefined ? null : dependentsOf(context, [`${kind} ${type}`]);
  if (listed !== null) return listed;
  const columns = context.known.columnsOfType(type).map(({ identity }): ObjectKey => `column ${identity}`);
  return columns.length > 0 || context.known.complete ? columns : null;
}
