/** Default privileges, one GRANT or REVOKE for what differs (manual, ALTER DEFAULT PRIVILEGES). */
import type { CatalogObject } from '../../model.ts';
import { parsePrivilege } from '../privileges.ts';
import type { DefinitionOptions } from './definition.ts';

function grants(object: CatalogObject): readonly string[] {
  const { grants: items } = object.properties;
  return Array.isArray(items) ? items.map(String) : [];
}

/** They come last, so that nothing is made under them that shall not have what they give. */
export const defaultPrivilegeChanges: DefinitionOptions = {
  tightens: true,
  changes: ['grants'],
  change(before, after) {
    const head = String(after.extra?.target);
    const words = after.identity.slice(after.identity.lastIndexOf(' on ') + ' on '.length);
    const had = grants(before);
    const wanted = grants(after);
    const lost = had.filter((item) => !wanted.includes(item)).map(parsePrivilege);
    const gained = wanted.filter((item) => !had.includes(item)).map(parsePrivilege);
    return [
      ...lost.map((one) => `${head} REVOKE ${one.privilege} ON ${words} FROM ${one.grantee}`),
      ...gained.map(
        (one) =>
          `${head} GRANT ${one.privilege} ON ${words} TO ${one.grantee}${one.grantable ? ' WITH GRANT OPTION' : ''}`,
      ),
    ];
  },
};
