import { quoteIdent } from '../../sql/quote.ts';
import { columnOf, knownIndexes } from './known-indexes.ts';
import { rule } from './rule.ts';
import { COMMIT, setNotNull } from './steps.ts';
import { addedKeys, nullable } from './unique-constraint.ts';
import { byTime } from './weight.ts';

export const addPkUsingIndexNullable = rule({
  id: 'add-pk-using-index-nullable',
  severity: 'danger',
  title: 'A PRIMARY KEY out of an index reads the whole table where its columns may be null',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) =>
    addedKeys(analysis, context, 'CONSTR_PRIMARY').flatMap((key) => {
      if (key.using === null) return [];
      const index = context.resolve({ schema: key.written.schema, name: key.using });
      const keys = knownIndexes(context, key.table).find(({ name }) => name === index)?.keys ?? [];
      const columns = keys.map((one) => columnOf(one).column);
      const known = columns.filter((column) => column !== null && context.column(key.table, column) !== null);
      const may = nullable({ ...key, columns: known.filter((column) => column !== null) }, context);
      if (may.length === 0) return [];
      return [
        {
          severity: byTime(context, [key.table], 'danger'),
          message: `Nobody can read or write ${key.table} until every row has been checked: ${may.map(quoteIdent).join(', ')} may be null so far.`,
          safeSql: [
            ...may.flatMap((column) => [...setNotNull(context, key, column), COMMIT]),
            analysis.statement.text,
          ],
        },
      ];
    }),
  why: 'The index is there, but a primary key makes its columns NOT NULL as well, which reads the whole table under the AccessExclusiveLock (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index).',
  instead:
    'Make the columns NOT NULL first, by way of a constraint that is validated beside reads and writes.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
  example: {
    schema: 'CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2); CREATE UNIQUE INDEX t_id ON t (id);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_id;',
    danger: { kind: 'scan', relation: 't' },
  },
});
