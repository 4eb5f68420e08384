import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { children, type Node, relationOf, strings } from '../../sql/tree.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { rule } from './rule.ts';

export const styleColumnOrder = rule({
  id: 'style-column-order',
  severity: 'info',
  optional: true,
  title: 'The order of the columns leaves holes in every row',
  on: ['CreateStmt'],
  applies: ({ statement }) => {
    const { node } = statement;
    if (relationOf(node) === null || node.partbound !== undefined || node.ofTypename !== undefined) return [];
    const elements = children(node, 'tableElts');
    if (elements.some((element) => element.kind === 'TableLikeClause')) return [];
    const columns = elements.filter((element) => element.kind === 'ColumnDef').map((element) => element.node);
    const layouts = columns.map(layoutOf);
    const order = better(layouts);
    const saved = padding(layouts) - padding(order.map((index) => layouts[index] ?? VARYING));
    // The row itself is filled up to 8 bytes: less than that may save nothing.
    if (saved < 8) return [];
    return [
      {
        message: `${saved} bytes of each row are holes between columns that need an aligned place.`,
        safeSql: async () => [
          await reordered(
            statement,
            order.map((index) => columns[index] ?? {}),
          ),
        ],
      },
    ];
  },
  why: 'A value begins at a multiple of its type’s alignment (pg_type.typalign), and what lies before it is filled up: a boolean in front of a bigint takes eight bytes (PostgreSQL manual, 66.6.1).',
  instead:
    'Put columns of eight bytes first, then those of four, two and one, and those of varying length last.',
  manual: 'storage-page-layout.html',
  example: {
    schema: '',
    bad: 'CREATE TABLE t (a boolean NOT NULL, b bigint NOT NULL, c boolean NOT NULL, d bigint NOT NULL); INSERT INTO t (a, b, c, d) VALUES (true, 1, true, 2);',
    danger: { kind: 'shows', query: 'SELECT a FROM t WHERE pg_column_size(t.*) > 24 + 24' },
    good: [
      'CREATE TABLE t (b bigint NOT NULL, d bigint NOT NULL, a boolean NOT NULL, c boolean NOT NULL)',
      'INSERT INTO t (a, b, c, d) VALUES (true, 1, true, 2)',
    ],
  },
});

interface Layout {
  /** Null: varying. */
  readonly size: number | null;
  readonly align: number;
}

/** Of short values of varying length, whose header of one byte needs no alignment. */
const VARYING: Layout = { size: null, align: 1 };

const FIXED: Readonly<Record<string, Layout>> = {
  bool: { size: 1, align: 1 },
  char: { size: 1, align: 1 },
  int2: { size: 2, align: 2 },
  int4: { size: 4, align: 4 },
  float4: { size: 4, align: 4 },
  date: { size: 4, align: 4 },
  oid: { size: 4, align: 4 },
  int8: { size: 8, align: 8 },
  float8: { size: 8, align: 8 },
  timestamp: { size: 8, align: 8 },
  timestamptz: { size: 8, align: 8 },
  time: { size: 8, align: 8 },
  timetz: { size: 12, align: 8 },
  money: { size: 8, align: 8 },
  interval: { size: 16, align: 8 },
  uuid: { size: 16, align: 1 },
  macaddr: { size: 6, align: 4 },
  macaddr8: { size: 8, align: 4 },
  point: { size: 16, align: 8 },
  pg_lsn: { size: 8, align: 8 },
};

function layoutOf(column: Node): Layout {
  const typeName = typeNameOf(column);
  const name = strings(typeName?.names).at(-1) ?? '';
  if (Array.isArray(typeName?.arrayBounds)) return VARYING;
  if (isSerial(typeName)) {
    const size = /big|8/.test(name) ? 8 : /small|2/.test(name) ? 2 : 4;
    return { size, align: size };
  }
  return FIXED[name] ?? VARYING;
}

/** Bytes that lie between columns; behind one of varying length nobody knows where the next begins. */
function padding(layouts: readonly Layout[]): number {
  let at = 0;
  let holes = 0;
  for (const { size, align } of layouts) {
    if (size === null) return holes;
    const gap = (align - (at % align)) % align;
    holes += gap;
    at += gap + size;
  }
  return holes;
}

/** Places of the columns: widest alignment first, varying ones last, else as they are. */
function better(layouts: readonly Layout[]): readonly number[] {
  const weight = ({ size, align }: Layout): number =>
    size === null ? 0 : align === 1 && size > 8 ? 9 : align;
  return layouts
    .map((layout, index) => ({ index, weight: weight(layout) }))
    .sort((a, b) => b.weight - a.weight || a.index - b.index)
    .map(({ index }) => index);
}

async function reordered({ kind, node }: ParsedStatement, columns: readonly Node[]): Promise<string | null> {
  const rest = children(node, 'tableElts').filter((element) => element.kind !== 'ColumnDef');
  return deparse(kind, {
    ...node,
    tableElts: [
      ...columns.map((column) => ({ ColumnDef: column })),
      ...rest.map((element) => ({ [element.kind]: element.node })),
    ],
  });
}
