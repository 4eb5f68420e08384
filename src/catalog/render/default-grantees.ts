/** Whom the default privileges that stay hand something on what is made (manual, ALTER DEFAULT PRIVILEGES). */
import type { CatalogObject } from '../model.ts';
import type { RenderOptions } from './context.ts';
import { role } from './owned.ts';
import { parsePrivilege } from './privileges.ts';

/** Default privileges of another role say nothing about what this one makes; unknown: they may. */
export function actsFor(object: CatalogObject, options: RenderOptions): boolean {
  if (options.currentUser === undefined) return true;
  const owner = role(options.currentUser);
  return object.identity.startsWith(`${owner} `);
}

export function granteesOf(object: CatalogObject): string[] {
  const { grants } = object.properties;
  if (!Array.isArray(grants)) return [];
  return grants.map((item) => parsePrivilege(String(item)).grantee);
}
