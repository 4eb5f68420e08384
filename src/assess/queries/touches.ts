/** Which changes concern a query: what it reads, calls or writes, and what that leads to. */
import type { ObjectKey } from '../../catalog/model.ts';
import type { StepChange } from '../impact/changes.ts';
import type { Reach } from '../impact/tree.ts';
import type { QueryContext } from './matrix.ts';
import type { Doubt, KnownQuery, Touch } from './model.ts';
import type { Addresses } from './touched.ts';

export interface QueryFacts {
  readonly addresses: Addresses;
  /** OIDs of the indexes that its first plan uses. */
  readonly indexes: readonly string[];
}

const WRITES = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

export function touchesOf(
  query: KnownQuery,
  { addresses, indexes }: QueryFacts,
  reaches: readonly { readonly change: StepChange; readonly reach: Reach }[],
): QueryContext {
  const touches: Touch[] = [];
  const doubts = new Map<string, Doubt>();
  const remade = new Set(reaches.map(({ change }) => change.object));
  const writes = WRITES.has(query.kind);
  for (const { change, reach } of reaches) {
    // A column, or a new constraint, of a table that the query reads whole is told by what becomes of the query.
    const found =
      firstOf(reach.all, addresses) ??
      (writes ? firstOf(reach.written, addresses) : undefined) ??
      (change.object.startsWith('index ') && indexes.some((oid) => change.physical === `pg_class:${oid}`)
        ? ([change.physical, null] as const)
        : undefined);
    if (found === undefined) continue;
    const [, via] = found;
    touches.push({
      object: change.object,
      change: via === null ? change.what : `${change.what} (through ${via})`,
      step: change.step,
    });
    for (const [address, body] of reach.broken) {
      // A function that the migration itself makes anew names what is there then.
      if (remade.has(body)) continue;
      const runs = address.startsWith('written ')
        ? writes && addresses.has(address.slice('written '.length))
        : addresses.has(address);
      if (!runs) continue;
      doubts.set(`${body} ${change.object}`, {
        state: change.step,
        why: `it runs ${body}, whose body still names ${change.object} (${change.what})`,
      });
    }
  }
  return { touches, doubts: [...doubts.values()] };
}

function firstOf(reach: Reach['all'], addresses: Addresses): readonly [string, ObjectKey | null] | undefined {
  for (const entry of reach) if (addresses.has(entry[0])) return entry;
  return undefined;
}
