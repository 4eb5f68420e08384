import { UNKNOWN_TARGET } from '../target-facts.ts';
import { writtenAnew } from './needed-room.ts';
import { type Hit, rule } from './rule.ts';
import { bytes } from './weight.ts';

export const replicationLag = rule({
  id: 'replication-lag',
  severity: 'warning',
  title: 'Standbys fall behind while it is sent to them',
  on: [
    'AlterTableStmt',
    'VacuumStmt',
    'ClusterStmt',
    'IndexStmt',
    'ReindexStmt',
    'UpdateStmt',
    'DeleteStmt',
    'DoStmt',
    'CallStmt',
  ],
  applies: (analysis, context) => {
    const { settings, target } = context.surroundings;
    const { replicas } = target;
    if (replicas === null || replicas === 0) return [];
    const { kind, node } = analysis.statement;
    const written = new Map(writtenAnew(analysis, context));
    if ((kind === 'UpdateStmt' || kind === 'DeleteStmt') && node.whereClause === undefined) {
      for (const relation of analysis.facts.scans) {
        const size = target.relations[relation]?.bytes ?? context.size(relation)?.bytes;
        if (size != null) written.set(relation, size);
      }
    }
    return [...written].flatMap(([relation, size]): readonly Hit[] =>
      size < settings.largeBytes || context.table(relation)?.persistence === 'unlogged'
        ? []
        : [
            {
              message: `About ${bytes(size)} of ${relation} go through the WAL at once to ${replicas === 1 ? 'the standby' : `${replicas} standbys or receivers`}: what they show is old meanwhile, and synchronous commits wait for them.`,
              safeSql: [],
            },
          ],
    );
  },
  why: 'A standby replays what the primary wrote, in one process, in order: a large change stands in front of everything that comes after it; its locks are taken there too, and cancel queries or wait for them (PostgreSQL manual, 26.2.5, 26.4.2).',
  instead:
    'Write in batches that wait while a standby is behind, as a backfill of Ferrata does; build indexes at a quiet hour.',
  manual: 'hot-standby.html#HOT-STANDBY-CONFLICT',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint;',
    known: 'the table has 8 GB and there are two standbys',
    surroundings: {
      target: {
        ...UNKNOWN_TARGET,
        relations: {
          'public.t': {
            rows: 100_000_000,
            bytes: 8_000_000_000,
            indexes: 1,
            indexBytes: 2_000_000_000,
            toastBytes: 0,
            writesPerSecond: null,
            publications: null,
            columns: null,
          },
        },
        replicas: 2,
      },
    },
    danger: { kind: 'rewrite', relation: 't' },
  },
});
