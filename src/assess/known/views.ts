/** Which relations views read, as far as their definitions tell. */
import type { ViewProperties } from '../../catalog/model.ts';
import { mentions } from './index-parts.ts';
import type { KnownObject, KnownSchema } from './schema.ts';

const KINDS = ['view', 'materialized view'] as const;

/** Views that read the relation, directly or through others; where a column is given, only such as name it. */
export function viewsUsing(known: KnownSchema, relation: string, column: string | null): readonly string[] {
  const found = new Set<string>();
  const views = KINDS.flatMap((kind) => known.objects(kind));
  const look = (read: string, name: string | null): void => {
    for (const view of views) {
      if (found.has(view.identity) || !reads(view, known).includes(read)) continue;
      if (name !== null && !readsColumn(definitionOf(view), name)) continue;
      found.add(view.identity);
      look(view.identity, null);
    }
  };
  look(relation, column);
  return [...found];
}

/** A definition that the server has printed names every column; one that was merely read may say `*`. */
const EVERY_COLUMN = /\.\*|\bselect\s+(?:all\s+|distinct\s+)?\*|,\s*\*\s*(?:,|from\b)/i;

function readsColumn(definition: string, column: string): boolean {
  return mentions(definition, column) || EVERY_COLUMN.test(definition);
}

/** The relations that a view reads; those of the views among them too. */
export function readBy(known: KnownSchema, view: string): readonly string[] {
  const found = new Set<string>();
  const look = (name: string): void => {
    const object = known.get('view', name) ?? known.get('materialized view', name);
    if (object === null) return;
    for (const relation of reads(object, known)) {
      if (found.has(relation)) continue;
      found.add(relation);
      // A materialised view has rows of its own: reading it reads nothing else.
      if (known.has('view', relation)) look(relation);
    }
  };
  look(view);
  return [...found];
}

const READS = new WeakMap<object, readonly string[]>();

/** The server prints every name with its schema; a replayed view says behind its text what it reads. */
function reads(view: KnownObject, known: KnownSchema): readonly string[] {
  const cached = READS.get(view);
  if (cached !== undefined) return cached;
  const definition = definitionOf(view);
  const names = definition.match(
    /(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\.(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)/gu,
  );
  const found = [...new Set(names ?? [])].filter(
    (name) =>
      name !== view.identity &&
      (['table', 'view', 'materialized view'] as const).some((kind) => known.has(kind, name)),
  );
  READS.set(view, found);
  return found;
}

function definitionOf(view: KnownObject): string {
  return (view.properties as Partial<ViewProperties>).definition ?? '';
}
