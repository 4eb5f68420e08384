import type { Dice } from './dice.ts';
import type { World } from './world.ts';

/** Writes one statement (or a few, run as one) for a schema as it is; the server may still refuse it. */
export interface Maker {
  readonly name: string;
  /** How often, against the others. */
  readonly weight: number;
  readonly minMajor?: number;
  make(dice: Dice, world: World): string;
}

export function maker(name: string, weight: number, make: Maker['make'], minMajor = 0): Maker {
  return { name, weight, make, minMajor };
}

/** By weight, among those that this server can do. */
export function choose(makers: readonly Maker[], dice: Dice, major: number): Maker {
  const able = makers.filter((one) => (one.minMajor ?? 0) <= major);
  let left = dice.int(able.reduce((sum, { weight }) => sum + weight, 0));
  for (const one of able) {
    left -= one.weight;
    if (left < 0) return one;
  }
  return dice.one(able);
}
