/**
 * What needs what, as rendering asks it: the catalog's dependencies, and those that follow from what an object is (an
 * index's and a constraint's own columns), which the reader leaves out. The latter are looked up only where somebody
 * asks, because rendering looks at few objects of many.
 */
import { quoteIdent } from '../../sql/quote.ts';
import type {
  Catalog,
  CatalogObject,
  ConstraintProperties,
  Dependency,
  IndexProperties,
  ObjectKey,
} from '../model.ts';
import { propertiesOf } from './context.ts';
import { grouped } from './groups.ts';
import { keyOf, localName, ownerRelation } from './names.ts';
import { tokenize } from './tokens.ts';

const LINKS = new WeakMap<Catalog, Links>();

/** The catalog's dependencies by either end, and its objects by their parent. */
export function linksOf(catalog: Catalog): Links {
  let links = LINKS.get(catalog);
  if (links === undefined) {
    links = new Links(catalog);
    LINKS.set(catalog, links);
  }
  return links;
}

class Links {
  readonly #catalog: Catalog;
  readonly #needs: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #neededBy: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #children: ReadonlyMap<ObjectKey, readonly ObjectKey[]>;
  readonly #columns = new Map<ObjectKey, readonly ObjectKey[]>();
  readonly #tables = new Map<ObjectKey, ReadonlyMap<string, ObjectKey>>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    const all = [...catalog.dependencies, ...ofParked(catalog)];
    this.#needs = grouped(all.map(({ from, to }) => [from, to] as const));
    this.#neededBy = grouped(all.map(({ from, to }) => [to, from] as const));
    const children: [ObjectKey, ObjectKey][] = [];
    for (const [key, { parent }] of catalog.objects) if (parent !== null) children.push([parent, key]);
    this.#children = grouped(children);
  }

  needs(key: ObjectKey): readonly ObjectKey[] {
    const known = this.#needs.get(key) ?? [];
    const columns = this.#columnsOf(key);
    return columns.length === 0 ? known : [...known, ...columns];
  }

  neededBy(key: ObjectKey): readonly ObjectKey[] {
    const known = this.#neededBy.get(key) ?? [];
    const object = this.#catalog.objects.get(key);
    if (object?.kind !== 'column' || object.parent === null) return known;
    return [
      ...known,
      ...this.children(object.parent).filter((child) => this.#columnsOf(child).includes(key)),
    ];
  }

  /** Keys of the objects with this parent. */
  children(key: ObjectKey): readonly ObjectKey[] {
    return this.#children.get(key) ?? [];
  }

  /** The columns that a constraint or an index is about. */
  #columnsOf(key: ObjectKey): readonly ObjectKey[] {
    const object = this.#catalog.objects.get(key);
    if (object?.kind !== 'constraint' && object?.kind !== 'index') return [];
    let columns = this.#columns.get(key);
    if (columns === undefined) {
      columns = object.kind === 'constraint' ? this.#constrained(object) : this.#indexed(object);
      this.#columns.set(key, columns);
    }
    return columns;
  }

  #constrained(object: CatalogObject): ObjectKey[] {
    return propertiesOf<ConstraintProperties>(object)
      .columns.map((name) => keyOf('column', `${ownerRelation(object)}.${quoteIdent(name)}`))
      .filter((column) => this.#catalog.objects.has(column));
  }

  /** A function that is named like a column counts, too: a rebuild too many at worst. */
  #indexed(object: CatalogObject): ObjectKey[] {
    const names = this.#names(object.parent ?? '');
    if (names.size === 0) return [];
    const { definition } = propertiesOf<IndexProperties>(object);
    const words = new Set(tokenize(definition.slice(definition.indexOf(' USING ') + 1)));
    return [...words].flatMap((word) => names.get(word) ?? []);
  }

  #names(table: ObjectKey): ReadonlyMap<string, ObjectKey> {
    let names = this.#tables.get(table);
    if (names === undefined) {
      names = new Map(
        this.children(table).flatMap((key) => {
          const object = this.#catalog.objects.get(key);
          return object?.kind === 'column' ? [[localName(object), key] as const] : [];
        }),
      );
      this.#tables.set(table, names);
    }
    return names;
  }
}

/**
 * Where a column lies parked and another has its name, the reader cannot tell whose a dependency is: then it is taken
 * for both's.
 */
function ofParked(catalog: Catalog): Dependency[] {
  return catalog.parked
    .flatMap((parked) => parked.dependencies)
    .filter(({ from, to }) => catalog.objects.has(from) && catalog.objects.has(to));
}
