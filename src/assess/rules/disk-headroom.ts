import { UNKNOWN_TARGET } from '../target-facts.ts';
import { writtenAnew } from './needed-room.ts';
import { type Hit, rule } from './rule.ts';
import { bytes } from './weight.ts';

export const diskHeadroom = rule({
  id: 'disk-headroom',
  severity: 'info',
  title: 'It needs room for a second copy',
  on: [
    'AlterTableStmt',
    'VacuumStmt',
    'ClusterStmt',
    'IndexStmt',
    'ReindexStmt',
    'RefreshMatViewStmt',
    'DoStmt',
    'CallStmt',
  ],
  applies: (analysis, context) => {
    const { largeBytes } = context.surroundings.settings;
    const free = context.surroundings.target.freeBytes;
    return [...writtenAnew(analysis, context)].flatMap(([relation, needed]): readonly Hit[] => {
      if (needed < largeBytes || (free !== null && needed * 2 <= free)) return [];
      const known = free === null ? 'PostgreSQL does not tell how much is free' : `${bytes(free)} are free`;
      return [
        {
          severity: free === null ? 'info' : needed > free ? 'danger' : 'warning',
          message: `It writes about ${bytes(needed)} for ${relation} before the old files go, and as much into the WAL; ${known}.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'The new files are written whole before the old ones are removed at COMMIT, and what is written goes through the WAL, which is kept for standbys, slots and archiving. A disk that runs full stops the server (PostgreSQL manual, VACUUM, CLUSTER, ALTER TABLE, notes; 27.3).',
  instead:
    'See that there is room for the copy and the WAL on each server, standbys too; or change the table in batches.',
  manual: 'disk-full.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint;',
    known: 'the table has 8 GB, its indexes 2 GB, and 6 GB are free',
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
        freeBytes: 6_000_000_000,
      },
    },
    danger: { kind: 'rewrite', relation: 't' },
  },
});
