/**
 * A database's schema as plain data. `read` makes it, `fingerprint` hashes it, `compare` compares two, `render` turns
 * a difference into DDL. What is in `properties` is what counts: two objects are equal when their properties are.
 *
 * Conventions for every property value:
 * - names inside SQL text are schema-qualified as `pg_get_*def` gives them under `search_path = pg_catalog`;
 * - `identity` and every reference to another object is quoted where PostgreSQL would quote it;
 * - absent is `null`, sets are sorted arrays, order that means something is kept;
 * - never an OID, never a name that the server made up from one.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One file per kind under `catalog/kinds/`; a new kind is a new file and a new word here. */
export type ObjectKind =
  | 'schema'
  | 'extension'
  | 'language'
  | 'collation'
  | 'enum'
  | 'domain'
  | 'composite'
  | 'range'
  | 'base type'
  | 'function'
  | 'aggregate'
  | 'operator'
  | 'operator class'
  | 'operator family'
  | 'cast'
  | 'conversion'
  | 'text search parser'
  | 'text search template'
  | 'text search dictionary'
  | 'text search configuration'
  | 'foreign data wrapper'
  | 'server'
  | 'user mapping'
  | 'sequence'
  | 'table'
  | 'column'
  | 'constraint'
  | 'index'
  | 'statistics'
  | 'view'
  | 'materialized view'
  | 'rule'
  | 'trigger'
  | 'event trigger'
  | 'policy'
  | 'publication'
  | 'subscription'
  | 'access method'
  | 'transform'
  | 'default privileges'
  | 'database';

/** `<kind> <identity>`, e.g. `table public.orders`, `column public.orders.status`, `function public.f(integer)`. */
export type ObjectKey = string;

export interface CatalogObject<P extends object = Readonly<Record<string, Json>>> {
  readonly kind: ObjectKind;
  /** Unique within the kind; see each kind below. */
  readonly identity: string;
  /** The table, view or domain that a column, constraint, index, trigger, policy or rule belongs to. */
  readonly parent: ObjectKey | null;
  /** Compared and hashed, whole. */
  readonly properties: P;
  /**
   * Who it is inside its own database, across renames: `<catalog>:<oid>[.<attnum>]`, e.g. `pg_class:16384.3`.
   * Never hashed; compared only between two reads of the same database.
   */
  readonly physical: string;
  /** Extra facts that rendering needs and that do not count as a difference (e.g. a column's attnum). */
  readonly extra?: Readonly<Record<string, Json>>;
}

/** `from` needs `to`: `to` is created before it and dropped after it. Keys of objects in the same catalog. */
export interface Dependency {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
}

export interface Catalog {
  readonly major: number;
  readonly objects: ReadonlyMap<ObjectKey, CatalogObject>;
  readonly dependencies: readonly Dependency[];
  /** What lies parked: tables in `ferrata_attic`, and columns renamed in place. Not part of `objects`. */
  readonly parked: readonly Parked[];
}

/** A parked table or column, and how it comes back. */
export interface Parked {
  readonly memo: ParkMemo;
  /** Of the table or column itself. */
  readonly root: ObjectKey;
  readonly physical: string;
  /** SQL that brings it back under its old name; data-preserving and instant. */
  readonly unpark: readonly string[];
  /** The objects, under the names they have once `unpark` has run. */
  readonly objects: readonly CatalogObject[];
  readonly dependencies: readonly Dependency[];
}

/**
 * Written as JSON behind `PARK_COMMENT_PREFIX` in the COMMENT of the parked table or column, so that the database
 * alone tells what lies parked in it.
 */
export interface ParkMemo {
  readonly v: 1;
  readonly parkId: string;
  readonly kind: 'table' | 'column';
  /** Where it was. */
  readonly schema: string;
  readonly table: string;
  /** For a column. */
  readonly column: string | null;
  /** The comment it had. */
  readonly comment: string | null;
  /**
   * Relations that were renamed with it. For a table: its indexes and owned sequences, which moved into the attic with
   * it. For a column: sequences it owns, which stay in their schema under the parked name.
   */
  readonly relations: readonly {
    readonly kind: 'index' | 'sequence';
    readonly parked: string;
    readonly name: string;
  }[];
}

export const ATTIC_SCHEMA = 'ferrata_attic';
export const LEDGER_SCHEMA = 'ferrata';
/** A parked column is named `ferrata_parked_<parkId>`; so is a sequence that it owns, with `_<n>` behind. */
export const PARKED_PREFIX = 'ferrata_parked_';
export const PARK_COMMENT_PREFIX = 'ferrata:parked ';
/** Capture triggers and their functions carry this prefix; the catalog does not count them. */
export const CAPTURE_PREFIX = 'ferrata_capture_';
/** The event triggers of `drift --watch-ddl`, whose function lies in the ledger's schema. */
export const WATCH_PREFIX = 'ferrata_watch_';

/** Properties that every kind with an owner has. */
export interface Owned {
  readonly owner: string;
  /** COMMENT ON it. */
  readonly comment: string | null;
  /**
   * Privileges as sorted `grantee=PRIVILEGE[*]/grantor` items, one per privilege with its full name, e.g.
   * `reader=SELECT/app`, `PUBLIC=EXECUTE/app`, `*` for WITH GRANT OPTION. Null ACLs are expanded to the default ones
   * (`acldefault`), so that a revoked-and-granted-again privilege equals the untouched one.
   */
  readonly privileges: readonly string[];
  /** Security labels, `provider=label`, where there are any. */
  readonly securityLabels?: readonly string[];
}

export interface SequenceOptions {
  readonly dataType: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
}

/** identity `schema` */
export type SchemaProperties = Owned;
/** identity `name`; members of extensions are no objects of their own. */
export interface ExtensionProperties {
  readonly schema: string;
  /** Null only in what was put in the terms of another major version. */
  readonly version: string | null;
  readonly comment: string | null;
  /** GRANT and REVOKE on its members since it was made (`privilege-statements.ts`), only where there are any. */
  readonly memberPrivileges?: readonly string[];
  /** What lies on its tables, its own and the users', as the statements that make it and take it away; sorted. */
  readonly onTables?: readonly { readonly make: string; readonly drop: string }[];
}
/** identity `schema.table`. Partitions and partitioned tables are tables too; foreign tables have `foreignServer`. */
export interface TableProperties extends Owned {
  readonly persistence: 'permanent' | 'unlogged';
  readonly accessMethod: string | null;
  readonly tablespace: string | null;
  readonly options: readonly string[];
  readonly toastOptions: readonly string[];
  readonly rowSecurity: boolean;
  readonly forceRowSecurity: boolean;
  /** `default`, `nothing`, `full`, or `index <identity of the index>`. */
  readonly replicaIdentity: string;
  /** Type of a typed table (OF). */
  readonly ofType: string | null;
  /** Parents by INHERITS, in order; empty for partitions. */
  readonly inherits: readonly string[];
  /** `pg_get_partkeydef`, e.g. `RANGE (created_at)`. */
  readonly partitionKey: string | null;
  /** True, and there, only for a partition whose DETACH … CONCURRENTLY was interrupted. */
  readonly detachPending?: boolean;
  /** Parent of a partition and its bound as `pg_get_expr(relpartbound)` gives it. */
  readonly partitionOf: string | null;
  readonly partitionBound: string | null;
  readonly foreignServer: string | null;
  readonly foreignOptions: readonly string[];
  /** The index of `CLUSTER ON`, by identity. */
  readonly clusteredOn: string | null;
  /** What GRANT gave on system columns, only where it did: `ctid: reader=SELECT/app`. */
  readonly systemColumnPrivileges?: readonly string[];
  /** GRANT and COMMENT ON TYPE of its row type, only where there are any; of views, too. */
  readonly typePrivileges?: readonly string[];
  readonly typeComment?: string;
}
/** identity `schema.table.column`; columns of tables, foreign tables and partitions (not of views or composites). */
export interface ColumnProperties {
  /** 1, 2 … among the columns that are there: a difference in this alone is cosmetic. */
  readonly position: number;
  /** `format_type(atttypid, atttypmod)` */
  readonly type: string;
  /** Only where it differs from the type's own. */
  readonly collation: string | null;
  readonly notNull: boolean;
  /** PostgreSQL 18: name of the NOT NULL constraint where it is not the one the server would choose; else null. */
  readonly notNullName: string | null;
  /** PostgreSQL 18: NO INHERIT, and validity, of the NOT NULL constraint. */
  readonly notNullNoInherit: boolean;
  readonly notNullValid: boolean;
  /** PostgreSQL 18: COMMENT ON the NOT NULL constraint, only where there is one. */
  readonly notNullComment?: string;
  /** PostgreSQL 18: true, and there, only for an inherited NOT NULL that the table itself says as well. */
  readonly notNullAlsoLocal?: boolean;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
  /** The identity's sequence; the sequence is no object of its own. */
  readonly identitySequence:
    | (SequenceOptions & {
        /** `schema.sequence` */
        readonly name: string;
        readonly persistence: 'permanent' | 'unlogged';
        /** Only where they are not the default ones. */
        readonly privileges?: readonly string[];
        readonly comment?: string;
        readonly securityLabels?: readonly string[];
      })
    | null;
  readonly generated: 'stored' | 'virtual' | null;
  readonly generationExpression: string | null;
  /** Only where it differs from the type's own: `plain`, `external`, `extended`, `main`. */
  readonly storage: string | null;
  readonly compression: string | null;
  readonly statisticsTarget: number | null;
  readonly options: readonly string[];
  readonly foreignOptions: readonly string[];
  /** Defined here, as against inherited alone. */
  readonly local: boolean;
  readonly inheritedFrom: number;
  readonly comment: string | null;
  readonly privileges: readonly string[];
}
/** identity `schema.table.name`, or `schema.domain.name` for a domain's. NOT NULL is a property of the column. */
export interface ConstraintProperties {
  readonly type: 'check' | 'unique' | 'primary' | 'foreign' | 'exclusion' | 'trigger';
  /** `pg_get_constraintdef`, without NOT VALID, DEFERRABLE … that are properties of their own below. */
  readonly definition: string;
  readonly deferrable: boolean;
  readonly deferred: boolean;
  readonly validated: boolean;
  readonly enforced: boolean;
  readonly noInherit: boolean;
  readonly local: boolean;
  readonly inheritedFrom: number;
  /** Of a foreign key: the table it refers to. */
  readonly references: string | null;
  /** Columns of its table, in key order, unquoted. */
  readonly columns: readonly string[];
  /** Of a unique, primary or exclusion constraint: properties of the index behind it that its definition lacks. */
  readonly index: {
    readonly options: readonly string[];
    readonly tablespace: string | null;
    readonly valid: boolean;
    readonly comment: string | null;
    /** As an index's `statistics` and `dependsOnExtensions`, only where there are any. */
    readonly statistics?: readonly string[];
    readonly dependsOnExtensions?: readonly string[];
  } | null;
  readonly comment: string | null;
  /** Triggers of the constraint itself that ALTER TABLE … DISABLE TRIGGER ALL changed, only where there are any. */
  readonly disabledTriggers?: readonly string[];
}
/** identity `schema.index`; indexes behind constraints are not objects of their own. */
export interface IndexProperties {
  /** `pg_get_indexdef`, which holds method, columns, opclasses, predicate, INCLUDE, options. */
  readonly definition: string;
  readonly table: string;
  readonly unique: boolean;
  readonly valid: boolean;
  readonly tablespace: string | null;
  /** `schema.index` of the partitioned index it is attached to. */
  readonly partitionOf: string | null;
  /** Statistics targets of expression columns, where set: `<column number>=<target>`. */
  readonly statistics: readonly string[];
  readonly comment: string | null;
  /** Extensions of ALTER … DEPENDS ON EXTENSION, quoted, only where there are any. */
  readonly dependsOnExtensions?: readonly string[];
}
/** identity `schema.sequence`; without the sequences of identity columns. */
export interface SequenceProperties extends Owned, SequenceOptions {
  readonly persistence: 'permanent' | 'unlogged';
  /** `schema.table.column` of OWNED BY. */
  readonly ownedBy: string | null;
}
/** identity `schema.view` */
export interface ViewProperties extends Owned {
  /** `pg_get_viewdef` */
  readonly definition: string;
  readonly options: readonly string[];
  /** `name type[ collation]`, in order, with `comment` and column privileges beside. */
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly collation: string | null;
    readonly default: string | null;
    readonly comment: string | null;
    readonly privileges: readonly string[];
    /** Of a materialized view, where set: `storage=`, `compression=`, `statistics=` and attribute options, sorted. */
    readonly settings?: readonly string[];
    readonly securityLabels?: readonly string[];
  }[];
  readonly typePrivileges?: readonly string[];
  readonly typeComment?: string;
}
/** identity `schema.view` */
export interface MaterializedViewProperties extends ViewProperties {
  readonly populated: boolean;
  readonly accessMethod: string | null;
  readonly tablespace: string | null;
  /** `schema.index`, only where CLUSTER ON or CLUSTER … USING was said. */
  readonly clusteredOn?: string;
  readonly dependsOnExtensions?: readonly string[];
}
/** identity `schema.name(argument types)`: functions, procedures, window functions. */
export interface FunctionProperties extends Owned {
  /** `pg_get_functiondef`: holds every attribute. */
  readonly definition: string;
  readonly routine: 'function' | 'procedure' | 'window';
  /** `pg_get_function_result` */
  readonly returns: string | null;
  /** `pg_get_function_arguments`: names, modes and defaults. CREATE OR REPLACE cannot rename them. */
  readonly arguments: string;
  readonly language: string;
  readonly dependsOnExtensions?: readonly string[];
}
/** identity `schema.table.trigger`; internal triggers and those of foreign keys excluded. */
export interface TriggerProperties {
  /** `pg_get_triggerdef` */
  readonly definition: string;
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always';
  /** Cloned from a partitioned table's trigger. */
  readonly inherited: boolean;
  readonly constraint: boolean;
  readonly comment: string | null;
  readonly dependsOnExtensions?: readonly string[];
  /** Of a constraint trigger: the name of its constraint, where another; and COMMENT ON CONSTRAINT. */
  readonly constraintName?: string;
  readonly constraintComment?: string;
}
/** identity `schema.enum` */
export interface EnumProperties extends Owned {
  readonly labels: readonly string[];
}
/** identity `schema.domain`; its CHECKs are constraints whose parent is the domain. */
export interface DomainProperties extends Owned {
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: boolean;
  readonly default: string | null;
  /** PostgreSQL 17: name of its NOT NULL constraint where the server would choose another, and the comment on it. */
  readonly notNullName?: string;
  readonly notNullComment?: string;
}
/** identity `schema.type` */
export interface CompositeProperties extends Owned {
  readonly attributes: readonly {
    readonly name: string;
    readonly type: string;
    readonly collation: string | null;
    readonly comment: string | null;
    readonly securityLabels?: readonly string[];
  }[];
}
/** identity `schema.type` */
export interface RangeProperties extends Owned {
  /** The options of CREATE TYPE … AS RANGE, rendered. */
  readonly options: readonly string[];
}
/** identity `schema.table.policy` */
export interface PolicyProperties {
  readonly permissive: boolean;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly withCheck: string | null;
  readonly comment: string | null;
}
/** identity `schema.table.rule`; without the `_RETURN` rules of views. */
export interface RuleProperties {
  readonly definition: string;
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always';
  readonly comment: string | null;
}
/**
 * Kinds whose whole definition is one piece of SQL that creates them: aggregates, operators, operator classes and
 * families, casts, conversions, collations, text search, statistics, publications, event triggers, foreign data
 * wrappers, servers, user mappings, default privileges …
 */
export interface DefinitionProperties {
  /** One statement that creates it; null where it cannot be written down, and then it is refused by `render`. */
  readonly definition: string | null;
  /** The statement that drops it. */
  readonly drop: string | null;
  /** What counts beside the definition (owner, enabled state, comment, privileges …). */
  readonly [property: string]: Json;
}

// ---- fingerprint, compare, render --------------------------------------------------------------------------------

export interface Fingerprint {
  /** SHA-256, hex, over all objects. */
  readonly hash: string;
  readonly objects: ReadonlyMap<ObjectKey, string>;
}

export interface Difference {
  readonly kind: ObjectKind;
  /** The object's identity. */
  readonly object: string;
  /** `presence` where the object is on one side alone. */
  readonly property: string;
  /** Values; `absent` / `present` for presence. */
  readonly before: Json;
  readonly after: Json;
  readonly cosmetic: boolean;
  /** The table, view or domain that the object belongs to, where it belongs to one. */
  readonly parent?: ObjectKey;
  /** Of an object that is on one side alone: what it is, on one line. For people; never compared. */
  readonly summary?: string;
  /** Between two major versions: why PostgreSQL itself makes this difference. */
  readonly note?: string;
}

export interface Comparison {
  readonly outcome: 'equal' | 'cosmetic' | 'different';
  readonly differences: readonly Difference[];
}

export interface RenderedStatement {
  readonly sql: string;
  /** `after-data` statements tighten (constraints, unique indexes, NOT NULL, triggers): rows are put back before them. */
  readonly stage: 'before-data' | 'after-data';
  /** Whether it may run in a transaction block. */
  readonly transactional: boolean;
  /** Whether rows or values go away with it. */
  readonly destroysData: boolean;
  /** What it is done for. */
  readonly object: ObjectKey;
}

export interface Refusal {
  readonly object: ObjectKey;
  readonly reason: string;
}

export interface Rendering {
  /** In the order in which they must run; all `before-data` ones first. */
  readonly statements: readonly RenderedStatement[];
  /** What cannot be rendered. Not empty: the statements alone do not lead to the goal. */
  readonly refusals: readonly Refusal[];
}
