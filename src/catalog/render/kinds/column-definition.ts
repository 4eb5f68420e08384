/** A column in CREATE TABLE and ADD COLUMN, and what follows because they cannot say it (manual, CREATE TABLE). */
import type { CatalogObject, ColumnProperties } from '../../model.ts';
import type { Part, RenderContext } from '../context.ts';
import { part, partId, propertiesOf } from '../context.ts';
import { keyOf, localName } from '../names.ts';
import { commentChange } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { notNullSource } from '../rebinding.ts';
import { alterOnly } from './column-address.ts';
import { columnPrivileges, storage } from './column-details.ts';
import { followed, refusesDefault, tableOf } from './column-inheritance.ts';
import { defaultWaits } from './column-types.ts';
import { followsIdentity, identityBelongings, identityClause } from './identity.ts';
import { notNullAdded, notNullClause, notNullComment } from './not-null.ts';
import { foreignOptionList, parameterChanges } from './options.ts';

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
  } else if (wanted.identity !== null && !followsIdentity(wanted)) {
    sql += ` ${identityClause(wanted)}`;
  } else if (wanted.default !== null && (where === 'add' || !defaultWaits(object, context))) {
    sql += ` DEFAULT ${wanted.default}`;
  } else if (where === 'table' && refusesDefault(object, context)) {
    sql += ' DEFAULT NULL';
  }
  const inheritsNotNull =
    context.major >= 18 &&
    where === 'table' &&
    tableOf(object, context)?.partitionOf === null &&
    notNullSource(object, context.to) === 'inherited';
  if (wanted.notNull && wanted.notNullValid && !inheritsNotNull && (where === 'table' || fillsRows(wanted))) {
    sql += notNullClause(object, context);
  }
  return sql;
}

/** Whether rows that exist get a value in ADD COLUMN. */
export function fillsRows(wanted: ColumnProperties): boolean {
  return wanted.default !== null || wanted.generated !== null || wanted.identity !== null;
}

/** What CREATE TABLE and ADD COLUMN cannot say, or say only in newer versions. */
export function columnAfterCreate(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<ColumnProperties>(object);
  const name = object.identity;
  const alter = alterOnly(object, context);
  const rank = RANK.column + wanted.position / 10_000;
  const parent = object.parent ?? '';
  const tableMade = context.isCreated(parent);
  // Of a domain NULL is a default like any other, and is kept.
  const isDomain = context.to.objects.has(keyOf('domain', wanted.type));
  const drafts = [
    ...(tableMade && isDomain && refusesDefault(object, context) ? [`${alter} DROP DEFAULT`] : []),
    ...storage(alter, null, wanted, context),
    ...parameterChanges(alter, [], wanted.options),
    ...(wanted.identitySequence === null ? [] : sequenceType(wanted)),
    ...identityBelongings(object, null, context),
    ...commentChange(`COLUMN ${name}`, null, wanted.comment),
    ...columnPrivileges(object, null, context),
    ...(wanted.notNull &&
    wanted.notNullValid &&
    (tableMade || fillsRows(wanted)) &&
    object.properties.notNullComment !== undefined
      ? notNullComment(object, null)
      : []),
  ];
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
  if (wanted.notNull && !wanted.notNullValid && !comesFromParent(object, context)) {
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

/** Whether a parent gets the NOT NULL as well, which goes down to its children then. */
function comesFromParent(object: CatalogObject, context: RenderContext): boolean {
  return followed(object, context).some((parent) => {
    const above = propertiesOf<ColumnProperties>(parent);
    const former = context.formerly(keyOf('column', parent.identity));
    return above.notNull && !above.notNullNoInherit && former?.properties.notNull !== true;
  });
}

function sequenceType(wanted: ColumnProperties): string[] {
  const sequence = wanted.identitySequence;
  if (sequence === null || sequence.dataType === wanted.type) return [];
  return [`ALTER SEQUENCE ${sequence.name} AS ${sequence.dataType}`];
}
