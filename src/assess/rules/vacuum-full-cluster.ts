import { child, children, nameFromRange, showName } from '../../sql/tree.ts';
import { isVacuumFull } from '../statements/indexes.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

export const vacuumFullCluster = rule({
  id: 'vacuum-full-cluster',
  severity: 'danger',
  title: 'VACUUM FULL and CLUSTER lock the table while they write it anew',
  on: ['VacuumStmt', 'ClusterStmt'],
  applies: ({ statement }, context) => {
    const { kind, node } = statement;
    if (kind === 'VacuumStmt' && !isVacuumFull(node)) return [];
    const names = (
      kind === 'ClusterStmt'
        ? [nameFromRange(child(node, 'relation'))]
        : children(node, 'rels').map(({ node: item }) => nameFromRange(child(item, 'relation')))
    ).filter((name) => name !== null);
    const tables = names.map((name) => context.resolve(name) ?? showName(name));
    const existing = tables.filter((table) => !context.isNew(table));
    if (tables.length > 0 && existing.length === 0) return [];
    return [
      {
        severity: byTime(context, existing, 'danger'),
        message: `Nobody can read or write ${existing.length === 0 ? 'any of the tables' : existing.join(', ')} until it is written anew${kind === 'ClusterStmt' ? ', in the order of the index' : ''}.`,
        safeSql:
          kind === 'ClusterStmt'
            ? []
            : names.length === 0
              ? ['VACUUM (ANALYZE)']
              : names.map((name) => `VACUUM (ANALYZE) ${showName(name)}`),
      },
    ];
  },
  why: 'Both hold an AccessExclusiveLock for as long as it takes to write the table and all its indexes, and need the room for a second copy meanwhile (PostgreSQL manual, VACUUM, CLUSTER).',
  instead:
    'Plain VACUUM makes the room free for new rows and blocks nobody; to shrink a table that is in use, or put it in order, there is the extension pg_repack.',
  manual: 'sql-vacuum.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'VACUUM FULL t;',
    danger: { kind: 'lock', relation: 't', mode: 'AccessExclusiveLock' },
  },
});
