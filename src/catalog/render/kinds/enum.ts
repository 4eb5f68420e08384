/** Enums (manual, CREATE TYPE, ALTER TYPE). */
import { quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, EnumProperties } from '../../model.ts';
import type { Alteration, KindRenderer, RenderContext, RenderOptions } from '../context.ts';
import { equalJson, make, propertiesOf } from '../context.ts';
import { keyOf } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { renameInPlace, typeNames, typeTarget } from './type-common.ts';

/** Ids of the labels, where the reader gives them: they tell a renamed label from a new one. */
function labelIds(object: CatalogObject): readonly string[] | null {
  const ids = object.extra?.labelIds;
  return Array.isArray(ids) ? ids.map(String) : null;
}

/** Labels of `before` with the names that they have in `after`, where the database knows them to be the same. */
export function renamedLabels(
  before: CatalogObject,
  after: CatalogObject,
  options: RenderOptions,
): [from: string, to: string][] {
  if (!options.sameDatabase || before.physical !== after.physical) return [];
  const { labels } = propertiesOf<EnumProperties>(before);
  const wanted = propertiesOf<EnumProperties>(after).labels;
  const ids = labelIds(before);
  const wantedIds = labelIds(after);
  const renames: [string, string][] = [];
  for (const [index, old] of labels.entries()) {
    // Without ids: labels of one type never go and never change their order, so what differs was renamed.
    const at = ids === null || wantedIds === null ? index : wantedIds.indexOf(ids[index] ?? '');
    const name = at === -1 || (ids === null && labels.length !== wanted.length) ? undefined : wanted[at];
    if (name !== undefined && name !== old) renames.push([old, name]);
  }
  return renames;
}

function renameValues(
  type: string,
  labels: readonly string[],
  renames: readonly [string, string][],
): string[] {
  return renameInPlace(
    labels,
    renames,
    (from, to) => `ALTER TYPE ${type} RENAME VALUE ${quoteLiteral(from)} TO ${quoteLiteral(to)}`,
  );
}

/** Whether something of `to` uses the label in an expression: then it must be usable in this very transaction. */
function isUsed(object: CatalogObject, label: string, context: RenderContext): boolean {
  const literal = quoteLiteral(label).slice(1, -1);
  return context.neededBy(keyOf('enum', object.identity)).some((key) => {
    const other = context.to.objects.get(key);
    return other !== undefined && JSON.stringify(other.properties).includes(literal);
  });
}

function alter(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration {
  const had = propertiesOf<EnumProperties>(before);
  const wanted = propertiesOf<EnumProperties>(after);
  const type = `ALTER TYPE ${after.identity}`;
  const renames = renamedLabels(before, after, context.options);
  const names = new Map(renames);
  const kept = new Set(renames.map(([, to]) => to));
  // A label whose name is another's from now on is not the one that is wanted.
  const labels = had.labels.map((label) => names.get(label) ?? (kept.has(label) ? null : label));
  const goes = labels.some((label) => label === null || !wanted.labels.includes(label));
  const inOrder = equalJson(
    labels,
    wanted.labels.filter((label) => labels.includes(label)),
  );
  if (goes || !inOrder) return 'swap';
  const fresh = wanted.labels.filter((label) => !labels.includes(label));
  // A value that ADD VALUE made cannot be used before COMMIT (manual, ALTER TYPE, Notes).
  if (fresh.length > 0 && context.options.sameDatabase) return 'swap';
  if (fresh.some((label) => isUsed(after, label, context))) return 'swap';
  const drafts = renameValues(after.identity, had.labels, renames);
  for (const [index, label] of wanted.labels.entries()) {
    if (labels.includes(label)) continue;
    const previous = wanted.labels[index - 1];
    const first = labels[0];
    const place =
      previous !== undefined
        ? ` AFTER ${quoteLiteral(previous)}`
        : typeof first === 'string'
          ? ` BEFORE ${quoteLiteral(first)}`
          : '';
    drafts.push(`${type} ADD VALUE ${quoteLiteral(label)}${place}`);
  }
  return [make([...drafts, ...ownedChanges(had, wanted, typeTarget(after))])];
}

export const enumType: KindRenderer = {
  ...typeNames,
  rank: RANK.enum,
  create(object, context) {
    const wanted = propertiesOf<EnumProperties>(object);
    const labels = wanted.labels.map(quoteLiteral).join(', ');
    return [
      make([
        `CREATE TYPE ${object.identity} AS ENUM (${labels})`,
        ...ownedAfterCreate(object, wanted, typeTarget(object), context),
      ]),
    ];
  },
  alter,
  /** Values are carried over by their labels: those that were renamed get their names first. */
  aside(before, after, _away, context) {
    if (after === undefined) return [];
    const { labels } = propertiesOf<EnumProperties>(before);
    return renameValues(before.identity, labels, renamedLabels(before, after, context.options));
  },
};
