/**
 * Typed tables (manual, CREATE TABLE … OF): their columns are the attributes of their type. ALTER TYPE … CASCADE adds,
 * drops, renames and retypes them; the server refuses to do so by ALTER TABLE.
 */
import type { Catalog, CatalogObject, ColumnProperties, ObjectKey } from '../model.ts';
import { CannotRender, propertiesOf, type RenderContext } from './context.ts';
import { keyOf } from './names.ts';

/** Whether the column is one that the type of its table gives it. */
export function isOfType(column: CatalogObject, catalog: Catalog): boolean {
  if (column.kind !== 'column' || column.parent === null) return false;
  return typeof catalog.objects.get(column.parent)?.properties.ofType === 'string';
}

/** Whether `from`'s column goes with, or becomes another by, a change of the type that its table has before and after. */
export function followsType(
  column: CatalogObject,
  from: Catalog,
  becomes: ReadonlyMap<ObjectKey, CatalogObject>,
): boolean {
  if (!isOfType(column, from) || column.parent === null) return false;
  return typeof becomes.get(column.parent)?.properties.ofType === 'string';
}

/**
 * OF wants the columns in the order of the type's attributes, and new columns come last. Throws `CannotRender` where the
 * table's columns (of `to`) would stand otherwise.
 */
export function refuseOrder(columns: readonly CatalogObject[], context: RenderContext): void {
  const positions = columns.map((column) => {
    const { position } = propertiesOf<ColumnProperties>(column);
    const former = context.formerly(keyOf('column', column.identity));
    const stands = former === undefined ? null : propertiesOf<ColumnProperties>(former).position;
    return { position, stands: stands ?? Number.MAX_SAFE_INTEGER };
  });
  positions.sort((a, b) => a.position - b.position);
  if (positions.some(({ stands }, index) => stands < (positions[index - 1]?.stands ?? 0))) {
    throw new CannotRender('its columns would stand in another order than the attributes of its type');
  }
}
