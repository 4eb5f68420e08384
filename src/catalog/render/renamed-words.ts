/** What changes in SQL text by itself, beside the names of objects: labels of enums, and what lies in extensions. */
import { quoteLiteral } from '../../sql/quote.ts';
import type { Catalog, CatalogObject, ObjectKey } from '../model.ts';
import type { RenderOptions } from './context.ts';
import { renamedLabels } from './kinds/enum.ts';
import type { MovedSchemas, RenamedWords } from './tokens.ts';

/** The words, and the literals that stand for labels that are renamed. */
export function withLabels(
  words: RenamedWords,
  becomes: ReadonlyMap<ObjectKey, CatalogObject>,
  from: Catalog,
  options: RenderOptions,
): RenamedWords {
  const all = new Map<string, ReadonlySet<string>>(words);
  for (const [key, after] of becomes) {
    const before = after.kind === 'enum' ? from.objects.get(key) : undefined;
    if (before === undefined) continue;
    for (const [old, name] of renamedLabels(before, after, options)) {
      const literal = quoteLiteral(old);
      all.set(literal, new Set([...(all.get(literal) ?? []), quoteLiteral(name)]));
    }
  }
  return all;
}

/** Schemas between which extensions move. */
export function movedExtensions(from: Catalog, becomes: ReadonlyMap<ObjectKey, CatalogObject>): MovedSchemas {
  const moved = new Map<string, Set<string>>();
  for (const [key, after] of becomes) {
    if (after.kind !== 'extension') continue;
    const had = String(from.objects.get(key)?.properties.schema);
    const wanted = String(after.properties.schema);
    if (had === wanted) continue;
    moved.set(had, (moved.get(had) ?? new Set()).add(wanted));
  }
  return moved;
}
