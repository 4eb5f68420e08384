/** Reads the text forms in which the server sends values: arrays, booleans, access control lists. */
import { quoteIdent } from '../sql/quote.ts';

export type Text = string | null;
/** One row as `Connection.script` gives it. */
export type TextRow = readonly Text[];

/** The value of a column that cannot be NULL. */
export function text(value: Text | undefined): string {
  return value ?? '';
}

/** `t` or `f`. */
export function bool(value: Text | undefined): boolean {
  return value === 't' || value === 'true';
}

const NOTHING: readonly string[] = Object.freeze([]);

/** A one-dimensional array in its text form, e.g. `{a,"b c"}` (manual, 8.15.6); NULL is empty. */
export function array(value: Text | undefined): readonly string[] {
  if (value === null || value === undefined || value === '{}') return NOTHING;
  const items: string[] = [];
  let item = '';
  let quoted = false;
  for (let index = 1; index < value.length; index++) {
    const char = value[index];
    if (quoted) {
      if (char === '\\') item += value[++index] ?? '';
      else if (char === '"') quoted = false;
      else item += char;
    } else if (char === '"') quoted = true;
    else if (char === ',' || (char === '}' && index === value.length - 1)) {
      items.push(item);
      item = '';
    } else if (char === '\\') item += value[++index] ?? '';
    else item += char;
  }
  return items;
}

/** An array whose order means nothing, e.g. `reloptions`. */
export function set(value: Text | undefined): readonly string[] {
  const items = array(value);
  return items.length < 2 ? items : [...items].sort();
}

/** The letters of `aclitem` (manual, table 5.1). */
const PRIVILEGES: Readonly<Record<string, string>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  m: 'MAINTAIN',
  U: 'USAGE',
  C: 'CREATE',
  c: 'CONNECT',
  T: 'TEMPORARY',
  X: 'EXECUTE',
  s: 'SET',
  A: 'ALTER SYSTEM',
};

/** What an ACL belongs to, in the letters of `acldefault`; `c` (columns) has no default privileges. */
export type AclKind = 'r' | 's' | 'f' | 'T' | 'n' | 'l' | 'F' | 'S' | 'd' | 'c';

/** What owner and PUBLIC have while the ACL is NULL: `acldefault` in the server's utils/adt/acl.c. */
function defaults(kind: AclKind, major: number): { owner: string; everyone: string } {
  switch (kind) {
    case 'r':
      return { owner: major >= 17 ? 'arwdDxtm' : 'arwdDxt', everyone: '' };
    case 's':
      return { owner: 'rwU', everyone: '' };
    case 'f':
      return { owner: 'X', everyone: 'X' };
    case 'T':
    case 'l':
      return { owner: 'U', everyone: 'U' };
    case 'n':
      return { owner: 'UC', everyone: '' };
    case 'F':
    case 'S':
      return { owner: 'U', everyone: '' };
    case 'd':
      return { owner: 'CTc', everyone: 'Tc' };
    case 'c':
      return { owner: '', everyone: '' };
  }
}

/** One grantee's privileges as the server keeps them. `grantee` null is PUBLIC; names are unquoted. */
export interface AclItem {
  readonly grantee: string | null;
  readonly privileges: readonly { readonly name: string; readonly grantable: boolean }[];
  readonly grantor: string;
}

function roleName(item: string, start: number): { name: string; end: number } {
  if (item[start] !== '"') {
    let end = start;
    while (end < item.length && item[end] !== '=' && item[end] !== '/') end++;
    return { name: item.slice(start, end), end };
  }
  let name = '';
  let index = start + 1;
  for (; index < item.length; index++) {
    if (item[index] !== '"') name += item[index];
    else if (item[index + 1] === '"') name += item[++index];
    else break;
  }
  return { name, end: index + 1 };
}

/** The text form of `aclitem[]`, e.g. `{app=arwdDxt/app,=r/app}`. */
export function acl(value: string): AclItem[] {
  return array(value).map((item) => {
    const grantee = roleName(item, 0);
    const slash = item.indexOf('/', grantee.end);
    const letters = item.slice(grantee.end + 1, slash);
    const privileges: { name: string; grantable: boolean }[] = [];
    for (let index = 0; index < letters.length; index++) {
      const letter = letters[index] ?? '';
      const grantable = letters[index + 1] === '*';
      if (grantable) index++;
      privileges.push({ name: PRIVILEGES[letter] ?? letter, grantable });
    }
    return { grantee: grantee.name || null, privileges, grantor: roleName(item, slash + 1).name };
  });
}

/** What a NULL ACL stands for. `owner` is the owner's unquoted name. */
export function defaultAcl(kind: AclKind, owner: string, major: number): AclItem[] {
  const { owner: own, everyone } = defaults(kind, major);
  const expand = (letters: string) =>
    [...letters].map((letter) => ({ name: PRIVILEGES[letter] ?? letter, grantable: false }));
  return [
    { grantee: owner, privileges: expand(own), grantor: owner },
    { grantee: null, privileges: expand(everyone), grantor: owner },
  ];
}

/**
 * An ACL as the sorted privileges of the catalog model. NULL stands for the default privileges, which are written out,
 * so that a privilege that was revoked and granted again equals one that was never touched.
 * `owner` is the owner's unquoted name.
 */
export function privileges(value: Text, kind: AclKind, owner: string, major: number): readonly string[] {
  const items = value === null ? defaultAcl(kind, owner, major) : acl(value);
  const result: string[] = [];
  for (const item of items) {
    const grantee = item.grantee === null ? 'PUBLIC' : quoteIdent(item.grantee);
    for (const { name, grantable } of item.privileges) {
      result.push(`${grantee}=${name}${grantable ? '*' : ''}/${quoteIdent(item.grantor)}`);
    }
  }
  return result.sort();
}
