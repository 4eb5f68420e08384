import { flag } from '../../sql/tree.ts';
import { UNKNOWN_TARGET } from '../target-facts.ts';
import { concurrentOption } from './reindex-blocking.ts';
import { rule } from './rule.ts';

export const indexConcurrentlyCorruption14 = rule({
  id: 'index-concurrently-corruption-14',
  severity: 'danger',
  title: 'CREATE INDEX CONCURRENTLY of PostgreSQL 14.0 to 14.3 may build a corrupt index',
  on: ['IndexStmt', 'ReindexStmt'],
  applies: ({ statement }, context) => {
    const { kind, node } = statement;
    const version = context.surroundings.target.versionNum;
    if (version === null || version < 140_000 || version >= 140_004) return [];
    const concurrent = kind === 'IndexStmt' ? flag(node, 'concurrent') : concurrentOption(node);
    if (!concurrent) return [];
    return [
      {
        message: `The server is of version 14.${version % 100}: rows that are written meanwhile may be missing in the index, and no error tells.`,
        safeSql: [],
      },
    ];
  },
  why: 'An optimisation of 14.0 let VACUUM and pruning remove what the build still needed; 14.4 took it back (release notes of PostgreSQL 14.4).',
  instead:
    'Bring the server to the latest minor version first; then REINDEX CONCURRENTLY the indexes that older ones built so, or check them with pg_amcheck --heapallindexed.',
  versions: { from: 14, to: 14 },
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int);',
    bad: 'CREATE INDEX CONCURRENTLY t_a ON t (a);',
    danger: {
      kind: 'convention',
      reason:
        'It depends on what is written in the same moments, on a server of a version that nobody should start any more.',
    },
    surroundings: { target: { ...UNKNOWN_TARGET, versionNum: 140_002 } },
    known: 'the server is PostgreSQL 14.2',
  },
});
