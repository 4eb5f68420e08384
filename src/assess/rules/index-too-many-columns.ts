import { children, flag } from '../../sql/tree.ts';
import { newIndex } from './new-index.ts';
import { rule } from './rule.ts';

const MANY = 3;

export const indexTooManyColumns = rule({
  id: 'index-too-many-columns',
  severity: 'info',
  optional: true,
  title: 'An index over many columns is rarely used beyond its first ones',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    const index = newIndex(analysis, context);
    const columns = children(node, 'indexParams').length;
    const method = node.accessMethod ?? 'btree';
    if (index === null || flag(node, 'unique') || method !== 'btree' || columns <= MANY) return [];
    return [
      {
        message: `${index.name} has ${columns} columns: a query uses those up to the first one that it does not compare for equality.`,
        safeSql: [],
      },
    ];
  },
  why: 'A b-tree finds rows by its leading columns; those behind the first inequality only filter, and all of them make every write and the index itself larger (PostgreSQL manual, 11.3).',
  instead: 'Index the columns that select most; further ones that are only read can stand in INCLUDE.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int, d int);',
    bad: 'CREATE INDEX CONCURRENTLY t_a_b_c_d ON t (a, b, c, d);',
    danger: { kind: 'convention', reason: 'What a column of an index is worth, the queries decide.' },
    good: ['CREATE INDEX CONCURRENTLY t_a_b ON t (a, b)'],
  },
  manual: 'indexes-multicolumn.html',
});
