/**
 * What needs what, as rendering asks it: the catalog's dependencies, and those that follow from what an object is (an
 * index's and a constraint's own columns), which the reader leaves out.
 */
import { quoteIdent } from '../../sql/quote.ts';
import type { Catalog, ConstraintProperties, Dependency, IndexProperties, ObjectKey } from '../model.ts';
import { propertiesOf } from './context.ts';
import { keyOf, localName, ownerRelation } from './names.ts';
import { tokenize } from './tokens.ts';

const KNOWN = new WeakMap<Catalog, readonly Dependency[]>();

export function dependenciesOf(catalog: Catalog): readonly Dependency[] {
  let known = KNOWN.get(catalog);
  if (known === undefined) {
    known = [...catalog.dependencies, ...ofParked(catalog), ...ofColumns(catalog)];
    KNOWN.set(catalog, known);
  }
  return known;
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

function ofColumns(catalog: Catalog): Dependency[] {
  const columns = new Map<ObjectKey, Map<string, ObjectKey>>();
  for (const [key, object] of catalog.objects) {
    if (object.kind !== 'column' || object.parent === null) continue;
    const names = columns.get(object.parent) ?? new Map<string, ObjectKey>();
    if (names.size === 0) columns.set(object.parent, names);
    names.set(localName(object), key);
  }
  const found: Dependency[] = [];
  for (const [from, object] of catalog.objects) {
    if (object.kind === 'constraint') {
      for (const name of propertiesOf<ConstraintProperties>(object).columns) {
        const to = keyOf('column', `${ownerRelation(object)}.${quoteIdent(name)}`);
        if (catalog.objects.has(to)) found.push({ from, to });
      }
    } else if (object.kind === 'index') {
      const names = columns.get(object.parent ?? '');
      if (names === undefined) continue;
      // A function that is named like a column counts, too: a rebuild too many at worst.
      const { definition } = propertiesOf<IndexProperties>(object);
      for (const word of new Set(tokenize(definition.slice(definition.indexOf(' USING ') + 1)))) {
        const to = names.get(word);
        if (to !== undefined) found.push({ from, to });
      }
    }
  }
  return found;
}
