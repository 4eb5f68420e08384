import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { children, relationOf, text, unwrap } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { expressionSql } from './expression-sql.ts';
import { commands, existingRelation, scriptRule } from './rule.ts';
import { backfillOf, COMMIT, setNotNull } from './steps.ts';
import { byTime } from './weight.ts';

interface Filled {
  readonly statement: ParsedStatement;
  /** What each column is set to. */
  readonly values: ReadonlyMap<string, unknown>;
}

export const changeNullWithDefaultUpdate = scriptRule({
  id: 'change-null-with-default-update',
  severity: 'warning',
  title: 'NULLs are filled and forbidden in one transaction',
  read: () => {
    let filled = new Map<string, Filled>();
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        if (transactionControl(statement) !== null || !facts.transactional) filled = new Map();
        noteUpdate(statement, context, filled);
        if (statement.kind !== 'AlterTableStmt') return [];
        const table = existingRelation(analysis, context);
        const written = relationOf(statement.node);
        const before = filled.get(table ?? '');
        if (table === null || written === null || before === undefined) return [];
        return commands(analysis, 'AT_SetNotNull').flatMap((command) => {
          const column = text(command, 'name') ?? '';
          const value = before.values.get(column);
          if (value === undefined) return [];
          const quoted = quoteIdent(column);
          const target = { table, written };
          const rest = `${quoted} IS NULL`;
          const write = backfillOf(context, target);
          const batches = (sql: string): string => write(`${quoted} = ${sql}`, rest);
          const steps = setNotNull(context, target, column);
          return [
            {
              statement,
              message: `The rows that line ${before.statement.line} wrote stay locked while ${table} waits for its own lock and is read whole.`,
              severity: byTime(context, [table], 'warning'),
              safeSql: async () => {
                const sql = await expressionSql(value);
                return sql === null ? [null] : [batches(sql), COMMIT, ...steps];
              },
            },
          ];
        });
      },
    };
  },
  why: 'Locks of rows are kept until the transaction ends (PostgreSQL manual, 13.3.2). ALTER TABLE behind the UPDATE waits for every other transaction on the table, and some of those wait for the rows: they block each other, until the server kills one of them.',
  instead:
    'Fill the rows in batches, each in a transaction of its own, and say NOT NULL afterwards, by way of a constraint that is not validated at once.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, NULL);',
    bad: 'UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER COLUMN a SET NOT NULL;',
    danger: { kind: 'scan', relation: 't' },
  },
  manual: 'explicit-locking.html#LOCKING-ROWS',
});

function noteUpdate(
  { kind, node, ...rest }: ParsedStatement,
  context: AssessContext,
  filled: Map<string, Filled>,
): void {
  const table = kind === 'UpdateStmt' ? context.resolve(relationOf(node)) : null;
  if (table === null || context.isNew(table)) return;
  const values = new Map<string, unknown>(filled.get(table)?.values);
  for (const { node: target } of children(node, 'targetList')) {
    const value = unwrap(target.val);
    // What other tables or columns tell is not a default.
    if (value?.kind === 'A_Const' || value?.kind === 'FuncCall' || value?.kind === 'TypeCast') {
      values.set(text(target, 'name') ?? '', target.val);
    }
  }
  filled.set(table, { statement: { kind, node, ...rest }, values });
}
