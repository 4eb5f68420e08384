import type { ParsedStatement } from '../../sql/model.ts';
import { text } from '../../sql/tree.ts';
import { addedColumns, hasValue } from './added-columns.ts';
import { commands, existingRelation, scriptRule } from './rule.ts';

export const addColumnDropDefaultEarly = scriptRule({
  id: 'add-column-drop-default-early',
  severity: 'danger',
  title: 'The new column loses its default while programs run that do not know it',
  on: ['AlterTableStmt'],
  read: () => {
    const added = new Set<string>();
    const dropped: {
      readonly statement: ParsedStatement;
      readonly table: string;
      readonly column: string;
    }[] = [];
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        if (statement.kind !== 'AlterTableStmt') return [];
        for (const column of addedColumns(analysis, context)) {
          if (hasValue(column, context)) added.add(`${column.table} ${column.name}`);
        }
        const table = existingRelation(analysis, context);
        if (table === null) return [];
        for (const command of commands(analysis, 'AT_ColumnDefault')) {
          const column = text(command, 'name') ?? '';
          if (command.def === undefined && added.has(`${table} ${column}`))
            dropped.push({ statement, table, column });
        }
        return [];
      },
      // NOT NULL may come behind it.
      end: (context) =>
        dropped
          .filter(({ table, column }) => {
            const known = context.column(table, column);
            return known?.notNull === true && known.default === null && known.identity === null;
          })
          .map(({ statement, table, column }) => ({
            statement,
            message: `Programs that do not know ${column} yet cannot insert into ${table} from now on.`,
            safeSql: [],
          })),
    };
  },
  why: 'The default fills the old rows, and then it fills those of the old programs, which leave the column out of their INSERTs; without it they get NULL, which is not allowed (PostgreSQL manual, 5.2). Some frameworks drop it in the same migration.',
  instead:
    'Leave the default until no program of the old release runs any more, and drop it in a later migration.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int DEFAULT 0 NOT NULL; ALTER TABLE t ALTER COLUMN a DROP DEFAULT;',
    danger: { kind: 'breaks', query: 'INSERT INTO t (id) VALUES (2)', sqlstate: '23502' },
    good: ['ALTER TABLE t ADD COLUMN a int DEFAULT 0 NOT NULL'],
  },
  manual: 'ddl-default.html',
});
