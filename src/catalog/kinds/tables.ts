import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext, Relation } from '../context.ts';
import { set, type TextRow, text } from '../decode.ts';
import type { TableProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

export const tables: Kind = {
  name: 'tables',
  scope: { of: 'relation', column: 1, makes: ['table'] },
  // Only of tables that are more than a name and columns; the rest is in `relations`.
  query: () =>
    `SELECT c.oid, t.reloptions, CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
       pg_get_expr(c.relpartbound, c.oid), CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END,
       s.srvname, f.ftoptions
     FROM pg_class c
     LEFT JOIN pg_class t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL
     LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
     LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
     WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= ${FIRST_USER_OID}
       AND (c.relkind <> 'r' OR c.relispartition OR c.reloftype <> 0 OR t.oid IS NOT NULL)`,
  read(rows, context) {
    const details = new Map(rows.map((row) => [row[0], row]));
    for (const relation of context.relations.values()) {
      if (relation.kind !== 'table') continue;
      context.add(
        {
          kind: 'table',
          identity: relation.identity,
          parent: null,
          properties: properties(relation, details.get(relation.oid), context),
          physical: `pg_class:${relation.oid}`,
        },
        relation.parked,
      );
    }
  },
};

function properties(relation: Relation, details: TextRow | undefined, context: ReadContext): TableProperties {
  const [, toastOptions, partitionKey, bound, ofType, server, foreignOptions] = details ?? [];
  const { parked } = relation;
  const parents = context.parents.get(relation.oid) ?? [];
  const names = parents.map(({ oid }) => context.relations.get(oid)?.identity ?? 'unknown');
  const index = (name: string) => `${quoteIdent(relation.schema)}.${quoteIdent(parked?.name(name) ?? name)}`;
  const clustered = context.clusterIndexes.get(relation.oid);
  // No spread in the common case: there may be thousands of tables.
  const result: TableProperties = {
    owner: quoteIdent(relation.owner),
    comment: parked === null ? context.comment('pg_class', relation.oid) : parked.memo.comment,
    privileges: context.privileges(relation.acl, 'r', relation.owner),
    persistence: relation.persistence,
    accessMethod: relation.accessMethod,
    tablespace: relation.tablespace,
    options: relation.options,
    toastOptions: set(toastOptions),
    rowSecurity: relation.rowSecurity,
    forceRowSecurity: relation.forceRowSecurity,
    replicaIdentity: replicaIdentity(relation, index, context),
    ofType: ofType ?? null,
    inherits: relation.isPartition ? [] : names,
    partitionKey: partitionKey ?? null,
    partitionOf: relation.isPartition ? (names[0] ?? null) : null,
    partitionBound: bound ?? null,
    foreignServer: server === null || server === undefined ? null : quoteIdent(text(server)),
    foreignOptions: set(foreignOptions),
    clusteredOn: clustered === undefined ? null : index(clustered),
  };
  const labels = context.securityLabels('pg_class', relation.oid);
  // DETACH PARTITION CONCURRENTLY that was interrupted (PostgreSQL 14).
  const detaching = parents[0]?.detachPending === true ? { detachPending: true } : {};
  const rowType = context.rowTypes.get(relation.oid);
  const systemColumns = context.systemColumns.get(relation.oid);
  return labels.securityLabels || 'detachPending' in detaching || rowType || systemColumns
    ? {
        ...result,
        ...labels,
        ...detaching,
        ...rowType,
        ...(systemColumns === undefined ? {} : { systemColumnPrivileges: [...systemColumns].sort() }),
      }
    : result;
}

function replicaIdentity(relation: Relation, index: (name: string) => string, context: ReadContext): string {
  switch (relation.replicaIdentity) {
    case 'n':
      return 'nothing';
    case 'f':
      return 'full';
    case 'i': {
      const name = context.replicaIndexes.get(relation.oid);
      // The index was dropped since: the server then behaves as under `nothing`.
      return name === undefined ? 'index' : `index ${index(name)}`;
    }
    default:
      return 'default';
  }
}
