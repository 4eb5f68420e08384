/** What is new is made and what differs is altered, each after what it needs. */
import type { CatalogObject, ColumnProperties, ObjectKey } from '../model.ts';
import { CannotRender, type Part, partId, propertiesOf } from './context.ts';
import type { Operation } from './graph.ts';
import type { Impact } from './impact.ts';
import { formatName, keyOf, nameOf } from './names.ts';
import { refuseByPosition } from './positions.ts';
import { RANK } from './ranks.ts';
import { rareChanges, refuseUnwritten } from './rare.ts';
import { rendererOf } from './registry.ts';
import type { Scene } from './scene.ts';
import { isOfType } from './typed-tables.ts';

/**
 * One operation per part of an object's way; what cannot be rendered is refused. What stays as it is has operations only
 * where another waits for them: they pass on what they wait for themselves.
 */
export function build(
  impact: Impact,
  scene: Scene,
  /** Schemas that were made before what lies parked came back into them. */
  homes: ReadonlySet<ObjectKey> = new Set(),
): Operation[] {
  const operations: Operation[] = [];
  const unchanged = new Set<ObjectKey>();
  for (const key of scene.to.objects.keys()) {
    if (homes.has(key)) continue;
    if (scene.isUnchanged(key) && !impact.detached.has(key)) unchanged.add(key);
    else operations.push(...operationsOf(key, impact, scene));
  }
  for (let next = 0; next < operations.length; next++) {
    for (const id of operations[next]?.needs ?? []) {
      const key = id.startsWith('make ') ? id.slice('make '.length) : '';
      if (unchanged.delete(key)) operations.push(...operationsOf(key, impact, scene));
    }
  }
  return operations;
}

function operationsOf(key: ObjectKey, impact: Impact, scene: Scene): Operation[] {
  const object = scene.to.objects.get(key);
  if (object === undefined) return [];
  const before = scene.matching.pairs.get(key);
  const renderer = rendererOf(object.kind);
  const created = scene.isCreated(key);
  if (created && object.kind === 'column' && object.parent !== null && scene.isCreated(object.parent)) {
    // Made with its table, but for what no CREATE TABLE says.
    return rareChanges(null, object).map((one) => operationOf(key, object, one, renderer.rank, scene));
  }
  if (created && isOfType(object, scene.to) && bringsColumns(object, scene)) return [];
  const parts = scene.attempt(key, () => {
    if (created || before === undefined) {
      refuseUnwritten(null, object);
      refuseByPosition(object, scene);
      return [...renderer.create(object, scene), ...rareChanges(null, object)];
    }
    const left = impact.detached.get(keyOf(before.kind, before.identity))?.left ?? before;
    refuseUnwritten(left, object);
    if (left.properties.definition !== object.properties.definition) refuseByPosition(object, scene);
    const answer = scene.alter(left, object);
    if (answer === 'rebuild' || answer === 'swap') {
      throw new CannotRender('it came back from the attic in another shape, which cannot be altered');
    }
    const parts = [...answer, ...rareChanges(left, object)];
    return unparkedValues(parts, object, before, scene.matching.returning.has(before));
  });
  return (parts ?? []).map((part) => operationOf(key, object, part, renderer.rank, scene));
}

/** Whether the table of the column has been of a type all along, which brings the column: a new one doesn't. */
function bringsColumns(column: CatalogObject, scene: Scene): boolean {
  const table = column.parent === null ? undefined : scene.formerly(column.parent);
  if (table === undefined || typeof table.properties.ofType !== 'string') return false;
  return !scene.typeIsRemade({ ...column, parent: keyOf('table', table.identity) });
}

function operationOf(
  key: ObjectKey,
  object: CatalogObject,
  part: Part,
  rank: number,
  scene: Scene,
): Operation {
  const own = part.name === 'make' || part.early === true ? [] : made(key, scene);
  const parent = object.parent === null ? [] : made(object.parent, scene);
  const uses = part.uses ?? (() => true);
  const dependencies = scene
    .needs(key)
    .filter((other) => uses(scene.to.objects.get(other)?.kind ?? 'table', other))
    .flatMap((other) => made(other, scene));
  return {
    id: partId(part.name, key),
    object: key,
    drafts: part.drafts,
    needs: [...own, ...parent, ...dependencies, ...(part.needs ?? []).flatMap((id) => alias(id, scene))],
    rank: part.rank ?? rank,
    tightens: part.tightens ?? false,
  };
}

/** A column of a new table is made with the table. */
function made(key: ObjectKey, scene: Scene): string[] {
  return alias(partId('make', key), scene);
}

function alias(id: string, scene: Scene): string[] {
  if (!id.startsWith('make column ')) return [id];
  const parent = scene.to.objects.get(id.slice('make '.length))?.parent ?? null;
  return parent === null ? [id] : [id, ...(scene.isCreated(parent) ? [partId('make', parent)] : [])];
}

/** Rows written while a NOT NULL column lay parked have no value in it: its default fills them. */
function unparkedValues(
  parts: readonly Part[],
  object: CatalogObject,
  before: CatalogObject,
  returning: boolean,
): readonly Part[] {
  if (!returning || object.kind !== 'column') return parts;
  const wanted = propertiesOf<ColumnProperties>(object);
  const had = propertiesOf<ColumnProperties>(before);
  if (!wanted.notNull || had.notNull || wanted.default === null) return parts;
  const path = nameOf(object).path;
  const table = formatName({ path: path.slice(0, -1), suffix: '' });
  const column = formatName({ path: path.slice(-1), suffix: '' });
  const key = keyOf('column', object.identity);
  const fill: Part = {
    name: 'fill',
    drafts: [{ sql: `UPDATE ${table} SET ${column} = DEFAULT WHERE ${column} IS NULL` }],
    tightens: true,
    needs: [partId('default', key)],
    uses: () => false,
    rank: RANK.columnDefault + 0.5,
  };
  return [
    ...parts.map((part) =>
      part.name === 'not null' ? { ...part, needs: [...(part.needs ?? []), partId('fill', key)] } : part,
    ),
    fill,
  ];
}
