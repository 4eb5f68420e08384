/** What every table, view and composite type has in `pg_class`; the kinds behind it make objects of it. */
import { quoteIdent } from '../../sql/quote.ts';
import { bool, set, text } from '../decode.ts';
import type { ObjectKind } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

export const KIND_OF_RELKIND: Readonly<Record<string, ObjectKind>> = {
  r: 'table',
  p: 'table',
  f: 'table',
  v: 'view',
  m: 'materialized view',
  c: 'composite',
};

export const relations: Kind = {
  name: 'relations',
  scope: { of: 'neighbour', column: 1, makes: [] },
  query: () =>
    `SELECT oid, relkind, relname, relnamespace, pg_get_userbyid(relowner), relpersistence, relam, reltablespace,
       reloptions, relacl, relrowsecurity, relforcerowsecurity, relreplident, relispartition, relispopulated
     FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const row of rows) {
      const [oidText, relkindText, nameText, schemaOid, owner, persistence, method, tablespace, options] =
        row;
      const oid = text(oidText);
      const relkind = text(relkindText);
      const word = relkind === 'f' ? 'FOREIGN TABLE' : 'TABLE';
      const place = context.place(oid, text(schemaOid), text(nameText), word);
      const kind = KIND_OF_RELKIND[relkind];
      if (place === null || kind === undefined) continue;
      const identity = `${quoteIdent(place.schema)}.${quoteIdent(place.name)}`;
      context.relations.set(oid, {
        oid,
        relkind,
        kind,
        schema: place.schema,
        name: place.name,
        identity,
        key: `${kind} ${identity}`,
        owner: text(owner),
        persistence: persistence === 'u' ? 'unlogged' : 'permanent',
        accessMethod: context.accessMethods.get(text(method)) ?? null,
        tablespace: context.tablespaces.get(text(tablespace)) ?? null,
        options: set(options),
        acl: row[9] ?? null,
        rowSecurity: bool(row[10]),
        forceRowSecurity: bool(row[11]),
        replicaIdentity: text(row[12]),
        isPartition: bool(row[13]),
        populated: bool(row[14]),
        parked: place.parked,
      });
    }
  },
};
