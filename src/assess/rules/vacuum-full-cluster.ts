import { deparse } from '../../sql/deparse.ts';
import { child, children, nameFromRange, showName, text } from '../../sql/tree.ts';
import { isVacuumFull } from '../statements/indexes.ts';
import { rule } from './rule.ts';

export const vacuumFullCluster = rule({
  id: 'vacuum-full-cluster',
  severity: 'danger',
  title: 'VACUUM FULL, CLUSTER and REINDEX lock the table while they write it anew',
  on: ['VacuumStmt', 'ClusterStmt', 'ReindexStmt'],
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
    if (kind === 'ClusterStmt') {
      return [
        { message: 'Nobody can read or write the table until it is written anew, in order.', safeSql: [] },
      ];
    }
    const params = children(node, 'params');
    if (params.some((item) => text(item.node, 'defname') === 'concurrently')) return [];
    // REINDEX SYSTEM knows no CONCURRENTLY.
    if (text(node, 'kind') === 'REINDEX_OBJECT_SYSTEM') return [];
    const concurrently = { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } };
    const others = params.map((item) => ({ [item.kind]: item.node }));
    return [
      {
        message: 'No write to the table, and no read by way of the index, until it is built anew.',
        safeSql: async () => [await deparse(kind, { ...node, params: [...others, concurrently] })],
      },
    ];
  },
  why: 'VACUUM FULL and CLUSTER hold an AccessExclusiveLock for as long as it takes to write the table and all its indexes; REINDEX holds a ShareLock on the table and an AccessExclusiveLock on the index, which planning any query on the table waits for (PostgreSQL manual, VACUUM, CLUSTER, REINDEX).',
  instead:
    'Plain VACUUM gives the space back to the table; REINDEX CONCURRENTLY blocks nobody; to shrink a table that is in use there is pg_repack.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'VACUUM FULL t;',
    danger: { kind: 'rewrite', relation: 't' },
  },
});
