/** Statements about a whole database. They have one of their own, so that it is small. */
import type { FactFamily } from './model.ts';

export const wholeDatabase = {
  title: 'Statements about a whole database. They have one of their own, so that it is small',
  fixture: [
    {
      since: 13,
      sql: `
CREATE TABLE w (id int PRIMARY KEY);
INSERT INTO w SELECT n FROM generate_series(1, 5000) n;
CLUSTER w USING w_pkey;
`,
    },
  ],
  apart: true,
  rows: [
    {
      id: 'whole.reindex-database',
      node: 'ReindexStmt',
      of: 'REINDEX_OBJECT_DATABASE',
      form: 'REINDEX DATABASE',
      roles: { target: { mode: 'ShareLock', work: 'build' }, index: { mode: 'AccessExclusiveLock' } },
      on: { target: ['w'], index: ['w_pkey'] },
      outside: true,
      examples: ['REINDEX DATABASE %DATABASE%'],
    },
    {
      id: 'whole.reindex-schema',
      node: 'ReindexStmt',
      of: 'REINDEX_OBJECT_SCHEMA',
      form: 'REINDEX SCHEMA',
      roles: { target: { mode: 'ShareLock', work: 'build' }, index: { mode: 'AccessExclusiveLock' } },
      on: { target: ['w'], index: ['w_pkey'] },
      outside: true,
      examples: ['REINDEX SCHEMA public'],
    },
    {
      id: 'whole.reindex-system',
      node: 'ReindexStmt',
      of: 'REINDEX_OBJECT_SYSTEM',
      form: 'REINDEX SYSTEM',
      roles: {},
      outside: true,
      examples: ['REINDEX SYSTEM %DATABASE%'],
    },
    {
      id: 'whole.vacuum',
      node: 'VacuumStmt',
      form: 'VACUUM without a table',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' } },
      on: { target: ['w'] },
      outside: true,
      examples: ['VACUUM'],
    },
    {
      id: 'whole.vacuum-full',
      node: 'VacuumStmt',
      form: 'VACUUM FULL without a table',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['w'] },
      outside: true,
      examples: ['VACUUM FULL'],
    },
    {
      id: 'whole.analyze',
      node: 'VacuumStmt',
      form: 'ANALYZE without a table',
      roles: { target: { mode: 'ShareUpdateExclusiveLock' } },
      on: { target: ['w'] },
      examples: ['ANALYZE'],
    },
    {
      id: 'whole.cluster',
      node: 'ClusterStmt',
      form: 'CLUSTER without a table',
      roles: { target: { mode: 'AccessExclusiveLock', work: 'rewrite' } },
      on: { target: ['w'] },
      outside: true,
      examples: ['CLUSTER'],
    },
  ],
} as const satisfies FactFamily;
