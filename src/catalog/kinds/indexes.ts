import { quoteIdent } from '../../sql/quote.ts';
import { array, bool, text } from '../decode.ts';
import type { IndexProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** Indexes that stand for themselves; one behind a constraint is told by the constraint. */
/** `WITH (…)` tells storage parameters in the order in which they were set, which means nothing. */
function withSortedOptions(definition: string, options: readonly string[]): string {
  if (options.length < 2) return definition;
  const names = options.map((item) => item.slice(0, item.indexOf('=')));
  return definition.replace(/ WITH \(([^()]*)\)/g, (whole, list: string) => {
    const items = list.split(', ');
    const isTheirs =
      items.length === names.length && items.every((item, at) => item.startsWith(`${names[at]}=`));
    return isTheirs ? ` WITH (${items.sort().join(', ')})` : whole;
  });
}

export const indexes: Kind = {
  name: 'indexes',
  scope: { of: 'relation', column: 3, makes: ['index'] },
  query: () =>
    `SELECT i.indexrelid, c.relname, i.indrelid, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid, c.reltablespace,
       i.indkey,
       CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(SELECT concat(a.attnum, '=', a.attstattarget) FROM pg_attribute a
         WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0 ORDER BY a.attnum) END,
       c.reloptions
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE i.indexrelid >= ${FIRST_USER_OID} AND c.relnamespace <> 'pg_toast'::regnamespace
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))`,
  read(rows, context) {
    const identities = new Map(context.constraintIndexes);
    for (const [oid, name, table] of rows) {
      const relation = context.relations.get(text(table));
      if (relation === undefined) continue;
      const unparked = relation.parked?.name(text(name)) ?? text(name);
      identities.set(text(oid), `${quoteIdent(relation.schema)}.${quoteIdent(unparked)}`);
    }
    for (const [
      oidText,
      nameText,
      table,
      definition,
      unique,
      valid,
      tablespace,
      keys,
      statistics,
      options,
    ] of rows) {
      // Dropped by somebody else since the snapshot was taken; so in the other kinds.
      if (definition === null) continue;
      const oid = text(oidText);
      const relation = context.relations.get(text(table));
      if (relation === undefined) continue;
      const parked =
        relation.parked ??
        (context.parkedColumns.size === 0 ? null : context.parkedAmong(relation, text(keys).split(' ')));
      const name = parked?.name(text(nameText)) ?? text(nameText);
      const parent = context.parents.get(oid)?.[0]?.oid;
      const properties: IndexProperties = {
        definition: withSortedOptions(parked?.text(text(definition)) ?? text(definition), array(options)),
        table: relation.identity,
        unique: bool(unique),
        valid: bool(valid),
        tablespace: context.tablespaces.get(text(tablespace)) ?? null,
        partitionOf: parent === undefined ? null : (identities.get(parent) ?? null),
        statistics: array(statistics),
        comment: context.comment('pg_class', oid),
        ...context.dependsOnExtensions('pg_class', oid),
      };
      context.add(
        {
          kind: 'index',
          identity: `${quoteIdent(relation.schema)}.${quoteIdent(name)}`,
          parent: relation.key,
          properties,
          physical: `pg_class:${oid}`,
        },
        parked,
      );
    }
  },
};
