import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { commands, existingRelation, rule } from './rule.ts';

export const setNotNullScan = rule({
  id: 'set-not-null-scan',
  severity: 'danger',
  title: 'SET NOT NULL reads the whole table while it is locked',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    return commands(analysis, 'AT_SetNotNull')
      .map((command) => text(command, 'name') ?? '')
      .filter(
        (column) =>
          context.column(table, column)?.notNull !== true && !context.isCheckedNotNull(table, column),
      )
      .map((column) => {
        const target = showName(written);
        const name = quoteIdent(`${written.name}_${column}_not_null`.slice(0, 63));
        const quoted = quoteIdent(column);
        return {
          message: `Nobody can read or write ${table} until every row has been checked.`,
          safeSql: [
            `ALTER TABLE ${target} ADD CONSTRAINT ${name} CHECK (${quoted} IS NOT NULL) NOT VALID`,
            `ALTER TABLE ${target} VALIDATE CONSTRAINT ${name}`,
            `ALTER TABLE ${target} ALTER COLUMN ${quoted} SET NOT NULL`,
            `ALTER TABLE ${target} DROP CONSTRAINT ${name}`,
          ],
        };
      });
  },
  why: 'It holds an AccessExclusiveLock while it reads every row, unless a validated CHECK (column IS NOT NULL) proves that there is no NULL (PostgreSQL manual, ALTER TABLE, SET NOT NULL).',
  instead:
    'Add the CHECK as NOT VALID, validate it, and only then set NOT NULL: each on its own, with COMMIT between.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ALTER COLUMN a SET NOT NULL;',
    danger: { kind: 'scan', relation: 't' },
  },
});
