/** The roles that a schema names: they belong to the server, and have to be there before the schema can be made. */
import type { Catalog, CatalogObject, Json } from '../../catalog/model.ts';

const NAME = '"(?:[^"]|"")*"|[^\\s"=/:]+';
/** `grantee=PRIVILEGE/grantor`; the grantee is empty or PUBLIC for everybody. */
const ITEM = new RegExp(`^(${NAME}|)=[A-Z* ]+/(${NAME})$`);
/** GRANT … TO role, REVOKE … FROM role, as `catalog/privilege-statements.ts` writes them. */
const RECEIVER = new RegExp(` (?:TO|FROM) (${NAME})(?: WITH GRANT OPTION)?(?: GRANTED BY (${NAME}))?$`);
/** A setting of a role in this database. */
const SETTING = new RegExp(`^(${NAME}): [^=]+=`);
/** What stands in the place of a role and is none. */
const NOT_ROLES: ReadonlySet<string> = new Set(['', 'PUBLIC', 'public', 'OWNER', 'CURRENT_USER']);

/** Names of roles, unquoted and sorted. */
export function rolesOf(catalog: Catalog): string[] {
  const roles = new Set<string>();
  const add = (name: string | undefined): void => {
    if (name !== undefined && !NOT_ROLES.has(name)) roles.add(unquote(name));
  };
  for (const object of catalog.objects.values()) {
    add(ownedByIdentity(object));
    for (const [name, value] of Object.entries(object.properties)) gather(name, value as Json, add);
  }
  return [...roles].sort();
}

function gather(property: string, value: Json, add: (name: string | undefined) => void): void {
  if (property === 'owner' && typeof value === 'string') add(value);
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) {
      if (typeof item !== 'string') continue;
      if (property === 'roles') add(item);
      if (property === 'settings') add(SETTING.exec(item)?.[1]);
      if (!/^grants$|privileges$/i.test(property)) continue;
      for (const name of (ITEM.exec(item) ?? RECEIVER.exec(item) ?? []).slice(1)) add(name);
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) gather(name, inner, add);
  }
}

/** Default privileges and user mappings are told apart by the role. */
function ownedByIdentity({ kind, identity }: CatalogObject): string | undefined {
  if (kind === 'default privileges') return new RegExp(`^(${NAME}) (?:in|on) `).exec(identity)?.[1];
  if (kind === 'user mapping') return new RegExp(`^FOR (${NAME}) SERVER `).exec(identity)?.[1];
  return undefined;
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
