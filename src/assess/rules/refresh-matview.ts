import { deparse } from '../../sql/deparse.ts';
import { flag } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

export const refreshMatview = rule({
  id: 'refresh-matview',
  severity: 'warning',
  title: 'REFRESH MATERIALIZED VIEW blocks its readers',
  on: ['RefreshMatViewStmt'],
  applies: (analysis, context) => {
    const { kind, node } = analysis.statement;
    const view = existingRelation(analysis, context);
    if (view === null || flag(node, 'concurrent') || flag(node, 'skipData')) return [];
    return [
      {
        message: `Nobody can read ${view} until its query has run.`,
        safeSql: async () => [await deparse(kind, { ...node, concurrent: true })],
      },
    ];
  },
  why: 'It holds an AccessExclusiveLock on the view while its query runs (PostgreSQL manual, REFRESH MATERIALIZED VIEW).',
  instead: 'Refresh it CONCURRENTLY, which needs a unique index on the view that covers all rows.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE UNIQUE INDEX ON m (id);',
    bad: 'REFRESH MATERIALIZED VIEW m;',
    danger: { kind: 'lock', relation: 'm', mode: 'AccessExclusiveLock' },
  },
});
