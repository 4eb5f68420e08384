import type { LockMode, LockRole, StatementFacts, StatementLock } from './model.ts';
import { LOCK_MODES } from './model.ts';

/** What a statement does that decides the migration's type, risk and reversibility. */
export type Tag =
  /** Changes or takes away what was there, rather than only adding to it. */
  | 'alters'
  | 'not-null'
  | 'column-dropped'
  | 'table-dropped'
  | 'rename'
  | 'type-change'
  | 'type-narrowing'
  | 'partitioning'
  | 'foreign-key'
  /** Takes data away that the attic cannot hold. */
  | 'destroys'
  /** Takes data away; the attic holds it. */
  | 'takes-away'
  /** No inverse can be derived: outside the database, or gone for good. */
  | 'irreversible'
  /** Writes rows of tables that were there before. */
  | 'writes-rows'
  /** Changes the schema of what was there before, or adds to it. */
  | 'changes-schema';

/** Collects what one statement does. What the migration made itself does not count: nobody else uses it yet. */
export class Effect {
  readonly tags = new Set<Tag>();
  class: StatementFacts['class'] = 'ddl';
  readonly #isNew: (relation: string) => boolean;
  readonly #locks = new Map<string, StatementLock>();
  readonly #rewrites = new Set<string>();
  readonly #scans = new Set<string>();
  readonly #builds = new Set<string>();
  readonly #validates = new Set<string>();
  readonly #loses = new Map<string, string>();

  constructor(isNew: (relation: string) => boolean) {
    this.#isNew = isNew;
  }

  lock(relation: string | null, mode: LockMode, role: LockRole = 'target'): this {
    if (relation === null || this.#isNew(relation)) return this;
    const key = `${role} ${relation}`;
    const known = this.#locks.get(key);
    if (known === undefined || strength(mode) > strength(known.mode)) {
      this.#locks.set(key, { relation, mode, role });
    }
    return this;
  }

  /** The relation turns out to be in another role: the weak lock of a source says nothing any more. */
  relock(relation: string | null): this {
    this.#locks.delete(`source ${relation}`);
    return this;
  }

  /** The table is written anew: read whole, and its indexes with it. */
  rewrite(relation: string): this {
    if (!this.#isNew(relation)) this.#rewrites.add(relation);
    return this;
  }

  scan(relation: string): this {
    if (!this.#isNew(relation)) this.#scans.add(relation);
    return this;
  }

  /** An index of `relation` is built. */
  build(relation: string, index: string): this {
    if (!this.#isNew(relation)) this.#builds.add(index);
    return this;
  }

  /** A constraint of the relation is proved by reading its rows. */
  validate(relation: string, what: string): this {
    return this.prove(relation, what).scan(relation);
  }

  /** As `validate`, where the rows are elsewhere: a partitioned table's are in its partitions. */
  prove(relation: string, what: string): this {
    if (!this.#isNew(relation)) this.#validates.add(what);
    return this;
  }

  lose(relation: string, object: string, what: string): this {
    if (!this.#isNew(relation)) this.#loses.set(object, what);
    return this;
  }

  tag(...tags: readonly Tag[]): this {
    for (const tag of tags) this.tags.add(tag);
    return this;
  }

  /** As `tag`, unless the relation is of the migration's own making. */
  tagFor(relation: string | null, ...tags: readonly Tag[]): this {
    return relation !== null && this.#isNew(relation) ? this : this.tag(...tags);
  }

  facts(): Pick<
    StatementFacts,
    'locks' | 'rewrites' | 'scans' | 'builds' | 'validates' | 'loses' | 'blocks' | 'class'
  > {
    const locks = [...this.#locks.values()];
    return {
      locks,
      rewrites: [...this.#rewrites],
      scans: [...this.#scans],
      builds: [...this.#builds],
      validates: [...this.#validates],
      loses: [...this.#loses].map(([object, what]) => ({ object, what })),
      blocks: blocksOf(locks),
      class: this.class,
    };
  }
}

export function strength(mode: LockMode): number {
  return LOCK_MODES.indexOf(mode);
}

/** What other sessions cannot do meanwhile (manual, table 13.2): AccessExclusive stops SELECT, Share and up stop writes. */
export function blocksOf(locks: readonly StatementLock[]): StatementFacts['blocks'] {
  const strongest = Math.max(-1, ...locks.map((lock) => strength(lock.mode)));
  if (strongest >= strength('AccessExclusiveLock')) return 'reads and writes';
  return strongest >= strength('ShareLock') ? 'writes' : 'nothing';
}
