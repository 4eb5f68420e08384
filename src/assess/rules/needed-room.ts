import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';

/** Bytes that a statement writes beside what is there, by relation; only where sizes are known. */
export function writtenAnew({ facts }: Analysis, context: AssessContext): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const { relations } = context.surroundings.target;
  for (const relation of facts.rewrites) {
    const bytes = relations[relation]?.bytes ?? context.size(relation)?.bytes ?? null;
    if (bytes !== null) found.set(relation, bytes + (relations[relation]?.indexBytes ?? 0));
  }
  if (facts.rewrites.length > 0) return found;
  // An index is about as large as the others of its table are on the average.
  const [table] = facts.scans;
  const load = table === undefined ? undefined : relations[table];
  if (table !== undefined && facts.builds.length > 0 && load?.indexBytes != null && (load.indexes ?? 0) > 0) {
    found.set(table, (load.indexBytes / (load.indexes ?? 1)) * facts.builds.length);
  }
  return found;
}
