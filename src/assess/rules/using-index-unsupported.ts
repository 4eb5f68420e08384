import { quoteIdent } from '../../sql/quote.ts';
import { flag, showName } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { columnOf, type KnownIndex, knownIndexes } from './known-indexes.ts';
import { rule } from './rule.ts';
import { type AddedKey, addedKeys } from './unique-constraint.ts';

export const usingIndexUnsupported = rule({
  id: 'using-index-unsupported',
  severity: 'danger',
  title: 'The index cannot be made a constraint',
  on: ['AlterTableStmt'],
  commands: ['AT_AddConstraint'],
  applies: (analysis, context) =>
    [
      ...addedKeys(analysis, context, 'CONSTR_UNIQUE'),
      ...addedKeys(analysis, context, 'CONSTR_PRIMARY'),
    ].flatMap((key) => {
      const reason = reasonAgainst(key, context);
      return reason === null
        ? []
        : [{ message: `${reason.text}: the server refuses the statement.`, safeSql: reason.safeSql }];
    }),
  why: 'USING INDEX takes a valid unique B-tree index on columns alone, all in the default order, without a WHERE; and none on a partitioned table (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index; SQLSTATE 42809, 55000, 0A000).',
  instead:
    'Build a plain unique index CONCURRENTLY for the purpose. A partial index, or one on expressions, cannot be a constraint, and need not be: it keeps rows apart as it is.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE UNIQUE INDEX t_a ON t (a DESC);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE USING INDEX t_a;',
    danger: { kind: 'fails', sqlstate: '42809' },
  },
});

interface Reason {
  readonly text: string;
  readonly safeSql: readonly string[];
}

function reasonAgainst(key: AddedKey, context: AssessContext): Reason | null {
  if (key.using === null) return null;
  if (context.isPartitioned(key.table)) {
    return { text: `${key.table} is partitioned`, safeSql: [] };
  }
  const name = context.resolve({ schema: key.written.schema, name: key.using });
  const index = knownIndexes(context, key.table).find((one) => one.name === name);
  if (index === undefined) return null;
  const columns = index.keys.map(columnOf);
  if (!index.unique) return { text: `${name} is not unique`, safeSql: rebuilt(key, index) };
  if (index.where !== null) return { text: `${name} has a WHERE`, safeSql: [] };
  if (columns.some(({ column }) => column === null))
    return { text: `${name} is on an expression`, safeSql: [] };
  if (columns.some(({ plain }) => !plain)) {
    return { text: `${name} has an order or operators of its own`, safeSql: rebuilt(key, index) };
  }
  if (index.valid) return null;
  return {
    text: `${name} is not valid`,
    safeSql: [
      `DROP INDEX CONCURRENTLY ${quoteIdent(key.using)}`,
      ...rebuilt({ ...key, name: key.using }, index),
    ],
  };
}

function rebuilt(key: AddedKey, index: KnownIndex): readonly string[] {
  const columns = index.keys.flatMap((one) => columnOf(one).column ?? []);
  if (columns.length < index.keys.length) return [];
  const name = quoteIdent(key.name);
  const table = showName(key.written);
  const word = key.primary ? 'PRIMARY KEY' : 'UNIQUE';
  const deferrable = flag(key.constraint, 'deferrable') ? ' DEFERRABLE' : '';
  const deferred = flag(key.constraint, 'initdeferred') ? ' INITIALLY DEFERRED' : '';
  return [
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} (${columns.map(quoteIdent).join(', ')})`,
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${word} USING INDEX ${name}${deferrable}${deferred}`,
  ];
}
