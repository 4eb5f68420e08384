/** What is in the way is taken down, under the names of `from`. */
import type { CatalogObject, ObjectKey, RenderedStatement } from '../model.ts';
import { belongings, ownerGoes } from './belongings.ts';
import { typesOf, usersOf } from './circles.ts';
import { linksOf } from './dependencies.ts';
import { letGo } from './drop-rest.ts';
import { type Operation, order } from './graph.ts';
import { grouped } from './groups.ts';
import type { Impact } from './impact.ts';
import { keyOf } from './names.ts';
import { LAST } from './ranks.ts';
import { sources } from './rebinding.ts';
import { rendererOf } from './registry.ts';
import type { Scene } from './scene.ts';

/** Under the names of `from`: what lets go of something, then what goes before anything else. */
export function takeDown(impact: Impact, scene: Scene): RenderedStatement[] {
  if (impact.dropped.size + impact.detached.size === 0) return [];
  const owned = grouped(
    [...scene.from.objects].flatMap(([key, object]) =>
      object.kind === 'sequence' ? belongings(key, object, scene) : [],
    ),
  );
  const droppedChildren = grouped(
    [...impact.dropped].flatMap((key) => {
      const parent = scene.from.objects.get(key)?.parent ?? null;
      return parent === null ? [] : [[parent, key] as const];
    }),
  );
  const operations: Operation[] = [];
  const drop = (key: ObjectKey): string => `drop ${key}`;
  for (const [key, { drafts }] of impact.detached) {
    if (impact.dropped.has(key)) continue;
    operations.push({ id: `detach ${key}`, object: key, drafts, needs: [], rank: -LAST, tightens: false });
  }
  for (const key of impact.dropped) {
    const object = impact.detached.get(key)?.left ?? scene.from.objects.get(key);
    if (object === undefined) continue;
    const renderer = rendererOf(object.kind);
    const implicit =
      object.parent !== null && impact.dropped.has(object.parent) && !holdsOthers(key, object, impact, scene);
    const taken = ownerGoes(object, impact, scene);
    const inside = [key, ...(owned.get(key) ?? [])];
    // What a type is made of goes with the type.
    const types = typesOf(key, scene.from).filter((one) => impact.dropped.has(one));
    const users =
      types.length > 0
        ? types
        : inside.flatMap((one) => usersOf(one, scene.from)).filter((one) => !letGo(one, key, impact, scene));
    // What is a child's own and inherited as well can be dropped when the parents' is gone.
    const above =
      object.properties.local === true && Number(object.properties.inheritedFrom) > 0
        ? sources(object, scene.from).map((one) => drop(keyOf(one.kind, one.identity)))
        : [];
    const needs = [...users.flatMap((one) => [drop(one), `detach ${one}`]), ...above];
    const drafts =
      implicit || taken || types.length > 0 || scene.followsType(object)
        ? []
        : (scene.attempt(key, () => renderer.drop(object, scene)) ?? []);
    // Children that a dropped parent takes along need what needs them to be gone before the parent.
    const children = implicit && object.parent !== null ? [] : (droppedChildren.get(key) ?? []).map(drop);
    operations.push({
      id: drop(key),
      object: key,
      drafts,
      needs: [...needs, ...children],
      rank: -renderer.rank,
      tightens: false,
    });
  }
  const ordering = order(operations);
  for (const operation of ordering.circle) {
    scene.refuse(operation.object, 'what needs it goes in a circle');
  }
  return [...ordering.statements];
}

/**
 * What belongs to a dropped table holds on to what it needs elsewhere until it is gone itself: a CHECK to functions, a
 * foreign key to another table's key, a rule to another table's columns.
 */
function holdsOthers(key: ObjectKey, object: CatalogObject, impact: Impact, scene: Scene): boolean {
  if (object.kind === 'column') return false;
  return linksOf(scene.from)
    .needs(key)
    .some(
      (other) =>
        impact.dropped.has(other) &&
        other !== object.parent &&
        scene.from.objects.get(other)?.parent !== object.parent,
    );
}
