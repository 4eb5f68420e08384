import type { ConstraintProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children, showName, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { indexesMadeAgain } from '../statements/column-type.ts';
import { knownIndexes } from './known-indexes.ts';
import { alterTableSql, commands, type Hit, rule } from './rule.ts';
import { COMMIT, checkSql } from './steps.ts';
import { type TypeChangeOfColumn, typeChanges } from './type-changes.ts';
import { byTime } from './weight.ts';

export const alterTypeWithCheckOrExprIndex = rule({
  id: 'alter-type-with-check-or-expr-index',
  severity: 'danger',
  title: 'The rows stay as they are, but a CHECK is checked or an index is built anew',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    hiddenWork(analysis, context)
      .filter(({ collation }) => !collation)
      .map(({ hit }) => hit),
  why: 'A type change that leaves the stored values alone still makes the server look at what is made of them: a CHECK on the column is checked for every row, and an index is built anew where its expression, its predicate or its operators become others; all of it under the AccessExclusiveLock (tablecmds.c, ATPostAlterTypeCleanup; PostgreSQL manual, ALTER TABLE, notes).',
  instead:
    'Take the CHECK away and bring it back as NOT VALID in the same statement, then validate it. Drop the index CONCURRENTLY before and build it CONCURRENTLY after, where the queries can do without it for so long; else go by way of a new column.',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, a varchar(50) CONSTRAINT t_a_check CHECK (length(a) > 1)); CREATE INDEX t_a ON t (lower(a)); INSERT INTO t VALUES (1, 'xy');",
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE varchar(100);',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
});

export interface HiddenWork {
  readonly hit: Hit;
  /** It is for the sake of another collation. */
  readonly collation: boolean;
}

/** Type changes that write no row, and read them all the same. */
export function hiddenWork(analysis: Analysis, context: AssessContext): readonly HiddenWork[] {
  const changes = typeChanges(analysis, context);
  // Where one of them writes the table anew, the rest is done in passing.
  if (changes.some((change) => change.rewrites || (change.zone && !context.isUtc))) return [];
  // What the same statement drops goes first.
  const dropped = new Set(commands(analysis, 'AT_DropConstraint').map((command) => text(command, 'name')));
  return changes.flatMap((change) => {
    const indexes = indexesMadeAgain(change.command, change.table, context);
    const checks = context
      .constraints(change.table)
      .filter(({ type, validated, enforced }) => type === 'check' && validated && enforced)
      .filter(({ columns, name }) => columns.includes(change.column) && !dropped.has(name));
    if (indexes.length === 0 && checks.length === 0) return [];
    const work = [
      checks.length === 0
        ? null
        : `every row has been checked (${checks.map(({ name }) => name).join(', ')})`,
      indexes.length === 0 ? null : `${indexes.join(', ')} ${indexes.length === 1 ? 'is' : 'are'} built anew`,
    ].filter((part) => part !== null);
    return [
      {
        collation: checks.length === 0 && change.definition.collClause !== undefined,
        hit: {
          message: `Nobody can read or write ${change.table} until ${work.join(' and ')}.`,
          severity: byTime(context, [change.table], 'danger'),
          // Of a statement that does several things only the whole could be taken apart.
          safeSql:
            children(analysis.statement.node, 'cmds').length === 1
              ? around(analysis, change, indexes, checks, context)
              : [],
        },
      },
    ];
  });
}

/** The constraints and indexes taken away before, and brought back after, without blocking. */
function around(
  analysis: Analysis,
  change: TypeChangeOfColumn,
  indexes: readonly string[],
  checks: readonly (ConstraintProperties & { readonly name: string })[],
  context: AssessContext,
): Hit['safeSql'] {
  const table = `ALTER TABLE ${showName(change.written)}`;
  const before: string[] = [];
  const after: string[] = [];
  for (const name of indexes) {
    const index = knownIndexes(context, change.table).find((one) => one.name === name);
    // The index of a constraint cannot go without it.
    if (index === undefined || index.definition === null) return [];
    before.push(`DROP INDEX CONCURRENTLY ${name}`);
    after.push(index.definition.replace(/^(CREATE (?:UNIQUE )?INDEX) /, '$1 CONCURRENTLY '));
  }
  if (checks.length === 0) return [...before, analysis.statement.text, COMMIT, ...after];
  const parts: string[] = [];
  for (const check of checks) {
    const sql = checkSql(check);
    if (sql === null) return [];
    parts.push(`ADD CONSTRAINT ${quoteIdent(check.name)} ${sql} NOT VALID`);
  }
  const drops = checks.map(({ name }) => `DROP CONSTRAINT ${quoteIdent(name)}`);
  return async () => {
    const changed = await alterTableSql(analysis, change.command);
    return [
      ...before,
      // One statement: the parts run in the order drop, change, add, whatever they are written in.
      changed === null ? null : `${changed}, ${[...drops, ...parts].join(', ')}`,
      COMMIT,
      ...checks.map(({ name }) => `${table} VALIDATE CONSTRAINT ${quoteIdent(name)}`),
      ...(after.length === 0 ? [] : [COMMIT, ...after]),
    ];
  };
}
