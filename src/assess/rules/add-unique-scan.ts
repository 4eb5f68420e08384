import { quoteIdent } from '../../sql/quote.ts';
import { flag, relationOf, showName, strings, text } from '../../sql/tree.ts';
import { constraintName } from './not-valid.ts';
import { addedConstraints, existingRelation, rule } from './rule.ts';

export const addUniqueScan = rule({
  id: 'add-unique-scan',
  severity: 'danger',
  title: 'A new UNIQUE or PRIMARY KEY builds its index while the table is locked',
  on: ['AlterTableStmt'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    return [...addedConstraints(analysis, 'CONSTR_UNIQUE'), ...addedConstraints(analysis, 'CONSTR_PRIMARY')]
      .filter((constraint) => text(constraint, 'indexname') === null)
      .map((constraint) => {
        const primary = text(constraint, 'contype') === 'CONSTR_PRIMARY';
        const name = quoteIdent(
          text(constraint, 'conname') ??
            (primary ? `${written.name.slice(0, 58)}_pkey` : constraintName(analysis, constraint, 'key')),
        );
        const columns = strings(constraint.keys).map(quoteIdent).join(', ');
        const including = strings(constraint.including).map(quoteIdent).join(', ');
        const include = including === '' ? '' : ` INCLUDE (${including})`;
        const nulls = flag(constraint, 'nulls_not_distinct') ? ' NULLS NOT DISTINCT' : '';
        const deferred = `${flag(constraint, 'deferrable') ? ' DEFERRABLE' : ''}${flag(constraint, 'initdeferred') ? ' INITIALLY DEFERRED' : ''}`;
        return {
          message: `Nobody can read or write ${table} until the index is built.`,
          safeSql:
            context.isPartitioned(table) || columns === ''
              ? []
              : [
                  `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${showName(written)} (${columns})${include}${nulls}`,
                  `ALTER TABLE ${showName(written)} ADD CONSTRAINT ${name} ${primary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${name}${deferred}`,
                ],
        };
      });
  },
  why: 'It holds an AccessExclusiveLock for the whole build of the index (PostgreSQL manual, ALTER TABLE, ADD table_constraint_using_index).',
  instead: 'Build a unique index CONCURRENTLY, then make it the constraint: that is instant.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a);',
    danger: { kind: 'scan', relation: 't' },
  },
});
