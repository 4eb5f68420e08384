import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { writtenRelations } from '../../sql/relations.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import { foreignKeysOf, targetColumns } from './foreign-keys.ts';
import { commands, existingRelation, scriptRule } from './rule.ts';
import { EmptyColumns } from './whole-table.ts';

export const fkOrphans = scriptRule({
  id: 'fk-orphans',
  severity: 'info',
  title: 'A foreign key fails where a row refers to none',
  read: () => {
    const cleaned = new Set<string>();
    const empty = new EmptyColumns();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        for (const name of writtenRelations(statement)) cleaned.add(context.resolve(name) ?? '');
        empty.note(analysis, context);
        if (statement.kind !== 'AlterTableStmt') return [];
        const table = existingRelation(analysis, context);
        const written = relationOf(statement.node);
        if (table === null || written === null || context.size(table)?.rows === 0 || cleaned.has(table))
          return [];
        const added = foreignKeysOf(statement, context)
          .filter((key) => key.validated && !key.withColumn)
          .map((key) => ({
            columns: key.columns,
            referenced: key.referenced,
            targets: targetColumns(key, context),
            full: text(key.constraint, 'fk_matchtype') === 'f',
          }));
        const validated = commands(analysis, 'AT_ValidateConstraint').flatMap((command) => {
          const known = context.constraint(table, text(command, 'name') ?? '');
          if (known === null || known.references === null || known.validated || known.columns.length === 0)
            return [];
          return [
            {
              columns: known.columns,
              referenced: known.references,
              targets: referredColumns(known.definition),
              full: / MATCH FULL/.test(known.definition),
            },
          ];
        });
        // NULL refers to nothing.
        const filled = [...added, ...validated].filter(
          ({ columns, full }) => full || !columns.some((column) => empty.has(table, column)),
        );
        return filled.map(({ columns, referenced, targets, full }) => ({
          statement,
          message: `The statement fails where a row of ${table} refers to none of ${referenced}; whether one does, only its rows tell.`,
          safeSql:
            targets.length !== columns.length || full
              ? []
              : [
                  `SELECT count(*) FROM ${showName(written)} AS one WHERE ${columns.map((column) => `one.${quoteIdent(column)} IS NOT NULL`).join(' AND ')} AND NOT EXISTS (SELECT FROM ${shown(referenced)} AS other WHERE ${columns.map((column, n) => `other.${quoteIdent(targets[n] ?? '')} = one.${quoteIdent(column)}`).join(' AND ')})`,
                ],
        }));
      },
    };
  },
  why: 'Before there was a foreign key, nothing kept a row from being deleted that others refer to. ADD FOREIGN KEY and VALIDATE CONSTRAINT fail at the first such row, after having read all those before it (PostgreSQL manual, ALTER TABLE).',
  instead:
    'Count them first, and add the key as NOT VALID, so that no new ones come; then delete or mend what is left, and validate. ferrata rehearse shows it on a copy with rows.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1), (2, 99);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id);',
    danger: { kind: 'fails', sqlstate: '23503' },
    good: [
      'ALTER TABLE t ADD CONSTRAINT t_r_id_fkey FOREIGN KEY (r_id) REFERENCES r (id) NOT VALID',
      'COMMIT',
      'DELETE FROM t AS one WHERE one.r_id IS NOT NULL AND NOT EXISTS (SELECT FROM r AS other WHERE other.id = one.r_id)',
      'COMMIT',
      'ALTER TABLE t VALIDATE CONSTRAINT t_r_id_fkey',
    ],
  },
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-FK',
});

/** `FOREIGN KEY (a) REFERENCES s.t(b)`: the columns behind the table. */
function referredColumns(definition: string): readonly string[] {
  const list = /REFERENCES [^(]+\(([^)]*)\)/.exec(definition)?.[1] ?? '';
  return list === '' ? [] : list.split(', ').map((name) => splitQualified(name)[0] ?? name);
}

function shown(relation: string): string {
  const [schema = null, name = ''] = splitQualified(relation);
  return quoteQualified(schema, name);
}
