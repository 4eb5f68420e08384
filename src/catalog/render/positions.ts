import type { CatalogObject, ColumnProperties, ObjectKey } from '../model.ts';
import { CannotRender, propertiesOf, type RenderContext } from './context.ts';

/**
 * Refuses a text that names a table's columns by position (`columnOrder`), where these columns will stand in another
 * order than the text was written for: PostgreSQL appends what is added again.
 */
export function refuseByPosition(object: CatalogObject, context: RenderContext): void {
  const { columnOrder } = object.properties;
  if (typeof columnOrder !== 'object' || columnOrder === null) return;
  for (const table of Object.keys(columnOrder)) {
    const key = ['table', 'view', 'materialized view'].map((kind) => `${kind} ${table}`);
    const owner = key.find((one) => context.to.objects.has(one));
    if (owner === undefined || !isReordered(owner, context)) continue;
    throw new CannotRender(
      `its text names the columns of ${table} by position, and these come to stand in another order`,
    );
  }
}

function isReordered(table: ObjectKey, context: RenderContext): boolean {
  const former = context.formerly(table);
  if (former === undefined) return false;
  const wanted = columnsOf(context.to.objects.values(), table).map(keyOf);
  const kept = columnsOf(context.from.objects.values(), keyOf(former)).flatMap((column) => {
    const later = context.later(keyOf(column));
    return later === undefined || context.isCreated(keyOf(later)) ? [] : [keyOf(later)];
  });
  const order = [...kept, ...wanted.filter((column) => !kept.includes(column))];
  return order.some((column, index) => column !== wanted[index]);
}

function keyOf(object: CatalogObject): ObjectKey {
  return `${object.kind} ${object.identity}`;
}

function columnsOf(objects: Iterable<CatalogObject>, table: ObjectKey): readonly CatalogObject[] {
  const columns = [...objects].filter((object) => object.kind === 'column' && object.parent === table);
  const position = (column: CatalogObject): number => propertiesOf<ColumnProperties>(column).position;
  return columns.sort((a, b) => position(a) - position(b));
}
