/** How statements call a column and its table (manual, ALTER TABLE, ALTER FOREIGN TABLE). */
import type { CatalogObject } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { localName, ownerRelation } from '../names.ts';
import { descendants, tableOf } from './column-inheritance.ts';

export function alterTable(object: CatalogObject, context: RenderContext): string {
  const foreign = (tableOf(object, context)?.foreignServer ?? null) !== null;
  return `ALTER ${foreign ? 'FOREIGN TABLE' : 'TABLE'} ${ownerRelation(object)}`;
}

export function alterPrefix(object: CatalogObject, context: RenderContext): string {
  return `${alterTable(object, context)} ALTER COLUMN ${localName(object)}`;
}

/** Without ONLY a default or a storage would go down to partitions and children that have their own. */
export function alterOnly(object: CatalogObject, context: RenderContext): string {
  const only = descendants(object, context).length > 0 ? 'ONLY ' : '';
  const table = alterTable(object, context);
  const relation = ownerRelation(object);
  return `${table.slice(0, table.length - relation.length)}${only}${relation} ALTER COLUMN ${localName(object)}`;
}
