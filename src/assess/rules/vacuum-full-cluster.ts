import { child, children, nameFromRange, showName } from '../../sql/tree.ts';
import { isVacuumFull } from '../statements/indexes.ts';
import { rule } from './rule.ts';

export const vacuumFullCluster = rule({
  id: 'vacuum-full-cluster',
  severity: 'danger',
  title: 'VACUUM FULL and CLUSTER lock the table while they write it anew',
  on: ['VacuumStmt', 'ClusterStmt'],
  applies: (analysis) => {
    const { kind, node } = analysis.statement;
    if (kind === 'VacuumStmt') {
      if (!isVacuumFull(node)) return [];
      const tables = children(node, 'rels')
        .map(({ node: item }) => nameFromRange(child(item, 'relation')))
        .filter((name) => name !== null);
      return [
        {
          message: 'Nobody can read or write the table until it is written anew.',
          safeSql:
            tables.length === 0
              ? ['VACUUM (ANALYZE)']
              : tables.map((name) => `VACUUM (ANALYZE) ${showName(name)}`),
        },
      ];
    }
    return [
      { message: 'Nobody can read or write the table until it is written anew, in order.', safeSql: [] },
    ];
  },
  why: 'VACUUM FULL and CLUSTER hold an AccessExclusiveLock for as long as it takes to write the table and all its indexes (PostgreSQL manual, VACUUM, CLUSTER).',
  instead:
    'Plain VACUUM gives the space back to the table; to shrink a table that is in use there is pg_repack.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'VACUUM FULL t;',
    danger: { kind: 'rewrite', relation: 't' },
  },
});
