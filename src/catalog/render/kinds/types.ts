/** Enums, domains, composites and ranges (manual, CREATE TYPE, ALTER TYPE, CREATE DOMAIN, ALTER DOMAIN). */
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import type {
  CatalogObject,
  CompositeProperties,
  DomainProperties,
  EnumProperties,
  RangeProperties,
} from '../../model.ts';
import type { Alteration, KindRenderer, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, part, propertiesOf } from '../context.ts';
import { keyOf } from '../names.ts';
import { commentChange, ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';

function target(object: CatalogObject): { named: string; grantee: string } {
  const word = object.kind === 'domain' ? 'DOMAIN' : 'TYPE';
  return { named: `${word} ${object.identity}`, grantee: `${word} ${object.identity}` };
}

const common = {
  rename: (object: CatalogObject, current: string, name: string) =>
    `ALTER ${object.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${current} RENAME TO ${name}`,
  move: (object: CatalogObject, current: string, schema: string) =>
    `ALTER ${object.kind === 'domain' ? 'DOMAIN' : 'TYPE'} ${current} SET SCHEMA ${schema}`,
};

/** Ids of the labels, where the reader gives them: they tell a renamed label from a new one. */
function labelIds(object: CatalogObject): readonly string[] | null {
  const ids = object.extra?.labelIds;
  return Array.isArray(ids) ? ids.map(String) : null;
}

/** Whether something of `to` uses the label in an expression: then it must be usable in this very transaction. */
function isUsed(object: CatalogObject, label: string, context: RenderContext): boolean {
  const literal = quoteLiteral(label);
  return context.neededBy(keyOf('enum', object.identity)).some((key) => {
    const other = context.to.objects.get(key);
    return other !== undefined && JSON.stringify(other.properties).includes(literal.slice(1, -1));
  });
}

function alterEnum(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration {
  const had = propertiesOf<EnumProperties>(before);
  const wanted = propertiesOf<EnumProperties>(after);
  const type = `ALTER TYPE ${after.identity}`;
  const drafts: string[] = [];
  const labels = [...had.labels];
  const renames: [string, string][] = [];
  const ids = labelIds(before);
  const wantedIds = labelIds(after);
  if (context.options.sameDatabase && before.physical === after.physical) {
    if (ids !== null && wantedIds !== null) {
      for (const [index, id] of ids.entries()) {
        const at = wantedIds.indexOf(id);
        const name = at === -1 ? undefined : wanted.labels[at];
        const old = labels[index];
        if (name !== undefined && old !== undefined && name !== old) renames.push([old, name]);
      }
    } else if (labels.length === wanted.labels.length) {
      // Labels of one type never go and never change their order: what differs was renamed.
      for (const [index, old] of labels.entries()) {
        const name = wanted.labels[index];
        if (name !== undefined && name !== old) renames.push([old, name]);
      }
    }
  }
  drafts.push(...renameLabels(type, labels, renames));
  const kept = labels.filter((label) => wanted.labels.includes(label));
  const inOrder = equalJson(
    kept,
    wanted.labels.filter((label) => labels.includes(label)),
  );
  if (kept.length < labels.length || !inOrder) return 'swap';
  const fresh = wanted.labels.filter((label) => !labels.includes(label));
  // A value that ADD VALUE made cannot be used before COMMIT (manual, ALTER TYPE, Notes).
  if (fresh.length > 0 && context.options.sameDatabase) return 'swap';
  if (fresh.some((label) => isUsed(after, label, context))) return 'swap';
  for (const [index, label] of wanted.labels.entries()) {
    if (labels.includes(label)) continue;
    const previous = wanted.labels[index - 1];
    const next = wanted.labels[index + 1];
    const place =
      previous !== undefined
        ? ` AFTER ${quoteLiteral(previous)}`
        : next !== undefined && labels.length > 0
          ? ` BEFORE ${quoteLiteral(labels[0] ?? next)}`
          : '';
    drafts.push(`${type} ADD VALUE ${quoteLiteral(label)}${place}`);
  }
  return [make([...drafts, ...ownedChanges(had, wanted, target(after))])];
}

/** Renames that may swap names, by way of a free one. `labels` is brought up to date. */
function renameLabels(type: string, labels: string[], renames: readonly [string, string][]): string[] {
  const drafts: string[] = [];
  const taken = new Set(labels);
  const waiting = [...renames];
  const step = (old: string, name: string): void => {
    drafts.push(`${type} RENAME VALUE ${quoteLiteral(old)} TO ${quoteLiteral(name)}`);
    taken.delete(old);
    taken.add(name);
    labels[labels.indexOf(old)] = name;
  };
  while (waiting.length > 0) {
    const index = waiting.findIndex(([, name]) => !taken.has(name));
    const [next] = index === -1 ? waiting : waiting.splice(index, 1);
    if (next === undefined) break;
    if (index !== -1) {
      step(next[0], next[1]);
      continue;
    }
    let free = 'ferrata_label';
    for (let n = 1; taken.has(free); n++) free = `ferrata_label_${n}`;
    step(next[0], free);
    waiting[0] = [free, next[1]];
  }
  return drafts;
}

export const enumType: KindRenderer = {
  ...common,
  rank: RANK.enum,
  create(object, context) {
    const wanted = propertiesOf<EnumProperties>(object);
    const labels = wanted.labels.map(quoteLiteral).join(', ');
    return [
      make([
        `CREATE TYPE ${object.identity} AS ENUM (${labels})`,
        ...ownedAfterCreate(object, wanted, target(object), context),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP TYPE ${object.identity}` }],
  alter: alterEnum,
};

export const domain: KindRenderer = {
  ...common,
  rank: RANK.domain,
  create(object, context) {
    const wanted = propertiesOf<DomainProperties>(object);
    const collation = wanted.collation === null ? '' : ` COLLATE ${wanted.collation}`;
    const fallback = wanted.default === null ? '' : ` DEFAULT ${wanted.default}`;
    const notNull = wanted.notNull ? ' NOT NULL' : '';
    return [
      make([
        `CREATE DOMAIN ${object.identity} AS ${wanted.type}${collation}${fallback}${notNull}`,
        ...ownedAfterCreate(object, wanted, target(object), context),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP DOMAIN ${object.identity}` }],
  alter(before, after, context) {
    const had = propertiesOf<DomainProperties>(before);
    const wanted = propertiesOf<DomainProperties>(after);
    if (!context.same(had.type, wanted.type) || !context.same(had.collation, wanted.collation)) return 'swap';
    const type = `ALTER DOMAIN ${after.identity}`;
    const drafts: string[] = [];
    if (!context.same(had.default, wanted.default)) {
      drafts.push(`${type} ${wanted.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${wanted.default}`}`);
    }
    if (had.notNull && !wanted.notNull) drafts.push(`${type} DROP NOT NULL`);
    const tighten = !had.notNull && wanted.notNull ? [`${type} SET NOT NULL`] : [];
    return [
      make([...drafts, ...ownedChanges(had, wanted, target(after))]),
      ...part('not null', tighten, { tightens: true, rank: RANK.notNull }),
    ];
  },
  detach(object, cause) {
    const had = propertiesOf<DomainProperties>(object);
    if (cause.kind !== 'function' && cause.kind !== 'sequence' && cause.kind !== 'aggregate') return null;
    if (had.default === null) return null;
    return {
      drafts: [{ sql: `ALTER DOMAIN ${object.identity} DROP DEFAULT` }],
      left: { ...object, properties: { ...had, default: null } },
    };
  },
};

type Attribute = CompositeProperties['attributes'][number];

function attributeName(name: string): string {
  return name.startsWith('"') ? name : quoteIdent(name);
}

function attributeDefinition(attribute: Attribute): string {
  const collation = attribute.collation === null ? '' : ` COLLATE ${attribute.collation}`;
  return `${attributeName(attribute.name)} ${attribute.type}${collation}`;
}

function attributeComments(object: CatalogObject, had: ReadonlyMap<string, Attribute>): string[] {
  return propertiesOf<CompositeProperties>(object).attributes.flatMap((attribute) =>
    commentChange(
      `COLUMN ${object.identity}.${attributeName(attribute.name)}`,
      had.get(attribute.name)?.comment ?? null,
      attribute.comment,
    ),
  );
}

export const composite: KindRenderer = {
  ...common,
  rank: RANK.composite,
  create(object, context) {
    const wanted = propertiesOf<CompositeProperties>(object);
    const attributes = wanted.attributes.map(attributeDefinition).join(', ');
    return [
      make([
        `CREATE TYPE ${object.identity} AS (${attributes})`,
        ...ownedAfterCreate(object, wanted, target(object), context),
        ...attributeComments(object, new Map()),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP TYPE ${object.identity}` }],
  alter(before, after, context) {
    const had = propertiesOf<CompositeProperties>(before);
    const wanted = propertiesOf<CompositeProperties>(after);
    const type = `ALTER TYPE ${after.identity}`;
    const drafts: string[] = [];
    let list = [...had.attributes];
    if (list.length === wanted.attributes.length) {
      const renames = list.flatMap((attribute, index) => {
        const other = wanted.attributes[index];
        return other !== undefined && other.name !== attribute.name && other.type === attribute.type
          ? [[attribute, other] as const]
          : [];
      });
      const names = new Set(list.map((attribute) => attribute.name));
      if (renames.every(([, other]) => !names.has(other.name))) {
        for (const [attribute, other] of renames) {
          drafts.push(
            `${type} RENAME ATTRIBUTE ${attributeName(attribute.name)} TO ${attributeName(other.name)} CASCADE`,
          );
          list = list.map((one) => (one === attribute ? { ...one, name: other.name } : one));
        }
      }
    }
    const wantedNames = wanted.attributes.map((attribute) => attribute.name);
    for (const attribute of list) {
      if (!wantedNames.includes(attribute.name)) {
        drafts.push(`${type} DROP ATTRIBUTE ${attributeName(attribute.name)} CASCADE`);
      }
    }
    const kept = list.filter((attribute) => wantedNames.includes(attribute.name));
    const fresh = wanted.attributes.filter((attribute) => !kept.some((one) => one.name === attribute.name));
    const reached = [...kept.map((attribute) => attribute.name), ...fresh.map((attribute) => attribute.name)];
    if (!equalJson(reached, wantedNames)) {
      if (inUse(after, context))
        throw new CannotRender('the order of its attributes differs, and columns use it');
      return 'swap';
    }
    for (const attribute of kept) {
      const other = wanted.attributes.find((one) => one.name === attribute.name);
      if (other === undefined) continue;
      if (!context.same(attribute.type, other.type) || attribute.collation !== other.collation) {
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
      make([...drafts, ...ownedChanges(had, wanted, target(after)), ...attributeComments(after, byName)]),
    ];
  },
};

function inUse(object: CatalogObject, context: RenderContext): boolean {
  return context
    .neededBy(keyOf(object.kind, object.identity))
    .some((key) => /^(column|table|domain) /.test(key));
}

export const range: KindRenderer = {
  ...common,
  rank: RANK.range,
  create(object, context) {
    const wanted = propertiesOf<RangeProperties>(object);
    return [
      make([
        `CREATE TYPE ${object.identity} AS RANGE (${wanted.options.join(', ')})`,
        ...ownedAfterCreate(object, wanted, target(object), context),
      ]),
    ];
  },
  drop: (object) => [{ sql: `DROP TYPE ${object.identity}` }],
  alter(before, after, context) {
    const had = propertiesOf<RangeProperties>(before);
    const wanted = propertiesOf<RangeProperties>(after);
    if (!context.same(had.options.join(','), wanted.options.join(','))) return 'swap';
    return [make(ownedChanges(had, wanted, target(after)))];
  },
};
