import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { children, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { knownIndexes } from './known-indexes.ts';
import { alterTableSql, type Hit, rule } from './rule.ts';
import { COMMIT, checkSql } from './steps.ts';
import { type TypeChangeOfColumn, typeChanges } from './type-changes.ts';
import { byTime } from './weight.ts';

export const alterTypeWithCheckOrExprIndex = rule({
  id: 'alter-type-with-check-or-expr-index',
  severity: 'danger',
  title: 'The rows stay as they are, but a CHECK is checked or an index is built anew',
  on: ['AlterTableStmt'],
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
  const { facts, statement } = analysis;
  const changes = typeChanges(analysis, context);
  const [change] = changes;
  // Of a statement that does several things nobody could say which of them it is.
  const alone = children(statement.node, 'cmds').every(({ node }) =>
    ['AT_AlterColumnType', 'AT_ColumnDefault'].includes(text(node, 'subtype') ?? ''),
  );
  if (change === undefined || !alone || facts.rewrites.length > 0) return [];
  if (changes.some((one) => one.rewrites || one.zone)) return [];
  const indexes = facts.builds;
  const checks = facts.validates;
  if (indexes.length === 0 && checks.length === 0) return [];
  const work = [
    checks.length === 0 ? null : `every row has been checked (${checks.join(', ')})`,
    indexes.length === 0 ? null : `${indexes.join(', ')} ${indexes.length === 1 ? 'is' : 'are'} built anew`,
  ].filter((part) => part !== null);
  return [
    {
      collation: changes.some(({ definition }) => definition.collClause !== undefined),
      hit: {
        message: `Nobody can read or write ${change.table} until ${work.join(' and ')}.`,
        severity: byTime(context, [change.table], 'danger'),
        safeSql: around(analysis, change, context),
      },
    },
  ];
}

/** The constraints and indexes taken away before, and brought back after, without blocking. */
function around(
  analysis: Analysis,
  change: TypeChangeOfColumn,
  context: AssessContext,
): readonly string[] | (() => Promise<readonly (string | null)[]>) {
  const { facts, statement } = analysis;
  const table = `ALTER TABLE ${change.table}`;
  const before: string[] = [];
  const after: string[] = [];
  for (const name of facts.builds) {
    const index = knownIndexes(context, change.table).find((one) => one.name === name);
    if (index === undefined || index.definition === null) return [];
    before.push(`DROP INDEX CONCURRENTLY ${name}`);
    after.push(index.definition.replace(/^(CREATE (?:UNIQUE )?INDEX) /, '$1 CONCURRENTLY '));
  }
  const checks: { readonly name: string; readonly sql: string }[] = [];
  for (const label of facts.validates) {
    const name = splitQualified(label).at(-1) ?? '';
    const known = context.constraint(change.table, name);
    const sql = known === null || known.type !== 'check' ? null : checkSql(known);
    if (sql === null) return [];
    checks.push({ name: quoteIdent(name), sql });
  }
  if (checks.length === 0) return [...before, statement.text, COMMIT, ...after];
  return async () => {
    const types = children(statement.node, 'cmds').map(({ node }) => node);
    const changed = await alterTableSql(analysis, ...types);
    const drops = checks.map(({ name }) => `DROP CONSTRAINT ${name}`);
    const adds = checks.map(({ name, sql }) => `ADD CONSTRAINT ${name} ${sql} NOT VALID`);
    return [
      ...before,
      // One statement: the parts run in the order drop, change, add, whatever they are written in.
      changed === null ? null : `${changed}, ${[...drops, ...adds].join(', ')}`,
      COMMIT,
      ...checks.flatMap(({ name }) => [`${table} VALIDATE CONSTRAINT ${name}`]),
      ...(after.length === 0 ? [] : [COMMIT, ...after]),
    ];
  };
}
