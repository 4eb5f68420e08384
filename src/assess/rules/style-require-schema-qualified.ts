import { deparse } from '../../sql/deparse.ts';
import { splitQualified } from '../../sql/quote.ts';
import { isNode, type Node, nameFromRange, showName, text, walk } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { rule } from './rule.ts';

export const styleRequireSchemaQualified = rule({
  id: 'style-require-schema-qualified',
  severity: 'info',
  optional: true,
  title: 'What a name without a schema means depends on the session',
  on: [
    'CreateStmt',
    'AlterTableStmt',
    'IndexStmt',
    'ViewStmt',
    'CreateTableAsStmt',
    'CreateTrigStmt',
    'CreateSeqStmt',
    'AlterSeqStmt',
    'RenameStmt',
    'TruncateStmt',
    'InsertStmt',
    'UpdateStmt',
    'DeleteStmt',
    'MergeStmt',
    'CopyStmt',
  ],
  applies: ({ statement }, context) => {
    const own = namesOfWith(statement.node);
    const bare = new Set<string>();
    const look = (range: Node): void => {
      const name = nameFromRange(range);
      const temporary = text(range, 'relpersistence') === 't';
      if (name !== null && name.schema === null && !temporary && !own.has(name.name))
        bare.add(showName(name));
    };
    ranges(statement.node, look);
    if (bare.size === 0) return [];
    return [
      {
        message: `${[...bare].join(', ')}: the search_path of whoever runs it decides which is meant.`,
        safeSql: async () => [await deparse(statement.kind, qualified(statement.node, own, context) as Node)],
      },
    ];
  },
  why: 'Names without a schema are looked up along the search_path, which differs between roles, databases and tools, and new ones are made in the first schema of it (PostgreSQL manual, 5.10.3).',
  instead: 'Write schema.name.',
  manual: 'ddl-schemas.html#DDL-SCHEMAS-PATH',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (id bigint PRIMARY KEY);',
    danger: {
      kind: 'convention',
      reason: 'It is a convention: the server makes the table wherever the search_path leads it.',
    },
  },
});

/** Every RangeVar: they stand wrapped in lists and plain where a node has just one. */
function ranges(value: unknown, look: (range: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) ranges(item, look);
  else if (isNode(value)) {
    if (typeof value.relname === 'string') look(value);
    for (const inner of Object.values(value)) ranges(inner, look);
  }
}

function qualified(value: unknown, own: ReadonlySet<string>, context: AssessContext): unknown {
  if (Array.isArray(value)) return value.map((item) => qualified(item, own, context));
  if (!isNode(value)) return value;
  const name = typeof value.relname === 'string' ? nameFromRange(value) : null;
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, qualified(item, own, context)]),
  );
  if (name === null || name.schema !== null || own.has(name.name) || value.relpersistence === 't')
    return inner;
  const [schema, second] = splitQualified(context.resolve(name) ?? '');
  return second === undefined ? inner : { ...inner, schemaname: schema };
}

/** Names of the statement's own WITH. */
function namesOfWith(node: Node): ReadonlySet<string> {
  const names = new Set<string>();
  walk(node, (kind, item) => {
    if (kind === 'CommonTableExpr') names.add(text(item, 'ctename') ?? '');
    return undefined;
  });
  return names;
}
