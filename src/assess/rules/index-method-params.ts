import { deparse } from '../../sql/deparse.ts';
import { children, flag, text } from '../../sql/tree.ts';
import { newKeys } from './known-indexes.ts';
import { newIndex } from './new-index.ts';
import { rule } from './rule.ts';

/** Types whose values are searched for what is in them, with the method that does so. */
const CONTENT: Readonly<Record<string, string>> = {
  jsonb: 'gin',
  tsvector: 'gin',
  hstore: 'gin',
  geometry: 'gist',
  geography: 'gist',
};

export const indexMethodParams = rule({
  id: 'index-method-params',
  severity: 'warning',
  title: 'The method of the index does not fit the type of its column',
  on: ['IndexStmt'],
  applies: (analysis, context) => {
    const { statement } = analysis;
    const { node } = statement;
    const index = newIndex(analysis, context);
    if (index === null || flag(node, 'unique')) return [];
    const method = text(node, 'accessMethod') ?? 'btree';
    if (
      method === 'ivfflat' &&
      !children(node, 'options').some((item) => text(item.node, 'defname') === 'lists')
    ) {
      return [
        {
          message: `${index.name} gets 100 lists, however many rows ${index.table} has: searches become slow, or miss what is near.`,
          safeSql: [],
        },
      ];
    }
    const [key = null, second] = newKeys(statement);
    if (method !== 'btree' || key === null || second !== undefined) return [];
    const column = children(node, 'indexParams')[0]?.node;
    const type = context.column(index.table, text(column, 'name') ?? '')?.type ?? '';
    const fit = CONTENT[type.split('.').at(-1)?.replace(/\(.*/, '') ?? ''];
    if (fit === undefined) return [];
    const concurrent = !context.isPartitioned(index.table);
    return [
      {
        message: `A b-tree on ${type} only finds values that are equal as a whole, and refuses rows whose value is longer than 2704 bytes.`,
        safeSql: async () => [
          await deparse('IndexStmt', {
            ...node,
            idxname: index.name,
            accessMethod: fit,
            ...(concurrent ? { concurrent } : {}),
          }),
        ],
      },
    ];
  },
  why: 'A b-tree compares whole values. What is asked of jsonb, tsvector, hstore or a geometry, namely what is in it or near it, other methods answer; and an entry of a b-tree must fit into a third of a page, so that a longer value cannot be inserted any more (PostgreSQL manual, 11.2, 8.14.4). An IVFFlat index wants its number of lists by the number of rows (pgvector). GIN on jsonb without an operator class, and HNSW without parameters, have sensible defaults and are not found.',
  instead:
    "GIN for jsonb, tsvector and hstore, GiST for geometries; a b-tree over one expression, such as (a ->> 'key'), where one value is asked for.",
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a jsonb);',
    bad: 'CREATE INDEX CONCURRENTLY t_a ON t (a);',
    danger: {
      kind: 'breaks',
      query:
        "INSERT INTO t SELECT 1, to_jsonb(string_agg(md5(n::text), '')) FROM generate_series(1, 500) AS n",
      sqlstate: '54000',
    },
  },
  manual: 'indexes-types.html',
});
