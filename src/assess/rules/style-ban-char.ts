import { quoteIdent } from '../../sql/quote.ts';
import { strings } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { MAKES_COLUMNS, newColumns, retyped, withColumns } from './new-columns.ts';
import { rule } from './rule.ts';

export const styleBanChar = rule({
  id: 'style-ban-char',
  severity: 'info',
  optional: true,
  title: 'char(n) pads every value with blanks',
  on: MAKES_COLUMNS,
  applies: ({ statement }) => {
    const padded = newColumns(statement).filter(({ type }) => type === 'bpchar');
    if (padded.length === 0) return [];
    return [
      {
        message: `Values of ${padded.map(({ name }) => quoteIdent(name)).join(', ')} are stored with blanks up to the full length, and compared without.`,
        safeSql: async () => [
          await withColumns(statement, (column) =>
            strings(typeNameOf(column)?.names).at(-1) === 'bpchar' ? retyped(column, ['text']) : column,
          ),
        ],
      },
    ];
  },
  why: 'It takes more room than text, is not faster, and is full of surprises: the blanks count in octet_length and LIKE, not in comparisons, and go with every cast to text (PostgreSQL manual, 8.3).',
  instead: 'Use text, with a CHECK on the length where it is fixed.',
  manual: 'datatype-character.html',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (id bigint PRIMARY KEY, code char(5));',
    danger: {
      kind: 'shows',
      query:
        "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND atttypid = 'bpchar'::regtype",
    },
  },
});
