/** In what two catalogs differ, to the last fact; empty: nowhere. Stricter than a comparison, which looks at properties. */
import { isDeepStrictEqual } from 'node:util';
import type { Catalog } from '../../../src/catalog/model.ts';

export function unlike(actual: Catalog, wanted: Catalog): string[] {
  const found: string[] = [];
  for (const [key, object] of wanted.objects) {
    const other = actual.objects.get(key);
    if (other === undefined) found.push(`lacks ${key}`);
    else if (!isDeepStrictEqual(plain(other), plain(object)))
      found.push(`${key}: is ${JSON.stringify(other)}, wanted ${JSON.stringify(object)}`);
  }
  for (const key of actual.objects.keys()) if (!wanted.objects.has(key)) found.push(`has ${key}`);
  const [edges, goal] = [edgesOf(actual), edgesOf(wanted)];
  for (const edge of goal) if (!edges.has(edge)) found.push(`lacks the dependency ${edge}`);
  for (const edge of edges) if (!goal.has(edge)) found.push(`has the dependency ${edge}`);
  if (edges.size !== actual.dependencies.length) found.push('has dependencies twice');
  if (!isDeepStrictEqual(plain(actual.parked), plain(wanted.parked))) found.push('other things are parked');
  return found;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function edgesOf(catalog: Catalog): Set<string> {
  return new Set(catalog.dependencies.map(({ from, to }) => `${from} → ${to}`));
}
