import { quoteIdent } from '../../sql/quote.ts';
import { rule } from './rule.ts';
import { typeChanges } from './type-changes.ts';
import { typeSteps } from './type-steps.ts';
import { byTime } from './weight.ts';

export const alterTypeFkColumn = rule({
  id: 'alter-type-fk-column',
  severity: 'warning',
  title: 'The type of a foreign key’s column changes under a lock on both tables',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    typeChanges(analysis, context).flatMap((change) => {
      const { table, column } = change;
      const own = context
        .constraints(table)
        .filter(({ type, columns }) => type === 'foreign' && columns.includes(column))
        .flatMap(({ references }) => references ?? []);
      const primary = context.constraints(table).find(({ type }) => type === 'primary')?.columns;
      const from = context
        .referencing(table)
        .filter((other) =>
          context
            .constraints(other)
            .some(
              ({ references, definition }) => references === table && refersTo(definition, column, primary),
            ),
        );
      const others = [...new Set([...own, ...from])].filter(
        (other) => other !== table && !context.isNew(other),
      );
      if (others.length === 0) return [];
      const steps = typeSteps(analysis, change, context);
      return [
        {
          message: change.rewrites
            ? `Nobody can read or write ${others.join(', ')} either, until every row has been looked up again.`
            : `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} locked against reads and writes as well, for a moment.`,
          severity: change.rewrites ? byTime(context, [table], 'warning') : ('info' as const),
          safeSql: change.rewrites ? async () => (await steps()).steps : [],
        },
      ];
    }),
  why: 'The server takes the foreign key away and makes it again, which takes an AccessExclusiveLock on the other table, too; where the stored values change, each row is looked up there again while both are held (tablecmds.c, ATPostAlterTypeCleanup; PostgreSQL manual, ALTER TABLE).',
  instead:
    'Go by way of a new column, with a foreign key of its own that is added as NOT VALID and validated apart. Both ends of the key want the same type: the one that is referred to first.',
  example: {
    schema:
      'CREATE TABLE r (id bigint PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r (id)); INSERT INTO r VALUES (1); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ALTER COLUMN r_id TYPE bigint;',
    danger: { kind: 'lock', relation: 'r', mode: 'AccessExclusiveLock' },
  },
  manual: 'sql-altertable.html',
});

/** `… REFERENCES s.t(id, code)…`; without a list the primary key is meant. */
function refersTo(definition: string, column: string, primary: readonly string[] | undefined): boolean {
  const list = /REFERENCES [^(]+\(([^)]*)\)/.exec(definition)?.[1];
  if (list === undefined) return primary?.includes(column) ?? true;
  return list.split(', ').includes(quoteIdent(column));
}
