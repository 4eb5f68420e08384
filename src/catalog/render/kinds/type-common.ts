/** What enums, domains, composites, ranges and base types share (manual, ALTER TYPE, ALTER DOMAIN). */
import type { CatalogObject } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import type { OwnedTarget } from '../owned.ts';

function word(object: CatalogObject): string {
  return object.kind === 'domain' ? 'DOMAIN' : 'TYPE';
}

/** As ALTER, COMMENT ON and GRANT name the type. */
export function typeTarget(object: CatalogObject): OwnedTarget {
  const named = `${word(object)} ${object.identity}`;
  return { named, grantee: named };
}

export const typeNames: Pick<KindRenderer, 'rename' | 'move' | 'drop'> = {
  rename: (object, current, name) => `ALTER ${word(object)} ${current} RENAME TO ${name}`,
  move: (object, current, schema) => `ALTER ${word(object)} ${current} SET SCHEMA ${schema}`,
  drop: (object) => [{ sql: `DROP ${word(object)} ${object.identity}` }],
};

/**
 * Renames in an order in which no two have one name, by way of a free one where they change names among each other.
 * `taken` are all names that are there, also of what is not renamed; `rename` writes one statement.
 */
export function renameInPlace(
  taken: Iterable<string>,
  renames: readonly (readonly [from: string, to: string])[],
  rename: (from: string, to: string) => string,
): string[] {
  const drafts: string[] = [];
  const names = new Set(taken);
  let waiting = renames.filter(([from, to]) => from !== to);
  const step = (from: string, to: string): void => {
    drafts.push(rename(from, to));
    names.delete(from);
    names.add(to);
  };
  const free = (): string => {
    let name = 'ferrata_name';
    for (let n = 1; names.has(name); n++) name = `ferrata_name_${n}`;
    return name;
  };
  while (waiting.length > 0) {
    const ready = waiting.find(([, to]) => !names.has(to));
    if (ready !== undefined) {
      step(ready[0], ready[1]);
      waiting = waiting.filter((one) => one !== ready);
      continue;
    }
    const [first, ...rest] = waiting;
    if (first === undefined) break;
    const holder = waiting.some(([from]) => from === first[1]);
    if (holder) {
      const aside = free();
      step(first[0], aside);
      waiting = [...rest, [aside, first[1]]];
    } else {
      // Whoever has the name goes: it steps aside.
      step(first[1], free());
    }
  }
  return drafts;
}
