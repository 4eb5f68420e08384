import { quoteIdent } from '../../sql/quote.ts';
import { child, children, type Node, strings, text, walk } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const duplicateSetColumns = rule({
  id: 'duplicate-set-columns',
  severity: 'danger',
  title: 'A column is given two values at once',
  on: ['UpdateStmt', 'InsertStmt', 'MergeStmt', 'SelectStmt'],
  applies: ({ statement }) => {
    const twice: string[] = [];
    walk({ [statement.kind]: statement.node }, (kind, node) => {
      if (kind === 'UpdateStmt') twice.push(...duplicates(node, 'targetList'));
      if (kind === 'InsertStmt') {
        twice.push(...duplicates(node, 'cols'));
        twice.push(...duplicates(child(node, 'onConflictClause'), 'targetList'));
      }
      if (kind === 'MergeWhenClause') twice.push(...duplicates(node, 'targetList'));
      return undefined;
    });
    return twice.map((column) => ({
      message: `${quoteIdent(column)} is assigned twice: the server refuses the statement.`,
      safeSql: [],
    }));
  },
  why: 'A column may be assigned only once in one statement (PostgreSQL manual, UPDATE; SQLSTATE 42601, 42701). Elements of an array, or fields of a composite value, may each be.',
  instead: 'Decide for one of the two.',
  manual: 'sql-update.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int);',
    bad: 'UPDATE t SET a = 1, a = 2 WHERE id = 1;',
    danger: { kind: 'fails', sqlstate: '42601' },
    good: ['UPDATE t SET a = 2 WHERE id = 1'],
  },
});

/** Names of columns that stand twice in a list of targets; those of INSERT are 42701. */
function duplicates(node: Node | null, key: string): readonly string[] {
  const whole = children(node, key)
    .filter(({ node: target }) => target.indirection === undefined)
    .map(({ node: target }) => text(target, 'name') ?? strings([target]).join(''));
  return [...new Set(whole.filter((name, index) => name !== '' && whole.indexOf(name) !== index))];
}
