/** Stand-alone composite types (manual, CREATE TYPE, ALTER TYPE). */
import { quoteIdent } from '../../../sql/quote.ts';
import type { CatalogObject, CompositeProperties } from '../../model.ts';
import type { KindRenderer, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, propertiesOf } from '../context.ts';
import { linksOf } from '../dependencies.ts';
import type { Draft } from '../graph.ts';
import { keyOf } from '../names.ts';
import { commentChange, labelChanges, ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { assigned } from './conversion.ts';
import { renameInPlace, typeNames, typeTarget } from './type-common.ts';

type Attribute = CompositeProperties['attributes'][number];

function attributeName(name: string): string {
  return name.startsWith('"') ? name : quoteIdent(name);
}

function attributeDefinition(attribute: Attribute): string {
  const collation = attribute.collation === null ? '' : ` COLLATE ${attribute.collation}`;
  return `${attributeName(attribute.name)} ${attribute.type}${collation}`;
}

function attributeComments(object: CatalogObject, had: ReadonlyMap<string, Attribute>): string[] {
  return propertiesOf<CompositeProperties>(object).attributes.flatMap((attribute) => {
    const named = `COLUMN ${object.identity}.${attributeName(attribute.name)}`;
    const before = had.get(attribute.name);
    return [
      ...commentChange(named, before?.comment ?? null, attribute.comment),
      ...labelChanges(named, before?.securityLabels ?? [], attribute.securityLabels ?? []),
    ];
  });
}

/** Numbers of the attributes, where the reader gives them: they tell a renamed attribute from a new one. */
function numbers(object: CatalogObject): readonly string[] | null {
  const { attnums } = object.extra ?? {};
  return Array.isArray(attnums) ? attnums.map(String) : null;
}

/** The attributes of `before` that have another name in `after`, where they are known to be the same ones. */
function renamedAttributes(
  before: CatalogObject,
  after: CatalogObject,
  context: RenderContext,
): [from: string, to: string][] {
  const had = propertiesOf<CompositeProperties>(before).attributes;
  const wanted = propertiesOf<CompositeProperties>(after).attributes;
  if (context.options.sameDatabase && before.physical === after.physical) {
    const numbersBefore = numbers(before);
    const numbersAfter = numbers(after);
    if (numbersBefore !== null && numbersAfter !== null) {
      return had.flatMap((attribute, index): [string, string][] => {
        const other = wanted[numbersAfter.indexOf(numbersBefore[index] ?? '')];
        return other === undefined || other.name === attribute.name ? [] : [[attribute.name, other.name]];
      });
    }
  }
  // Elsewhere: one of the same type at the same place, whose name neither side has otherwise.
  if (had.length !== wanted.length) return [];
  const renames = had.flatMap((attribute, index): [string, string][] => {
    const other = wanted[index];
    return other === undefined || other.name === attribute.name || other.type !== attribute.type
      ? []
      : [[attribute.name, other.name]];
  });
  const hadNames = new Set(had.map(({ name }) => name));
  const wantedNames = new Set(wanted.map(({ name }) => name));
  return renames.filter(([from, to]) => !hadNames.has(to) && !wantedNames.has(from));
}

/** Columns, domains and typed tables that hold values of the type: they keep PostgreSQL from changing what is in it. */
function users(object: CatalogObject, context: RenderContext): readonly string[] {
  return context.neededBy(keyOf(object.kind, object.identity)).filter((key) => /^(column|domain) /.test(key));
}

function hasTypedTables(before: CatalogObject, context: RenderContext): boolean {
  const key = keyOf('composite', before.identity);
  const later = keyOf('composite', context.later(key)?.identity ?? before.identity);
  return [...linksOf(context.from).neededBy(key), ...context.neededBy(later)].some((one) =>
    one.startsWith('table '),
  );
}

export const composite: KindRenderer = {
  ...typeNames,
  rank: RANK.composite,
  create(object, context) {
    const wanted = propertiesOf<CompositeProperties>(object);
    const attributes = wanted.attributes.map(attributeDefinition).join(', ');
    return [
      make([
        `CREATE TYPE ${object.identity} AS (${attributes})`,
        ...ownedAfterCreate(object, wanted, typeTarget(object), context),
        ...attributeComments(object, new Map()),
      ]),
    ];
  },
  alter(before, after, context) {
    const had = propertiesOf<CompositeProperties>(before);
    const wanted = propertiesOf<CompositeProperties>(after);
    const type = `ALTER TYPE ${after.identity}`;
    const drafts: (Draft | string)[] = [];
    const renames = new Map(renamedAttributes(before, after, context));
    drafts.push(
      ...renameInPlace(
        had.attributes.map(({ name }) => name),
        [...renames],
        (from, to) => `${type} RENAME ATTRIBUTE ${attributeName(from)} TO ${attributeName(to)} CASCADE`,
      ),
    );
    const list = had.attributes.map((one) => ({ ...one, name: renames.get(one.name) ?? one.name }));
    const wantedNames = wanted.attributes.map((attribute) => attribute.name);
    for (const attribute of list) {
      if (!wantedNames.includes(attribute.name)) {
        // Each stored value loses the attribute.
        drafts.push({
          sql: `${type} DROP ATTRIBUTE ${attributeName(attribute.name)} CASCADE`,
          destroysData: users(after, context).length > 0,
        });
      }
    }
    const kept = list.filter((attribute) => wantedNames.includes(attribute.name));
    const fresh = wanted.attributes.filter((attribute) => !kept.some((one) => one.name === attribute.name));
    const reached = [...kept.map((attribute) => attribute.name), ...fresh.map((attribute) => attribute.name)];
    const [user] = users(after, context);
    if (!equalJson(reached, wantedNames)) {
      if (user !== undefined) {
        throw new CannotRender(`the order of its attributes differs, and ${user} uses it`);
      }
      return 'swap';
    }
    for (const attribute of kept) {
      const other = wanted.attributes.find((one) => one.name === attribute.name);
      if (other === undefined) continue;
      if (!context.same(attribute.type, other.type) || attribute.collation !== other.collation) {
        if (user !== undefined) {
          throw new CannotRender(
            `attribute ${attributeName(other.name)} changes its type, which PostgreSQL refuses while ${user} uses it`,
          );
        }
        // CASCADE takes typed tables along, but knows no USING.
        if (!assigned(attribute.type, other.type) && hasTypedTables(before, context)) return 'swap';
        const collation = other.collation === null ? '' : ` COLLATE ${other.collation}`;
        drafts.push(
          `${type} ALTER ATTRIBUTE ${attributeName(other.name)} TYPE ${other.type}${collation} CASCADE`,
        );
      }
    }
    for (const attribute of fresh)
      drafts.push(`${type} ADD ATTRIBUTE ${attributeDefinition(attribute)} CASCADE`);
    const byName = new Map(list.map((attribute) => [attribute.name, attribute]));
    return [
      make([...drafts, ...ownedChanges(had, wanted, typeTarget(after)), ...attributeComments(after, byName)]),
    ];
  },
};
