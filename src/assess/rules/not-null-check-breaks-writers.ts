import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, flag, relationOf, strings, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { notNullColumn } from '../expressions.ts';
import { addedConstraints, existingRelation, scriptRule } from './rule.ts';
import { backfill, COMMIT, untilNone } from './steps.ts';

interface Added {
  readonly statement: ParsedStatement;
  readonly table: string;
  readonly column: string;
  /** Every row is NULL: the column is new, and has no value. */
  readonly allNull: boolean;
  readonly safeSql: readonly string[];
  filledLater: number | null;
}

export const notNullCheckBreaksWriters = scriptRule({
  id: 'not-null-check-breaks-writers',
  severity: 'danger',
  title: 'A NOT NULL that is not validated fails writes of the rows that are still NULL',
  read: () => {
    const added: Added[] = [];
    const filled = new Set<string>();
    const empty = new Set<string>();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        for (const name of columnsWithoutValue(statement, context)) empty.add(name);
        for (const name of filledBy(statement, context)) {
          filled.add(name);
          for (const one of added) {
            if (name === `${one.table} ${one.column}` || name === one.column)
              one.filledLater ??= statement.line;
          }
        }
        if (statement.kind !== 'AlterTableStmt') return [];
        const table = existingRelation(analysis, context);
        const written = relationOf(statement.node);
        if (table === null || written === null || context.size(table)?.rows === 0) return [];
        const columns = [
          ...addedConstraints(analysis, 'CONSTR_CHECK')
            .filter((constraint) => flag(constraint, 'skip_validation'))
            .map((constraint) => notNullColumn(constraint.raw_expr)),
          ...addedConstraints(analysis, 'CONSTR_NOTNULL')
            .filter((constraint) => flag(constraint, 'skip_validation'))
            .map((constraint) => strings(constraint.keys)[0] ?? null),
        ];
        for (const column of columns) {
          if (column === null || filled.has(`${table} ${column}`) || filled.has(column)) continue;
          const known = context.column(table, column);
          const nulls = context.surroundings.target.relations[table]?.columns?.[column]?.nulls ?? null;
          if (nulls === 0 || known?.notNull === true) continue;
          const quoted = quoteIdent(column);
          added.push({
            statement,
            table,
            column,
            allNull: empty.has(`${table} ${column}`),
            safeSql:
              known?.default == null
                ? []
                : [
                    backfill(context, { table, written }, `${quoted} = DEFAULT`, `${quoted} IS NULL`),
                    COMMIT,
                    statement.text,
                  ],
            filledLater: null,
          });
        }
        return [];
      },
      end: () =>
        added.map(({ statement, table, column, allNull, safeSql, filledLater }) => ({
          statement,
          safeSql,
          severity: allNull || filledLater !== null ? ('danger' as const) : ('info' as const),
          message:
            filledLater !== null
              ? `Until line ${filledLater} has filled ${column}, every UPDATE of a row of ${table} that is still NULL fails, and so does every INSERT that leaves it out.`
              : allNull
                ? `${column} is new and NULL in every row of ${table}: every UPDATE of one of them fails from now on.`
                : `Should rows of ${table} still be NULL in ${column}, every UPDATE of them fails from now on, and so does every INSERT that leaves it out.`,
        })),
    };
  },
  why: 'NOT VALID means that the rows which are there are not read now. Each write is checked nevertheless, and an UPDATE of whatever column writes the whole row: with a NULL in it, it fails (PostgreSQL manual, ALTER TABLE, ADD table_constraint).',
  instead: 'A default for new rows first, then the old rows filled in batches, and the constraint only then.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int; COMMIT; ALTER TABLE t ADD CONSTRAINT t_a_check CHECK (a IS NOT NULL) NOT VALID;',
    danger: { kind: 'breaks', query: 'UPDATE t SET id = 2', sqlstate: '23514' },
    good: [
      'ALTER TABLE t ADD COLUMN a int',
      'ALTER TABLE t ALTER COLUMN a SET DEFAULT 0',
      COMMIT,
      untilNone('t', 'UPDATE t SET a = 0', 'a IS NULL'),
      COMMIT,
      'ALTER TABLE t ADD CONSTRAINT t_a_check CHECK (a IS NOT NULL) NOT VALID',
    ],
  },
  manual: 'sql-altertable.html',
});

/** New columns that are NULL in every row: `table column`. */
function columnsWithoutValue({ kind, node }: ParsedStatement, context: AssessContext): readonly string[] {
  const table = kind === 'AlterTableStmt' ? context.resolve(relationOf(node)) : null;
  if (table === null || context.isNew(table)) return [];
  return children(node, 'cmds').flatMap(({ node: command }) => {
    if (text(command, 'subtype') !== 'AT_AddColumn') return [];
    const definition = child(child(command, 'def'), 'ColumnDef');
    const constraints = children(definition, 'constraints').map((item) => text(item.node, 'contype'));
    return constraints.some((type) => type !== 'CONSTR_NULL' && type !== 'CONSTR_CHECK')
      ? []
      : [`${table} ${text(definition, 'colname')}`];
  });
}

/** Columns that the statement fills: `table column`; of a block, whose text alone is known, each word of an UPDATE. */
function filledBy(statement: ParsedStatement, context: AssessContext): readonly string[] {
  const { kind, node } = statement;
  if (kind === 'DoStmt') {
    return /\bupdate\b/i.test(statement.text) ? (statement.text.match(/[\w$]+/g) ?? []) : [];
  }
  const table = kind === 'UpdateStmt' ? context.resolve(relationOf(node)) : null;
  if (table === null) return [];
  return children(node, 'targetList').map(({ node: target }) => `${table} ${text(target, 'name')}`);
}
