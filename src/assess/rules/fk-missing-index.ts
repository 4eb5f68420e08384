import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { relationName } from '../known/chosen-names.ts';
import { foreignKeysOf, type NewForeignKey } from './foreign-keys.ts';
import { knownIndexes } from './known-indexes.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { isWhole } from './steps.ts';
import { byTime } from './weight.ts';

export const fkMissingIndex = scriptRule({
  id: 'fk-missing-index',
  severity: 'warning',
  title: 'No index on the columns of a foreign key',
  on: ['AlterTableStmt', 'CreateStmt'],
  read: () => {
    const made: {
      readonly statement: ParsedStatement;
      readonly key: NewForeignKey;
      readonly isNew: boolean;
    }[] = [];
    return {
      see: ({ statement }, context) => {
        for (const key of foreignKeysOf(statement, context)) {
          made.push({ statement, key, isNew: key.withTable || context.isNew(key.table) });
        }
        return [];
      },
      // The index may come behind the key.
      end: (context) => made.flatMap(({ statement, key, isNew }) => hit(statement, key, isNew, context)),
    };
  },
  why: 'PostgreSQL makes an index for what a foreign key refers to, not for the columns that refer. Each DELETE of a row there, and each UPDATE of its key, then reads the whole referring table to see whether anything refers to it, and keeps its locks meanwhile (PostgreSQL manual, 5.5.5).',
  instead: 'Make an index that begins with the columns of the key.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id) NOT VALID;',
    danger: {
      kind: 'shows',
      query:
        "SELECT WHERE NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 't'::regclass AND indkey[0] = 2)",
    },
  },
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-FK',
});

function hit(
  statement: ParsedStatement,
  key: NewForeignKey,
  isNew: boolean,
  context: AssessContext,
): readonly ScriptHit[] {
  const { table, written, columns, referenced } = key;
  // Which indexes it has is only known of a table that is known whole.
  const known = context.known.has('table', table) && (context.known.complete || isNew);
  const constraint = context
    .constraints(table)
    .find((one) => one.type === 'foreign' && sameColumns(one.columns, columns));
  if (!known || constraint === undefined || columns.length === 0) return [];
  const names = new Set(columns.map(quoteIdent));
  const served = knownIndexes(context, table).some(
    ({ keys, valid, where, method }) =>
      valid &&
      (where === null ||
        !isWhole(where) ||
        [...names].every((name) => where.includes(`${name} IS NOT NULL`))) &&
      (method === 'btree' || (method === 'hash' && columns.length === 1)) &&
      keys.length >= columns.length &&
      keys.slice(0, columns.length).every((one) => names.has(one.replace(/ .*$/, ''))),
  );
  if (served) return [];
  const name = relationName(context.known, table, columns, 'idx');
  const list = columns.map(quoteIdent).join(', ');
  const index = (how: string): string =>
    `CREATE INDEX ${how}${quoteIdent(name)} ON ${showName(written)} (${list})`;
  return [
    {
      statement,
      message: `A DELETE in ${referenced} reads all of ${table}, which has no index on (${list}).`,
      severity: byTime(context, [table], 'warning'),
      safeSql: isNew
        ? [statement.text, index('')]
        : context.isPartitioned(table) || key.withColumn
          ? []
          : [index('CONCURRENTLY '), statement.text],
    },
  ];
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}
