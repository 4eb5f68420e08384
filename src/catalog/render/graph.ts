/**
 * Puts operations in an order in which each runs after what it needs, as close as possible to their rank, and tells
 * which of them must wait until rows are back.
 */
import type { ObjectKey, RenderedStatement } from '../model.ts';

export interface Draft {
  readonly sql: string;
  /** Default true. */
  readonly transactional?: boolean;
  /** Default false. */
  readonly destroysData?: boolean;
}

export interface Operation {
  readonly id: string;
  readonly object: ObjectKey;
  readonly drafts: readonly Draft[];
  /** Ids of operations that come first; those that do not exist don't count. */
  readonly needs: readonly string[];
  /** Among operations that are ready, the lowest rank goes first; then the id's order. */
  readonly rank: number;
  /** Tightens, so that rows are put back before it. */
  readonly tightens: boolean;
}

export interface Ordering {
  readonly statements: readonly RenderedStatement[];
  /** Operations that need each other in a circle. */
  readonly circle: readonly Operation[];
  /** Ids of the operations that ended up after the data. */
  readonly late: ReadonlySet<string>;
}

export function order(operations: readonly Operation[]): Ordering {
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const waiting = new Map<string, Set<string>>();
  const followers = new Map<string, string[]>();
  for (const operation of byId.values()) {
    const needs = new Set(operation.needs.filter((id) => id !== operation.id && byId.has(id)));
    waiting.set(operation.id, needs);
    for (const id of needs) {
      const list = followers.get(id);
      if (list === undefined) followers.set(id, [operation.id]);
      else list.push(operation.id);
    }
  }
  const ready = new ReadyQueue();
  for (const operation of byId.values()) if (waiting.get(operation.id)?.size === 0) ready.push(operation);
  const sorted: Operation[] = [];
  const late = new Set<string>();
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    sorted.push(next);
    waiting.delete(next.id);
    if (next.tightens || next.needs.some((id) => late.has(id))) late.add(next.id);
    for (const id of followers.get(next.id) ?? []) {
      const needs = waiting.get(id);
      const follower = byId.get(id);
      if (needs === undefined || follower === undefined) continue;
      needs.delete(next.id);
      if (needs.size === 0) ready.push(follower);
    }
  }
  const circle = [...waiting.keys()].flatMap((id) => byId.get(id) ?? []);
  const stages = [sorted.filter((one) => !late.has(one.id)), sorted.filter((one) => late.has(one.id))];
  const statements = stages.flatMap((stage) =>
    stage.flatMap((operation) => rendered(operation, late.has(operation.id) ? 'after-data' : 'before-data')),
  );
  return { statements, circle, late };
}

export function rendered(
  operation: Pick<Operation, 'drafts' | 'object'>,
  stage: RenderedStatement['stage'],
): RenderedStatement[] {
  return operation.drafts.map((draft) => ({
    sql: draft.sql,
    stage,
    transactional: draft.transactional ?? true,
    destroysData: draft.destroysData ?? false,
    object: operation.object,
  }));
}

/** A binary heap by rank, then by id: the order is the same for the same catalogs. */
class ReadyQueue {
  readonly #heap: Operation[] = [];

  push(operation: Operation): void {
    const heap = this.#heap;
    let at = heap.push(operation) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.#less(at, up)) break;
      this.#swap(at, up);
      at = up;
    }
  }

  pop(): Operation | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if (left < heap.length && this.#less(left, least)) least = left;
      if (right < heap.length && this.#less(right, least)) least = right;
      if (least === at) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #less(a: number, b: number): boolean {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return false;
    return one.rank !== other.rank ? one.rank < other.rank : one.id < other.id;
  }

  #swap(a: number, b: number): void {
    const heap = this.#heap;
    const one = heap[a];
    const other = heap[b];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  }
}
