/** Columns of tables (manual, ALTER TABLE). A column whose values count is altered, never dropped and added. */
import type { CatalogObject, ColumnProperties, TableProperties } from '../../model.ts';
import type { Alteration, Detached, KindRenderer, Part, RenderContext } from '../context.ts';
import { CannotRender, make, part, partId, propertiesOf, withProperties } from '../context.ts';
import type { Draft } from '../graph.ts';
import { keyOf, localName, ownerRelation } from '../names.ts';

import { commentChange, normalized, role } from '../owned.ts';
import { privilegeChanges, withNewOwner } from '../privileges.ts';
import { RANK } from '../ranks.ts';
import { assigned, conversion } from './conversion.ts';
import { identityAdded, identityChanges, identityClause } from './identity.ts';
import { notNullAdded, notNullChanges, notNullClause, notNullComment } from './not-null.ts';
import { foreignOptionChanges, foreignOptionList, parameterChanges } from './options.ts';

const USER_TYPE_KINDS: ReadonlySet<string> = new Set(['enum', 'domain', 'composite', 'range', 'base type']);
const HARMLESS: ReadonlySet<string> = new Set([
  'schema',
  'extension',
  'collation',
  'table',
  ...USER_TYPE_KINDS,
]);

function isType(kind: string): boolean {
  return HARMLESS.has(kind) || kind === 'view';
}

/** Whether the default calls or names something of the user's, so that it must wait for it. */
function defaultWaits(object: CatalogObject, context: RenderContext): boolean {
  const own = keyOf('column', object.identity);
  return context.needs(own).some((key) => {
    const other = context.to.objects.get(key);
    return other !== undefined && !HARMLESS.has(other.kind);
  });
}

/**
 * `name type …` for CREATE TABLE and ADD COLUMN. Within CREATE TABLE a default that names user objects comes later, so
 * that no circle arises; in ADD COLUMN it must be there, because rows that exist get it.
 */
export function columnDefinition(
  object: CatalogObject,
  context: RenderContext,
  where: 'table' | 'add',
): string {
  const wanted = propertiesOf<ColumnProperties>(object);
  let sql = `${localName(object)} ${wanted.type}`;
  if (wanted.foreignOptions.length > 0) sql += foreignOptionList(wanted.foreignOptions);
  if (wanted.collation !== null) sql += ` COLLATE ${wanted.collation}`;
  if (wanted.generated !== null) {
    sql += ` GENERATED ALWAYS AS (${wanted.generationExpression}) ${wanted.generated.toUpperCase()}`;
  } else if (wanted.identity !== null) {
    sql += ` ${identityClause(wanted)}`;
  } else if (wanted.default !== null && (where === 'add' || !defaultWaits(object, context))) {
    sql += ` DEFAULT ${wanted.default}`;
  }
  if (wanted.notNull && wanted.notNullValid && (where === 'table' || fillsRows(wanted))) {
    sql += notNullClause(object);
  }
  return sql;
}

/** Whether rows that exist get a value in ADD COLUMN. */
function fillsRows(wanted: ColumnProperties): boolean {
  return wanted.default !== null || wanted.generated !== null || wanted.identity !== null;
}

/** What CREATE TABLE and ADD COLUMN cannot say, or say only in newer versions. */
export function columnAfterCreate(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<ColumnProperties>(object);
  const name = object.identity;
  const alter = alterOnly(object, context);
  const rank = RANK.column + wanted.position / 10_000;
  const drafts = [
    ...storage(alter, null, wanted, context),
    ...parameterChanges(alter, [], wanted.options),
    ...(wanted.identitySequence === null ? [] : sequenceType(wanted)),
    ...commentChange(`COLUMN ${name}`, null, wanted.comment),
    ...columnPrivileges(object, null, context),
    ...(wanted.notNull && wanted.notNullValid && object.properties.notNullComment !== undefined
      ? notNullComment(object, null)
      : []),
  ];
  const parent = object.parent ?? '';
  const tableMade = context.isCreated(parent);
  const needs = tableMade ? [partId('make', parent), partId('owned', parent)] : [];
  const parts: Part[] = part(`details ${name} of`, drafts, { uses: () => false, needs, rank });
  if (tableMade && wanted.default !== null && defaultWaits(object, context)) {
    parts.push(
      ...part(`default ${name} of`, [`${alter} SET DEFAULT ${wanted.default}`], {
        needs: [...needs, ...context.needs(keyOf('column', name)).map((key) => partId('make', key))],
        uses: () => false,
        rank: RANK.columnDefault,
      }),
    );
  }
  if (wanted.notNull && !wanted.notNullValid) {
    parts.push(
      ...part(`not null ${name} of`, notNullAdded(object), {
        needs,
        uses: () => false,
        tightens: true,
        rank: RANK.notNull,
      }),
    );
  }
  return parts;
}

function sequenceType(wanted: ColumnProperties): string[] {
  const sequence = wanted.identitySequence;
  if (sequence === null || sequence.dataType === wanted.type) return [];
  return [`ALTER SEQUENCE ${sequence.name} AS ${sequence.dataType}`];
}

function tableOf(object: CatalogObject, context: RenderContext): TableProperties | null {
  const parent = context.to.objects.get(object.parent ?? '') ?? context.from.objects.get(object.parent ?? '');
  return parent === undefined ? null : propertiesOf<TableProperties>(parent);
}

function alterTable(object: CatalogObject, context: RenderContext): string {
  const foreign = (tableOf(object, context)?.foreignServer ?? null) !== null;
  return `ALTER ${foreign ? 'FOREIGN TABLE' : 'TABLE'} ${ownerRelation(object)}`;
}

function alterPrefix(object: CatalogObject, context: RenderContext): string {
  return `${alterTable(object, context)} ALTER COLUMN ${localName(object)}`;
}

/** Without ONLY a default or a storage would go down to partitions and children that have their own. */
function alterOnly(object: CatalogObject, context: RenderContext): string {
  const only = descendants(object, context).length > 0 ? 'ONLY ' : '';
  const table = alterTable(object, context);
  const relation = ownerRelation(object);
  return `${table.slice(0, table.length - relation.length)}${only}${relation} ALTER COLUMN ${localName(object)}`;
}

function descendants(object: CatalogObject, context: RenderContext): CatalogObject[] {
  const relation = ownerRelation(object);
  return context
    .neededBy(keyOf('table', relation))
    .flatMap((key) => context.to.objects.get(key) ?? [])
    .filter((one) => {
      if (one.kind !== 'table') return false;
      const { partitionOf, inherits } = propertiesOf<TableProperties>(one);
      return partitionOf === relation || inherits.includes(relation);
    });
}

/** The parents' columns that an inherited column follows. */
function followed(object: CatalogObject, context: RenderContext): CatalogObject[] {
  const table = tableOf(object, context);
  if (table === null || propertiesOf<ColumnProperties>(object).inheritedFrom === 0) return [];
  const parents = table.partitionOf === null ? table.inherits : [table.partitionOf];
  return parents.flatMap(
    (parent) => context.to.objects.get(keyOf('column', `${parent}.${localName(object)}`)) ?? [],
  );
}

/** Whether SET or DROP NOT NULL on a parent does it for this column, too. */
function notNullFollows(before: ColumnProperties, after: CatalogObject, context: RenderContext): boolean {
  const wanted = propertiesOf<ColumnProperties>(after);
  if (before.notNull === wanted.notNull) return false;
  return followed(after, context).some((parent) => {
    const goal = propertiesOf<ColumnProperties>(parent);
    const former = context.formerly(keyOf('column', parent.identity));
    if (former === undefined) return goal.notNull && !goal.notNullNoInherit && wanted.notNull;
    const had = propertiesOf<ColumnProperties>(former);
    return had.notNull !== goal.notNull && goal.notNull === wanted.notNull && !goal.notNullNoInherit;
  });
}

function storage(
  alter: string,
  before: ColumnProperties | null,
  after: ColumnProperties,
  context: RenderContext,
): string[] {
  const drafts: string[] = [];
  if ((before?.storage ?? null) !== after.storage) {
    const usual = context.major >= 16 ? 'DEFAULT' : typeStorage(after.type);
    drafts.push(`${alter} SET STORAGE ${(after.storage ?? usual).toUpperCase()}`);
  }
  if ((before?.compression ?? null) !== after.compression) {
    drafts.push(`${alter} SET COMPRESSION ${after.compression ?? 'default'}`);
  }
  if ((before?.statisticsTarget ?? null) !== after.statisticsTarget) {
    drafts.push(`${alter} SET STATISTICS ${after.statisticsTarget ?? -1}`);
  }
  return drafts;
}

/** The storage a type of variable length has by itself (`pg_type.typstorage`). */
function typeStorage(type: string): string {
  return /^(numeric|inet|cidr)\b/.test(type) && !type.endsWith('[]') ? 'MAIN' : 'EXTENDED';
}

function columnPrivileges(
  object: CatalogObject,
  before: { readonly privileges: readonly string[]; readonly owner: string | null } | null,
  context: RenderContext,
): string[] {
  const wanted = propertiesOf<ColumnProperties>(object);
  const owner = role(tableOf(object, context)?.owner ?? '');
  const had = (before?.privileges ?? []).map(normalized);
  const target = { on: `TABLE ${ownerRelation(object)}`, column: localName(object), owner };
  const moved =
    before?.owner != null && before.owner !== owner ? withNewOwner(had, before.owner, owner) : had;
  return privilegeChanges(target, moved, wanted.privileges.map(normalized));
}

/** A column of the child as INHERITS gives it, before anything is changed about it. */
export function inheritedColumn(
  child: CatalogObject,
  parents: readonly string[],
  context: RenderContext,
): CatalogObject {
  for (const parent of parents) {
    const found = context.to.objects.get(keyOf('column', `${parent}.${localName(child)}`));
    if (found === undefined) continue;
    const wanted = propertiesOf<ColumnProperties>(child);
    const had = propertiesOf<ColumnProperties>(found);
    const properties: ColumnProperties = {
      ...had,
      position: wanted.position,
      identity: null,
      identitySequence: null,
      // Set later in the parent, for it alone.
      default: context.isCreated(found.parent ?? '') && defaultWaits(found, context) ? null : had.default,
      notNull: had.notNull && !had.notNullNoInherit,
      notNullName: wanted.notNullName,
      notNullNoInherit: false,
      statisticsTarget: null,
      options: [],
      comment: null,
      privileges: [],
      local: wanted.local,
      inheritedFrom: wanted.inheritedFrom,
    };
    return withProperties(child, properties);
  }
  return bareColumn(child);
}

/** A column of a typed table as OF gives it. */
export function bareColumn(object: CatalogObject): CatalogObject {
  const wanted = propertiesOf<ColumnProperties>(object);
  const properties: ColumnProperties = {
    ...wanted,
    notNull: false,
    default: null,
    identity: null,
    identitySequence: null,
    storage: null,
    compression: null,
    statisticsTarget: null,
    options: [],
    comment: null,
    privileges: [],
  };
  return withProperties(object, properties);
}

export function alterColumn(
  before: CatalogObject,
  after: CatalogObject,
  context: RenderContext,
): readonly Part[] {
  const answer = alteration(before, after, context);
  if (answer === 'rebuild' || answer === 'swap') {
    throw new CannotRender('an inherited column cannot get another generation expression');
  }
  return answer;
}

function alteration(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration {
  const had = propertiesOf<ColumnProperties>(before);
  const wanted = propertiesOf<ColumnProperties>(after);
  const key = keyOf('column', after.identity);
  const alter = alterPrefix(after, context);
  const only = alterOnly(after, context);
  const shape: (Draft | string)[] = [];
  // It comes with its parent's, so its own must go first.
  if (
    had.local &&
    !wanted.local &&
    followed(after, context).some((one) => context.isCreated(keyOf('column', one.identity)))
  ) {
    return 'rebuild';
  }
  const generation = expressionChange(alter, had, wanted, context);
  if (generation === 'rebuild') return 'rebuild';
  if (had.local !== wanted.local && had.inheritedFrom === wanted.inheritedFrom) {
    throw new CannotRender('whether the column is its own or inherited alone cannot be changed');
  }
  const retyped =
    !context.same(had.type, wanted.type) ||
    !context.same(had.collation, wanted.collation) ||
    context.isRetyped(key);
  const follows = isInheritedOnly(after, context) && context.formerly(key) !== undefined;
  const sameDefault = context.same(had.default, wanted.default) && !retyped && had.identity === null;
  if (had.identity !== null && wanted.identity === null) shape.push(`${alter} DROP IDENTITY`);
  if (had.default !== null && !sameDefault && (wanted.default === null || retyped)) {
    shape.push(`${only} DROP DEFAULT`);
  }
  // A generated column's type can only be assigned to; once it is plain it can be converted.
  if (wanted.generated !== null && retyped && !assigned(had.type, wanted.type)) return 'rebuild';
  if (wanted.generated === null) shape.push(...generation);
  if (retyped && !follows) shape.push(conversion(alter, localName(after), had, wanted));
  if (wanted.generated !== null) shape.push(...generation);
  const names = notNullFollows(had, after, context)
    ? { loosen: [], tighten: [] }
    : notNullChanges(before, after, context);
  shape.push(...names.loosen);
  const needsTable: string[] = [];
  const formerTable = context.formerly(after.parent ?? '');
  const formerOwner =
    formerTable === undefined ? null : role(propertiesOf<TableProperties>(formerTable).owner);
  if (formerOwner !== null && formerOwner !== role(tableOf(after, context)?.owner ?? '')) {
    needsTable.push(partId('owned', after.parent ?? ''));
  }
  shape.push(
    ...storage(only, retyped ? { ...had, storage: retypedStorage(had, wanted) } : had, wanted, context),
    ...parameterChanges(only, had.options, wanted.options),
    ...foreignOptionChanges(alter, had.foreignOptions, wanted.foreignOptions),
    ...(wanted.identity !== null && had.identity !== null ? identityChanges(alter, had, wanted) : []),
    ...commentChange(`COLUMN ${after.identity}`, had.comment, wanted.comment),
    ...columnPrivileges(after, { privileges: had.privileges, owner: formerOwner }, context),
  );
  const isGenerated = wanted.generated !== null;
  return [
    make(shape, {
      uses: (kind) => isGenerated || isType(kind),
      needs: needsTable,
      rank: RANK.column + wanted.position / 10_000,
    }),
    ...part(
      'default',
      wanted.default !== null && !sameDefault ? [`${only} SET DEFAULT ${wanted.default}`] : [],
      { rank: RANK.columnDefault },
    ),
    ...part('not null', names.tighten, { tightens: true, rank: RANK.notNull, uses: () => false }),
    ...(wanted.identity !== null && had.identity === null
      ? part('identity', identityAdded(alter, after), {
          tightens: true,
          needs: [partId('not null', key)],
          uses: () => false,
          rank: RANK.columnIdentity,
        })
      : []),
  ];
}

/** ALTER TYPE gives the column the new type's storage. */
function retypedStorage(had: ColumnProperties, wanted: ColumnProperties): string | null {
  return had.type === wanted.type ? had.storage : null;
}

function expressionChange(
  alter: string,
  had: ColumnProperties,
  wanted: ColumnProperties,
  context: RenderContext,
): string[] | 'rebuild' {
  if (had.generated === null && wanted.generated === null) return [];
  if (had.generated === 'stored' && wanted.generated === null) return [`${alter} DROP EXPRESSION`];
  if (had.generated !== wanted.generated) return 'rebuild';
  if (context.same(had.generationExpression, wanted.generationExpression)) return [];
  if (context.major < 17) return 'rebuild';
  return [`${alter} SET EXPRESSION AS (${wanted.generationExpression})`];
}

/** Inherited, and nothing of its own: what happens to the parent's column happens to it. */
export function isInheritedOnly(object: CatalogObject, context: RenderContext): boolean {
  const own = propertiesOf<ColumnProperties>(object);
  if (own.local || own.inheritedFrom === 0) return false;
  const table = tableOf(object, context);
  return table !== null;
}

/** Whether a child keeps the column that it has from here: it leaves the inheritance. */
function survivesInChild(object: CatalogObject, relation: string, context: RenderContext): boolean {
  for (const child of context.from.objects.values()) {
    const { inherits } = child.properties;
    if (child.kind !== 'table' || !Array.isArray(inherits) || !inherits.includes(relation)) continue;
    const copy = keyOf('column', `${child.identity}.${localName(object)}`);
    if (context.from.objects.has(copy) && !context.isGoing(copy)) return true;
  }
  return false;
}

export const column: KindRenderer = {
  rank: RANK.column,
  create(object, context): Part[] {
    const wanted = propertiesOf<ColumnProperties>(object);
    const position = wanted.position / 10_000;
    const parent = tableOf(object, context);
    if (isInheritedOnly(object, context) && parent !== null) {
      const parents = parent.partitionOf === null ? parent.inherits : [parent.partitionOf];
      const key = keyOf('column', object.identity);
      const source = parents.map((one) => keyOf('column', `${one}.${localName(object)}`));
      if (source.some((one) => context.isCreated(one))) {
        const start = inheritedColumn(object, parents, context);
        return alterColumn(start, object, context).map((piece) => ({
          ...piece,
          needs: [...(piece.needs ?? []), ...source.map((one) => partId('make', one))],
        }));
      }
      throw new CannotRender(`${key} is inherited, but its parent's column is not new`);
    }
    const definition = columnDefinition(object, context, 'add');
    const parts: Part[] = [
      make([`${alterTable(object, context)} ADD COLUMN ${definition}`], {
        rank: RANK.column + position,
        // A child's own column of the name is merged with, once it has the type.
        needs: descendants(object, context).flatMap((child) => {
          const key = keyOf('column', `${child.identity}.${localName(object)}`);
          const copy = context.to.objects.get(key);
          return copy !== undefined && propertiesOf<ColumnProperties>(copy).local
            ? [partId('make', key)]
            : [];
        }),
      }),
      ...columnAfterCreate(object, context),
    ];
    if (wanted.notNull && wanted.notNullValid && !fillsRows(wanted)) {
      parts.push(
        ...part('not null', notNullAdded(object), {
          tightens: true,
          rank: RANK.notNull,
          uses: () => false,
        }),
      );
    }
    return parts;
  },
  drop(object, context) {
    const had = propertiesOf<ColumnProperties>(object);
    if (isInheritedOnly(object, context)) return [];
    const table = alterTable(object, context);
    const relation = ownerRelation(object);
    const kept = survivesInChild(object, relation, context);
    return [
      {
        sql: `${kept ? `ALTER TABLE ONLY ${relation}` : table} DROP COLUMN ${localName(object)}`,
        destroysData: had.generated === null,
      },
    ];
  },
  alter: alteration,
  detach(object, cause, context): Detached | null {
    const had = propertiesOf<ColumnProperties>(object);
    if (USER_TYPE_KINDS.has(cause.kind) || cause.kind === 'table' || cause.kind === 'schema') return null;
    if (cause.kind === 'column' && had.generated === null) return null;
    const alter = `${alterTable(object, context)} ALTER COLUMN ${localName(object)}`;
    if (had.generated !== null) {
      if (context.major < 17 || cause.kind === 'collation') return null;
      return {
        drafts: [{ sql: `${alter} SET EXPRESSION AS (NULL::${had.type})` }],
        left: withProperties(object, { ...had, generationExpression: `NULL::${had.type}` }),
      };
    }
    if (had.default !== null) {
      return {
        drafts: [{ sql: `${alter} DROP DEFAULT` }],
        left: withProperties(object, { ...had, default: null }),
      };
    }
    return null;
  },
  rename(object, current, name, context) {
    const table = current.slice(
      0,
      current.length - localName({ kind: 'column', identity: current }).length - 1,
    );
    const foreign = (tableOf(object, context)?.foreignServer ?? null) !== null;
    const word = foreign ? 'FOREIGN TABLE' : 'TABLE';
    return `ALTER ${word} ${table} RENAME COLUMN ${localName({ kind: 'column', identity: current })} TO ${name}`;
  },
};
