/** Storage and privileges of a column: what is the same to say for a new one and for one that is altered. */
import type { CatalogObject, ColumnProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { propertiesOf } from '../context.ts';
import { localName, ownerRelation } from '../names.ts';
import { normalized, role } from '../owned.ts';
import { privilegeChanges, withNewOwner } from '../privileges.ts';
import { tableOf } from './column-inheritance.ts';

export function storage(
  alter: string,
  before: ColumnProperties | null,
  after: ColumnProperties,
  context: RenderContext,
): string[] {
  const drafts: string[] = [];
  if ((before?.storage ?? null) !== after.storage) {
    const usual = context.major >= 16 ? 'DEFAULT' : typeStorage(after.type);
    drafts.push(`${alter} SET STORAGE ${(after.storage ?? usual).toUpperCase()}`);
  }
  if ((before?.compression ?? null) !== after.compression) {
    drafts.push(`${alter} SET COMPRESSION ${after.compression ?? 'default'}`);
  }
  if ((before?.statisticsTarget ?? null) !== after.statisticsTarget) {
    drafts.push(`${alter} SET STATISTICS ${after.statisticsTarget ?? -1}`);
  }
  return drafts;
}

/** The storage a type of variable length has by itself (`pg_type.typstorage`). */
function typeStorage(type: string): string {
  return /^(numeric|inet|cidr)\b/.test(type) && !type.endsWith('[]') ? 'MAIN' : 'EXTENDED';
}

export function columnPrivileges(
  object: CatalogObject,
  before: { readonly privileges: readonly string[]; readonly owner: string | null } | null,
  context: RenderContext,
): string[] {
  const wanted = propertiesOf<ColumnProperties>(object);
  const owner = role(tableOf(object, context)?.owner ?? '');
  const had = (before?.privileges ?? []).map(normalized);
  const target = { on: `TABLE ${ownerRelation(object)}`, column: localName(object), owner };
  const moved =
    before?.owner != null && before.owner !== owner ? withNewOwner(had, before.owner, owner) : had;
  return privilegeChanges(target, moved, wanted.privileges.map(normalized));
}
