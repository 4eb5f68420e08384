/**
 * Privileges that were changed on what is no object of the model: the members of extensions and the server's own
 * functions, tables, columns … What they had to begin with is in `pg_init_privs` (manual, 53.26), or the built-in default.
 * Each change is told as the statement that makes it, on top of what CREATE EXTENSION or initdb gave.
 */
import { quoteIdent } from '../../sql/quote.ts';
import { type AclKind, acl, defaultAcl, text } from '../decode.ts';
import { privilegeStatements } from '../privilege-statements.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** Of the schema that a new database calls `public`, under whatever name: it is an object of the model. */
const PUBLIC_SCHEMA_OID = 2200;

/** Every ACL that is not NULL in the places where the server or an extension may have put some; `kind` is `acldefault`'s. */
const ACLS = [
  `SELECT 'pg_proc'::regclass::oid AS classid, oid AS objid, 0 AS sub, 'f' AS kind, proowner AS owner, proacl AS acl,
     NULL::name AS attname FROM pg_proc WHERE proacl IS NOT NULL AND ${counts('pronamespace')}`,
  `SELECT 'pg_class'::regclass, oid, 0, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relowner, relacl, NULL
     FROM pg_class WHERE relacl IS NOT NULL AND ${counts('relnamespace')}`,
  `SELECT 'pg_namespace'::regclass, oid, 0, 'n', nspowner, nspacl, NULL
     FROM pg_namespace WHERE nspacl IS NOT NULL AND oid <> ${PUBLIC_SCHEMA_OID} AND nspname NOT IN ('public', 'information_schema')`,
  `SELECT 'pg_type'::regclass, oid, 0, 'T', typowner, typacl, NULL
     FROM pg_type WHERE typacl IS NOT NULL AND ${counts('typnamespace')}`,
  `SELECT 'pg_language'::regclass, oid, 0, 'l', lanowner, lanacl, NULL FROM pg_language WHERE lanacl IS NOT NULL`,
  `SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, 'F', fdwowner, fdwacl, NULL
     FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL`,
  `SELECT 'pg_foreign_server'::regclass, oid, 0, 'S', srvowner, srvacl, NULL
     FROM pg_foreign_server WHERE srvacl IS NOT NULL`,
  // By the relation, with which the catalog's key begins: no scan of all columns.
  `SELECT 'pg_class'::regclass, attrelid, attnum, 'c', NULL, attacl, attname
     FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid < ${FIRST_USER_OID}`,
  `SELECT 'pg_class'::regclass, attrelid, attnum, 'c', NULL, attacl, attname
     FROM pg_attribute JOIN pg_depend ON refclassid = 'pg_extension'::regclass AND deptype = 'e'
       AND classid = 'pg_class'::regclass AND objid = attrelid WHERE attacl IS NOT NULL`,
].join('\n UNION ALL ');

/** Without the information schema, which is made behind the back of `pg_init_privs`: what it had is not known. */
function counts(schema: string): string {
  return `(${schema} = 'pg_catalog'::regnamespace OR oid >= ${FIRST_USER_OID})`;
}

export const changedPrivileges: Kind = {
  name: 'changed privileges',
  query: () =>
    `SELECT r.kind, pg_get_userbyid(coalesce(r.owner, (SELECT relowner FROM pg_class WHERE oid = r.objid))), r.acl,
       CASE WHEN r.kind = 'c' THEN coalesce(i.initprivs, '{}') ELSE i.initprivs END, r.attname, n.type, n.identity,
       x.extname
     FROM (${ACLS}) r
     LEFT JOIN pg_init_privs i ON i.objoid = r.objid AND i.classoid = r.classid AND i.objsubid = r.sub
     LEFT JOIN pg_depend e ON e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e' AND e.classid = r.classid
       AND e.objid = r.objid
     LEFT JOIN pg_extension x ON x.oid = e.refobjid
     CROSS JOIN LATERAL pg_identify_object(r.classid, r.objid, 0) n
     WHERE r.acl IS DISTINCT FROM i.initprivs AND (r.objid < ${FIRST_USER_OID} OR x.oid IS NOT NULL)`,
  read(rows, context) {
    for (const [kind, owner, now, initial, column, type, identity, extension] of rows) {
      const before =
        initial === null || initial === undefined
          ? defaultAcl(text(kind) as AclKind, text(owner), context.major)
          : acl(initial);
      const target = `${grantWord(text(type))} ${identity}`;
      const statements = privilegeStatements(before, acl(text(now)), {
        owner: text(owner),
        target,
        column: column === null || column === undefined ? null : quoteIdent(column),
      });
      // The same privileges in another order.
      if (statements.length === 0) continue;
      const place = extension === null || extension === undefined ? null : quoteIdent(extension);
      const known = context.changedPrivileges.get(place) ?? [];
      context.changedPrivileges.set(place, [...known, ...statements].sort());
    }
  },
};

/** From the words of `pg_identify_object` to those of GRANT. */
function grantWord(type: string): string {
  switch (type) {
    case 'function':
    case 'procedure':
    case 'aggregate':
      return 'ROUTINE';
    case 'schema':
    case 'sequence':
    case 'type':
    case 'language':
    case 'foreign-data wrapper':
      return type.replace('-', ' ').toUpperCase();
    case 'server':
      return 'FOREIGN SERVER';
    default:
      return 'TABLE';
  }
}
