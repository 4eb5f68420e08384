/** A column altered in place, so that its values stay (manual, ALTER TABLE). */
import type { CatalogObject, ColumnProperties, TableProperties } from '../../model.ts';
import type { Alteration, Part, RenderContext } from '../context.ts';
import { CannotRender, make, part, partId, propertiesOf } from '../context.ts';
import type { Draft } from '../graph.ts';
import { keyOf, localName } from '../names.ts';
import { commentChange, role } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { alterOnly, alterPrefix } from './column-address.ts';
import { columnPrivileges, storage } from './column-details.ts';
import {
  bringsColumns,
  followed,
  isInheritedOnly,
  notNullFollows,
  tableOf,
  wasChild,
} from './column-inheritance.ts';
import { isType } from './column-types.ts';
import { assigned, conversion } from './conversion.ts';
import { followsIdentity, identityAdded, identityBelongings, identityChanges } from './identity.ts';
import { notNullChanges } from './not-null.ts';
import { foreignOptionChanges, parameterChanges } from './options.ts';

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

export function alteration(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration {
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
    !bringsColumns(after, context) &&
    followed(after, context).some((one) => context.isCreated(keyOf('column', one.identity)))
  ) {
    return 'rebuild';
  }
  const generation = expressionChange(after, alter, had, wanted, context);
  if (generation === 'rebuild') return 'rebuild';
  if (had.local !== wanted.local && had.inheritedFrom === wanted.inheritedFrom) {
    throw new CannotRender('whether the column is its own or inherited alone cannot be changed');
  }
  const retyped =
    !context.same(had.type, wanted.type) ||
    !context.same(had.collation, wanted.collation) ||
    (context.isRetyped(key) && !isCarried(key, context));
  // A child's type is its parents', also where the column is its own as well; but it is not attached to a new one yet.
  const follows =
    context.formerly(key) !== undefined &&
    !bringsColumns(after, context) &&
    (isInheritedOnly(after, context) ||
      followed(after, context).some((parent) => wasChild(after, parent, context)));
  const sameDefault = context.same(had.default, wanted.default) && !retyped && had.identity === null;
  if (had.identity !== null && wanted.identity === null && !followsIdentity(had))
    shape.push(`${alter} DROP IDENTITY`);
  if (had.default !== null && !sameDefault && (wanted.default === null || retyped)) {
    shape.push(`${only} DROP DEFAULT`);
  }
  // A generated column's type can only be assigned to; once it is plain it can be converted.
  if (wanted.generated !== null && retyped && !assigned(had.type, wanted.type)) return 'rebuild';
  if (wanted.generated === null) shape.push(...generation);
  if (retyped && !follows)
    shape.push(conversion(alter, localName(after), had, wanted, isForeign(after, context)));
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
    ...(wanted.identity !== null && had.identity !== null && !followsIdentity(wanted)
      ? [...identityChanges(alter, had, wanted), ...identityBelongings(after, had.identitySequence, context)]
      : []),
    ...commentChange(`COLUMN ${after.identity}`, had.comment, wanted.comment),
    ...columnPrivileges(after, { privileges: had.privileges, owner: formerOwner }, context),
  );
  const isGenerated = wanted.generated !== null;
  return [
    make(shape, {
      uses: (kind) => isGenerated || isType(kind),
      needs: [...needsTable, ...parentsFirst(after, context)],
      rank: RANK.column + wanted.position / 10_000,
    }),
    ...part(
      'default',
      wanted.default !== null && !sameDefault ? [`${only} SET DEFAULT ${wanted.default}`] : [],
      { rank: RANK.columnDefault },
    ),
    ...part('not null', names.tighten, { tightens: true, rank: RANK.notNull, uses: () => false }),
    ...(wanted.identity !== null && had.identity === null && !followsIdentity(wanted)
      ? part('identity', identityAdded(alter, after, context), {
          tightens: true,
          needs: [partId('not null', key)],
          uses: () => false,
          rank: RANK.columnIdentity,
        })
      : []),
  ];
}

/** A foreign table has no rows to convert, and USING is refused (manual, ALTER FOREIGN TABLE). */
function isForeign(column: CatalogObject, context: RenderContext): boolean {
  return (tableOf(column, context)?.foreignServer ?? null) !== null;
}

/** Whether a helper hands the column down, with its new type (`helper-parent.ts`). */
function isCarried(key: string, context: RenderContext): boolean {
  const former = context.formerly(key);
  const rebinding = context.rebinding(context.to.objects.get(key)?.parent ?? '');
  return former !== undefined && rebinding?.carried.has(keyOf('column', former.identity)) === true;
}

/** ALTER TYPE gives the column the new type's storage. */
function retypedStorage(had: ColumnProperties, wanted: ColumnProperties): string | null {
  return had.type === wanted.type ? had.storage : null;
}

/** What the parents change goes down; what is said of the child comes after it. */
function parentsFirst(after: CatalogObject, context: RenderContext): string[] {
  return followed(after, context)
    .map((parent) => keyOf('column', parent.identity))
    .filter((parent) => context.formerly(parent) !== undefined)
    .map((parent) => partId('make', parent));
}

/** Whether DROP EXPRESSION on a parent does it for this column, which cannot do it itself. */
function dropsAbove(after: CatalogObject, context: RenderContext): boolean {
  return followed(after, context).some(
    (parent) =>
      parent.properties.generated === null &&
      context.formerly(keyOf('column', parent.identity))?.properties.generated === 'stored',
  );
}

function expressionChange(
  after: CatalogObject,
  alter: string,
  had: ColumnProperties,
  wanted: ColumnProperties,
  context: RenderContext,
): string[] | 'rebuild' {
  if (had.generated === null && wanted.generated === null) return [];
  if (had.generated === 'stored' && wanted.generated === null && dropsAbove(after, context)) return [];
  if (had.generated === 'stored' && wanted.generated === null) return [`${alter} DROP EXPRESSION`];
  if (had.generated !== wanted.generated) return 'rebuild';
  if (context.same(had.generationExpression, wanted.generationExpression)) return [];
  if (context.major < 17) return 'rebuild';
  return [`${alter} SET EXPRESSION AS (${wanted.generationExpression})`];
}
