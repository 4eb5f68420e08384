import type { ObjectKey } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { typeNameOf } from '../types.ts';
import { told } from './dependents.ts';
import { rule } from './rule.ts';
import { type TypeChangeOfColumn, typeChanges } from './type-changes.ts';
import { refusing } from './type-refused.ts';

export const alterTypeDependents = rule({
  id: 'alter-type-dependents',
  severity: 'danger',
  title: 'What uses the column keeps its type from being changed',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) => {
    const single = children(analysis.statement.node, 'cmds').length === 1;
    return typeChanges(analysis, context).flatMap((change) => {
      const users = refusing(change, context);
      if (users.length === 0) return [];
      return [
        {
          message: `The statement fails: ${told(users)} use${users.length === 1 ? 's' : ''} ${change.column}.`,
          safeSql: single && change.definition.raw_default === undefined ? rendered(change, context) : [],
        },
      ];
    });
  },
  why: 'Views, rules, policies, generated columns, functions with a parsed body and triggers with a list of columns or a condition are compiled for the type; the server refuses to change it under them. There is no CASCADE for that (PostgreSQL manual, ALTER TABLE, SET DATA TYPE).',
  instead:
    'Drop them, change the type and make them again, with what was granted on them, all in one transaction. ferrata writes that down from the catalog.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a varchar(50)); CREATE VIEW v AS SELECT id, a FROM t; GRANT SELECT ON v TO PUBLIC;',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE varchar(100);',
    danger: { kind: 'fails', sqlstate: '0A000' },
  },
  manual: 'sql-altertable.html',
});

/** The way from the catalog as it is to one with the other type. What is read of the context is read now. */
function rendered(change: TypeChangeOfColumn, context: AssessContext): () => Promise<readonly string[]> {
  const { catalog } = context;
  const key: ObjectKey = `column ${change.table}.${quoteIdent(change.column)}`;
  const column = catalog?.objects.get(key);
  const type = context.typeText(typeNameOf(change.definition));
  return async () => {
    if (catalog === null || column === undefined || change.definition.collClause !== undefined) return [];
    const { renderDifference } = await import('../../catalog/render/index.ts');
    const properties = { ...column.properties, type };
    const objects = new Map(catalog.objects).set(key, { ...column, properties });
    const wanted = { ...catalog, objects };
    const { statements, refusals } = renderDifference(catalog, wanted, { sameDatabase: true });
    return refusals.length > 0 ? [] : statements.map(({ sql }) => sql);
  };
}
