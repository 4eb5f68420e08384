import { children, flag, type Node, text, walk } from '../../sql/tree.ts';
import { notValidThenValidate } from './not-valid.ts';
import { addedConstraints, type Hit, rule } from './rule.ts';

export const notEnforcedConstraint = rule({
  id: 'not-enforced-constraint',
  severity: 'warning',
  title: 'A constraint that is NOT ENFORCED holds nobody back',
  on: ['AlterTableStmt', 'CreateStmt'],
  commands: ['AT_AddConstraint', 'AT_AddColumn'],
  versions: { from: 18 },
  applies: (analysis) => {
    const { kind, node } = analysis.statement;
    if (kind === 'AlterTableStmt') {
      const added = ['CONSTR_CHECK', 'CONSTR_FOREIGN'].flatMap((type) => addedConstraints(analysis, type));
      const hits = added.filter(isNotEnforced).map(
        (constraint): Hit => ({
          message: said(constraint),
          safeSql: async () => {
            const suffix = text(constraint, 'contype') === 'CONSTR_FOREIGN' ? 'fkey' : 'check';
            const [add = null, validate = null] = await notValidThenValidate(
              analysis,
              { ...constraint, is_enforced: true },
              suffix,
            );
            return [add, 'COMMIT', validate];
          },
        }),
      );
      const columns = children(node, 'cmds').flatMap(({ node: command }) => attributes(command));
      return [...hits, ...columns];
    }
    const table = children(node, 'tableElts')
      .filter((element) => element.kind === 'Constraint' && isNotEnforced(element.node))
      .map(({ node: constraint }): Hit => ({ message: said(constraint), safeSql: [] }));
    const columns = children(node, 'tableElts').flatMap((element) =>
      element.kind === 'ColumnDef' ? attributes(element.node) : [],
    );
    return [...table, ...columns];
  },
  why: 'The server keeps it as a note: rows that break it come in, now and later, and the planner does not rely on it (PostgreSQL manual, CREATE TABLE, NOT ENFORCED). A CHECK cannot be made to hold afterwards, a foreign key can (ALTER CONSTRAINT … ENFORCED).',
  instead: 'Leave it out, or add it NOT VALID, so that it holds for every new row, and validate it later.',
  manual: 'sql-createtable.html#SQL-CREATETABLE-PARMS-ENFORCED',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 0) NOT ENFORCED;',
    danger: { kind: 'shows', query: 'SELECT conname FROM pg_constraint WHERE NOT conenforced' },
  },
});

/** The grammar says of every CHECK and foreign key whether it is enforced. */
function isNotEnforced(constraint: Node): boolean {
  const type = text(constraint, 'contype');
  return (type === 'CONSTR_CHECK' || type === 'CONSTR_FOREIGN') && !flag(constraint, 'is_enforced');
}

function said(constraint: Node): string {
  const name = text(constraint, 'conname');
  return `${name === null ? 'The constraint' : name} is a note: rows that break it come in all the same.`;
}

/** NOT ENFORCED behind the constraint of a column. */
function attributes(node: Node): readonly Hit[] {
  let found = 0;
  walk(node, (kind, constraint) => {
    if (kind === 'Constraint' && text(constraint, 'contype') === 'CONSTR_ATTR_NOT_ENFORCED') found++;
    return undefined;
  });
  return Array.from({ length: found }, () => ({ message: said({}), safeSql: [] }));
}
