/** Storage parameters and OPTIONS (…) lists: `name=value` items to SQL and the changes between two lists. */
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';

function split(item: string): [string, string] {
  const at = item.indexOf('=');
  return at === -1 ? [item, ''] : [item.slice(0, at), item.slice(at + 1)];
}

/** `fillfactor='70', toast.autovacuum_enabled='false'`; a prefix stands before each name. */
export function parameterList(items: readonly string[], prefix = ''): string {
  return items
    .map((item) => {
      const [name, value] = split(item);
      return `${prefix}${name.split('.').map(quoteIdent).join('.')}=${quoteLiteral(value)}`;
    })
    .join(', ');
}

/** `ALTER … SET (…)` and `RESET (…)` behind `alter`. */
export function parameterChanges(
  alter: string,
  before: readonly string[],
  after: readonly string[],
  prefix = '',
): string[] {
  const names = new Set(after.map((item) => split(item)[0]));
  const gone = before.map((item) => split(item)[0]).filter((name) => !names.has(name));
  const fresh = after.filter((item) => !before.includes(item));
  const statements: string[] = [];
  if (gone.length > 0) {
    statements.push(`${alter} RESET (${gone.map((name) => `${prefix}${quoteIdent(name)}`).join(', ')})`);
  }
  if (fresh.length > 0) statements.push(`${alter} SET (${parameterList(fresh, prefix)})`);
  return statements;
}

/** ` OPTIONS (name 'value')` of foreign things, empty for none. */
export function foreignOptionList(items: readonly string[]): string {
  if (items.length === 0) return '';
  const list = items.map((item) => {
    const [name, value] = split(item);
    return `${quoteIdent(name)} ${quoteLiteral(value)}`;
  });
  return ` OPTIONS (${list.join(', ')})`;
}

export function foreignOptionChanges(
  alter: string,
  before: readonly string[],
  after: readonly string[],
): string[] {
  const had = new Map(before.map(split));
  const wanted = new Map(after.map(split));
  const changes: string[] = [];
  for (const name of had.keys()) if (!wanted.has(name)) changes.push(`DROP ${quoteIdent(name)}`);
  for (const [name, value] of wanted) {
    if (had.get(name) === value) continue;
    changes.push(`${had.has(name) ? 'SET' : 'ADD'} ${quoteIdent(name)} ${quoteLiteral(value)}`);
  }
  return changes.length === 0 ? [] : [`${alter} OPTIONS (${changes.join(', ')})`];
}
