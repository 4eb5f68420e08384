/** Extended statistics (manual, CREATE STATISTICS): a definition, and a target that ALTER STATISTICS sets. */
import type { CatalogObject } from '../../model.ts';
import type { KindRenderer, RenderContext } from '../context.ts';
import { part } from '../context.ts';
import { RANK } from '../ranks.ts';
import { definitionKind } from './definition.ts';

const plain = definitionKind('statistics', RANK.statistics);

function withoutTarget(object: CatalogObject): CatalogObject {
  const { statisticsTarget: _, ...properties } = object.properties;
  return { ...object, properties };
}

/** Columns stand in the order of their names, which renames change: `before` with them in the order of `after`. */
function inOrderOf(before: CatalogObject, after: CatalogObject, context: RenderContext): CatalogObject {
  const [had, wanted] = [before, after].map((one) => String(one.properties.definition).match(LISTED));
  if (had == null || wanted == null) return before;
  const columns = (had[2] ?? '').split(', ');
  const sorted = (wanted[2] ?? '')
    .split(', ')
    .flatMap((name) => columns.find((one) => context.same(one, name)) ?? []);
  if (new Set(sorted).size !== columns.length) return before;
  const definition = `${had[1]}${sorted.join(', ')}${had[3]}`;
  return { ...before, properties: { ...before.properties, definition } };
}

const LISTED = /^(.*? ON )([^()]*)( FROM .*)$/s;

function target(object: CatalogObject): string {
  return String(object.properties.statisticsTarget ?? -1);
}

function setTarget(before: string, after: CatalogObject) {
  if (before === target(after)) return [];
  return part('target', [`ALTER STATISTICS ${after.identity} SET STATISTICS ${target(after)}`], {
    uses: () => false,
  });
}

export const statistics: KindRenderer = {
  ...plain,
  create: (object, context) => [...plain.create(object, context), ...setTarget('-1', object)],
  alter(before, after, context) {
    const had = inOrderOf(withoutTarget(before), after, context);
    const answer = plain.alter(had, withoutTarget(after), context);
    if (answer === 'rebuild' || answer === 'swap') return answer;
    return [...answer, ...setTarget(target(before), after)];
  },
};
