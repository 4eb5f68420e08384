import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../decode.ts';
import { PARKED_PREFIX } from '../model.ts';
import type { ParkedDraft } from '../parked.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { sequenceOptions } from './columns.ts';
import type { Kind } from './kind.ts';

export const sequences: Kind = {
  name: 'sequences',
  scope: { of: 'relation', column: 7, orNone: true, makes: ['sequence'] },
  query: () =>
    `SELECT c.oid, c.relname, c.relnamespace, pg_get_userbyid(c.relowner), c.relacl, c.relpersistence,
       d.refobjid, d.refobjsubid, d.deptype, a.attname,
       format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle
     FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
     LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
       AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
     LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
     WHERE c.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const row of rows) {
      const [oidText, nameText, schemaOid, owner, acl, persistence, table, attnum, ownership, column] = row;
      const oid = text(oidText);
      const rawName = text(nameText);
      const values = row.slice(10);
      const schema = context.schemas.get(text(schemaOid));
      if (schema === undefined || context.isMember('pg_class', oid)) continue;
      const owning = table === null ? undefined : context.relations.get(text(table));
      const parkedColumn: ParkedDraft | null =
        owning === undefined ? null : context.parkedColumn(text(column));
      const parked = owning?.parked ?? parkedColumn;
      if (parked === null && (schema.hidden || (rawName.startsWith(PARKED_PREFIX) && ownership !== 'i')))
        continue;
      const name = parked?.name(rawName) ?? rawName;
      const schemaName = owning?.parked ? owning.schema : schema.name;
      const identity = `${quoteIdent(schemaName)}.${quoteIdent(name)}`;
      const sequence = {
        oid,
        schema: schemaName,
        name,
        identity,
        owner: text(owner),
        persistence: persistence === 'u' ? ('unlogged' as const) : ('permanent' as const),
        acl: acl ?? null,
        values,
      };
      if (ownership === 'i') {
        context.parts.set(`pg_class:${oid}`, `pg_class:${table}.${attnum}`);
        context.identitySequences.set(`${table}.${attnum}`, sequence);
        continue;
      }
      if (owning !== undefined) context.ownedSequences.set(`pg_class:${oid}`, `pg_class:${table}.${attnum}`);
      const oldColumn = parkedColumn?.memo.column ?? text(column);
      context.add(
        {
          kind: 'sequence',
          identity,
          parent: null,
          properties: {
            ...context.owned('pg_class', oid, sequence.owner, sequence.acl, 's'),
            ...sequenceOptions(values),
            persistence: sequence.persistence,
            ownedBy: owning === undefined ? null : `${owning.identity}.${quoteIdent(oldColumn)}`,
          },
          physical: `pg_class:${oid}`,
        },
        parked,
      );
    }
  },
};
