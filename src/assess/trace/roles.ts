/** In what capacity a relation is locked: told from how it stands to those that the statement is about. */
import { quoteIdent } from '../../sql/quote.ts';
import { LOCK_MODES, type LockMode, type LockRole } from '../model.ts';
import type { Snapshot, SnapshotRelation } from './snapshot.ts';
import { isCalled, type Subjects } from './subjects.ts';

/** Says for every locked relation in what capacity it is; `before` and `after` are the states around the statement. */
export class Roles {
  readonly #subjects: ReadonlySet<number>;
  readonly #parents = new Map<number, Set<number>>();
  readonly #children = new Map<number, Set<number>>();
  readonly #defaults: ReadonlySet<number>;
  readonly #changesPartitions: boolean;
  readonly #referenced = new Map<number, Set<number>>();

  constructor({ names, changesPartitions }: Subjects, before: Snapshot, after: Snapshot) {
    for (const { parents, constraints } of [before, after]) {
      for (const [kid, parent] of parents) {
        add(this.#parents, kid, parent);
        add(this.#children, parent, kid);
      }
      for (const { relation, references } of constraints.values()) {
        if (references !== null) add(this.#referenced, relation, references);
      }
    }
    this.#defaults = before.defaultPartitions;
    this.#changesPartitions = changesPartitions;
    const relations = [...before.relations.values(), ...after.relations.values()];
    this.#subjects = new Set(
      relations.filter((one) => names.some((name) => isCalled(one, name))).map((one) => one.oid),
    );
  }

  /** Beside a partition that is made, attached or detached the default one is more than a partition like others. */
  #concernsDefault(oid: number, reached: ReadonlySet<number>, above: ReadonlySet<number>): boolean {
    if (reached.has(oid)) return this.#changesPartitions;
    return [...(this.#parents.get(oid) ?? [])].some((parent) => above.has(parent));
  }

  of(relation: SnapshotRelation, mode: LockMode): LockRole {
    if (relation.kind === 'i' || relation.kind === 'I') return 'index';
    if (relation.kind === 'S') return 'sequence';
    if (this.#subjects.has(relation.oid)) return 'target';
    const reached = reach(this.#subjects, this.#children);
    const above = reach(this.#subjects, this.#parents);
    if (this.#defaults.has(relation.oid) && this.#concernsDefault(relation.oid, reached, above)) {
      return 'default partition';
    }
    if (reached.has(relation.oid)) return 'partition';
    if (above.has(relation.oid)) return 'parent';
    if ([...this.#subjects, ...reached].some((oid) => this.#referenced.get(oid)?.has(relation.oid)))
      return 'referenced';
    const refers = [...(this.#referenced.get(relation.oid) ?? [])].some((oid) => this.#subjects.has(oid));
    // What a block, a function or a trigger works on is its target, though the statement does not name it.
    const reads = LOCK_MODES.indexOf(mode) <= LOCK_MODES.indexOf('RowShareLock');
    return refers || reads ? 'source' : 'target';
  }
}

function add(map: Map<number, Set<number>>, key: number, value: number): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
}

/** What is reached from `start` by one edge or more. */
function reach(
  start: ReadonlySet<number>,
  edges: ReadonlyMap<number, ReadonlySet<number>>,
): ReadonlySet<number> {
  const found = new Set<number>();
  const queue = [...start];
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    for (const next of edges.get(oid) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      queue.push(next);
    }
  }
  return found;
}

/** Quoted as the facts have it. */
export function columnName(relation: string, column: string): string {
  return `${relation}.${quoteIdent(column)}`;
}
