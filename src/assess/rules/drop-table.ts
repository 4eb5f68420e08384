import type { ObjectKey } from '../../catalog/model.ts';
import { flag, namesFromLists, text } from '../../sql/tree.ts';
import { dependentsOf, told } from './dependents.ts';
import { rule } from './rule.ts';

export const dropTable = rule({
  id: 'drop-table',
  severity: 'warning',
  title: 'Dropping a table breaks programs that still use it',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'removeType') !== 'OBJECT_TABLE') return [];
    const tables = namesFromLists(node, 'objects').flatMap((name) => context.resolve(name) ?? []);
    const old = tables.filter((table) => !context.isNew(table));
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    return old.flatMap((table) => {
      if (flag(node, 'missing_ok') && context.known.complete && context.table(table) === null) return [];
      const keys: readonly ObjectKey[] = old.map((other) => `table ${other}`);
      const dependents = cascade ? [] : (dependentsOf(context, keys) ?? []);
      const fails =
        dependents.length === 0
          ? ''
          : ` The statement fails: ${told(dependents)} depend${dependents.length === 1 ? 's' : ''} on it.`;
      const locked = [...new Set([...context.referenced(table), ...context.referencing(table)])].filter(
        (other) => !tables.includes(other),
      );
      const locks =
        locked.length === 0
          ? ''
          : ` ${locked.join(', ')} ${locked.length === 1 ? 'is' : 'are'} locked with it, for the foreign keys’ sake.`;
      const partitions = context.isPartitioned(table) ? context.descendants(table) : [];
      const all = partitions.length === 0 ? table : `${table} with its partitions ${partitions.join(', ')}`;
      const rows = context.loose ? ' The rows are gone for good.' : '';
      return [
        {
          message: `${all} is gone for every program that still names it.${rows}${locks}${fails}`,
          severity: context.loose && context.size(table)?.rows !== 0 ? 'danger' : 'warning',
          safeSql: [],
        },
      ];
    });
  },
  why: 'Where ferrata runs the migration it parks the table in the attic rather than to drop it, so it comes back with its rows; any other runner loses them. To programs it is gone in any case. Its foreign keys lock the tables at their other end as well, AccessExclusiveLock each (PostgreSQL manual, DROP TABLE).',
  instead:
    'Make sure that nothing uses it (pg_stat_user_tables tells when it was last read, from PostgreSQL 16 on), and drop it in a migration of its own. Without ferrata: rename it first, and drop it when nobody has missed it for a while.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'DROP TABLE t;',
    danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42P01' },
  },
  manual: 'sql-droptable.html',
});
