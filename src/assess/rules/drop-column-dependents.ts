import type { ObjectKey } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { dependentsOf, dropSql, taken, told } from './dependents.ts';
import { knownIndexes } from './known-indexes.ts';
import { alterTableSql, commands, existingRelation, type Hit, rule } from './rule.ts';

export const dropColumnDependents = rule({
  id: 'drop-column-dependents',
  severity: 'danger',
  title: 'More than the column depends on it',
  on: ['AlterTableStmt'],
  commands: ['AT_DropColumn'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null || context.catalog === null) return [];
    return commands(analysis, 'AT_DropColumn').flatMap((command): readonly Hit[] => {
      const column = text(command, 'name') ?? '';
      if (context.isNewColumn(table, column)) return [];
      const key: ObjectKey = `column ${table}.${quoteIdent(column)}`;
      const refusing = (dependentsOf(context, [key]) ?? []).filter((other) => !isSilent(other, table));
      // What CASCADE takes along is told of by the rule about CASCADE.
      const cascade = text(command, 'behavior') === 'DROP_CASCADE';
      const silent = silently(table, column, context);
      const also =
        silent.length === 0
          ? ''
          : `${silent.join(', ')}, over other columns too, would go with it in silence.`;
      if (refusing.length > 0 && !cascade) {
        const drops = [...refusing].reverse().map((other) => dropSql(other, 'column', context));
        return [
          {
            message:
              `The statement fails: ${told(refusing)} depend${refusing.length === 1 ? 's' : ''} on the column. ${also}`.trim(),
            safeSql: async () => [...drops, await alterTableSql(analysis, command)],
          },
        ];
      }
      if (silent.length === 0) return [];
      return [
        {
          message: `${silent.join(', ')}, over other columns too, go${silent.length === 1 ? 'es' : ''} with ${column} in silence.`,
          severity: 'warning',
          safeSql: [],
        },
      ];
    });
  },
  why: 'A view, policy, trigger, generated column or function that names the column makes the server refuse to drop it. Indexes, statistics and constraints over several columns, of which it is one, go with it without a word: a UNIQUE (a, b) is gone for b as well (PostgreSQL manual, ALTER TABLE, DROP COLUMN; 5.15).',
  instead:
    'Change what names the column so that it no longer does, in order, in the same transaction; and make an index or a constraint over the remaining columns first, where they need one.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE VIEW v AS SELECT id, a FROM t;',
    bad: 'ALTER TABLE t DROP COLUMN a;',
    danger: { kind: 'fails', sqlstate: '2BP01' },
    good: ['DROP VIEW v', 'CREATE VIEW v AS SELECT id, NULL::int AS a FROM t', 'ALTER TABLE t DROP COLUMN a'],
  },
  manual: 'ddl-depend.html',
});

/** Statistics, and indexes and constraints of the table itself: the server drops those without CASCADE. */
function isSilent(key: ObjectKey, table: string): boolean {
  const { kind, identity } = taken(key);
  if (kind === 'statistics') return true;
  return kind === 'constraint' && splitQualified(identity).slice(0, -1).map(quoteIdent).join('.') === table;
}

/** Constraints and indexes over this column and others. */
function silently(table: string, column: string, context: AssessContext): readonly string[] {
  const constraints = context
    .constraints(table)
    .filter(({ columns }) => columns.length > 1 && columns.includes(column))
    .map(
      ({ type, name }) =>
        `${type === 'foreign' ? 'foreign key' : type === 'primary' ? 'primary key' : type} ${quoteIdent(name)}`,
    );
  const word = quoteIdent(column);
  const indexes = knownIndexes(context, table)
    .filter(
      ({ keys, constraint }) =>
        constraint === null && keys.length > 1 && keys.some((key) => key.replace(/ .*$/, '') === word),
    )
    .map(({ name }) => `index ${name}`);
  return [...constraints, ...indexes];
}
