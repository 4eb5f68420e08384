import { flag, text } from '../../sql/tree.ts';
import { knownIndexes, newKeys } from './known-indexes.ts';
import { newIndex } from './new-index.ts';
import { rule } from './rule.ts';

export const indexRedundant = rule({
  id: 'index-redundant',
  severity: 'warning',
  title: 'Another index does what the new one would do',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const { statement } = analysis;
    const { node } = statement;
    const index = newIndex(analysis, context);
    const keys = newKeys(statement);
    const method = text(node, 'accessMethod') ?? 'btree';
    // A predicate, further columns or uniqueness are reasons for an index of its own.
    const special =
      flag(node, 'unique') || node.whereClause !== undefined || node.indexIncludingParams !== undefined;
    if (index === null || special || method !== 'btree' || keys.includes(null)) return [];
    const covers = knownIndexes(context, index.table).find(
      (other) =>
        other.name !== index.identity &&
        other.valid &&
        other.where === null &&
        other.method === method &&
        other.keys.length >= keys.length &&
        keys.every((key, n) => other.keys[n] === key),
    );
    if (covers === undefined) return [];
    const same = covers.keys.length === keys.length;
    return [
      {
        message: same
          ? `${covers.name} is on the same columns: every write to ${index.table} would maintain both.`
          : `${covers.name} begins with the same columns and serves the same queries; the new one would only be smaller.`,
        severity: same ? 'warning' : 'info',
        safeSql: [],
      },
    ];
  },
  why: 'A b-tree on (a, b) serves every query that one on (a) serves. The second index costs time at every write, room, and changes that would else have stayed within a page (PostgreSQL manual, 11.3, 73.7).',
  instead: 'Leave it out, or drop the other one if the new one replaces it.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE INDEX t_a_b ON t (a, b);',
    bad: 'CREATE INDEX CONCURRENTLY t_a ON t (a);',
    danger: {
      kind: 'shows',
      query:
        "SELECT FROM pg_index AS one JOIN pg_index AS other USING (indrelid) WHERE indrelid = 't'::regclass AND one.indexrelid <> other.indexrelid AND other.indkey::text LIKE one.indkey::text || ' %'",
    },
  },
  manual: 'indexes-multicolumn.html',
});
