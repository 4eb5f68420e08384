import { quoteIdent } from '../../sql/quote.ts';
import { strings } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { MAKES_COLUMNS, newColumns, retyped, withColumns } from './new-columns.ts';
import { rule } from './rule.ts';

export const stylePreferTimestamptz = rule({
  id: 'style-prefer-timestamptz',
  severity: 'info',
  optional: true,
  title: 'timestamp is no point in time',
  on: MAKES_COLUMNS,
  applies: ({ statement }) => {
    const plain = newColumns(statement).filter(({ type }) => type === 'timestamp');
    if (plain.length === 0) return [];
    return [
      {
        message: `${plain.map(({ name }) => quoteIdent(name)).join(', ')}: what moment a value means depends on who reads it.`,
        safeSql: async () => [
          await withColumns(statement, (column) =>
            strings(typeNameOf(column)?.names).at(-1) === 'timestamp'
              ? retyped(column, ['timestamptz'], true)
              : column,
          ),
        ],
      },
    ];
  },
  why: 'timestamp without time zone keeps what a clock on a wall shows, and drops the zone of what is given in silence; two sessions with different TimeZone settings write different values for one moment. timestamptz keeps the moment, in as many bytes (PostgreSQL manual, 8.5.1.3).',
  instead: 'Use timestamptz.',
  manual: 'datatype-datetime.html',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (id bigint PRIMARY KEY, created_at timestamp NOT NULL DEFAULT now());',
    danger: {
      kind: 'shows',
      query:
        "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND atttypid = 'timestamp'::regtype",
    },
  },
});
