/**
 * A partition that the change made goes away with the change, but the rows in it are the partitioned table's: on the
 * way back they go where the old shape has them, and where it has no place for them they stop it (DESIGN §4.7).
 */
import type { Catalog, CatalogObject } from '../../catalog/model.ts';
import { dollarQuote } from '../../sql/quote.ts';

/** The statement as it is to run on the way back: DROP TABLE of such a partition first gives its rows back. */
export function keepingRows(sql: string, before: Catalog, after: Catalog): readonly string[] {
  const identity = /^DROP TABLE (.+)$/.exec(sql)?.[1];
  const partition = identity === undefined ? undefined : after.objects.get(`table ${identity}`);
  const parent = partition?.properties.partitionOf;
  if (partition === undefined || typeof parent !== 'string') return [sql];
  const key = `table ${parent}` as const;
  if (!before.objects.has(key) || !after.objects.has(key) || partition.properties.partitionKey !== null) {
    return [sql];
  }
  return [
    `ALTER TABLE ${parent} DETACH PARTITION ${identity}`,
    moveRows(partition, parent, before, after),
    sql,
  ];
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
