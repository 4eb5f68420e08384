/** What a column needs for its type alone, and what its default waits for. */
import type { CatalogObject } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { keyOf } from '../names.ts';

export const USER_TYPE_KINDS: ReadonlySet<string> = new Set([
  'enum',
  'domain',
  'composite',
  'range',
  'base type',
]);

const HARMLESS: ReadonlySet<string> = new Set([
  'schema',
  'extension',
  'collation',
  'table',
  ...USER_TYPE_KINDS,
]);

export function isType(kind: string): boolean {
  return HARMLESS.has(kind) || kind === 'view';
}

/** Whether the default calls or names something of the user's, so that it must wait for it. */
export function defaultWaits(object: CatalogObject, context: RenderContext): boolean {
  const own = keyOf('column', object.identity);
  return context.needs(own).some((key) => {
    const other = context.to.objects.get(key);
    return other !== undefined && !HARMLESS.has(other.kind);
  });
}
