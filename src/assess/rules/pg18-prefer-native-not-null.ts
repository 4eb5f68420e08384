import { quoteIdent } from '../../sql/quote.ts';
import { flag, relationOf, showName, text } from '../../sql/tree.ts';
import { notNullColumn } from '../expressions.ts';
import { addedConstraints, existingRelation, rule } from './rule.ts';
import { freeName } from './steps.ts';

export const pg18PreferNativeNotNull = rule({
  id: 'pg18-prefer-native-not-null',
  severity: 'info',
  title: 'PostgreSQL 18 knows a NOT NULL that is not validated yet',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null || (context.major ?? 0) < 18) return [];
    return addedConstraints(analysis, 'CONSTR_CHECK')
      .filter((constraint) => flag(constraint, 'skip_validation'))
      .flatMap((constraint) => {
        const column = notNullColumn(constraint.raw_expr);
        if (column === null) return [];
        const known =
          text(constraint, 'conname') ?? freeName(context, { table, written }, column, 'not_null');
        return [
          {
            message: `A CHECK only stands in for NOT NULL: it takes SET NOT NULL and a DROP CONSTRAINT to make one of it, each with another lock on ${table}.`,
            safeSql: [
              `ALTER TABLE ${showName(written)} ADD CONSTRAINT ${quoteIdent(known)} NOT NULL ${quoteIdent(column)} NOT VALID`,
            ],
          },
        ];
      });
  },
  why: 'Since PostgreSQL 18 NOT NULL is a constraint with a name, which can be added as NOT VALID and validated later; VALIDATE CONSTRAINT is then all that is left to do (PostgreSQL manual, ALTER TABLE, ADD table_constraint).',
  instead: 'Add NOT NULL itself as NOT VALID, and validate it in a transaction of its own.',
  versions: { from: 18 },
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_not_null CHECK (a IS NOT NULL) NOT VALID;',
    danger: {
      kind: 'shows',
      query: "SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a' AND NOT attnotnull",
    },
  },
  manual: 'sql-altertable.html',
});
