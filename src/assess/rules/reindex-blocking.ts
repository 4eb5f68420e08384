import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, type Node, nameFromRange, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { rule } from './rule.ts';
import { byTime } from './weight.ts';

/** Whether REINDEX says CONCURRENTLY. */
export function concurrentOption(node: Node): boolean {
  return children(node, 'params').some((item) => text(item.node, 'defname') === 'concurrently');
}

export const reindexBlocking = rule({
  id: 'reindex-blocking',
  severity: 'danger',
  title: 'REINDEX locks the table and its indexes until they are built anew',
  on: ['ReindexStmt'],
  applies: ({ statement }, context) => {
    const { node } = statement;
    if (concurrentOption(node)) return [];
    const object = text(node, 'kind');
    const relation = context.resolve(nameFromRange(child(node, 'relation')));
    const table = relation === null ? null : (context.tableOfIndex(relation) ?? relation);
    if (table !== null && context.isNew(table)) return [];
    return [
      {
        message: `No write to ${table ?? 'the tables'}, and hardly a read, until ${object === 'REINDEX_OBJECT_INDEX' ? 'the index is' : 'all indexes are'} built anew.`,
        ...(table === null ? {} : { severity: byTime(context, [table], 'danger') }),
        safeSql: isRefused(object, relation, table, context) ? [] : () => concurrently(statement, context),
      },
    ];
  },
  why: 'It takes a ShareLock on the table, which stops every write, and an AccessExclusiveLock on each index in turn, which stops whatever plans a query on the table: nearly all reads, too (PostgreSQL manual, REINDEX).',
  instead:
    'REINDEX CONCURRENTLY builds new indexes beside the old ones; it runs outside a transaction. System catalogs and the index of an EXCLUDE constraint cannot be rebuilt so; those wait for an hour when nobody is there.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'REINDEX TABLE t;',
    danger: { kind: 'lock', relation: 't', mode: 'ShareLock' },
  },
  manual: 'sql-reindex.html#SQL-REINDEX-CONCURRENTLY',
});

const WORDS: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_INDEX: 'INDEX',
  REINDEX_OBJECT_TABLE: 'TABLE',
  REINDEX_OBJECT_SCHEMA: 'SCHEMA',
  REINDEX_OBJECT_DATABASE: 'DATABASE',
};

/** CONCURRENTLY behind the kind, as every major reads it; among other options only since 14. */
async function concurrently(
  { kind, node }: ParsedStatement,
  context: AssessContext,
): Promise<readonly (string | null)[]> {
  const params = children(node, 'params').map((item) => ({ [item.kind]: item.node }));
  if (params.length > 0) {
    const option = { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } };
    return context.since(14) ? [await deparse(kind, { ...node, params: [...params, option] })] : [];
  }
  const word = WORDS[text(node, 'kind') ?? ''];
  const relation = nameFromRange(child(node, 'relation'));
  const name = relation === null ? text(node, 'name') : showName(relation);
  if (word === undefined || name === null) return [];
  return [`REINDEX ${word} CONCURRENTLY ${relation === null ? quoteIdent(name) : name}`];
}

function isRefused(
  object: string | null,
  relation: string | null,
  table: string | null,
  context: AssessContext,
): boolean {
  if (object === 'REINDEX_OBJECT_SYSTEM') return true;
  // Partitioned ones since PostgreSQL 14.
  if (table !== null && context.isPartitioned(table) && !context.since(14)) return true;
  const exclusion = context
    .constraints(table ?? '')
    .some(({ type, name }) => type === 'exclusion' && relation?.endsWith(`.${quoteIdent(name)}`) === true);
  return object === 'REINDEX_OBJECT_INDEX' && exclusion;
}
