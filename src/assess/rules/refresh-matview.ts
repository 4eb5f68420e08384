import type { MaterializedViewProperties } from '../../catalog/model.ts';
import { deparse } from '../../sql/deparse.ts';
import { flag } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { columnOf, knownIndexes } from './known-indexes.ts';
import { existingRelation, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const refreshMatview = rule({
  id: 'refresh-matview',
  severity: 'warning',
  title: 'REFRESH MATERIALIZED VIEW blocks its readers',
  on: ['RefreshMatViewStmt'],
  applies: (analysis, context) => {
    const { kind, node } = analysis.statement;
    const view = existingRelation(analysis, context);
    if (view === null || flag(node, 'concurrent') || flag(node, 'skipData')) return [];
    const known = context.known.get('materialized view', view);
    const properties = known === null ? null : (known.properties as MaterializedViewProperties);
    // Nobody can read what was never filled.
    if (properties?.populated === false) return [];
    const index = known === null ? null : hasUniqueIndex(view, context);
    const without = index === false ? ' It has no unique index, which CONCURRENTLY needs.' : '';
    return [
      {
        severity: byTime(context, [view], 'warning'),
        message: `Nobody can read ${view} until its query has run.${without}`,
        safeSql: index === false ? [] : async () => [await deparse(kind, { ...node, concurrent: true })],
      },
    ];
  },
  why: 'It holds an AccessExclusiveLock on the view while its query runs; CONCURRENTLY an ExclusiveLock, beside which the old rows can be read (PostgreSQL manual, REFRESH MATERIALIZED VIEW).',
  instead:
    'Refresh it CONCURRENTLY, which needs a unique index on columns of the view that covers all rows; other than CONCURRENTLY elsewhere it may stand in a transaction.',
  manual: 'sql-refreshmaterializedview.html',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE UNIQUE INDEX ON m (id);',
    bad: 'REFRESH MATERIALIZED VIEW m;',
    danger: { kind: 'lock', relation: 'm', mode: 'AccessExclusiveLock' },
  },
});

function hasUniqueIndex(view: string, context: AssessContext): boolean {
  return knownIndexes(context, view).some(
    ({ unique, valid, where, keys }) =>
      unique && valid && where === null && keys.every((key) => columnOf(key).column !== null),
  );
}
