import { text } from '../../sql/tree.ts';
import { columnDefinition, constraintsOf } from '../statements/columns.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { alterTableSql, commands, existingRelation, rule } from './rule.ts';

const VALUES = new Set(['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED']);

export const addColumnRequired = rule({
  id: 'add-column-required',
  severity: 'danger',
  title: 'A NOT NULL column without a default fails on a table that has rows',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return commands(analysis, 'AT_AddColumn').flatMap((command) => {
      const column = columnDefinition(command);
      const types = constraintsOf(column).map((constraint) => text(constraint, 'contype'));
      const hasValue =
        types.some((type) => type !== null && VALUES.has(type)) || isSerial(typeNameOf(column));
      const required = types.includes('CONSTR_NOTNULL') || types.includes('CONSTR_PRIMARY');
      if (!required || hasValue || column === null) return [];
      const { constraints: _constraints, ...bare } = column;
      return [
        {
          message: `The statement fails as soon as ${table} holds a row: its ${text(column, 'colname')} would be NULL.`,
          safeSql: async () => [await alterTableSql(analysis, { ...command, def: { ColumnDef: bare } })],
        },
      ];
    });
  },
  why: 'Existing rows get NULL in a column without a default, and NOT NULL forbids it. It works on an empty test table, and nowhere else. Applications that do not know the column yet cannot insert rows either (PostgreSQL manual, ALTER TABLE, ADD COLUMN).',
  instead:
    'Give it a constant DEFAULT, or add it nullable, fill it, and set NOT NULL later by way of a validated CHECK.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int NOT NULL;',
    danger: { kind: 'fails', sqlstate: '23502' },
  },
});
