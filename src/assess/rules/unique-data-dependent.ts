import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { children, flag, type QualifiedName, relationOf, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { columnOf, knownIndexes } from './known-indexes.ts';
import { addedConstraints, existingRelation, type ScriptHit, scriptRule } from './rule.ts';
import { EmptyColumns } from './whole-table.ts';

export const uniqueDataDependent = scriptRule({
  id: 'unique-data-dependent',
  severity: 'warning',
  title: 'Whether the rows are unique is known to the data alone',
  read: () => {
    const empty = new EmptyColumns();
    return {
      see: (analysis, context) => {
        const hits = uniqueOver(analysis, context)
          .filter((key) => !isProved(key, empty, context))
          .map((key) => hitOf(analysis, key, context));
        empty.note(analysis, context);
        return hits;
      },
    };
  },
  why: 'Where two rows have the same values the statement fails, at the very end of its work (SQLSTATE 23505); with CONCURRENTLY it leaves an invalid index behind, which every write must serve and no query uses (PostgreSQL manual, CREATE INDEX, CONCURRENTLY).',
  instead: 'Look before, on the data that is meant; and decide what becomes of the rows that are the same.',
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 7), (2, 7);',
    bad: 'ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a);',
    danger: { kind: 'fails', sqlstate: '23505' },
  },
});

interface UniqueKey {
  readonly table: string;
  readonly written: QualifiedName;
  readonly columns: readonly string[];
  readonly nullsNotDistinct: boolean;
}

/** Unique indexes over columns alone that the statement builds on a table which others use. */
function uniqueOver(analysis: Analysis, context: AssessContext): readonly UniqueKey[] {
  const { kind, node } = analysis.statement;
  const table = existingRelation(analysis, context);
  const written = relationOf(node);
  if (table === null || written === null) return [];
  if (kind === 'IndexStmt') {
    if (!flag(node, 'unique') || node.whereClause !== undefined) return [];
    const columns = children(node, 'indexParams').map((item) => text(item.node, 'name'));
    if (columns.some((column) => column === null)) return [];
    const names = columns.filter((column) => column !== null);
    return [{ table, written, columns: names, nullsNotDistinct: flag(node, 'nulls_not_distinct') }];
  }
  if (kind !== 'AlterTableStmt') return [];
  return ['CONSTR_UNIQUE', 'CONSTR_PRIMARY']
    .flatMap((type) => addedConstraints(analysis, type))
    .filter((constraint) => text(constraint, 'indexname') === null && strings(constraint.keys).length > 0)
    .map((constraint) => ({
      table,
      written,
      columns: strings(constraint.keys),
      nullsNotDistinct: flag(constraint, 'nulls_not_distinct'),
    }));
}

/** Whether no two rows can be the same: by another key, or because there is nothing in the column yet. */
function isProved(key: UniqueKey, empty: EmptyColumns, context: AssessContext): boolean {
  const rows = context.size(key.table)?.rows ?? null;
  if (rows !== null && rows <= 1) return true;
  const proved = knownIndexes(context, key.table).some(({ unique, valid, where, keys, definition, name }) => {
    const columns = keys.map((one) => columnOf(one).column);
    const known =
      definition ?? context.constraint(key.table, splitQualified(name).at(-1) ?? '')?.definition ?? '';
    // NULLs that are told apart in the one key need not be in the other.
    const strict =
      !key.nullsNotDistinct ||
      / NULLS NOT DISTINCT/.test(known) ||
      columns.every((column) => column !== null && context.column(key.table, column)?.notNull === true);
    const covered = columns.every((column) => column !== null && key.columns.includes(column));
    return unique && valid && where === null && columns.length > 0 && covered && strict;
  });
  if (proved) return true;
  return !key.nullsNotDistinct && key.columns.some((column) => empty.has(key.table, column));
}

function hitOf({ statement }: Analysis, key: UniqueKey, context: AssessContext): ScriptHit {
  const columns = key.columns.map(quoteIdent).join(', ');
  const table = showName(key.written);
  const spread = key.columns.map(
    (column) => context.surroundings.target.relations[key.table]?.columns?.[column]?.distinctPerRow ?? null,
  );
  const [first = null] = spread;
  // One column that differs in every row makes all of them differ; several that repeat may still do so together.
  const allDiffer = spread.some((distinct) => distinct !== null && distinct >= 0.9999);
  const repeats = key.columns.length === 1 && first !== null && !allDiffer;
  const nulls = key.nullsNotDistinct
    ? ''
    : ` WHERE ${key.columns.map((column) => `${quoteIdent(column)} IS NOT NULL`).join(' AND ')}`;
  const known = repeats
    ? `The statistics of ${key.table} count about ${percent(first)} different values of ${columns} per hundred rows: it fails.`
    : allDiffer
      ? `It fails if two rows of ${key.table} have the same ${columns}; its statistics have seen none.`
      : `It fails if two rows of ${key.table} have the same ${columns}; the query shows them.`;
  return {
    statement,
    severity: repeats ? 'danger' : 'info',
    message: known,
    safeSql: [`SELECT ${columns}, count(*) FROM ${table}${nulls} GROUP BY ${columns} HAVING count(*) > 1`],
  };
}

function percent(share: number): string {
  return (share * 100).toPrecision(2);
}
