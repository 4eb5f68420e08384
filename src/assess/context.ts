import type {
  Catalog,
  ColumnProperties,
  ConstraintProperties,
  DomainProperties,
  FunctionProperties,
  IndexProperties,
  ObjectKind,
  TableProperties,
} from '../catalog/model.ts';
import type { ParsedStatement } from '../sql/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../sql/quote.ts';
import { madeRelation } from '../sql/relations.ts';
import { type TransactionControl, transactionControl } from '../sql/transactional.ts';
import {
  child,
  children,
  flag,
  type Node,
  nameFromParts,
  namesFromLists,
  type QualifiedName,
  relationOf,
  strings,
  text,
} from '../sql/tree.ts';
import { NEWEST_MAJOR } from './facts/model.ts';
import { type IndexParts, indexParts, keyColumn, keyColumns } from './known/index-parts.ts';
import { type Names, replay } from './known/replay.ts';
import { type KnownObject, KnownSchema } from './known/schema.ts';
import { searchPathAfter } from './known/search-path.ts';
import { isUtcAfter } from './known/time-zone.ts';
import { readBy, viewsUsing } from './known/views.ts';
import type { RelationSize } from './model.ts';
import { NO_SURROUNDINGS, type Surroundings } from './surroundings.ts';
import { typeText } from './types.ts';

const RELATION_KINDS: readonly ObjectKind[] = ['table', 'view', 'materialized view', 'sequence', 'index'];

const TYPE_KINDS: readonly ObjectKind[] = ['domain', 'enum', 'composite', 'range', 'base type', 'table'];

export interface ContextOptions {
  /** Default `public`. */
  readonly searchPath?: readonly string[];
  /** The target's; null where nobody knows. Default: the catalog's. */
  readonly major?: number | null;
  /** Whether the session that will run it has UTC as its TimeZone; default: nobody knows. */
  readonly isUtc?: boolean;
  /** By relation, as `relationsToMeasure` names them. */
  readonly sizes?: ReadonlyMap<string, RelationSize>;
  /** A file that something else than Ferrata will run: no lock_timeout and no transaction of Ferrata's around it. */
  readonly loose?: boolean;
  /** What is known of the schema, where it is more than the catalog: replayed from the statements before. */
  readonly known?: KnownSchema;
  /** `known` itself is what the statements change: who gives it wants what they leave behind, and nothing else. */
  readonly passOn?: boolean;
  /** What the project thinks of the rules, and what is known of the server beside its schema. */
  readonly surroundings?: Surroundings;
}

/**
 * What is known while the statements are read one after the other: the database's schema, from its catalog or replayed
 * from the statements before, and what the migration has made so far.
 */
export class AssessContext {
  readonly catalog: Catalog | null;
  /** The target's major version; null where nobody knows: take the newest then (`since`). */
  readonly major: number | null;
  readonly loose: boolean;
  readonly surroundings: Surroundings;
  readonly #sizes: ReadonlyMap<string, RelationSize>;
  #searchPath: readonly string[];
  #isUtc: boolean;
  readonly #made = new Set<string>();
  readonly #madeTypes = new Set<string>();
  /** Columns that were added in the transaction that still runs: `schema.table.column`. */
  readonly #madeColumns = new Set<string>();
  #moment = 0;
  readonly #resolved = new Map<string, string>();
  readonly #childrenOf = new Map<string, readonly KnownObject[]>();
  readonly #columnsOf = new Map<string, readonly Named<ColumnProperties>[]>();
  readonly #constraintsOf = new Map<string, readonly Named<ConstraintProperties>[]>();
  /** A statement is just being taken in: what is looked up changes meanwhile. */
  #noting = false;
  /** What the caller knew, where it wants to know what the statements left behind (`keep`). */
  readonly #start: KnownSchema | null;
  #known: KnownSchema;
  /** What was known when each open transaction of the script began. */
  readonly #begun: KnownSchema[] = [];
  readonly #names: Names = {
    relation: (name) => this.resolve(name),
    made: (name, temporary = false) => this.#nameOfMade(name, temporary),
    type: (typeName) => this.typeText(typeName),
    typeName: (name) => this.resolveType(name),
  };

  constructor(catalog: Catalog | null, options: ContextOptions = {}) {
    this.catalog = catalog;
    this.major = options.major ?? catalog?.major ?? null;
    this.loose = options.loose ?? false;
    this.surroundings = options.surroundings ?? NO_SURROUNDINGS;
    this.#start = options.passOn === true ? null : (options.known ?? null);
    this.#known =
      (options.passOn === true ? options.known : options.known?.fork()) ??
      (catalog === null ? KnownSchema.unknown() : KnownSchema.of(catalog));
    this.#sizes = options.sizes ?? new Map();
    this.#searchPath = options.searchPath ?? ['public'];
    this.#isUtc = options.isUtc ?? false;
  }

  /** The schema at this moment, the statements before included. */
  get known(): KnownSchema {
    return this.#known;
  }

  /** Grows with each statement: at one moment the same is known. */
  get moment(): number {
    return this.#moment;
  }

  get searchPath(): readonly string[] {
    return this.#searchPath;
  }

  /** Whether the session's TimeZone is known to be UTC: timestamps then are the same with and without a zone. */
  get isUtc(): boolean {
    return this.#isUtc;
  }

  /** Whether the target is at least of this major version; a target that nobody has seen is of the newest. */
  since(major: number): boolean {
    return (this.major ?? NEWEST_MAJOR) >= major;
  }

  /**
   * The relation as it is named in facts: with the schema in which the search_path finds it, or where nobody knows it,
   * with the first schema of the search_path.
   */
  resolve(name: QualifiedName | null): string | null {
    if (name === null) return null;
    if (name.schema !== null) return quoteQualified(name.schema, name.name);
    return this.#lookUp(this.#resolved, name.name, () => {
      const [first = 'public'] = this.#searchPath;
      for (const schema of ['pg_temp', ...this.#searchPath]) {
        const candidate = quoteQualified(schema, name.name);
        if (this.#made.has(candidate) || this.isRelation(candidate)) return candidate;
      }
      return quoteQualified(first, name.name);
    });
  }

  /** As `resolve`, for a type: a domain, an enum, a composite type. */
  resolveType(name: QualifiedName): string {
    if (name.schema !== null) return quoteQualified(name.schema, name.name);
    const [first = 'public'] = this.#searchPath;
    const found = this.#searchPath.find((schema) => this.#isType(quoteQualified(schema, name.name)));
    return quoteQualified(found ?? first, name.name);
  }

  /** Whether a relation of this name is known to be there. */
  isRelation(relation: string): boolean {
    return this.known.mentions(relation) && RELATION_KINDS.some((kind) => this.known.has(kind, relation));
  }

  /** Whether the migration itself made the relation in the transaction that still runs, so that nobody else uses it. */
  isNew(relation: string): boolean {
    return this.#made.has(relation);
  }

  /** Whether the migration itself added the column in the transaction that still runs. */
  isNewColumn(relation: string, column: string): boolean {
    return this.isNew(relation) || this.#madeColumns.has(`${relation}.${quoteIdent(column)}`);
  }

  isNewType(name: QualifiedName): boolean {
    return this.#madeTypes.has(this.resolveType(name));
  }

  /** Rows, bytes and indexes of a relation; null where they are not known. */
  size(relation: string): RelationSize | null {
    return this.#sizes.get(relation) ?? null;
  }

  table(relation: string): TableProperties | null {
    return this.#properties<TableProperties>('table', relation);
  }

  column(relation: string, column: string): ColumnProperties | null {
    return this.#properties<ColumnProperties>('column', `${relation}.${quoteIdent(column)}`);
  }

  /** The known columns of a table, with their names. */
  columns(relation: string): readonly Named<ColumnProperties>[] {
    return this.#lookUp(this.#columnsOf, relation, () =>
      this.#children(relation, 'column').map((object) => named<ColumnProperties>(object)),
    );
  }

  index(relation: string): IndexProperties | null {
    return this.#properties<IndexProperties>('index', relation);
  }

  constraint(relation: string, name: string): ConstraintProperties | null {
    return this.#properties<ConstraintProperties>('constraint', `${relation}.${quoteIdent(name)}`);
  }

  constraints(relation: string): readonly Named<ConstraintProperties>[] {
    return this.#lookUp(this.#constraintsOf, relation, () =>
      this.#children(relation, 'constraint').map((object) => named<ConstraintProperties>(object)),
    );
  }

  /** `schema.table.constraint`, as facts name it. */
  constraintIdentity(relation: string, name: string): string {
    return `${relation}.${quoteIdent(name)}`;
  }

  /** Whether all columns and constraints of the table are known: what is not among them is not there. */
  isWhole(relation: string): boolean {
    return this.known.isWhole(relation);
  }

  /** Views that read the relation, and those that read these; where a column is given, only such as name it. */
  viewsUsing(relation: string, column: string | null): readonly string[] {
    return viewsUsing(this.known, relation, column);
  }

  /** The relations that a view reads, and those that the views among these read. */
  readBy(view: string): readonly string[] {
    return readBy(this.known, view);
  }

  /** The indexes of a table or materialised view, those of its constraints too: `schema.index`. */
  indexes(relation: string): readonly string[] {
    const [schema = null] = splitQualified(relation);
    const own = this.#children(relation, 'index').map((object) => object.identity);
    const keys = this.#children(relation, 'constraint')
      .filter((object) => hasIndex(object.properties as ConstraintProperties))
      .map((object) => quoteQualified(schema, lastPart(object.identity)));
    return [...new Set([...own, ...keys])];
  }

  /** The table that an index belongs to, that of a constraint included; null where it is not known. */
  tableOfIndex(index: string): string | null {
    const own = this.index(index);
    if (own !== null) return own.table;
    return this.known.constraintOfIndex(index)?.parent?.replace(/^table /, '') ?? null;
  }

  /** Columns of each key of the table: primary, unique, and unique indexes over columns that hold for all rows. */
  uniqueKeys(relation: string): readonly (readonly string[])[] {
    const keys = this.constraints(relation)
      .filter(({ type }) => type === 'primary' || type === 'unique')
      .map(({ columns }) => columns);
    const indexes = this.#indexParts(relation).filter(({ unique, where }) => unique && where === null);
    return [...keys, ...indexes.flatMap((parts) => [keyColumns(parts) ?? []])].filter(
      (columns) => columns.length > 0,
    );
  }

  /** Whether an index begins with the columns, in whatever order. */
  isIndexed(relation: string, columns: readonly string[]): boolean {
    const begins = (keys: readonly (string | null)[]): boolean => {
      const first = keys.slice(0, columns.length);
      return columns.every((column) => first.includes(column));
    };
    const isKey = this.constraints(relation).some((one) => hasIndex(one) && begins(one.columns));
    return (
      isKey ||
      this.#indexParts(relation).some(({ where, keys }) => where === null && begins(keys.map(keyColumn)))
    );
  }

  /** The indexes of partitions that are part of an index of the partitioned table. */
  indexPartitions(index: string): readonly string[] {
    const direct = this.known
      .objects('index')
      .filter(({ properties }) => (properties as IndexProperties).partitionOf === index)
      .map(({ identity }) => identity);
    return direct.flatMap((one) => [one, ...this.indexPartitions(one)]);
  }

  /** The sequence that a column draws from, where it owns it. */
  sequenceOf(relation: string, column: string): string | null {
    const owner = `${relation}.${quoteIdent(column)}`;
    const own = this.known
      .objects('sequence')
      .find(({ properties }) => (properties as { readonly ownedBy?: string | null }).ownedBy === owner);
    return own?.identity ?? this.column(relation, column)?.identitySequence?.name ?? null;
  }

  /** Tables with a column whose default draws from the sequence. */
  tablesDrawingFrom(sequence: string): readonly string[] {
    const found = this.known.objects('column').flatMap(({ parent, properties }) => {
      const value = (properties as ColumnProperties).default ?? '';
      return value.includes(`'${sequence}'`) ? [parent?.replace(/^table /, '') ?? ''] : [];
    });
    return [...new Set(found)];
  }

  /** Objects of a kind on a table or view: its triggers, policies, rules. */
  on(relation: string, kind: 'trigger' | 'policy' | 'rule'): readonly KnownObject[] {
    return this.#children(relation, kind);
  }

  /** Tables whose foreign keys refer to this one, without itself. */
  referencing(relation: string): readonly string[] {
    const tables = this.known
      .foreignKeysTo(relation)
      .flatMap((object) => (object.parent === null ? [] : [object.parent.replace(/^table /, '')]));
    return [...new Set(tables)].filter((table) => table !== relation);
  }

  /** Tables that the table's own foreign keys refer to, without itself. */
  referenced(relation: string): readonly string[] {
    const found = this.constraints(relation).flatMap(({ references }) =>
      references === null ? [] : [references],
    );
    return [...new Set(found)].filter((table) => table !== relation);
  }

  /** Partitions and tables that inherit from it, theirs too. */
  descendants(relation: string): readonly string[] {
    const found: string[] = [];
    const queue = [relation];
    for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
      for (const { identity } of this.known.heirs(parent)) {
        if (found.includes(identity)) continue;
        found.push(identity);
        queue.push(identity);
      }
    }
    return found;
  }

  isPartitioned(relation: string): boolean {
    return (this.table(relation)?.partitionKey ?? null) !== null;
  }

  /** The default partition of a partitioned table. */
  defaultPartition(relation: string): string | null {
    const found = this.known
      .heirs(relation)
      .find((object) => (object.properties as TableProperties).partitionBound === 'DEFAULT');
    return found?.identity ?? null;
  }

  /** The volatility of a function of the schema; null where there is none of this name. */
  functionVolatility(name: QualifiedName): 'immutable' | 'stable' | 'volatile' | null {
    const schemas = name.schema === null ? this.#searchPath : [name.schema];
    for (const schema of schemas) {
      const [object] = this.known.functionsNamed(quoteQualified(schema, name.name));
      if (object === undefined) continue;
      const { definition } = object.properties as FunctionProperties;
      const head = definition.slice(0, definition.search(/\bAS\b|\bBEGIN ATOMIC\b|\bRETURN\b/));
      if (/\bIMMUTABLE\b/.test(head)) return 'immutable';
      return /\bSTABLE\b/.test(head) ? 'stable' : 'volatile';
    }
    return null;
  }

  /** A domain by its name: what it stands for, and whether its values are checked; null for any other type. */
  domain(name: QualifiedName): { readonly base: string; readonly constrained: boolean } | null {
    const identity = this.resolveType(name);
    const domain = this.#properties<DomainProperties>('domain', identity);
    if (domain === null) return null;
    const checks = this.known.children(`domain ${identity}`);
    const constrained = domain.notNull || checks.length > 0;
    // A domain over a domain has its constraints too.
    const below = nameFromParts(splitQualified(domain.type));
    const further = below === null || below.schema === null ? null : this.domain(below);
    return { base: further?.base ?? domain.type, constrained: constrained || further?.constrained === true };
  }

  /** As `tablesUsingType`, those of domains over this domain too. */
  tablesUsingDomain(domain: string): readonly string[] {
    const over = this.known
      .objects('domain')
      .filter(({ properties }) => (properties as DomainProperties).type === domain)
      .flatMap(({ identity }) => this.tablesUsingDomain(identity));
    return [...new Set([...this.tablesUsingType(domain), ...over])];
  }

  /** Tables that are made OF a composite type. */
  tablesOfType(type: string): readonly string[] {
    return this.known
      .objects('table')
      .filter(({ properties }) => (properties as TableProperties).ofType === type)
      .map(({ identity }) => identity);
  }

  /** Tables and views of an owner. */
  ownedBy(role: string): readonly string[] {
    return (['table', 'view', 'materialized view'] as const)
      .flatMap((kind) => this.known.objects(kind))
      .filter(({ properties }) => (properties as TableProperties).owner === role)
      .map(({ identity }) => identity);
  }

  /** Tables with columns of a type, e.g. of a domain, or of its arrays. Type as `format_type` gives it. */
  tablesUsingType(type: string): readonly string[] {
    const found = [type, `${type}[]`].flatMap((name) => this.known.columnsOfType(name));
    const tables = found.flatMap((object) => object.parent?.replace(/^table /, '') ?? []);
    return [...new Set(tables)];
  }

  /** Whether validated CHECKs already say that the column is not null: SET NOT NULL then need not read the table. */
  isCheckedNotNull(relation: string, column: string): boolean {
    return this.constraints(relation).some(
      (constraint) =>
        constraint.type === 'check' &&
        constraint.validated &&
        constraint.enforced &&
        provesNotNull(constraint.definition, column),
    );
  }

  /** A TypeName node as `format_type` prints it, a user's type with its schema where it is known. */
  typeText(typeName: Node | null): string {
    const written = typeText(typeName);
    const name = nameFromParts(strings(typeName?.names).filter((part) => part !== 'pg_catalog'));
    if (name === null) return written;
    const resolved = this.resolveType(name);
    if (name.schema === null && !this.#isType(resolved)) return written;
    return written.replace(name.schema === null ? name.name : `${name.schema}.${name.name}`, () => resolved);
  }

  /** Takes in what a statement leaves behind for those after it. */
  note(statement: ParsedStatement): void {
    this.#noting = true;
    this.#note(statement);
    this.#noting = false;
    this.#forgetLookUps();
  }

  #note(statement: ParsedStatement): void {
    const { kind, node } = statement;
    const control = transactionControl(statement);
    if (control !== null) this.#noteTransaction(control);
    const made = madeRelation(statement);
    const isMade = made !== null && (made.temporary || !made.maybe || !this.#mayExist(made.name));
    const madeName = isMade ? this.#nameOfMade(made.name, made.temporary) : null;
    if (kind === 'RenameStmt' && text(node, 'renameType') === 'OBJECT_TABLE') this.#renameMade(node);
    if (kind === 'DropStmt') {
      for (const name of namesFromLists(node, 'objects')) this.#made.delete(this.resolve(name) ?? '');
    }
    for (const column of this.#addedColumns(statement)) this.#madeColumns.add(column);
    replay(statement, this.#known, this.#names);
    if (madeName !== null) this.#made.add(madeName);
    if (kind === 'CreateEnumStmt' || kind === 'CompositeTypeStmt' || kind === 'CreateDomainStmt') {
      const range = relationOf(node, 'typevar');
      const name = range ?? nameFromParts(strings(node.typeName ?? node.domainname));
      if (name !== null) this.#madeTypes.add(this.#nameOfMade(name, false));
    }
    this.#searchPath = searchPathAfter(statement, this.#searchPath);
    this.#isUtc = isUtcAfter(statement, this.#isUtc);
  }

  /** What the statements left behind is now what is known of the schema that the context started from. */
  keep(): void {
    this.#forgetLookUps();
    while (this.#begun.length > 0) this.#noteTransaction('commit');
    this.#start?.absorb(this.#known);
    this.#known = this.#start?.fork() ?? this.#known;
  }

  #noteTransaction(control: TransactionControl): void {
    if (control === 'begin') {
      this.#begun.push(this.#known);
      this.#known = this.#known.fork();
      return;
    }
    const before = this.#begun.pop();
    if (control === 'commit') {
      // From here on others may use what was made.
      this.#made.clear();
      this.#madeTypes.clear();
      this.#madeColumns.clear();
      if (before === undefined) return;
      before.absorb(this.#known);
      this.#known = before;
    } else if (control === 'rollback' && before !== undefined) {
      this.#known = before;
      this.#made.clear();
      this.#madeTypes.clear();
      this.#madeColumns.clear();
    } else {
      // Back to some savepoint, or a transaction that something else began: nobody knows what of it is left.
      if (before !== undefined) this.#begun.push(before);
      if (control !== 'savepoint') this.#known.forgetAll();
    }
  }

  /** With IF NOT EXISTS a column is new only where it is known that it is not there. */
  #addedColumns({ kind, node }: ParsedStatement): readonly string[] {
    const relation = kind === 'AlterTableStmt' ? this.resolve(relationOf(node)) : null;
    if (relation === null) return [];
    return children(node, 'cmds').flatMap(({ node: command }) => {
      const definition = child(child(command, 'def'), 'ColumnDef');
      const name = text(definition, 'colname');
      if (text(command, 'subtype') !== 'AT_AddColumn' || name === null) return [];
      const there = !this.isWhole(relation) || this.column(relation, name) !== null;
      return flag(command, 'missing_ok') && there ? [] : [`${relation}.${quoteIdent(name)}`];
    });
  }

  #renameMade(node: ParsedStatement['node']): void {
    const from = this.resolve(relationOf(node));
    const to = text(node, 'newname');
    if (from === null || to === null || !this.#made.delete(from)) return;
    this.#made.add(quoteQualified(splitQualified(from)[0] ?? null, to));
  }

  /** A new relation or type lies in the first schema of the search_path where none is named. */
  #nameOfMade(name: QualifiedName, temporary: boolean): string {
    const [first = 'public'] = this.#searchPath;
    return quoteQualified(temporary ? 'pg_temp' : (name.schema ?? first), name.name);
  }

  /** With IF NOT EXISTS it is new only where it is known that it is not there. */
  #mayExist(name: QualifiedName): boolean {
    return !this.known.complete || this.isRelation(this.resolve(name) ?? '');
  }

  #isType(identity: string): boolean {
    return TYPE_KINDS.some((kind) => this.known.has(kind, identity));
  }

  #indexParts(relation: string): readonly IndexParts[] {
    return this.#children(relation, 'index').map(({ properties }) =>
      indexParts((properties as IndexProperties).definition),
    );
  }

  #properties<P>(kind: ObjectKind, identity: string): P | null {
    const object = this.known.get(kind, identity);
    return object === null ? null : (object.properties as P);
  }

  #children(relation: string, kind: ObjectKind): readonly KnownObject[] {
    const all = this.#lookUp(this.#childrenOf, relation, () =>
      ['table', 'materialized view', 'view'].flatMap((parent) =>
        this.known.children(`${parent} ${relation}`),
      ),
    );
    return all.length === 0 ? all : all.filter((object) => object.kind === kind);
  }

  /** Remembers what was found until the next statement: every rule asks for the same. */
  #lookUp<T>(known: Map<string, T>, key: string, find: () => T): T {
    if (this.#noting) return find();
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find();
    known.set(key, found);
    return found;
  }

  #forgetLookUps(): void {
    this.#moment++;
    this.#resolved.clear();
    this.#childrenOf.clear();
    this.#columnsOf.clear();
    this.#constraintsOf.clear();
  }
}

/**
 * Whether a CHECK, as `pg_get_constraintdef` prints it, says of the column that it is not null, alone or as a part of
 * an AND: `CHECK ((a IS NOT NULL))`, `CHECK (((a IS NOT NULL) AND (b > 0)))`.
 */
function provesNotNull(definition: string, column: string): boolean {
  const expression = definition.replace(/\s+/g, ' ').replace(/^CHECK \(\(|\)\)$/g, '');
  const wanted = `${quoteIdent(column)} IS NOT NULL`;
  return expression === wanted || conjuncts(expression).includes(`(${wanted})`);
}

/** The parts of an AND, as the server prints it: each in parentheses. Of anything else the whole. */
function conjuncts(expression: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  const outside = expression.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, (quoted) =>
    quoted.startsWith('"') ? quoted : '_'.repeat(quoted.length),
  );
  for (let at = 0; at < outside.length; at++) {
    if (outside[at] === '(') depth++;
    if (outside[at] === ')') depth--;
    if (depth !== 0) continue;
    if (outside.startsWith(' OR ', at)) return [expression];
    if (outside.startsWith(' AND ', at)) {
      parts.push(outside.slice(start, at));
      start = at + 5;
    }
  }
  return [...parts, outside.slice(start)];
}

type Named<P> = P & { readonly name: string };

/** Objects are never changed, only replaced: each is put together with its name once. */
const NAMED = new WeakMap<KnownObject, unknown>();

function named<P>(object: KnownObject): Named<P> {
  const known = NAMED.get(object);
  if (known !== undefined) return known as Named<P>;
  const made = { ...(object.properties as P), name: lastPart(object.identity) };
  NAMED.set(object, made);
  return made;
}

function lastPart(identity: string): string {
  return splitQualified(identity).at(-1) ?? identity;
}

function hasIndex({ type }: ConstraintProperties): boolean {
  return type === 'unique' || type === 'primary' || type === 'exclusion';
}
