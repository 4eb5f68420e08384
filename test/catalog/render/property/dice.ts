/** Choices that follow from one number, so that a run can be repeated from its seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 … n − 1 (mulberry32). */
  int(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n;
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.int(100) < percent;
  }

  /** Undefined only where there is nothing to choose from. */
  maybe<T>(list: readonly T[]): T | undefined {
    return list[this.int(Math.max(list.length, 1))];
  }

  /** Gives up the statement where there is nothing to choose from. */
  one<T>(list: readonly T[]): T {
    if (list.length === 0) throw new NothingThere();
    return list[this.int(list.length)] as T;
  }

  /** Up to `most` different ones, at least one. */
  some<T>(list: readonly T[], most: number): readonly T[] {
    const left = [...list];
    const result: T[] = [];
    const count = 1 + this.int(most);
    while (result.length < count && left.length > 0) {
      result.push(...left.splice(this.int(left.length), 1));
    }
    if (result.length === 0) throw new NothingThere();
    return result;
  }

  /** `text` in so many of a hundred cases, else nothing. */
  opt(percent: number, text: string): string {
    return this.chance(percent) ? text : '';
  }
}

/** A statement needs what the schema does not have. */
export class NothingThere extends Error {}
