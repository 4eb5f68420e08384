/**
 * Where a printed query names a table's columns by position: `FROM public.t t(a, b)`. PostgreSQL prints such a list where
 * names alone would be ambiguous, after a renaming under a JOIN … USING for one (`ruleutils.c`, column aliases). The same
 * text reads other columns where the table's columns stand in another order, so the order belongs to what the text means.
 */
import { parse } from './deparsed.ts';
import type { Json } from './model.ts';

type Nodes = NonNullable<ReturnType<typeof parse>>;

const NAME = /^["A-Za-z_\u0080-\uffff]/;

/** `schema.table` of each table with a list of aliases for its columns, sorted. Cheap where there is none. */
export function tablesByPosition(text: string): readonly string[] {
  if (!/[\w"] [\w"]+\(/.test(text)) return [];
  const nodes = parse(text);
  return nodes === null ? [] : [...new Set(found(nodes))].sort();
}

/** `s.t t(a, b)`: two names with a dot, a space, the alias, and a bracket of names alone. */
function found(nodes: Nodes): readonly string[] {
  return nodes.flatMap((node, index): readonly string[] => {
    if (typeof node === 'string') return [];
    const [schema, dot, table, space, alias] = nodes.slice(Math.max(0, index - 5), index);
    const isList =
      node.open === '(' &&
      node.items.length > 0 &&
      node.items.every(
        (item) => typeof item === 'string' && (item === ',' || item === ' ' || NAME.test(item)),
      );
    const names = [schema, table, alias];
    const isTable =
      isList &&
      dot === '.' &&
      space === ' ' &&
      names.every((name) => typeof name === 'string' && NAME.test(name));
    return [...found(node.items), ...(isTable ? [`${String(schema)}.${String(table)}`] : [])];
  });
}

/** To be put among the properties of what has the text: table → its columns in order; absent where nothing is named so. */
export function columnOrder(
  text: string,
  columnsOf: (table: string) => readonly string[] | undefined,
): { readonly columnOrder?: Json } {
  const tables = tablesByPosition(text).flatMap((table) => {
    const columns = columnsOf(table);
    return columns === undefined ? [] : [[table, columns] as const];
  });
  return tables.length === 0 ? {} : { columnOrder: Object.fromEntries(tables) };
}
