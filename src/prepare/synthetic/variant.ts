/** One way to fill a column, and what ways are made of. */
import type { Facts } from './facts.ts';
import type { TypeShape } from './type-shapes.ts';
import { type ChosenValues, type Style, valueFor } from './values.ts';

/** The value for row number `n`; null is NULL, undefined: this variant has none. */
export type Variant = (n: number) => string | null | undefined;

export function shifted(type: TypeShape, by: number, style: Style, chosen: ChosenValues): Variant {
  return (n) => valueFor(type, Math.max(1, n + by), style, chosen) ?? undefined;
}

export function constant(text: string): Variant {
  return () => text;
}

export function cycled(list: readonly string[]): Variant {
  return (n) => list[(n - 1) % list.length];
}

export function isNumber(text: string): boolean {
  return /^[-+]?\d+(\.\d+)?$/.test(text);
}

/** Numbers of a CHECK that may be lengths, and their neighbours. */
export function lengths(facts: Facts): number[] {
  const found = new Set<number>();
  for (const text of facts.numbers) {
    const length = Number(text);
    if (!Number.isInteger(length) || length < 0 || length > 10_000) continue;
    found.add(length);
    found.add(length + 1);
    if (length > 0) found.add(length - 1);
  }
  return [...found].slice(0, 8);
}
