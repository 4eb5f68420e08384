/**
 * What two major versions of PostgreSQL keep or print in another way, although nobody changed the schema. Comparing
 * catalogs of two majors, both values pass through here first.
 */
import { parse, print } from './deparsed.ts';
import type { CatalogObject, Json } from './model.ts';

/** `value` of a property, without what the older of the two majors cannot have or prints otherwise. */
export function sharedValue(
  kind: CatalogObject['kind'],
  property: string,
  value: Json,
  olderMajor: number,
): Json {
  switch (property) {
    // MAINTAIN came with 17, and with it into every owner's privileges.
    case 'privileges':
    case 'grants':
      return olderMajor < 17 ? withoutMaintain(value) : value;
    // NOT NULL constraints have names and comments since 18.
    case 'notNullName':
    case 'notNullComment':
      return olderMajor < 18 ? null : value;
    // Sequences can be unlogged since 15; before, those of an unlogged table are logged.
    case 'persistence':
      return olderMajor < 15 && kind === 'sequence' ? null : value;
    case 'identitySequence':
      return olderMajor < 15 ? withoutPersistence(value) : value;
    // Each major brings versions of its own, and has no others.
    case 'version':
      return kind === 'extension' ? null : value;
    // Since 16 a query over one relation is printed without the relation's name before each column.
    case 'definition':
      return olderMajor < 16 && (kind === 'view' || kind === 'materialized view') && typeof value === 'string'
        ? unqualified(value)
        : value;
    default:
      return value;
  }
}

/** Why a difference between two majors is PostgreSQL's own doing, where it counts nevertheless; else null. */
export function majorsNote(
  kind: CatalogObject['kind'],
  identity: string,
  property: string,
  olderMajor: number,
  newerMajor: number,
): string | null {
  const isPublic = kind === 'schema' && identity === 'public';
  if (
    isPublic &&
    (property === 'owner' || property === 'privileges') &&
    olderMajor < 15 &&
    newerMajor >= 15
  ) {
    return 'a new database of PostgreSQL 15 or later gives public to pg_database_owner, and only its owner may create there';
  }
  return null;
}

function withoutMaintain(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return (value as readonly Json[]).filter(
    (item) => typeof item !== 'string' || !/=MAINTAIN\*?\//.test(item),
  );
}

function withoutPersistence(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { persistence: _, ...rest } = value as { readonly [key: string]: Json };
  return rest;
}

type Nodes = NonNullable<ReturnType<typeof parse>>;

const CLAUSES = new Set(['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR']);
const SET_OPERATIONS = new Set(['UNION', 'INTERSECT', 'EXCEPT']);

/** A view's query as 16 and later print it: over one relation, its columns stand without the relation's name. */
export function unqualified(definition: string): string {
  const nodes = parse(definition);
  if (nodes === null || nodes.some((node) => typeof node === 'string' && SET_OPERATIONS.has(node))) {
    return definition;
  }
  const name = onlyRelation(nodes);
  return name === null ? definition : print(withoutQualifier(nodes, name));
}

/** What the columns of the one item of the top-level FROM are qualified with; null where there are more. */
function onlyRelation(nodes: Nodes): string | null {
  const from = nodes.indexOf('FROM');
  if (from === -1) return null;
  const rest = nodes.slice(from + 1);
  const length = rest.findIndex((node) => node === ';' || (typeof node === 'string' && CLAUSES.has(node)));
  const item = length === -1 ? rest : rest.slice(0, length);
  if (item.includes(',')) return null;
  const words = item.filter((node) => typeof node === 'string' && node.trim() !== '' && node !== 'ONLY');
  const as = words.indexOf('AS');
  // `f(x) name(column)`, `( SELECT …) name`, `schema.table name`, `schema.table`.
  const name = as === -1 ? words.at(-1) : words[as + 1];
  return typeof name === 'string' && /^["\w$\u0080-\uffff]/.test(name) ? name : null;
}

function withoutQualifier(nodes: Nodes, name: string): Nodes {
  const result: (string | Nodes[number])[] = [];
  let inFrom = false;
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index];
    if (node === undefined) continue;
    if (typeof node !== 'string') {
      const isQuery = node.items.some((item) => item === 'SELECT' || item === 'VALUES');
      result.push(isQuery || inFrom ? node : { open: node.open, items: withoutQualifier(node.items, name) });
      continue;
    }
    if (node === 'FROM') inFrom = true;
    else if (CLAUSES.has(node)) inFrom = false;
    const qualifies = !inFrom && node === name && nodes[index + 1] === '.' && nodes[index - 1] !== '.';
    if (qualifies) index++;
    else result.push(node);
  }
  return result;
}
