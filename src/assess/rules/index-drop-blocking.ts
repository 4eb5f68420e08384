import { flag, namesFromLists, showName, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const indexDropBlocking = rule({
  id: 'index-drop-blocking',
  severity: 'warning',
  title: 'DROP INDEX blocks reads and writes of its table',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'removeType') !== 'OBJECT_INDEX' || flag(node, 'concurrent')) return [];
    const maybe = flag(node, 'missing_ok');
    const found = namesFromLists(node, 'objects').flatMap((name) => {
      const index = context.resolve(name) ?? '';
      const table = context.tableOfIndex(index);
      if (table !== null && context.isNew(table)) return [];
      // IF EXISTS, and it does not.
      if (maybe && table === null && context.known.complete) return [];
      return [{ name, table }];
    });
    if (found.length === 0) return [];
    const tables = [...new Set(found.flatMap(({ table }) => table ?? []))];
    const partitioned = tables.filter((table) => context.isPartitioned(table));
    const subject = tables.length === 0 ? 'its table' : tables.join(', ');
    const many = partitioned.length > 0 ? ' and all partitions' : '';
    return [
      {
        message: `It waits for every query on ${subject}${many}, and every query after it waits for it.`,
        // An index of a partitioned table can only be dropped so.
        safeSql:
          partitioned.length > 0
            ? []
            : found.map(
                ({ name }) => `DROP INDEX CONCURRENTLY ${maybe ? 'IF EXISTS ' : ''}${showName(name)}`,
              ),
      },
    ];
  },
  why: 'It takes an AccessExclusiveLock on the table of the index: brief, but it queues behind the longest running query, and everybody else queues behind it (PostgreSQL manual, DROP INDEX).',
  instead:
    'Drop it CONCURRENTLY, one index per statement. Not possible for the index of a constraint or of a partitioned table: those want a short lock_timeout, and another attempt.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE INDEX t_a ON t (a);',
    bad: 'DROP INDEX t_a;',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
  manual: 'sql-dropindex.html',
});
