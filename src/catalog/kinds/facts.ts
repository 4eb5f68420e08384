/** Facts that the kinds share: who belongs to an extension, comments, labels, names by OID, inheritance. */

import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type ColumnSettings, isHiddenSchema } from '../context.ts';
import { bool, text } from '../decode.ts';
import { PARK_COMMENT_PREFIX, PARKED_PREFIX } from '../model.ts';
import { parkMemo } from '../parked.ts';
import { FIRST_USER_OID, systemCatalog } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

export const schemaNames: Kind = {
  name: 'schema names',
  // Names that start with pg_ are the server's own, temporary schemas and TOAST included (manual, 5.10.5).
  query: () =>
    `SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'`,
  read(rows, context) {
    for (const [oid, name] of rows) {
      const unquoted = text(name);
      const schema = { name: unquoted, quoted: quoteIdent(unquoted), hidden: isHiddenSchema(unquoted) };
      context.schemas.set(text(oid), schema);
    }
  },
};

export const extensionMembers: Kind = {
  name: 'extension members',
  query: () =>
    // `x` is what ALTER … DEPENDS ON EXTENSION left.
    `SELECT d.classid, d.objid, d.refobjid, CASE WHEN d.deptype = 'x' THEN e.extname END
     FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
     WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype IN ('e', 'x')`,
  read(rows, context) {
    for (const [catalog, oid, extension, dependsOn] of rows) {
      const address = `${systemCatalog(text(catalog))}:${oid}`;
      if (dependsOn === null) context.members.set(address, `pg_extension:${extension}`);
      else {
        const names = context.extensionsNeeded.get(address) ?? [];
        context.extensionsNeeded.set(address, [...names, quoteIdent(text(dependsOn))].sort());
      }
    }
  },
};

export const comments: Kind = {
  name: 'comments',
  query: () =>
    // A parked column's own name: an older generation that stepped aside has another than its id tells.
    `SELECT classoid, objoid, objsubid, description,
       CASE WHEN objsubid > 0 AND starts_with(description, ${quoteLiteral(PARK_COMMENT_PREFIX)})
         THEN (SELECT attname FROM pg_attribute WHERE attrelid = objoid AND attnum = objsubid) END
     FROM pg_description WHERE objoid >= ${FIRST_USER_OID}
     UNION ALL SELECT classoid, objoid, objsubid, description, NULL FROM pg_description
     WHERE objoid IN (SELECT oid FROM pg_namespace UNION ALL SELECT oid FROM pg_extension)
       AND objoid < ${FIRST_USER_OID} AND classoid IN ('pg_namespace'::regclass, 'pg_extension'::regclass)`,
  read(rows, context) {
    for (const [catalog, oid, sub, comment, column] of rows) {
      const name = systemCatalog(text(catalog));
      const description = text(comment);
      context.comments.set(sub === '0' ? `${name}:${oid}` : `${name}:${oid}.${sub}`, description);
      const memo = name === 'pg_class' ? parkMemo(description) : null;
      if (memo === null) continue;
      if (memo.kind === 'table' && sub === '0') context.tableMemos.set(text(oid), memo);
      if (memo.kind === 'column' && sub !== '0') {
        const place = { memo, relation: text(oid), attnum: text(sub) };
        context.columnMemos.set(column ?? `${PARKED_PREFIX}${memo.parkId}`, place);
      }
    }
  },
};

export const labels: Kind = {
  name: 'security labels',
  query: () =>
    `SELECT classoid, objoid, objsubid, provider, label FROM pg_seclabel
     UNION ALL SELECT classoid, objoid, 0, provider, label FROM pg_shseclabel
     WHERE classoid = 'pg_database'::regclass AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
       OR classoid = 'pg_subscription'::regclass`,
  read(rows, context) {
    for (const [catalog, oid, sub, provider, label] of rows) {
      const name = systemCatalog(text(catalog));
      const key = sub === '0' ? `${name}:${oid}` : `${name}:${oid}.${sub}`;
      const known = context.labels.get(key) ?? [];
      known.push(`${provider}=${label}`);
      context.labels.set(key, known);
    }
  },
};

export const accessMethodNames: Kind = {
  name: 'access method names',
  query: () => 'SELECT oid, amname FROM pg_am',
  read(rows, context) {
    for (const [oid, name] of rows) context.accessMethods.set(text(oid), quoteIdent(text(name)));
  },
};

export const tablespaces: Kind = {
  name: 'tablespaces',
  query: () => 'SELECT oid, spcname FROM pg_tablespace',
  read(rows, context) {
    for (const [oid, name] of rows) context.tablespaces.set(text(oid), quoteIdent(text(name)));
  },
};

export const inheritance: Kind = {
  name: 'inheritance',
  query: (major) =>
    `SELECT inhrelid, inhparent, ${major >= 14 ? 'inhdetachpending' : 'false'} FROM pg_inherits ORDER BY inhrelid, inhseqno`,
  read(rows, context) {
    for (const [child, parent, detachPending] of rows) {
      const parents = context.parents.get(text(child)) ?? [];
      parents.push({ oid: text(parent), detachPending: bool(detachPending) });
      context.parents.set(text(child), parents);
    }
  },
};

export const markedIndexes: Kind = {
  name: 'marked indexes',
  query: () =>
    `SELECT i.indrelid, c.relname, i.indisreplident, i.indisclustered
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE (i.indisreplident OR i.indisclustered) AND i.indexrelid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [table, name, replica, clustered] of rows) {
      if (bool(replica)) context.replicaIndexes.set(text(table), text(name));
      if (bool(clustered)) context.clusterIndexes.set(text(table), text(name));
    }
  },
};

/**
 * NOT NULL as PostgreSQL 18 keeps it: a constraint with a name, a comment and a validity of its own. Only those that
 * are anything but plain are fetched.
 */
export const notNulls: Kind = {
  name: 'not null constraints',
  scope: { of: 'neighbour', column: 2, makes: [] },
  query: (major) =>
    major < 18
      ? null
      : `SELECT n.oid, n.conrelid, n.conkey[1], n.conname, n.connoinherit, n.convalidated, n.conislocal, c.relname, a.attname, n.coninhcount
         FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
         JOIN pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = n.conkey[1]
         WHERE n.contype = 'n' AND n.oid >= ${FIRST_USER_OID}
           AND (n.connoinherit OR NOT n.convalidated OR (n.conislocal AND n.coninhcount > 0) OR n.conname <> (c.relname || '_' || a.attname || '_not_null')
             OR n.oid IN (SELECT objoid FROM pg_description WHERE classoid = 'pg_constraint'::regclass))`,
  read(rows, context) {
    for (const [
      oid,
      table,
      attnum,
      name,
      noInherit,
      validated,
      local,
      tableName,
      column,
      inherited,
    ] of rows) {
      const memo = context.tableMemos.get(text(table));
      const chosen =
        !bool(local) ||
        isChosenName(text(name), text(tableName), text(column)) ||
        (memo !== undefined && isChosenName(text(name), memo.table, text(column)));
      const settings: ColumnSettings = {
        notNullName: chosen ? null : quoteIdent(text(name)),
        noInherit: bool(noInherit),
        valid: bool(validated),
        comment: context.comment('pg_constraint', text(oid)),
        alsoLocal: bool(local) && inherited !== '0',
      };
      context.notNulls.set(`${table}.${attnum}`, settings);
    }
  },
};

/**
 * The triggers behind foreign keys and deferrable keys: ALTER TABLE … DISABLE TRIGGER ALL switches them off, and the
 * constraint is then not kept. Their names are made of OIDs; table, events and state tell which is which.
 */
export const constraintTriggers: Kind = {
  name: 'triggers of constraints',
  probe: `EXISTS (SELECT FROM pg_trigger WHERE tgisinternal AND tgenabled <> 'O')`,
  query: () =>
    `SELECT t.tgconstraint, t.tgrelid, t.tgenabled, t.tgfoid::regproc
     FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint AND c.contype <> 't'
     WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [constraint, table, enabled, routine] of rows) {
      const known = context.disabledTriggers.get(text(constraint)) ?? [];
      const place = context.relations.get(text(table))?.identity ?? 'unknown';
      known.push(`${routine} on ${place}: ${CONSTRAINT_TRIGGER_STATES[text(enabled)] ?? enabled}`);
      context.disabledTriggers.set(text(constraint), known);
    }
  },
};

const CONSTRAINT_TRIGGER_STATES: Readonly<Record<string, string>> = {
  D: 'disabled',
  R: 'replica',
  A: 'always',
};

/** Types of tables and views: privileges and comments that were given to them as types. */
export const rowTypes: Kind = {
  name: 'row types',
  query: () =>
    `SELECT t.oid, t.typrelid, pg_get_userbyid(t.typowner), t.typacl
     FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c'
     WHERE t.typtype = 'c' AND t.oid >= ${FIRST_USER_OID} AND (t.typacl IS NOT NULL
       OR t.oid IN (SELECT objoid FROM pg_description WHERE classoid = 'pg_type'::regclass))`,
  read(rows, context) {
    for (const [oid, relation, owner, acl] of rows) {
      const privileges = context.privileges(acl ?? null, 'T', text(owner));
      const untouched = context.privileges(null, 'T', text(owner));
      const comment = context.comment('pg_type', text(oid));
      context.rowTypes.set(text(relation), {
        ...(privileges.join() === untouched.join() ? {} : { typePrivileges: privileges }),
        ...(comment === null ? {} : { typeComment: comment }),
      });
    }
  },
};

/** NAMEDATALEN - 1 */
export const MAX_NAME_BYTES = 63;

/**
 * Whether the server would choose this name for the NOT NULL of a column (`ChooseConstraintName`): the names of table
 * and column, shortened from the longer one until the whole fits, then `_not_null` and, where that is taken, a number.
 */
function isChosenName(name: string, table: string, column: string): boolean {
  const number = /_not_null(\d*)$/.exec(name)?.[1];
  if (number === undefined) return false;
  const label = `_not_null${number}`;
  const available = MAX_NAME_BYTES - Buffer.byteLength(label) - 1;
  let tableBytes = Buffer.byteLength(table);
  let columnBytes = Buffer.byteLength(column);
  while (tableBytes + columnBytes > available) {
    if (tableBytes > columnBytes) tableBytes--;
    else columnBytes--;
  }
  return name === `${clip(table, tableBytes)}_${clip(column, columnBytes)}${label}`;
}

/** As many whole characters as fit into that many bytes of UTF-8. */
export function clip(name: string, bytes: number): string {
  let used = 0;
  let result = '';
  for (const char of name) {
    used += Buffer.byteLength(char);
    if (used > bytes) break;
    result += char;
  }
  return result;
}
