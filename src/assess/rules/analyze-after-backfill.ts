import { writtenRelations } from '../../sql/relations.ts';
import { child, children, flag, nameFromRange, showName, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { isSmall } from './weight.ts';
import { isBounded } from './work.ts';

export const analyzeAfterBackfill = scriptRule({
  id: 'analyze-after-backfill',
  severity: 'info',
  title: 'The planner does not know the new rows',
  read: () => {
    const filled = new Map<string, ScriptHit>();
    return {
      see: (analysis, context) => {
        const analyzed = analyzedBy(analysis, context);
        if (analyzed === 'all') filled.clear();
        else for (const relation of analyzed) filled.delete(relation);
        for (const { relation, written } of fills(analysis, context)) {
          if (isSmall(context, relation)) continue;
          filled.set(relation, {
            statement: analysis.statement,
            message: `Until autovacuum comes by, queries on ${relation} are planned as if nothing had changed.`,
            safeSql: [analysis.statement.text, `ANALYZE ${written}`],
          });
        }
        return [];
      },
      end: () => [...filled.values()],
    };
  },
  why: 'Plans rest on the statistics of the last ANALYZE; after a change of most rows, or in a new column, they are wrong or missing, and an index may not be used. Autovacuum analyzes in time, but not at once (PostgreSQL manual, 14.2, 24.1.3; populating a database, 14.4.9).',
  instead: 'Say ANALYZE behind it, in a transaction of its own: it blocks nobody.',
  manual: 'populate.html#POPULATE-ANALYZE',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int, b int) WITH (autovacuum_enabled = off); INSERT INTO t SELECT n, n FROM generate_series(1, 100) AS n;',
    bad: 'UPDATE t SET b = a;',
    danger: {
      kind: 'shows',
      query: "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stats WHERE tablename = 't' AND attname = 'b')",
    },
  },
});

interface Fill {
  readonly relation: string;
  readonly written: string;
}

/** Tables whose rows a statement changes or adds in bulk. */
function fills({ statement }: Analysis, context: AssessContext): readonly Fill[] {
  const { kind, node } = statement;
  const bulk =
    (kind === 'UpdateStmt' && node.whereClause === undefined) ||
    (kind === 'InsertStmt' && !isBounded(statement)) ||
    (kind === 'CopyStmt' && flag(node, 'is_from'));
  if (!bulk) return [];
  const target = nameFromRange(child(node, 'relation'));
  return writtenRelations(statement)
    .filter((name) => target !== null && showName(name) === showName(target))
    .flatMap((name) => {
      const relation = context.resolve(name);
      return relation === null || relation.startsWith('pg_temp.')
        ? []
        : [{ relation, written: showName(name) }];
    });
}

/** Tables that ANALYZE, or VACUUM ANALYZE, or DROP and TRUNCATE make it needless for. */
function analyzedBy({ statement, facts }: Analysis, context: AssessContext): readonly string[] | 'all' {
  const { kind, node } = statement;
  if (kind === 'DropStmt' || kind === 'TruncateStmt') return facts.locks.map((lock) => lock.relation);
  if (kind !== 'VacuumStmt') return [];
  const analyzes =
    !flag(node, 'is_vacuumcmd') ||
    children(node, 'options').some((option) => text(option.node, 'defname') === 'analyze');
  if (!analyzes) return [];
  const tables = children(node, 'rels').flatMap(
    (item) => context.resolve(nameFromRange(child(item.node, 'relation'))) ?? [],
  );
  return tables.length === 0 ? 'all' : tables;
}
