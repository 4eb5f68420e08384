/**
 * RENAME and SET SCHEMA for objects that are there under another name. Where a name is still taken by somebody who is
 * to be renamed himself, the circle (a ↔ b) goes by way of a free name.
 */
import { quoteIdent } from '../../sql/quote.ts';
import type { CatalogObject, ObjectKey, ObjectKind } from '../model.ts';
import { CannotRender, type RenderContext } from './context.ts';
import { formatName, keyOf, type Name, nameOf } from './names.ts';
import { rendererOf } from './registry.ts';
import type { RenamedWords } from './tokens.ts';
import { isOfType } from './typed-tables.ts';

export interface Renaming {
  /** As it is in `from`. */
  readonly before: CatalogObject;
  /** As it is to be; for a type that moves out of the way the old object under a free name. */
  readonly after: CatalogObject;
}

export interface RenameStep {
  readonly object: ObjectKey;
  readonly sql: string;
}

/** Containers first: what lies in a schema or table is then renamed under the container's new name. */
const DEPTH: Partial<Record<ObjectKind, number>> = {
  schema: 0,
  column: 2,
  constraint: 2,
  trigger: 2,
  policy: 2,
  rule: 2,
};
const TYPES_FIRST: Partial<Record<ObjectKind, number>> = { function: 1.5, aggregate: 1.5 };

/** A key's name is its index's: renamed as an index, among the names of its schema, the constraint follows. */
function isKey(object: CatalogObject): boolean {
  return object.kind === 'constraint' && INDEXED.has(String(object.properties.type));
}

const INDEXED: ReadonlySet<string> = new Set(['unique', 'primary', 'exclusion']);

function ofIndex({ before, after }: Renaming): Renaming {
  const index = (key: CatalogObject): CatalogObject => {
    const { path } = nameOf(key);
    const identity = formatName({ path: [path[0] ?? '', local(path)], suffix: '' });
    return { ...key, kind: 'index', identity };
  };
  return { before: index(before), after: index(after) };
}

function depth(object: CatalogObject): number {
  if (isKey(object)) return 1;
  return DEPTH[object.kind] ?? TYPES_FIRST[object.kind] ?? 1;
}

/** Objects whose names must be unique together, at one place. */
function namespace(object: CatalogObject, path: readonly string[]): string {
  const container = JSON.stringify(path.slice(0, -1));
  switch (object.kind) {
    case 'table':
    case 'view':
    case 'materialized view':
    case 'sequence':
    case 'index':
    case 'composite':
    case 'enum':
    case 'domain':
    case 'range':
    case 'base type':
      return `relation ${container}`;
    case 'function':
    case 'aggregate':
      return `routine ${container} ${nameOf(object).suffix}`;
    case 'operator':
    case 'operator class':
    case 'operator family':
      return `${object.kind} ${container} ${nameOf(object).suffix}`;
    default:
      return `${object.kind} ${container}`;
  }
}

interface Mover {
  readonly renaming: Renaming;
  /** Where it is not the renaming's own. */
  readonly object?: ObjectKey;
  path: readonly string[];
  readonly goal: readonly string[];
}

function local(path: readonly string[]): string {
  return path.at(-1) ?? '';
}

/** `occupied` are names (as `nameSlot` gives them) held by objects that keep theirs. */
export function renameSteps(
  renamings: readonly Renaming[],
  occupied: ReadonlySet<string>,
  context: RenderContext,
): {
  readonly steps: RenameStep[];
  readonly failed: { readonly object: ObjectKey; readonly reason: string }[];
} {
  const steps: RenameStep[] = [];
  const failed: { object: ObjectKey; reason: string }[] = [];
  const schemas = new Map<string, string>();
  const containers = new Map<ObjectKey, readonly string[]>();
  for (const level of [0, 1, 1.5, 2]) {
    const movers: Mover[] = [];
    for (const original of renamings.filter((one) => depth(one.before) === level)) {
      if (followsParent(original.before, renamings, context)) continue;
      if (isNamedByOthers(original.before)) continue;
      const renaming = isKey(original.before) ? ofIndex(original) : original;
      const { before, after } = renaming;
      const goal = nameOf(after).path;
      let path = nameOf(before).path;
      if (level !== 0) {
        path = [schemas.get(path[0] ?? '') ?? path[0] ?? '', ...path.slice(1)];
        // What belongs to a table moved along with it.
        const container =
          before.parent === null || before.kind === 'statistics' ? undefined : containers.get(before.parent);
        if (before.kind === 'index' || (before.kind === 'sequence' && isOwned(renaming))) {
          path = [goal[0] ?? '', local(path)];
        } else if (container !== undefined) path = [...container, local(path)];
      }
      const object = keyOf(original.after.kind, original.after.identity);
      movers.push({ renaming, path, goal, object });
    }
    const taken = new Set(occupied);
    for (const mover of movers) taken.add(slot(mover.renaming.before, mover.path));
    move(movers, taken, steps, failed, context);
    rename(movers, occupied, steps, failed, context);
    for (const mover of movers) {
      if (level === 0) schemas.set(local(nameOf(mover.renaming.before).path), local(mover.goal));
      containers.set(keyOf(mover.renaming.before.kind, mover.renaming.before.identity), mover.goal);
    }
  }
  return { steps, failed };
}

/** A cast, a transform, a user mapping have no names of their own: they are called by what they are about. */
function isNamedByOthers({ kind }: CatalogObject): boolean {
  const { rename, move } = rendererOf(kind);
  return rename === undefined && move === undefined;
}

/** Renaming a column, a CHECK or a trigger of a parent renames those that its children inherited. */
function followsParent(
  object: CatalogObject,
  renamings: readonly Renaming[],
  context: RenderContext,
): boolean {
  if (isOfType(object, context.from) && !context.typeIsRemade(object)) return true;
  const { major } = context;
  const { properties } = object;
  const inherited =
    object.kind === 'column'
      ? Number(properties.inheritedFrom) > 0
      : object.kind === 'constraint'
        ? properties.type === 'check' && Number(properties.inheritedFrom) > 0
        : object.kind === 'trigger' && properties.inherited === true && major >= 15;
  if (!inherited) return false;
  const table = context.later(object.parent ?? '');
  if (table !== undefined && context.rebinding(keyOf('table', table.identity)) !== undefined) return false;
  const name = local(nameOf(object).path);
  return renamings.some(
    ({ before, after }) =>
      before.kind === object.kind &&
      before.parent !== object.parent &&
      local(nameOf(before).path) === name &&
      local(nameOf(after).path) !== name,
  );
}

function isOwned({ before, after }: Renaming): boolean {
  return before.properties.ownedBy !== null && after.properties.ownedBy !== null;
}

function currentIdentity(mover: Mover): string {
  const name: Name = { ...nameOf(mover.renaming.after), path: mover.path };
  return formatName(name);
}

/**
 * SET SCHEMA, under the old name, or, where that is taken there, under one that nobody has; relations before what they
 * own.
 */
function move(
  movers: readonly Mover[],
  taken: Set<string>,
  steps: RenameStep[],
  failed: { object: ObjectKey; reason: string }[],
  context: RenderContext,
): void {
  let temporary = 0;
  for (const mover of movers) {
    const { before, after } = mover.renaming;
    if (mover.path.length < 2 || mover.goal.length !== mover.path.length) continue;
    if (mover.path[0] === mover.goal[0] || (before.parent !== null && before.kind !== 'statistics')) continue;
    const renderer = rendererOf(before.kind);
    if (renderer.move === undefined) {
      failed.push({ object: keyOf(after.kind, after.identity), reason: 'its schema cannot be changed' });
      continue;
    }
    const object = mover.object ?? keyOf(after.kind, after.identity);
    taken.delete(slot(before, mover.path));
    const there = (name: string): readonly string[] => [
      mover.goal[0] ?? '',
      ...mover.path.slice(1, -1),
      name,
    ];
    if (taken.has(slot(before, there(local(mover.path)))) && renderer.rename !== undefined) {
      let name = '';
      do name = `ferrata_move_${++temporary}`;
      while (taken.has(slot(before, there(name))));
      const sql = renderer.rename(before, currentIdentity(mover), quoteIdent(name), context);
      steps.push({ object, sql });
      mover.path = [...mover.path.slice(0, -1), name];
    }
    steps.push({
      object,
      sql: renderer.move(before, currentIdentity(mover), quoteIdent(mover.goal[0] ?? '')),
    });
    mover.path = [mover.goal[0] ?? '', ...mover.path.slice(1)];
    taken.add(slot(before, mover.path));
  }
}

function rename(
  movers: readonly Mover[],
  occupied: ReadonlySet<string>,
  steps: RenameStep[],
  failed: { object: ObjectKey; reason: string }[],
  context: RenderContext,
): void {
  let waiting = movers.filter((mover) => local(mover.path) !== local(mover.goal));
  const taken = new Set(occupied);
  for (const mover of waiting) taken.add(slot(mover.renaming.before, mover.path));
  let temporary = 0;
  const step = (mover: Mover, name: string): void => {
    const { before, after } = mover.renaming;
    const renderer = rendererOf(before.kind);
    if (renderer.rename === undefined) throw new CannotRender('it cannot be renamed');
    const sql = renderer.rename(before, currentIdentity(mover), quoteIdent(name), context);
    steps.push({ object: mover.object ?? keyOf(after.kind, after.identity), sql });
    taken.delete(slot(before, mover.path));
    mover.path = [...mover.path.slice(0, -1), name];
    taken.add(slot(before, mover.path));
  };
  while (waiting.length > 0) {
    const free = waiting.find((mover) => !taken.has(slot(mover.renaming.before, mover.goal)));
    const next = free ?? waiting[0];
    if (next === undefined) break;
    try {
      if (free === undefined) {
        let name = '';
        do name = `ferrata_rename_${++temporary}`;
        while (taken.has(slot(next.renaming.before, [...next.path.slice(0, -1), name])));
        if (temporary > movers.length * 2 + 100) throw new CannotRender('its name is taken');
        step(next, name);
        continue;
      }
      step(next, local(next.goal));
      waiting = waiting.filter((mover) => mover !== next);
    } catch (error) {
      if (!(error instanceof CannotRender)) throw error;
      const { after } = next.renaming;
      failed.push({ object: keyOf(after.kind, after.identity), reason: error.message });
      waiting = waiting.filter((mover) => mover !== next);
    }
  }
}

function slot(object: CatalogObject, path: readonly string[]): string {
  return `${namespace(object, path)} ${local(path)}`;
}

/** The place that an object's name takes; two objects of one slot cannot be there at once. */
export function nameSlot(object: CatalogObject): string {
  return slot(object, nameOf(object).path);
}

/** Words that change in SQL text as names change. */
export function renamedWords(renamings: readonly Renaming[]): RenamedWords {
  const words = new Map<string, Set<string>>();
  for (const { before, after } of renamings) {
    const old = nameOf(before).path;
    const fresh = nameOf(after).path;
    for (const [index, part] of old.entries()) {
      const other = fresh[index];
      if (other === undefined || other === part) continue;
      const key = quoteIdent(part);
      const known = words.get(key) ?? new Set();
      known.add(quoteIdent(other));
      words.set(key, known);
    }
  }
  return words;
}
