/** What `to` lacks is dropped, when nothing needs it any more. */
import type { CatalogObject, ObjectKey } from '../model.ts';
import { belongings, ownerGoes } from './belongings.ts';
import { typesOf, usersOf } from './circles.ts';
import { partId } from './context.ts';
import type { Operation } from './graph.ts';
import { grouped } from './groups.ts';
import type { Impact } from './impact.ts';
import { keyOf } from './names.ts';
import { LAST } from './ranks.ts';
import { rendererOf } from './registry.ts';
import { afterRenames } from './relocated.ts';
import type { Scene } from './scene.ts';

/** Parts of an object after which it no longer needs what goes. */
const PARTS = ['make', 'default', 'not null', 'identity', 'attach', 'inherit', 'own', 'owned', 'of', 'marks'];

/** Whether what goes itself has let go of the function already. */
export function letGo(user: ObjectKey, routine: ObjectKey, impact: Impact, scene: Scene): boolean {
  return routine.startsWith('function ') && impact.detached.has(user) && !scene.becomes.has(user);
}

/** What `to` lacks, and types that moved out of the way: dropped when nothing needs them any more. */
export function dropRest(
  impact: Impact,
  away: ReadonlyMap<ObjectKey, CatalogObject>,
  scene: Scene,
): Operation[] {
  const gone = scene.matching.gone.filter(
    (object) =>
      !scene.matching.returning.has(object) &&
      !impact.dropped.has(keyOf(object.kind, object.identity)) &&
      (object.parent === null || scene.becomes.has(object.parent)),
  );
  if (gone.length + away.size === 0) return [];
  const goes = new Set([...gone.map((one) => keyOf(one.kind, one.identity)), ...away.keys()]);
  const children = grouped(
    [...scene.from.objects].flatMap(([key, object]) => belongings(key, object, scene)),
  );
  const operations: Operation[] = [];
  const add = (key: ObjectKey, object: CatalogObject): void => {
    const inside = [key, ...(children.get(key) ?? [])].filter((one) => !impact.dropped.has(one));
    const types = typesOf(key, scene.from).filter((one) => goes.has(one));
    const around =
      types.length > 0
        ? types
        : inside
            .flatMap((one) => usersOf(one, scene.from))
            .filter((one) => !inside.includes(one) && !letGo(one, key, impact, scene));
    const needs = around.flatMap((one) => {
      const after = scene.becomes.get(one);
      if (after === undefined) {
        const parent = scene.from.objects.get(one)?.parent;
        if (impact.dropped.has(one)) return [];
        return [`drop ${one}`, ...(parent == null ? [] : [`drop ${parent}`])];
      }
      const afterKey = keyOf(after.kind, after.identity);
      return [
        `drop ${one}`,
        ...PARTS.map((name) => partId(name, afterKey)),
        ...(after.parent === null ? [] : [partId('make', after.parent)]),
      ];
    });
    const drafts =
      ownerGoes(object, impact, scene) ||
      object.identity === '' ||
      types.length > 0 ||
      scene.followsType(scene.from.objects.get(key) ?? object)
        ? []
        : (scene.attempt(key, () => rendererOf(object.kind).drop(object, scene)) ?? []);
    operations.push({
      id: `drop ${key}`,
      object: key,
      drafts,
      needs: needs.filter((id) => id !== `drop ${key}`),
      rank: LAST - rendererOf(object.kind).rank,
      tightens: false,
    });
  };
  for (const object of gone) add(keyOf(object.kind, object.identity), afterRenames(object, scene));
  for (const [key, object] of away) add(key, object);
  // Schemas and extensions hold what is dropped before them, whether or not `pg_depend` says so.
  const contents = operations
    .filter((one) => !/^drop (?:schema|extension) /.test(one.id))
    .map((one) => one.id);
  return operations.map((one) =>
    one.id.startsWith('drop schema ') ? { ...one, needs: [...one.needs, ...contents] } : one,
  );
}
