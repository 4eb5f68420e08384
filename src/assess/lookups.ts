import type {
  ColumnProperties,
  ConstraintProperties,
  DomainProperties,
  FunctionProperties,
  IndexProperties,
  ObjectKind,
  TableProperties,
} from '../catalog/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../sql/quote.ts';
import { nameFromParts, type QualifiedName } from '../sql/tree.ts';
import { type IndexParts, indexParts, keyColumn, keyColumns } from './known/index-parts.ts';
import type { KnownObject, KnownSchema } from './known/schema.ts';
import { readBy, viewsUsing } from './known/views.ts';

/** Looks tables and what belongs to them up in what is known of a schema; names are schema-qualified, as facts have them. */
export abstract class Lookups {
  readonly #childrenOf = new Map<string, readonly KnownObject[]>();
  readonly #columnsOf = new Map<string, readonly Named<ColumnProperties>[]>();
  readonly #constraintsOf = new Map<string, readonly Named<ConstraintProperties>[]>();
  /** What is known is just being changed: nothing of it is remembered. */
  #changing = false;

  /** The schema at this moment. */
  abstract get known(): KnownSchema;
  abstract get searchPath(): readonly string[];
  /** A type by its name: schema-qualified. */
  abstract resolveType(name: QualifiedName): string;

  table(relation: string): TableProperties | null {
    return this.#properties<TableProperties>('table', relation);
  }

  column(relation: string, column: string): ColumnProperties | null {
    return this.#properties<ColumnProperties>('column', `${relation}.${quoteIdent(column)}`);
  }

  /** The known columns of a table, with their names. */
  columns(relation: string): readonly Named<ColumnProperties>[] {
    return this.lookUp(this.#columnsOf, relation, () =>
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
    return this.lookUp(this.#constraintsOf, relation, () =>
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
    const schemas = name.schema === null ? this.searchPath : [name.schema];
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
    const all = this.lookUp(this.#childrenOf, relation, () =>
      ['table', 'materialized view', 'view'].flatMap((parent) =>
        this.known.children(`${parent} ${relation}`),
      ),
    );
    return all.length === 0 ? all : all.filter((object) => object.kind === kind);
  }

  /** Remembers what was found until the next statement: every rule asks for the same. */
  protected lookUp<T>(known: Map<string, T>, key: string, find: () => T): T {
    if (this.#changing) return find();
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find();
    known.set(key, found);
    return found;
  }

  /** Nothing that is found meanwhile, or was found before, is remembered. */
  protected change(work: () => void): void {
    this.#changing = true;
    work();
    this.#changing = false;
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
