import type { Catalog, ObjectKind } from '../catalog/model.ts';
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
import { type Names, replay } from './known/replay.ts';
import { KnownSchema } from './known/schema.ts';
import { searchPathAfter } from './known/search-path.ts';
import { isUtcAfter } from './known/time-zone.ts';
import { Lookups } from './lookups.ts';
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
export class AssessContext extends Lookups {
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
    super();
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
    return this.lookUp(this.#resolved, name.name, () => {
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

  /** A relation, type or function that would be made now: with the first schema of the search_path where none is named. */
  made(name: QualifiedName): string {
    return this.#nameOfMade(name, false);
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
    this.change(() => this.#note(statement));
    this.#moment++;
    this.#resolved.clear();
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
    this.change(() => {
      while (this.#begun.length > 0) this.#noteTransaction('commit');
      this.#start?.absorb(this.#known);
      this.#known = this.#start?.fork() ?? this.#known;
    });
    this.#resolved.clear();
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
}
