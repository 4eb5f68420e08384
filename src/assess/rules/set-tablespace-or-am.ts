import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { commands, existingRelation, type Hit, rule } from './rule.ts';
import { byTime } from './weight.ts';

export const setTablespaceOrAm = rule({
  id: 'set-tablespace-or-am',
  severity: 'danger',
  title: 'Another tablespace or access method means to copy the whole table',
  on: ['AlterTableStmt', 'AlterTableMoveAllStmt'],
  commands: ['AT_SetTableSpace', 'AT_SetAccessMethod'],
  applies: (analysis, context) => {
    const { kind, node } = analysis.statement;
    if (kind === 'AlterTableMoveAllStmt') {
      return [
        {
          message: `Everything in tablespace ${quoteIdent(text(node, 'orig_tablespacename') ?? '')} is locked against reads and writes, all of it until the last of it is copied.`,
          safeSql: [],
        },
      ];
    }
    const relation = existingRelation(analysis, context);
    return relation === null
      ? []
      : [...moved(analysis, relation, context), ...converted(analysis, relation, context)];
  },
  why: 'The files are copied under an AccessExclusiveLock; with an access method every row is written anew, and every index. A partitioned table has no files: there the change holds for partitions to come (PostgreSQL manual, ALTER TABLE, SET TABLESPACE, SET ACCESS METHOD).',
  instead:
    'Make a table there beside it, copy the rows, keep both equal with a trigger, and swap them. An index can be built anew in another tablespace beside reads and writes since PostgreSQL 14: REINDEX (TABLESPACE …, CONCURRENTLY).',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-SET-TABLESPACE',
  example: {
    schema:
      "SET allow_in_place_tablespaces = on; CREATE TABLESPACE example_disk LOCATION ''; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);",
    bad: 'ALTER TABLE t SET TABLESPACE example_disk;',
    danger: { kind: 'rewrite', relation: 't' },
    good: [
      'CREATE TABLE t_new (LIKE t INCLUDING ALL) TABLESPACE example_disk',
      'INSERT INTO t_new SELECT * FROM t',
    ],
  },
});

function moved(analysis: Analysis, relation: string, context: AssessContext): readonly Hit[] {
  const isIndex =
    text(analysis.statement.node, 'objtype') === 'OBJECT_INDEX' || context.index(relation) !== null;
  return commands(analysis, 'AT_SetTableSpace').flatMap((command): readonly Hit[] => {
    const to = text(command, 'name') ?? '';
    const known = context.table(relation) ?? context.index(relation);
    if (context.isPartitioned(relation) || (known !== null && known.tablespace === to)) return [];
    // Null is the database's own, which usually is this one.
    if (known !== null && known.tablespace === null && to === 'pg_default') return [];
    const table = isIndex ? (context.tableOfIndex(relation) ?? relation) : relation;
    const written = relationOf(analysis.statement.node);
    return [
      {
        severity: byTime(context, [table], 'danger'),
        message: `Nobody can ${isIndex ? 'use' : 'read or write'} ${relation} until it is copied.`,
        safeSql:
          isIndex && context.since(14) && written !== null
            ? [`REINDEX (TABLESPACE ${quoteIdent(to)}, CONCURRENTLY) INDEX ${showName(written)}`]
            : [],
      },
    ];
  });
}

function converted(analysis: Analysis, table: string, context: AssessContext): readonly Hit[] {
  return commands(analysis, 'AT_SetAccessMethod').flatMap((command): readonly Hit[] => {
    const known = context.table(table)?.accessMethod ?? null;
    if (context.isPartitioned(table) || known === (text(command, 'name') ?? 'heap')) return [];
    return [
      {
        severity: byTime(context, [table], 'danger'),
        message: `Nobody can read or write ${table} until every row is written anew.`,
        safeSql: [],
      },
    ];
  });
}
