/** What is there under another name is renamed, and what lies parked comes back. */

import { quoteIdent } from '../../sql/quote.ts';
import type { CatalogObject, ObjectKey, RenderedStatement } from '../model.ts';
import { slots } from './collisions.ts';
import { rendered } from './graph.ts';
import type { Impact } from './impact.ts';
import { formatName, keyOf, nameOf } from './names.ts';
import { rendererOf } from './registry.ts';
import { nameSlot, type Renaming, renameSteps } from './renames.ts';
import type { Scene } from './scene.ts';

/**
 * `away`: types that stepped aside for a new body, by their key in `from`, under the names that they have then.
 * `made`: schemas that were made for what comes back into them.
 */
export function moveIntoPlace(
  impact: Impact,
  scene: Scene,
): {
  readonly statements: RenderedStatement[];
  readonly away: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly made: ReadonlySet<ObjectKey>;
} {
  const away = new Map<ObjectKey, CatalogObject>();
  const made = new Set<ObjectKey>();
  if (scene.renamings.length + impact.swapped.size + scene.matching.unparked.length === 0) {
    return { statements: [], away, made };
  }
  const survives = (object: CatalogObject): boolean =>
    !impact.dropped.has(keyOf(object.kind, object.identity));
  const occupied = new Set<string>();
  for (const object of scene.from.objects.values()) {
    if (survives(object)) for (const slot of slots(object)) occupied.add(slot);
  }
  const early: Renaming[] = [];
  let number = 0;
  for (const key of impact.swapped) {
    const object = scene.from.objects.get(key);
    if (object === undefined) continue;
    const { path, suffix } = nameOf(object);
    let after: CatalogObject;
    // Its schema may be renamed before it steps aside.
    const schema = scene.becomes.get(keyOf('schema', formatName({ path: path.slice(0, 1), suffix: '' })));
    const place = schema === undefined ? path.slice(0, -1) : nameOf(schema).path;
    do {
      const name = { path: [...place, `ferrata_old_${++number}`], suffix };
      after = underName(object, formatName(name));
    } while (occupied.has(nameSlot(after)));
    early.push({ before: object, after });
    away.set(key, after);
  }
  const late: Renaming[] = [];
  for (const renaming of scene.renamings) {
    const key = keyOf(renaming.before.kind, renaming.before.identity);
    if (scene.matching.returning.has(renaming.before)) late.push(renaming);
    else if (survives(renaming.before) && !impact.swapped.has(key)) early.push(renaming);
  }
  for (const { before } of early) for (const slot of slots(before)) occupied.delete(slot);
  const statements: RenderedStatement[] = [];
  const add = (object: ObjectKey, sql: readonly string[]): void => {
    statements.push(...rendered({ object, drafts: sql.map((one) => ({ sql: one })) }, 'before-data'));
  };
  const first = renameSteps(early, occupied, scene);
  for (const [key, gone] of away) {
    const before = scene.from.objects.get(key);
    const drafts =
      before === undefined
        ? []
        : (rendererOf(before.kind).aside?.(before, scene.becomes.get(key), gone.identity, scene) ?? []);
    add(key, drafts);
  }
  for (const step of first.steps) add(step.object, [step.sql]);
  for (const parked of scene.matching.unparked) {
    const home = keyOf('schema', quoteIdent(parked.memo.schema));
    const schema = scene.to.objects.get(home);
    if (schema !== undefined && scene.isCreated(home) && !made.has(home)) {
      made.add(home);
      const parts = scene.attempt(home, () => rendererOf('schema').create(schema, scene)) ?? [];
      for (const { drafts } of parts) statements.push(...rendered({ object: home, drafts }, 'before-data'));
    }
    add(
      parked.root,
      parked.unpark.map((sql) => unparkAfter(sql, early)),
    );
  }
  const second = renameSteps(late, occupied, scene);
  for (const step of second.steps) add(step.object, [step.sql]);
  for (const { object, reason } of [...first.failed, ...second.failed]) scene.refuse(object, reason);
  return { statements, away, made };
}

/** The object under another name, in the SQL that drops it, too. */
function underName(object: CatalogObject, identity: string): CatalogObject {
  const { drop } = object.properties;
  if (typeof drop !== 'string') return { ...object, identity };
  const properties = { ...object.properties, drop: drop.replace(object.identity, () => identity) };
  return { ...object, identity, properties };
}

/** The statement that unparks, after the schema or table that it names was renamed. */
function unparkAfter(sql: string, renamings: readonly Renaming[]): string {
  const end = sql.startsWith('COMMENT ON ') ? sql.indexOf(' IS ') : sql.length;
  let head = sql.slice(0, end);
  const pattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  for (const { before, after } of renamings) {
    if (before.kind === 'table') {
      head = head.replace(
        new RegExp(`(?<![\\w$".])${pattern(before.identity)}(?![\\w$"])`, 'g'),
        () => after.identity,
      );
    } else if (before.kind === 'schema') {
      const name = pattern(before.identity);
      head = head
        .replace(new RegExp(`(?<![\\w$".])${name}(?=\\.)`, 'g'), () => after.identity)
        .replace(new RegExp(` SET SCHEMA ${name}$`), () => ` SET SCHEMA ${after.identity}`);
    }
  }
  return head + sql.slice(end);
}
