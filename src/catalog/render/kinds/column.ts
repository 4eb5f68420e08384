/** Columns of tables (manual, ALTER TABLE). A column whose values count is altered, never dropped and added. */
import type { CatalogObject, ColumnProperties, TableProperties } from '../../model.ts';
import type { Detached, KindRenderer, Part, RenderContext } from '../context.ts';
import { CannotRender, make, part, partId, propertiesOf, withProperties } from '../context.ts';
import { linksOf } from '../dependencies.ts';
import { staysBehind } from '../inheritance.ts';
import { carriedColumn } from '../left-alone.ts';
import { keyOf, localName, ownerRelation } from '../names.ts';
import { RANK } from '../ranks.ts';
import { isOwn, notNullSource } from '../rebinding.ts';
import { alterTable } from './column-address.ts';
import { alteration, alterColumn } from './column-alter.ts';
import { columnAfterCreate, columnDefinition, fillsRows } from './column-definition.ts';
import {
  bringsColumns,
  descendants,
  inheritedColumn,
  isInheritedOnly,
  survivesInChild,
  tableOf,
} from './column-inheritance.ts';
import { USER_TYPE_KINDS } from './column-types.ts';
import { notNullAdded } from './not-null.ts';

/** Whether a child has a NOT NULL of its own beside the one that it has from here. */
function keepsNotNull(object: CatalogObject, relation: string, context: RenderContext): boolean {
  return linksOf(context.from)
    .neededBy(keyOf('table', relation))
    .some((child) => {
      const table = context.from.objects.get(child);
      if (table?.kind !== 'table' || !propertiesOf<TableProperties>(table).inherits.includes(relation))
        return false;
      const copy = keyOf('column', `${table.identity}.${localName(object)}`);
      const now = context.later(copy);
      return now?.properties.notNull === true && !context.isGoing(copy);
    });
}

export const column: KindRenderer = {
  rank: RANK.column,
  create(object, context): Part[] {
    const wanted = propertiesOf<ColumnProperties>(object);
    const position = wanted.position / 10_000;
    const parent = tableOf(object, context);
    // A helper hands it down (`helper-parent.ts`).
    if (context.rebinding(object.parent ?? '') !== undefined && !isOwn(object)) {
      const inheritsNotNull = context.major >= 18 && notNullSource(object, context.to) === 'inherited';
      const bare = carriedColumn(wanted);
      const start = inheritsNotNull ? { ...bare, notNull: true } : bare;
      return [...alterColumn(withProperties(object, start), object, context)];
    }
    if (isInheritedOnly(object, context) && parent !== null && !bringsColumns(object, context)) {
      const parents = parent.partitionOf === null ? parent.inherits : [parent.partitionOf];
      const key = keyOf('column', object.identity);
      const source = parents.map((one) => keyOf('column', `${one}.${localName(object)}`));
      if (source.some((one) => context.isCreated(one))) {
        const given = inheritedColumn(object, parents, context);
        // ADD COLUMN goes down with the type's storage; the parent gets its own afterwards, for itself alone.
        const start = withProperties(given, { ...given.properties, storage: null, compression: null });
        return alterColumn(start, object, context).map((piece) => ({
          ...piece,
          needs: [...(piece.needs ?? []), ...source.map((one) => partId('make', one))],
        }));
      }
      throw new CannotRender(`${key} is inherited, but its parent's column is not new`);
    }
    const byHelper =
      context.major >= 18 &&
      context.rebinding(object.parent ?? '') !== undefined &&
      notNullSource(object, context.to) === 'inherited';
    const said = byHelper ? withProperties(object, { ...wanted, notNull: false }) : object;
    const definition = columnDefinition(said, context, 'add');
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
    if (wanted.notNull && !byHelper && wanted.notNullValid && !fillsRows(wanted)) {
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
    const left = staysBehind(object, context);
    if (isInheritedOnly(object, context) && !left) return [];
    const table = alterTable(object, context);
    const relation = ownerRelation(object);
    const kept = survivesInChild(object, relation, context);
    // PostgreSQL 18 does not count a child's NOT NULL down when the parent's column goes.
    const counted =
      context.major >= 18 && had.notNull
        ? [
            {
              sql: `ALTER TABLE ${kept ? 'ONLY ' : ''}${relation} ALTER COLUMN ${localName(object)} DROP NOT NULL`,
            },
          ]
        : [];
    return [
      ...(keepsNotNull(object, relation, context) ? counted : []),
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
