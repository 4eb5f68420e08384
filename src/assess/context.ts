import type {
  Catalog,
  CatalogObject,
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
import { setsSearchPath } from '../sql/session.ts';
import { children, nameFromParts, type QualifiedName, relationOf, strings, text } from '../sql/tree.ts';
import type { RelationSize } from './model.ts';

const RELATION_KINDS: readonly ObjectKind[] = ['table', 'view', 'materialized view', 'sequence', 'index'];

/**
 * What is known while the statements are read one after the other: the database's catalog, where there is one, and what
 * the migration has made so far.
 */
export class AssessContext {
  readonly catalog: Catalog | null;
  #searchPath: readonly string[];
  readonly #made = new Set<string>();
  readonly #madeTypes = new Set<string>();
  /** Validated `CHECK (column IS NOT NULL)` by `table.column`, added by this migration. */
  readonly #checkedNotNull = new Set<string>();
  /** Of NOT VALID ones: `table constraint` → `table.column`. */
  readonly #unchecked = new Map<string, string>();
  #heirs: ReadonlyMap<string, readonly string[]> | null = null;
  readonly #childIndex: ReadonlyMap<string, readonly CatalogObject[]>;

  readonly #sizes: ReadonlyMap<string, RelationSize>;

  constructor(
    catalog: Catalog | null,
    searchPath: readonly string[] = ['public'],
    sizes: ReadonlyMap<string, RelationSize> = new Map(),
  ) {
    this.catalog = catalog;
    this.#sizes = sizes;
    this.#searchPath = searchPath;
    this.#childIndex = byParent(catalog);
  }

  /** The relation as it is named in facts: schema-qualified where the catalog knows it, else as written. */
  resolve(name: QualifiedName | null): string | null {
    if (name === null) return null;
    if (name.schema !== null) return quoteQualified(name.schema, name.name);
    const written = quoteIdent(name.name);
    if (this.#made.has(written)) return written;
    for (const schema of this.#searchPath) {
      const candidate = quoteQualified(schema, name.name);
      if (this.#made.has(candidate)) return candidate;
      if (RELATION_KINDS.some((kind) => this.catalog?.objects.has(`${kind} ${candidate}`))) return candidate;
    }
    return written;
  }

  /** Whether the migration itself made the relation, so that nobody else uses it. */
  isNew(relation: string): boolean {
    return this.#made.has(relation);
  }

  /** Rows and bytes of a relation, where they were measured. */
  size(relation: string): RelationSize | null {
    return this.#sizes.get(relation) ?? null;
  }

  table(relation: string): TableProperties | null {
    return this.#properties<TableProperties>('table', relation);
  }

  column(relation: string, column: string): ColumnProperties | null {
    return this.#properties<ColumnProperties>('column', `${relation}.${quoteIdent(column)}`);
  }

  index(relation: string): IndexProperties | null {
    return this.#properties<IndexProperties>('index', relation);
  }

  constraint(relation: string, name: string): ConstraintProperties | null {
    return this.#properties<ConstraintProperties>('constraint', `${relation}.${quoteIdent(name)}`);
  }

  constraints(relation: string): readonly ConstraintProperties[] {
    return this.#children<ConstraintProperties>('constraint', `table ${relation}`);
  }

  /** The indexes of a table or materialised view, those of its constraints too: `schema.index`. */
  indexes(relation: string): readonly string[] {
    const parents = [`table ${relation}`, `materialized view ${relation}`];
    const [schema = null] = splitQualified(relation);
    return parents
      .flatMap((key) => this.#childIndex.get(key) ?? [])
      .flatMap((object) => {
        if (object.kind === 'index') return [object.identity];
        const name = splitQualified(object.identity).at(-1);
        return hasIndex(object) && name !== undefined ? [quoteQualified(schema, name)] : [];
      });
  }

  /** Tables whose foreign keys refer to this one, without itself. */
  referencing(relation: string): readonly string[] {
    const found = new Set<string>();
    for (const object of this.catalog?.objects.values() ?? []) {
      if (object.kind !== 'constraint') continue;
      const { references } = object.properties as unknown as ConstraintProperties;
      const table = object.parent?.replace(/^table /, '');
      if (references === relation && table !== undefined && table !== relation) found.add(table);
    }
    return [...found];
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
    this.#heirs ??= heirsOf(this.catalog);
    const found: string[] = [];
    const queue = [relation];
    for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
      for (const heir of this.#heirs.get(parent) ?? []) {
        if (found.includes(heir)) continue;
        found.push(heir);
        queue.push(heir);
      }
    }
    return found;
  }

  isPartitioned(relation: string): boolean {
    return (this.table(relation)?.partitionKey ?? null) !== null;
  }

  /** The volatility of a function of the schema; null where there is none of this name. */
  functionVolatility(name: QualifiedName): 'immutable' | 'stable' | 'volatile' | null {
    const schemas = name.schema === null ? this.#searchPath : [name.schema];
    for (const object of this.catalog?.objects.values() ?? []) {
      if (object.kind !== 'function') continue;
      const prefix = schemas.some((schema) =>
        object.identity.startsWith(`${quoteQualified(schema, name.name)}(`),
      );
      if (!prefix) continue;
      const { definition } = object.properties as unknown as FunctionProperties;
      const head = definition.slice(0, definition.search(/\bAS\b|\bBEGIN ATOMIC\b|\bRETURN\b/));
      if (/\bIMMUTABLE\b/.test(head)) return 'immutable';
      return /\bSTABLE\b/.test(head) ? 'stable' : 'volatile';
    }
    return null;
  }

  /** A domain by its name: what it stands for, and whether its values are checked; null for any other type. */
  domain(name: QualifiedName): { readonly base: string; readonly constrained: boolean } | null {
    const schemas = name.schema === null ? this.#searchPath : [name.schema];
    for (const schema of schemas) {
      const identity = quoteQualified(schema, name.name);
      const domain = this.#properties<DomainProperties>('domain', identity);
      if (domain === null) continue;
      const checks = this.#children<ConstraintProperties>('constraint', `domain ${identity}`);
      return { base: domain.type, constrained: domain.notNull || checks.length > 0 };
    }
    return null;
  }

  /** Columns of a type, e.g. of a domain: `{ table, column }`. Type as `format_type` gives it. */
  tablesUsingType(type: string): readonly string[] {
    const found = new Set<string>();
    for (const object of this.catalog?.objects.values() ?? []) {
      if (object.kind !== 'column') continue;
      const properties = object.properties as unknown as ColumnProperties;
      const table = object.parent?.replace(/^table /, '');
      if (table !== undefined && (properties.type === type || properties.type === `${type}[]`))
        found.add(table);
    }
    return [...found];
  }

  /** Whether a validated CHECK already says that the column is not null: SET NOT NULL then need not read the table. */
  isCheckedNotNull(relation: string, column: string): boolean {
    if (this.#checkedNotNull.has(`${relation}.${quoteIdent(column)}`)) return true;
    return this.constraints(relation).some(
      (constraint) =>
        constraint.type === 'check' && constraint.validated && isNotNullCheck(constraint.definition, column),
    );
  }

  noteCheck(relation: string, constraint: string | null, column: string, validated: boolean): void {
    const key = `${relation}.${quoteIdent(column)}`;
    if (validated) this.#checkedNotNull.add(key);
    else if (constraint !== null) this.#unchecked.set(`${relation} ${constraint}`, key);
  }

  noteValidated(relation: string, constraint: string): void {
    const key = this.#unchecked.get(`${relation} ${constraint}`);
    if (key !== undefined) this.#checkedNotNull.add(key);
    const known = this.constraint(relation, constraint);
    const column = known?.type === 'check' ? known.columns[0] : undefined;
    if (known !== null && column !== undefined && isNotNullCheck(known.definition, column)) {
      this.#checkedNotNull.add(`${relation}.${quoteIdent(column)}`);
    }
  }

  isNewType(name: QualifiedName): boolean {
    return this.#madeTypes.has(quoteQualified(name.schema, name.name));
  }

  /** Takes in what a statement leaves behind for those after it. */
  note(statement: ParsedStatement): void {
    const { kind, node } = statement;
    if (setsSearchPath(statement)) {
      const schemas = children(node, 'args')
        .map((argument) => (argument.node.sval as { readonly sval?: string } | undefined)?.sval)
        .filter((schema) => schema !== undefined);
      this.#searchPath =
        schemas.length > 0 ? schemas.flatMap((schema) => schema.split(/\s*,\s*/)) : ['public'];
    }
    const made = madeRelation(statement);
    if (made !== null && (made.temporary || !made.maybe || !this.#exists(made.name))) {
      this.#addMade(made.name);
    }
    if (kind === 'CreateEnumStmt' || kind === 'CompositeTypeStmt' || kind === 'CreateDomainStmt') {
      const name = nameFromParts(strings(node.typeName ?? node.domainname));
      if (name !== null) this.#madeTypes.add(quoteQualified(name.schema, name.name));
    }
    if (kind === 'RenameStmt' && text(node, 'renameType') === 'OBJECT_TABLE') {
      const from = relationOf(node);
      const to = text(node, 'newname');
      const resolved = this.resolve(from);
      if (from !== null && to !== null && resolved !== null && this.#made.delete(resolved)) {
        this.#addMade({ schema: from.schema, name: to });
      }
    }
  }

  /** Under both names: with the first schema of the search_path, where it is made, and without. */
  #addMade(name: QualifiedName): void {
    const [first = 'public'] = this.#searchPath;
    this.#made.add(quoteQualified(name.schema ?? first, name.name));
    if (name.schema === null || name.schema === first) this.#made.add(quoteIdent(name.name));
  }

  /** With IF NOT EXISTS it is new only where the catalog says that it is not there; without a catalog nobody knows. */
  #exists(name: QualifiedName): boolean {
    if (this.catalog === null) return true;
    const resolved = this.resolve(name);
    return (
      resolved !== null && RELATION_KINDS.some((kind) => this.catalog?.objects.has(`${kind} ${resolved}`))
    );
  }

  #properties<P>(kind: ObjectKind, identity: string): P | null {
    const object = this.catalog?.objects.get(`${kind} ${identity}`);
    return object === undefined ? null : (object.properties as unknown as P);
  }

  #children<P>(kind: ObjectKind, parent: string): readonly P[] {
    return (this.#childIndex.get(parent) ?? [])
      .filter((object) => object.kind === kind)
      .map((object) => object.properties as unknown as P);
  }
}

function byParent(catalog: Catalog | null): ReadonlyMap<string, readonly CatalogObject[]> {
  const index = new Map<string, CatalogObject[]>();
  for (const object of catalog?.objects.values() ?? []) {
    // An index's parent is its table; older readers may leave it to the properties.
    const parent =
      object.parent ??
      (object.kind === 'index' ? `table ${(object.properties as unknown as IndexProperties).table}` : null);
    if (parent === null) continue;
    const list = index.get(parent);
    if (list === undefined) index.set(parent, [object]);
    else list.push(object);
  }
  return index;
}

/** As `pg_get_constraintdef` prints it: `CHECK ((a IS NOT NULL))`. */
function isNotNullCheck(definition: string, column: string): boolean {
  return definition.replace(/\s+/g, ' ').startsWith(`CHECK ((${quoteIdent(column)} IS NOT NULL))`);
}

/** Parents to the tables that are their partitions or inherit from them. */
function heirsOf(catalog: Catalog | null): ReadonlyMap<string, readonly string[]> {
  const heirs = new Map<string, string[]>();
  for (const object of catalog?.objects.values() ?? []) {
    if (object.kind !== 'table') continue;
    const { partitionOf, inherits } = object.properties as unknown as TableProperties;
    for (const parent of partitionOf === null ? inherits : [partitionOf, ...inherits]) {
      heirs.set(parent, [...(heirs.get(parent) ?? []), object.identity]);
    }
  }
  return heirs;
}

function hasIndex(object: CatalogObject): boolean {
  if (object.kind !== 'constraint') return false;
  const { type } = object.properties as unknown as ConstraintProperties;
  return type === 'unique' || type === 'primary' || type === 'exclusion';
}
