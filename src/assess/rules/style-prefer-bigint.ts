import { quoteIdent } from '../../sql/quote.ts';
import { type Node, strings } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { MAKES_COLUMNS, newColumns, retyped, withColumns } from './new-columns.ts';
import { rule } from './rule.ts';

/** What each becomes. */
const WIDE: Readonly<Record<string, readonly string[]>> = {
  int2: ['pg_catalog', 'int8'],
  int4: ['pg_catalog', 'int8'],
  smallserial: ['bigserial'],
  serial2: ['bigserial'],
  serial: ['bigserial'],
  serial4: ['bigserial'],
};

export const stylePreferBigint = rule({
  id: 'style-prefer-bigint',
  severity: 'info',
  optional: true,
  title: 'A number of 32 bits or less runs out',
  on: MAKES_COLUMNS,
  applies: ({ statement }) => {
    const small = newColumns(statement).filter(({ type }) => type in WIDE);
    if (small.length === 0) return [];
    return [
      {
        message: `${small.map(({ name }) => quoteIdent(name)).join(', ')} cannot hold more than 2 147 483 647${small.some(({ type }) => /2$|small/.test(type)) ? ' (or 32 767)' : ''}.`,
        safeSql: async () => [await withColumns(statement, widened)],
      },
    ];
  },
  why: 'A sequence that reaches the end of its column’s type stops every INSERT (SQLSTATE 22003, 2200H), and the way out is to write the table anew. bigint costs four bytes more, often none because of alignment (PostgreSQL manual, 8.1).',
  instead: 'Use bigint, for keys and for what refers to them.',
  manual: 'datatype-numeric.html',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (id serial PRIMARY KEY, n int);',
    danger: {
      kind: 'shows',
      query:
        "SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND atttypid = 'int4'::regtype",
    },
  },
});

function widened(column: Node): Node {
  const wide = WIDE[strings(typeNameOf(column)?.names).at(-1) ?? ''];
  return wide === undefined ? column : retyped(column, wide);
}
