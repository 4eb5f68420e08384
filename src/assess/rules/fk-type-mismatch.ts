import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { AssessContext } from '../context.ts';
import { foreignKeysOf, type NewForeignKey, targetColumns } from './foreign-keys.ts';
import { retyped } from './retyped.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

/** Integers, narrowest first; as `format_type` has them, and as the server's own name. */
const INTEGERS = ['smallint', 'integer', 'bigint'];
const OWN: Readonly<Record<string, string>> = { smallint: 'int2', integer: 'int4', bigint: 'int8' };

export const fkTypeMismatch = scriptRule({
  id: 'fk-type-mismatch',
  severity: 'warning',
  title: 'A foreign key’s column is narrower than the key that it refers to',
  on: ['AlterTableStmt', 'CreateStmt'],
  read: () => {
    const made: { readonly statement: ParsedStatement; readonly key: NewForeignKey }[] = [];
    return {
      see: ({ statement }, context) => {
        for (const key of foreignKeysOf(statement, context)) made.push({ statement, key });
        return [];
      },
      end: (context) => made.flatMap(({ statement, key }) => hits(statement, key, context)),
    };
  },
  why: 'The server compares integers of any width, so the key is made without a word. But a row whose key has outgrown the narrower column cannot be referred to: the INSERT fails with “out of range” on the day that it is needed, and the change of type then writes the table anew (PostgreSQL manual, 5.5.5, 8.1.1).',
  instead: 'Give the column the type of the key.',
  example: {
    schema: 'CREATE TABLE r (id bigint PRIMARY KEY);',
    bad: 'CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r (id)); CREATE INDEX t_r_id ON t (r_id);',
    danger: {
      kind: 'shows',
      query:
        "SELECT FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = conkey[1] JOIN pg_attribute AS b ON b.attrelid = confrelid AND b.attnum = confkey[1] WHERE contype = 'f' AND a.attlen < b.attlen",
    },
  },
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-FK',
});

function hits(statement: ParsedStatement, key: NewForeignKey, context: AssessContext): readonly ScriptHit[] {
  const targets = targetColumns(key, context);
  if (targets.length !== key.columns.length) return [];
  return key.columns.flatMap((column, n) => {
    const own = context.column(key.table, column)?.type ?? '';
    const other = context.column(key.referenced, targets[n] ?? '')?.type ?? '';
    if (!INTEGERS.includes(own) || INTEGERS.indexOf(other) <= INTEGERS.indexOf(own)) return [];
    return [
      {
        statement,
        message: `${key.table}.${quoteIdent(column)} is ${own}, ${key.referenced}.${quoteIdent(targets[n] ?? '')} is ${other}: what does not fit cannot be referred to.`,
        safeSql: async () => [await retyped(statement, column, OWN[other] ?? other)],
      },
    ];
  });
}
