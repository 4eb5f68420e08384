/** What needs an object, as the target's catalog tells, and the statements that drop it by name. */
import type {
  Catalog,
  ColumnProperties,
  FunctionProperties,
  ObjectKey,
  ObjectKind,
  TableProperties,
} from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { AssessContext } from '../context.ts';

const DIRECT = new WeakMap<Catalog, ReadonlyMap<ObjectKey, readonly ObjectKey[]>>();

/** Objects by what needs them directly. */
function needing(catalog: Catalog): ReadonlyMap<ObjectKey, readonly ObjectKey[]> {
  const known = DIRECT.get(catalog);
  if (known !== undefined) return known;
  const found = new Map<ObjectKey, ObjectKey[]>();
  for (const { from, to } of catalog.dependencies) {
    const list = found.get(to);
    if (list === undefined) found.set(to, [from]);
    else list.push(from);
  }
  DIRECT.set(catalog, found);
  return found;
}

/**
 * What CASCADE would take along, nearest first: what needs one of the objects or its parts, and what needs that, as far as
 * it is still there. Not: the parts themselves, and partitions, which go with their table in any case. Null without a
 * catalog.
 */
export function dependentsOf(
  context: AssessContext,
  roots: readonly ObjectKey[],
): readonly ObjectKey[] | null {
  const { catalog } = context;
  if (catalog === null) return null;
  const direct = needing(catalog);
  const gone = new Set<ObjectKey>();
  const found: ObjectKey[] = [];
  const queue: ObjectKey[] = [];
  const take = (key: ObjectKey): void => {
    if (gone.has(key)) return;
    gone.add(key);
    queue.push(key);
    for (const { kind, identity } of context.known.children(key)) take(`${kind} ${identity}`);
    for (const partition of partitionsOf(key, context)) take(partition);
  };
  for (const root of roots) take(root);
  for (let n = 0; n < queue.length; n++) {
    for (const key of direct.get(queue[n] as ObjectKey) ?? []) {
      if (gone.has(key) || !isThere(key, context)) continue;
      found.push(key);
      take(key);
    }
  }
  return found;
}

/** What needs the object itself, as far as it is still there; nothing without a catalog. */
export function directDependents(context: AssessContext, key: ObjectKey): readonly ObjectKey[] {
  const { catalog } = context;
  if (catalog === null) return [];
  return (needing(catalog).get(key) ?? []).filter((other) => isThere(other, context));
}

function partitionsOf(key: ObjectKey, context: AssessContext): readonly ObjectKey[] {
  if (!key.startsWith('table ')) return [];
  return context.known
    .heirs(key.slice('table '.length))
    .filter((heir) => (heir.properties as TableProperties).partitionOf !== null)
    .map((heir) => `table ${heir.identity}`);
}

/** Kinds that a script's statements change; of the others the catalog is taken at its word. */
const REPLAYED = new Set([
  'table',
  'column',
  'view',
  'materialized view',
  'sequence',
  'constraint',
  'index',
  'domain',
  'enum',
  'trigger',
  'policy',
  'rule',
]);

/** Not dropped since, and not made anew: what a new view of the same name needs, its text says. */
function isThere(key: ObjectKey, context: AssessContext): boolean {
  const { kind, identity } = taken(key);
  if (!REPLAYED.has(kind)) return true;
  return context.known.get(kind, identity)?.physical === context.catalog?.objects.get(key)?.physical;
}

/** Kinds of two words before those of one. */
const TWO_WORDS =
  /^(materialized view|base type|text search \w+|operator class|operator family|foreign data wrapper|user mapping|event trigger|access method|default privileges) /;

export function taken(key: ObjectKey): { readonly kind: ObjectKind; readonly identity: string } {
  const kind = (TWO_WORDS.exec(key)?.[1] ?? key.slice(0, key.indexOf(' '))) as ObjectKind;
  return { kind, identity: key.slice(kind.length + 1) };
}

/** `view public.v, foreign key c_fkey of public.c`: for messages. */
export function told(keys: readonly ObjectKey[]): string {
  const words = keys.slice(0, 8).map((key) => {
    const { kind, identity } = taken(key);
    if (
      kind !== 'constraint' &&
      kind !== 'column' &&
      kind !== 'policy' &&
      kind !== 'trigger' &&
      kind !== 'rule'
    )
      return key;
    const parts = splitQualified(identity);
    return `${kind} ${quoteIdent(parts.at(-1) ?? '')} of ${parts.slice(0, -1).map(quoteIdent).join('.')}`;
  });
  return keys.length > words.length
    ? `${words.join(', ')} and ${keys.length - words.length} more`
    : words.join(', ');
}

/** The statement that drops the dependent by its name, as CASCADE would for the sake of `needed`; null where none does. */
export function dropSql(key: ObjectKey, needed: ObjectKind, context: AssessContext): string | null {
  const { kind, identity } = taken(key);
  const parts = splitQualified(identity);
  const name = quoteIdent(parts.at(-1) ?? '');
  const parent = parts.slice(0, -1).map(quoteIdent).join('.');
  switch (kind) {
    case 'table':
      return `DROP TABLE ${identity}`;
    case 'view':
      return `DROP VIEW ${identity}`;
    case 'materialized view':
      return `DROP MATERIALIZED VIEW ${identity}`;
    case 'sequence':
      return `DROP SEQUENCE ${identity}`;
    case 'index':
      return `DROP INDEX ${identity}`;
    case 'constraint':
      return `ALTER TABLE ${parent} DROP CONSTRAINT ${name}`;
    case 'policy':
      return `DROP POLICY ${name} ON ${parent}`;
    case 'trigger':
      return `DROP TRIGGER ${name} ON ${parent}`;
    case 'rule':
      return `DROP RULE ${name} ON ${parent}`;
    case 'function': {
      const known = context.known.get(kind, identity)?.properties as FunctionProperties | undefined;
      return `DROP ${known?.routine === 'procedure' ? 'PROCEDURE' : 'FUNCTION'} ${identity}`;
    }
    case 'column': {
      const known = context.known.get(kind, identity)?.properties as ColumnProperties | undefined;
      // A default goes; the column stays.
      if (known?.generated === null && (needed === 'sequence' || needed === 'function')) {
        return `ALTER TABLE ${parent} ALTER COLUMN ${name} DROP DEFAULT`;
      }
      return `ALTER TABLE ${parent} DROP COLUMN ${name}`;
    }
    default:
      return null;
  }
}
