/** The key that a table is walked along: its primary key, or a unique index over NOT NULL columns. */
import type { AssessContext } from '../../assess/context.ts';
import { parseGrammar } from '../../sql/parser.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { child, children, type Node, strings, text } from '../../sql/tree.ts';
import type { BackfillKey, KeyColumn } from '../backfill.ts';

/** Types whose text is not the value: another locale, or fewer digits, may make another of it. */
const INEXACT = new Set(['money']);

/**
 * The best key of a table that holds rows itself; null where there is none, or only such as `written` columns belong to.
 */
export async function keyOf(
  table: string,
  written: ReadonlySet<string>,
  context: AssessContext,
): Promise<BackfillKey | null> {
  const candidates: { readonly key: BackfillKey; readonly primary: boolean }[] = [];
  const [schema = null] = splitQualified(table);
  for (const constraint of context.constraints(table)) {
    if (constraint.type !== 'primary' && constraint.type !== 'unique') continue;
    // What is checked only at the end of a transaction may be there twice before.
    if (constraint.deferrable || constraint.index?.valid === false) continue;
    const columns = constraint.columns.map((name) => columnOf(table, name, null, context));
    if (columns.includes(null)) continue;
    candidates.push({
      key: {
        index: quoteQualified(schema, constraint.name),
        columns: columns.filter((column) => column !== null),
      },
      primary: constraint.type === 'primary',
    });
  }
  for (const index of context.indexes(table)) {
    const properties = context.index(index);
    if (properties === null || !properties.unique || !properties.valid) continue;
    const columns = await indexColumns(table, properties.definition, context);
    if (columns !== null) candidates.push({ key: { index, columns }, primary: false });
  }
  const usable = candidates.filter(({ key }) => key.columns.every(({ name }) => !written.has(name)));
  const order = (a: (typeof usable)[number], b: (typeof usable)[number]): number =>
    Number(b.primary) - Number(a.primary) ||
    a.key.columns.length - b.key.columns.length ||
    (a.key.index < b.key.index ? -1 : 1);
  return usable.sort(order)[0]?.key ?? null;
}

async function indexColumns(
  table: string,
  definition: string,
  context: AssessContext,
): Promise<readonly KeyColumn[] | null> {
  const parsed = await parseGrammar(definition);
  const statement = parsed.ok ? child(parsed.statements[0]?.stmt, 'IndexStmt') : null;
  if (statement === null || statement.whereClause !== undefined) return null;
  if ((text(statement, 'accessMethod') ?? 'btree') !== 'btree') return null;
  const columns = children(statement, 'indexParams').map(({ node }) => {
    const name = text(node, 'name');
    // Another operator class is another order than the one of < and >.
    if (name === null || node.opclass !== undefined) return null;
    return columnOf(table, name, node, context);
  });
  return columns.length === 0 || columns.includes(null) ? null : columns.filter((column) => column !== null);
}

function columnOf(
  table: string,
  name: string,
  element: Node | null,
  context: AssessContext,
): KeyColumn | null {
  const column = context.column(table, name);
  if (column === null || !column.notNull || column.generated !== null || INEXACT.has(column.type))
    return null;
  const descending = text(element, 'ordering') === 'SORTBY_DESC';
  const nulls = text(element, 'nulls_ordering');
  const collation = strings(element?.collation);
  return {
    name,
    type: column.type,
    collation: collation.length === 0 ? null : collation.map((part) => quoteIdent(part)).join('.'),
    descending,
    nullsFirst: nulls === 'SORTBY_NULLS_FIRST' || (nulls !== 'SORTBY_NULLS_LAST' && descending),
  };
}
