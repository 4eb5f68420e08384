import { quoteIdent } from '../../sql/quote.ts';
import { strings } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { MAKES_COLUMNS, newColumns, retyped, withColumns } from './new-columns.ts';
import { rule } from './rule.ts';

export const stylePreferText = rule({
  id: 'style-prefer-text',
  severity: 'info',
  optional: true,
  title: 'A limit in the type is hard to change; text with a CHECK is not',
  on: MAKES_COLUMNS,
  applies: ({ statement }) => {
    const limited = newColumns(statement).filter(
      ({ type, node }) => type === 'varchar' && Array.isArray(typeNameOf(node)?.typmods),
    );
    if (limited.length === 0) return [];
    const names = new Set(limited.map(({ name }) => name));
    return [
      {
        message: `The length of ${[...names].map(quoteIdent).join(', ')} is a part of the type.`,
        safeSql: async () => [
          await withColumns(statement, (column) =>
            strings(typeNameOf(column)?.names).at(-1) === 'varchar' ? retyped(column, ['text']) : column,
          ),
        ],
      },
    ];
  },
  why: 'text and varchar are stored alike and are equally fast. A shorter limit in the type means to write the table anew; a CHECK on the length is dropped and added NOT VALID (PostgreSQL manual, 8.3).',
  instead: 'Use text, and a CHECK where there is a limit.',
  manual: 'datatype-character.html',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (id bigint PRIMARY KEY, name varchar(50) NOT NULL);',
    danger: {
      kind: 'shows',
      query:
        "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND atttypid = 'varchar'::regtype AND atttypmod > 0",
    },
  },
});
