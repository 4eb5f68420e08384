import { children, type Node, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { addColumnRewrite, columnDefinition } from '../statements/columns.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { alterTableSql, commands, existingRelation, rule } from './rule.ts';

export const addColumnVolatileDefault = rule({
  id: 'add-column-volatile-default',
  severity: 'danger',
  title: 'The new column makes the server write the whole table anew',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return commands(analysis, 'AT_AddColumn').flatMap((command) => {
      const column = columnDefinition(command);
      const reason = addColumnRewrite(column, context);
      if (reason === null || column === null) return [];
      return [
        {
          message: `Nobody can read or write ${table} until all its rows are written anew; because of ${reason}.`,
          safeSql: () => withoutValues(analysis, command, column),
        },
      ];
    });
  },
  why: 'A constant default is stored once in the catalog and costs nothing. A volatile default, serial, an identity, a stored generated column or a domain with constraints needs a value per row: the table is written anew under an AccessExclusiveLock (PostgreSQL manual, ALTER TABLE, notes).',
  instead:
    'Add the column without a value, set the default for new rows, fill the old rows in batches, and add NOT NULL by way of a validated CHECK.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN token uuid DEFAULT gen_random_uuid();',
    danger: { kind: 'rewrite', relation: 't' },
  },
});

const NEEDS_VALUES = new Set(['CONSTR_DEFAULT', 'CONSTR_NOTNULL', 'CONSTR_IDENTITY', 'CONSTR_GENERATED']);

/** The column without what needs a value per row; then the default for new rows. */
async function withoutValues(
  analysis: Analysis,
  command: Node,
  column: Node,
): Promise<readonly (string | null)[]> {
  // What a serial or an identity needs is a sequence, and its rows: more than a statement or two.
  if (isSerial(typeNameOf(column))) return [];
  const constraints = children(column, 'constraints');
  const kept = constraints.filter(({ node }) => !NEEDS_VALUES.has(text(node, 'contype') ?? ''));
  if (kept.length === constraints.length) return [];
  const { constraints: _constraints, ...bare } = column;
  const definition =
    kept.length === 0 ? bare : { ...bare, constraints: kept.map(({ kind, node }) => ({ [kind]: node })) };
  const add = await alterTableSql(analysis, { ...command, def: { ColumnDef: definition } });
  const value = constraints.find(({ node }) => text(node, 'contype') === 'CONSTR_DEFAULT')?.node.raw_expr;
  if (value === undefined) return [add];
  const set = await alterTableSql(analysis, {
    subtype: 'AT_ColumnDefault',
    name: text(column, 'colname') ?? '',
    def: value,
    behavior: 'DROP_RESTRICT',
  });
  return [add, set];
}
