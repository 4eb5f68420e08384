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
    const ifExists = flag(node, 'missing_ok') ? 'IF EXISTS ' : '';
    const names = namesFromLists(node, 'objects');
    if (names.every((name) => context.isNew(context.index(context.resolve(name) ?? '')?.table ?? '')))
      return [];
    return [
      {
        message: 'It waits for every query on the table, and every query after it waits for it.',
        safeSql: names.map((name) => `DROP INDEX CONCURRENTLY ${ifExists}${showName(name)}`),
      },
    ];
  },
  why: 'It takes an AccessExclusiveLock on the table of the index: brief, but it queues behind the longest running query, and everybody else queues behind it (PostgreSQL manual, DROP INDEX).',
  instead:
    'Drop it CONCURRENTLY, one index per statement. Not possible for the index of a constraint or of a partitioned table.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE INDEX t_a ON t (a);',
    bad: 'DROP INDEX t_a;',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
});
