import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../../sql/tree.ts';
import { existingRelation, rule } from './rule.ts';

/** INSERT … ON CONFLICT ON CONSTRAINT names one of these. */
const ARBITERS = new Set(['unique', 'primary', 'exclusion']);

export const renameConstraint = rule({
  id: 'rename-constraint',
  severity: 'warning',
  title: 'Renaming a constraint breaks programs that name it',
  on: ['RenameStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'renameType') !== 'OBJECT_TABCONSTRAINT') return [];
    const table = existingRelation(analysis, context);
    const name = text(node, 'subname');
    if (table === null || name === null) return [];
    const known = context.constraint(table, name);
    const named = known === null || ARBITERS.has(known.type);
    return [
      {
        message: named
          ? `INSERT … ON CONFLICT ON CONSTRAINT ${quoteIdent(name)} fails from now on, and programs that look for the name in errors do not find it.`
          : `Programs that look for ${quoteIdent(name)} in errors do not find it any more.`,
        severity: named ? 'warning' : 'info',
        safeSql: [],
      },
    ];
  },
  why: 'The change is instant, under an AccessExclusiveLock. But names of constraints are part of what programs see: ON CONFLICT ON CONSTRAINT names one, and so does the error when one is violated (PostgreSQL manual, INSERT, ON CONFLICT; 54.8).',
  instead: 'Let ON CONFLICT name the columns, release that, and rename then.',
  example: {
    schema: 'CREATE TABLE t (id int CONSTRAINT t_key PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t RENAME CONSTRAINT t_key TO t_pkey;',
    danger: {
      kind: 'breaks',
      query: 'INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT t_key DO NOTHING',
      sqlstate: '42704',
    },
  },
  manual: 'sql-insert.html#SQL-ON-CONFLICT',
});
