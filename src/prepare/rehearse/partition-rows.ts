/**
 * A partition that the change made goes away with the change, but the rows in it are the partitioned table's: on the
 * way back they go where the old shape has them, and where it has no place for them they stop it (DESIGN §4.7).
 */
import type { Catalog, CatalogObject } from '../../catalog/model.ts';
import { dollarQuote, quoteLiteral } from '../../sql/quote.ts';

/**
 * The statement as it is to run on the way back: DROP TABLE of such a partition, however deep it lies in a tree that the
 * change has put under a table that was there, first gives its rows back to that table.
 */
export function keepingRows(sql: string, before: Catalog, after: Catalog): readonly string[] {
  const identity = /^DROP TABLE (.+)$/.exec(sql)?.[1];
  const partition = identity === undefined ? undefined : after.objects.get(`table ${identity}`);
  const place = partition === undefined ? null : placeOf(partition, before, after);
  if (partition === undefined || place === null) return [sql];
  const { parent, top } = place;
  return [
    // Dropping a part of the tree may have detached it already.
    top === partition.identity && partition.properties.partitionKey === null
      ? `ALTER TABLE ${parent} DETACH PARTITION ${top}`
      : detachOnce(parent, top),
    moveRows(partition, parent, before, after),
    sql,
  ];
}

/** The table that was there and has a new tree of partitions under it, and the top of that tree. */
function placeOf(
  partition: CatalogObject,
  before: Catalog,
  after: Catalog,
): { readonly parent: string; readonly top: string } | null {
  let top = partition;
  for (;;) {
    const parent = top.properties.partitionOf;
    if (typeof parent !== 'string' || before.objects.has(`table ${top.identity}`)) return null;
    const above = after.objects.get(`table ${parent}`);
    if (above === undefined) return null;
    if (before.objects.has(`table ${parent}`)) return { parent, top: top.identity };
    top = above;
  }
}

function detachOnce(parent: string, top: string): string {
  const detach = `ALTER TABLE ${parent} DETACH PARTITION ${top}`;
  return `DO ${dollarQuote(`BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_inherits
    WHERE inhrelid = pg_catalog.to_regclass(${quoteLiteral(top)}) AND inhparent = pg_catalog.to_regclass(${quoteLiteral(parent)}))
    THEN EXECUTE ${quoteLiteral(detach)}; END IF; END`)}`;
}

function moveRows(partition: CatalogObject, parent: string, before: Catalog, after: Catalog): string {
  const children = [...before.objects.values()].filter((object) => object.parent === `table ${parent}`);
  const columns = children
    .filter(({ kind, properties }) => kind === 'column' && properties.generated == null)
    // One that the change took away is back under its name only later; it is NULL in these rows anyway.
    .filter(({ identity }) => after.objects.has(`column ${identity}`))
    .sort((a, b) => Number(a.properties.position) - Number(b.properties.position))
    .map((column) => column.identity.slice(parent.length + 1))
    .join(', ');
  // What triggers would do with the rows they have done once.
  if (children.some(({ kind }) => kind === 'trigger')) {
    const refusal = `the partition ${partition.identity} holds rows: move them before it goes`;
    return `DO ${dollarQuote(`BEGIN IF EXISTS (SELECT FROM ${partition.identity}) THEN RAISE EXCEPTION '${refusal.replaceAll("'", "''").replaceAll('%', '%%')}'; END IF; END`)}`;
  }
  return `INSERT INTO ${parent} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${partition.identity}`;
}
