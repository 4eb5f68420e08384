/** Indexes that are no constraint's (manual, CREATE INDEX). Built without CONCURRENTLY: all runs in one transaction. */
import type { CatalogObject, IndexProperties, TableProperties } from '../../model.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { CannotRender, make, part, partId, propertiesOf } from '../context.ts';
import { parentsLeft, parentsOf } from '../inheritance.ts';
import { keyOf } from '../names.ts';
import { commentChange } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { optionChanges, splitOptions } from './index-options.ts';

function details(object: CatalogObject, before: IndexProperties | null): string[] {
  const wanted = propertiesOf<IndexProperties>(object);
  const name = object.identity;
  const drafts: string[] = [];
  const targets = (items: readonly string[]): Map<string, string> =>
    new Map(items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]));
  const had = targets(before?.statistics ?? []);
  const want = targets(wanted.statistics);
  for (const column of had.keys()) {
    if (!want.has(column)) drafts.push(`ALTER INDEX ${name} ALTER COLUMN ${column} SET STATISTICS -1`);
  }
  for (const [column, value] of want) {
    if (had.get(column) !== value) {
      drafts.push(`ALTER INDEX ${name} ALTER COLUMN ${column} SET STATISTICS ${value}`);
    }
  }
  if ((before?.tablespace ?? null) !== wanted.tablespace) {
    drafts.push(`ALTER INDEX ${name} SET TABLESPACE ${wanted.tablespace ?? 'pg_default'}`);
  }
  return [...drafts, ...commentChange(`INDEX ${name}`, before?.comment ?? null, wanted.comment)];
}

function attach(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<IndexProperties>(object);
  if (wanted.partitionOf === null) return [];
  const above = keyOf('index', wanted.partitionOf);
  return part('attach', [`ALTER INDEX ${wanted.partitionOf} ATTACH PARTITION ${object.identity}`], {
    needs: [partId('make', above), partId('attach', keyOf('table', wanted.table))],
    tightens: true,
    uses: () => false,
    rank: RANK.indexAttach + (context.isCreated(above) ? 0 : 0.5),
  });
}

function isDetached(object: CatalogObject, context: RenderContext): boolean {
  const partitionOf = (table: CatalogObject | undefined): string | null =>
    table === undefined ? null : (propertiesOf<TableProperties>(table).partitionOf ?? null);
  const now = context.to.objects.get(object.parent ?? '');
  const was = context.formerly(object.parent ?? '');
  return !context.same(partitionOf(was), partitionOf(now));
}

/** A partitioned index is invalid until every partition's index is attached; made by ON ONLY it is so by itself. */
function isPartitioned(wanted: IndexProperties): boolean {
  return / ON ONLY /.test(wanted.definition);
}

/**
 * A foreign partition has no index to attach, so that one made by ON ONLY would never be valid. Made without, it skips
 * foreign partitions and takes the equal indexes of the others, which must be there (manual, CREATE INDEX).
 */
function overForeign(
  object: CatalogObject,
  context: RenderContext,
): { readonly definition: string; readonly needs: readonly string[] } | null {
  const wanted = propertiesOf<IndexProperties>(object);
  if (!wanted.valid || !isPartitioned(wanted)) return null;
  const below = context
    .neededBy(object.parent ?? '')
    .flatMap((key) => context.to.objects.get(key) ?? [])
    .filter((one) => one.kind === 'table' && propertiesOf<TableProperties>(one).partitionOf === wanted.table);
  if (!below.some((one) => propertiesOf<TableProperties>(one).foreignServer !== null)) return null;
  const attached = below.map((one) => partId('attach', keyOf('table', one.identity)));
  const own = below.flatMap((one) => branches(one, object, context));
  return { definition: wanted.definition.replace(' ON ONLY ', ' ON '), needs: [...attached, ...own] };
}

/** The partition's index under `above`, and those that make it valid. */
function branches(table: CatalogObject, object: CatalogObject, context: RenderContext): string[] {
  return context
    .children(keyOf('table', table.identity))
    .filter(
      (one) => one.kind === 'index' && propertiesOf<IndexProperties>(one).partitionOf === object.identity,
    )
    .flatMap((one) => [
      partId('make', keyOf('index', one.identity)),
      ...context
        .neededBy(keyOf('table', table.identity))
        .flatMap((key) => context.to.objects.get(key) ?? [])
        .filter((child) => child.properties.partitionOf === table.identity)
        .flatMap((child) => [
          ...branches(child, one, context),
          ...context
            .children(keyOf('table', child.identity))
            .filter((leaf) => leaf.kind === 'index' && leaf.properties.partitionOf === one.identity)
            .map((leaf) => partId('attach', keyOf('index', leaf.identity))),
        ]),
    ]);
}

export const index: KindRenderer = {
  rank: RANK.index,
  create(object, context) {
    const wanted = propertiesOf<IndexProperties>(object);
    if (!wanted.valid && !isPartitioned(wanted)) {
      throw new CannotRender('it is invalid: the remains of a CREATE INDEX CONCURRENTLY that failed');
    }
    const whole = overForeign(object, context);
    const onView = object.parent?.startsWith('materialized view ') ?? false;
    return [
      make([whole?.definition ?? wanted.definition, ...details(object, null)], {
        tightens: true,
        needs: whole?.needs ?? [],
        // The one above waits for this one or is attached to; it is never made from it.
        uses: (kind) => kind !== 'index',
        rank: onView ? RANK.materializedViewIndex : RANK.index,
      }),
      ...attach(object, context),
    ];
  },
  drop(object, context) {
    const { partitionOf } = propertiesOf<IndexProperties>(object);
    if (partitionOf !== null && context.isGoing(keyOf('index', partitionOf))) {
      // It goes with the one above, unless its partition was detached from that one's table.
      const table = context.from.objects.get(object.parent ?? '');
      const detached =
        table !== undefined &&
        context.later(keyOf('table', table.identity)) !== undefined &&
        (parentsLeft(table, (key) => context.later(key)).length > 0 ||
          parentsOf(table).some((one) => context.isGoing(keyOf('table', one))));
      if (!detached) return [];
    }
    return [{ sql: `DROP INDEX ${object.identity}` }];
  },
  alter(before, after, context) {
    const had = propertiesOf<IndexProperties>(before);
    const wanted = propertiesOf<IndexProperties>(after);
    if (!context.same(had.definition, wanted.definition)) {
      // A partitioned index takes no SET (…).
      const body = (definition: string): string => splitOptions(definition).body;
      if (isPartitioned(wanted) || !context.same(body(had.definition), body(wanted.definition))) {
        return 'rebuild';
      }
    }
    if (had.valid !== wanted.valid) {
      if (!isPartitioned(wanted)) {
        if (!wanted.valid) throw new CannotRender('it is invalid there, and valid here');
        return 'rebuild';
      }
      if (!wanted.valid) return 'rebuild';
    }
    const leaves = had.partitionOf !== null && !context.same(had.partitionOf, wanted.partitionOf);
    // DETACH PARTITION detaches the indexes, too; else only the partitioned index's end does.
    if (leaves && !isDetached(after, context)) return 'rebuild';
    const attachAgain =
      wanted.partitionOf !== null &&
      (!context.same(had.partitionOf, wanted.partitionOf) ||
        context.isCreated(keyOf('index', wanted.partitionOf)));
    const options = optionChanges(after.identity, had.definition, wanted.definition);
    return [make([...options, ...details(after, had)]), ...(attachAgain ? attach(after, context) : [])];
  },
  rename: (_object, current, name) => `ALTER INDEX ${current} RENAME TO ${name}`,
};
