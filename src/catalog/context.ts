/**
 * What the readers of the single kinds share while one catalog is being read: names by OID, comments, extension
 * members, and the place where the objects that they find are put.
 */

import { quoteIdent, quoteQualified } from '../sql/quote.ts';
import { canonicalProperties } from './canonical.ts';
import { type AclKind, privileges as expandPrivileges, type Text } from './decode.ts';
import {
  ATTIC_SCHEMA,
  CAPTURE_PREFIX,
  type CatalogObject,
  LEDGER_SCHEMA,
  type ObjectKey,
  type ObjectKind,
  PARKED_PREFIX,
  type ParkMemo,
} from './model.ts';
import { ParkedDraft } from './parked.ts';
import { columnOrder } from './positions.ts';
import type { SystemCatalog } from './system-catalogs.ts';

/** Tables, views, composite types, sequences: what has a row in `pg_class` and a name that others refer to. */
export interface Relation {
  readonly oid: string;
  /** `pg_class.relkind` */
  readonly relkind: string;
  readonly kind: ObjectKind;
  /** Unquoted names; those that it gets back where it lies parked. */
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly key: ObjectKey;
  readonly owner: string;
  readonly persistence: 'permanent' | 'unlogged';
  readonly accessMethod: string | null;
  readonly tablespace: string | null;
  readonly options: readonly string[];
  readonly acl: Text;
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  readonly replicaIdentity: string;
  readonly isPartition: boolean;
  readonly populated: boolean;
  /** Set where the table lies parked. */
  readonly parked: ParkedDraft | null;
}

/** The sequence of an identity column, which is no object of its own. */
export interface IdentitySequence {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: string;
  readonly persistence: 'permanent' | 'unlogged';
  readonly acl: Text;
  /** The seven values of `pg_sequence`. */
  readonly values: readonly Text[];
}

/** What PostgreSQL 18 keeps about a NOT NULL. */
export interface ColumnSettings {
  readonly notNullName: string | null;
  readonly noInherit: boolean;
  readonly valid: boolean;
  readonly comment: string | null;
  /** Inherited, and said by the table itself as well. */
  readonly alsoLocal: boolean;
}

/** A column of a view or composite type, whose columns are no objects of their own. */
export interface RelationColumn {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly default: string | null;
  readonly comment: string | null;
  readonly privileges: readonly string[];
  /** What only a materialized view's columns have; null where nothing is set. */
  readonly settings: readonly string[] | null;
  readonly securityLabels?: readonly string[];
}

export interface Schema {
  readonly name: string;
  readonly quoted: string;
  /** The ledger and the attic: their content is not the user's. */
  readonly hidden: boolean;
}

/** What was said about the type that a table or view has, as a type. */
export interface RowType {
  readonly typePrivileges?: readonly string[];
  readonly typeComment?: string;
}

interface ColumnMemo {
  readonly memo: ParkMemo;
  readonly relation: string;
  readonly attnum: string;
}

const PLAIN_COLUMN: ColumnSettings = {
  notNullName: null,
  noInherit: false,
  valid: true,
  comment: null,
  alsoLocal: false,
};

export class ReadContext {
  readonly major: number;
  readonly objects = new Map<ObjectKey, CatalogObject>();
  readonly parked: ParkedDraft[] = [];

  readonly schemas = new Map<string, Schema>();
  readonly relations: Map<string, Relation>;
  readonly accessMethods = new Map<string, string>();
  readonly tablespaces = new Map<string, string>();
  /** Child → parents in order of `inhseqno`; of tables and of indexes. */
  readonly parents = new Map<string, { readonly oid: string; readonly detachPending: boolean }[]>();
  /** Table → name of its index that is the replica identity, or the one it is clustered on. */
  readonly replicaIndexes = new Map<string, string>();
  readonly clusterIndexes = new Map<string, string>();
  /** `<relation>.<attnum>` → sequence of an identity column. */
  readonly identitySequences = new Map<string, IdentitySequence>();
  readonly viewColumns = new Map<string, RelationColumn[]>();
  /** `<relation>.<attnum>` → what PostgreSQL 18 keeps about a NOT NULL. */
  readonly notNulls = new Map<string, ColumnSettings>();
  /** Relation → names by attnum, of the columns that are there; parked ones under their old name. */
  readonly columnNames = new Map<string, Map<string, string>>();
  /** Relation → attnum → the parked column. */
  readonly parkedColumns = new Map<string, Map<string, ParkedDraft>>();
  /** OID of a constraint → what its own triggers are, where ALTER TABLE … DISABLE TRIGGER ALL changed them. */
  readonly disabledTriggers = new Map<string, string[]>();
  /** Relation → privileges on its system columns, `column: grantee=PRIVILEGE/grantor`. */
  readonly systemColumns = new Map<string, string[]>();
  /** Relation → what was said about its row type. */
  readonly rowTypes = new Map<string, RowType>();
  /** Quoted name of an extension, null for the server itself → statements that changed its objects' privileges. */
  readonly changedPrivileges = new Map<string | null, readonly string[]>();
  /** Quoted name of an extension → what lies on its tables. */
  readonly onExtensionTables = new Map<string, { readonly make: string; readonly drop: string }[]>();
  readonly comments = new Map<string, string>();
  readonly labels = new Map<string, string[]>();
  /** What extensions made → the extension; physical addresses. */
  readonly members = new Map<string, string>();
  /** Physical address → quoted names of the extensions that ALTER … DEPENDS ON EXTENSION bound it to. */
  readonly extensionsNeeded = new Map<string, readonly string[]>();
  /** Physical address of what is no object of its own (a default, an identity's sequence …) → that of what it belongs to. */
  readonly parts = new Map<string, string>();
  /** Physical address of a sequence → that of the column that owns it. */
  readonly ownedSequences = new Map<string, string>();
  /** Identities of domains. */
  readonly domains = new Map<string, string>();
  /** Identities of the indexes behind constraints. */
  readonly constraintIndexes = new Map<string, string>();
  readonly columnMemos = new Map<string, ColumnMemo>();
  readonly tableMemos = new Map<string, ParkMemo>();
  readonly #columnDrafts = new Map<string, ParkedDraft | null>();
  readonly #privileges = new Map<string, readonly string[]>();

  constructor(major: number, relations = new Map<string, Relation>()) {
    this.major = major;
    this.relations = relations;
  }

  /** Puts an object where it belongs: among the objects, or into the parked thing that it is part of. */
  add(object: CatalogObject<object>, parked: ParkedDraft | null = null): void {
    // Properties of every kind are JSON; the model's interfaces lack the index signature that would say so.
    const properties = this.#withColumnOrder(canonicalProperties(object.kind, object.properties));
    const plain = (properties === object.properties ? object : { ...object, properties }) as CatalogObject;
    if (parked === null) this.objects.set(`${object.kind} ${object.identity}`, plain);
    else parked.objects.push(plain);
  }

  /** A text that names columns by position means what their order makes of it. */
  #withColumnOrder<P extends object>(properties: P): P {
    const { definition } = properties as { readonly definition?: unknown };
    if (typeof definition !== 'string') return properties;
    const order = columnOrder(definition, (table) => this.#columnsOf(table));
    return order.columnOrder === undefined ? properties : { ...properties, ...order };
  }

  #columnsOf(table: string): readonly string[] | undefined {
    for (const relation of this.relations.values()) {
      if (relation.identity !== table) continue;
      const names = [...(this.columnNames.get(relation.oid) ?? [])];
      return names.sort(([a], [b]) => Number(a) - Number(b)).map(([, name]) => name);
    }
    return undefined;
  }

  comment(catalog: SystemCatalog, oid: string, sub?: string): string | null {
    if (this.comments.size === 0) return null;
    return this.comments.get(sub === undefined ? `${catalog}:${oid}` : `${catalog}:${oid}.${sub}`) ?? null;
  }

  /** To be spread into properties: present only where there are labels. */
  securityLabels(
    catalog: SystemCatalog,
    oid: string,
    sub?: string,
  ): { readonly securityLabels?: readonly string[] } {
    if (this.labels.size === 0) return {};
    const labels = this.labels.get(sub === undefined ? `${catalog}:${oid}` : `${catalog}:${oid}.${sub}`);
    return labels === undefined ? {} : { securityLabels: [...labels].sort() };
  }

  /** To be spread into properties: present only after ALTER … DEPENDS ON EXTENSION. */
  dependsOnExtensions(
    catalog: SystemCatalog,
    oid: string,
  ): { readonly dependsOnExtensions?: readonly string[] } {
    if (this.extensionsNeeded.size === 0) return {};
    const names = this.extensionsNeeded.get(`${catalog}:${oid}`);
    return names === undefined ? {} : { dependsOnExtensions: names };
  }

  /** The properties that every kind with an owner has; `owner` unquoted. */
  owned(catalog: SystemCatalog, oid: string, owner: string, acl: Text, kind: AclKind) {
    return {
      owner: quoteIdent(owner),
      comment: this.comment(catalog, oid),
      privileges: this.privileges(acl, kind, owner),
      ...this.securityLabels(catalog, oid),
    };
  }

  /** Sorted privileges; equal ACLs share one array. */
  privileges(acl: Text, kind: AclKind, owner: string): readonly string[] {
    const key = `${kind} ${owner} ${acl ?? 'default'}`;
    let known = this.#privileges.get(key);
    if (known === undefined) {
      known = expandPrivileges(acl, kind, owner, this.major);
      this.#privileges.set(key, known);
    }
    return known;
  }

  /** Whether an extension made it: then it is no object of its own. */
  isMember(catalog: SystemCatalog, oid: string): boolean {
    return this.members.has(`${catalog}:${oid}`);
  }

  /**
   * The user's schema of that OID; undefined for the server's own, and for the ledger and the attic (whose content is
   * reached through its relations alone).
   */
  visibleSchema(oid: string): Schema | undefined {
    const schema = this.schemas.get(oid);
    return schema === undefined || schema.hidden ? undefined : schema;
  }

  /** `schema.name` of what lies directly in a schema and belongs to the user; undefined otherwise. */
  identityIn(schemaOid: string, name: string, catalog: SystemCatalog, oid: string): string | undefined {
    const schema = this.visibleSchema(schemaOid);
    if (schema === undefined || name.startsWith(CAPTURE_PREFIX) || this.isMember(catalog, oid))
      return undefined;
    return `${schema.quoted}.${quoteIdent(name)}`;
  }

  columnName(relation: string, attnum: string): string {
    return this.columnNames.get(relation)?.get(attnum) ?? attnum;
  }

  columnSettings(relation: string, attnum: string): ColumnSettings {
    if (this.notNulls.size === 0) return PLAIN_COLUMN;
    return this.notNulls.get(`${relation}.${attnum}`) ?? PLAIN_COLUMN;
  }

  /**
   * The parked column of that name, where it is one: the name alone decides for the copies in partitions and children,
   * whose columns are renamed with their parent's but carry no comment.
   */
  parkedColumn(name: string): ParkedDraft | null {
    if (!name.startsWith(PARKED_PREFIX)) return null;
    const known = this.#columnDrafts.get(name);
    if (known !== undefined) return known;
    const found = this.columnMemos.get(name);
    const relation = found === undefined ? undefined : this.relations.get(found.relation);
    let draft: ParkedDraft | null = null;
    if (found !== undefined && relation !== undefined) {
      const place = {
        schema: relation.schema,
        table: relation.name,
        word: relation.relkind === 'f' ? 'FOREIGN TABLE' : 'TABLE',
        column: name,
      };
      const root = `column ${relation.identity}.${quoteIdent(found.memo.column ?? '')}`;
      draft = new ParkedDraft(found.memo, place, root, `pg_class:${found.relation}.${found.attnum}`);
      // What is parked inside a parked table comes to light when the table does.
      if (relation.parked === null) this.parked.push(draft);
    }
    this.#columnDrafts.set(name, draft);
    return draft;
  }

  /** The parked column among these columns of a relation: what rests on it would go away with it. */
  parkedAmong(relation: Relation, attnums: readonly string[]): ParkedDraft | null {
    const parked = this.parkedColumns.get(relation.oid);
    if (parked === undefined) return null;
    for (const attnum of attnums) {
      const draft = parked.get(attnum);
      if (draft !== undefined) return draft;
    }
    return null;
  }

  /**
   * Names of the schema and relation that count: those of the model, or those before parking. Null where the relation
   * is not the user's.
   */
  place(
    oid: string,
    schemaOid: string,
    name: string,
    word: string,
  ): { readonly schema: string; readonly name: string; readonly parked: ParkedDraft | null } | null {
    const schema = this.schemas.get(schemaOid);
    if (schema === undefined || this.isMember('pg_class', oid)) return null;
    if (!schema.hidden) return { schema: schema.name, name, parked: null };
    const memo = schema.name === ATTIC_SCHEMA ? this.tableMemos.get(oid) : undefined;
    if (memo === undefined) return null;
    const root = `table ${quoteQualified(memo.schema, memo.table)}`;
    const place = { schema: schema.name, table: name, word, column: null };
    const parked = new ParkedDraft(memo, place, root, `pg_class:${oid}`);
    this.parked.push(parked);
    return { schema: memo.schema, name: memo.table, parked };
  }
}

export function isHiddenSchema(name: string): boolean {
  return name === ATTIC_SCHEMA || name === LEDGER_SCHEMA;
}

/**
 * SQL that is true for rows that belong to no extension, nor (functions, casts) came with a range type; `alias` is the
 * table's alias with an `oid`.
 */
export function notMember(catalog: SystemCatalog, alias: string): string {
  const types = catalog === 'pg_proc' || catalog === 'pg_cast' ? `IN ('e', 'i')` : `= 'e'`;
  return (
    `NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '${catalog}'::regclass ` +
    `AND e.objid = ${alias}.oid AND e.deptype ${types})`
  );
}
