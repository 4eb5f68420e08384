import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { flag, strings, text } from '../../sql/tree.ts';
import { notNullColumn } from '../expressions.ts';
import { addedConstraints, commands, existingRelation, scriptRule } from './rule.ts';

interface Dropped {
  readonly statement: ParsedStatement;
  readonly table: string;
  readonly name: string;
  readonly type: string | null;
  readonly columns: readonly string[];
  readonly message: string;
}

const TYPES: Readonly<Record<string, string>> = {
  CONSTR_CHECK: 'check',
  CONSTR_UNIQUE: 'unique',
  CONSTR_PRIMARY: 'primary',
  CONSTR_FOREIGN: 'foreign',
  CONSTR_EXCLUSION: 'exclusion',
};

const WORDS: Readonly<Record<string, string>> = {
  check: 'what the CHECK says',
  unique: 'that no two rows are the same',
  primary: 'that no two rows have the same key, or none',
  foreign: 'that the rows refer to some',
  exclusion: 'that rows exclude each other',
  trigger: 'what its trigger sees to',
};

export const dropConstraint = scriptRule({
  id: 'drop-constraint',
  severity: 'warning',
  title: 'Without the constraint rows come in that keep it from coming back',
  on: ['AlterTableStmt'],
  read: () => {
    const dropped: Dropped[] = [];
    /** Added by the script itself: nobody relied on them. */
    const own = new Set<string>();
    const notNull = new Set<string>();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        if (statement.kind !== 'AlterTableStmt') return [];
        const table = existingRelation(analysis, context);
        if (table === null) return [];
        for (const command of commands(analysis, 'AT_SetNotNull'))
          notNull.add(`${table} ${text(command, 'name')}`);
        for (const command of commands(analysis, 'AT_DropConstraint')) {
          const name = text(command, 'name') ?? '';
          const known = context.constraint(table, name);
          if (own.has(`${table} ${name}`)) continue;
          if (known === null && context.known.complete && flag(command, 'missing_ok')) continue;
          // Of PostgreSQL 18: a NOT NULL by its name is told of by another rule.
          if (known === null && context.columns(table).some((column) => isNotNullName(column, table, name)))
            continue;
          if (known?.type === 'check' && known.columns.length === 1) {
            const [column = ''] = known.columns;
            const says =
              known.definition.replaceAll(/[()]/g, '').trim() === `CHECK ${quoteIdent(column)} IS NOT NULL`;
            const stays =
              context.column(table, column)?.notNull === true || notNull.has(`${table} ${column}`);
            if (says && stays) continue;
          }
          const other =
            known?.type === 'foreign' && known.references !== null && known.references !== table
              ? ` ${known.references} is locked for it as well.`
              : '';
          const lost = known === null ? 'what it kept true' : WORDS[known.type];
          dropped.push({
            statement,
            table,
            name,
            type: known?.type ?? null,
            columns: known?.columns ?? [],
            message: `Nothing sees to it any more ${known === null || /^what/.test(lost ?? '') ? `(${lost})` : lost} in ${table}: rows written from now on may keep ${quoteIdent(name)} from ever coming back.${other}`,
          });
        }
        for (const type of Object.keys(TYPES)) {
          for (const constraint of addedConstraints(analysis, type)) {
            const name = text(constraint, 'conname');
            if (name !== null) own.add(`${table} ${name}`);
            replaced(dropped, table, name, TYPES[type] ?? '', columnsOf(constraint));
          }
        }
        return [];
      },
      end: () => dropped.map(({ statement, message }) => ({ statement, message, safeSql: [] })),
    };
  },
  why: 'It is gone at once, under an AccessExclusiveLock; that of a foreign key on both tables. To bring it back, every row must satisfy it, and those written meanwhile need not (PostgreSQL manual, ALTER TABLE, DROP CONSTRAINT).',
  instead:
    'Write down its definition (pg_get_constraintdef). Where another takes its place, add that first, as NOT VALID. To bring it back, add it as NOT VALID, look for the rows that do not satisfy it, and validate.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int CONSTRAINT t_r_id_fkey REFERENCES r (id));',
    bad: 'ALTER TABLE t DROP CONSTRAINT t_r_id_fkey; INSERT INTO t VALUES (1, 99);',
    danger: {
      kind: 'shows',
      query: 'SELECT FROM t WHERE r_id IS NOT NULL AND NOT EXISTS (SELECT FROM r WHERE r.id = t.r_id)',
    },
  },
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT',
});

/** One of the same kind, over the same columns or under the same name, takes its place. */
function replaced(
  dropped: Dropped[],
  table: string,
  name: string | null,
  type: string,
  columns: readonly string[],
): void {
  const at = dropped.findIndex(
    (one) =>
      one.table === table &&
      (one.name === name ||
        (one.type === type && columns.length > 0 && one.columns.join() === columns.join())),
  );
  if (at !== -1) dropped.splice(at, 1);
}

function columnsOf(constraint: Parameters<typeof text>[0]): readonly string[] {
  const named = [...strings(constraint?.keys), ...strings(constraint?.fk_attrs)];
  const checked = notNullColumn(constraint?.raw_expr);
  return named.length > 0 || checked === null ? named : [checked];
}

function isNotNullName(
  column: { readonly name: string; readonly notNull: boolean; readonly notNullName: string | null },
  table: string,
  name: string,
): boolean {
  if (!column.notNull) return false;
  const chosen = `${table.slice(table.indexOf('.') + 1)}_${column.name}_not_null`;
  return (column.notNullName ?? chosen) === name;
}
