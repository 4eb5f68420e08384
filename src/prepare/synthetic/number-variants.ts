/** Numbers and moments: those that a CHECK names, their neighbours, and what is usual. */
import type { Facts } from './facts.ts';
import { dateText, momentText, stamp } from './values.ts';
import { constant, cycled, isNumber, type Variant } from './variant.ts';

export function numbers(facts: Facts, fractions: boolean): Variant[] {
  const given = facts.numbers.map(Number).filter(Number.isFinite);
  const lists = facts.lists.map((list) => list.filter(isNumber)).filter((list) => list.length > 0);
  const show = (value: number) => (fractions ? String(Number(value.toFixed(6))) : String(Math.trunc(value)));
  const result: Variant[] = [...lists.map(cycled)];
  for (const [index, low] of given.entries()) {
    const high = given[index + 1];
    if (high !== undefined && high > low) {
      const span = high - low;
      if (fractions) result.push((n) => show(low + (span * ((n * 37) % 97) + span) / 100));
      if (span > 1) result.push((n) => show(low + 1 + ((n - 1) % Math.max(1, Math.floor(span) - 1))));
      result.push((n) => show(low + ((n - 1) % (Math.floor(span) + 1))));
    }
  }
  for (const value of given) {
    result.push(
      (n) => show(value + n),
      (n) => show(value + n - 1),
      (n) => show(value - n),
      (n) => show(value - n + 1),
      (n) => show(value * n),
      constant(show(value)),
    );
  }
  if (fractions)
    result.push(
      (n) => show(n / 1000),
      (n) => show(-n / 1000),
      (n) => String(n),
    );
  result.push(
    (n) => String(n + 1),
    (n) => String(n - 1),
    (n) => String(n + 100),
    (n) => String(-n),
    (n) => String(2 * n),
    (n) => String(2 * n + 1),
    (n) => String(1000 * n),
    (n) => String(2000 + n),
    constant('0'),
    constant('1'),
    (n) => String((n % 5) + 1),
    (n) => String((n % 10) + 1),
    (n) => String(1_700_000_000 + n),
  );
  return result;
}

export function moments(name: string, facts: Facts): Variant[] {
  const write = (milliseconds: number) =>
    name === 'date' ? dateText(milliseconds) : `${stamp(milliseconds)}${name === 'timestamptz' ? '+00' : ''}`;
  const given = facts.strings
    .map((text) => Date.parse(`${text.slice(0, 10)}T00:00:00Z`))
    .filter(Number.isFinite);
  const zone = name === 'timestamptz' ? '+00' : '';
  const shift = (by: number): Variant =>
    name === 'date' ? (n) => dateText(Date.UTC(2024, 0, 1 + n + by)) : (n) => `${momentText(n + by)}${zone}`;
  return [
    ...[1, 2, -1, 30, -30].map(shift),
    ...given.flatMap((moment): Variant[] => [
      (n) => write(moment + n * 86_400_000),
      (n) => write(moment - n * 86_400_000),
      () => write(moment),
    ]),
    (n) => write(Date.UTC(1990, 0, n)),
    (n) => write(Date.UTC(2090, 0, n)),
    // First of a month, a Monday, midnight: what calendar checks ask for.
    (n) => write(Date.UTC(2024, n, 1)),
    (n) => write(Date.UTC(2024, 0, 1 + 7 * n)),
    (n) => write(Date.UTC(2024, 0, n)),
    (n) => write(Date.UTC(2024, n + 1, 0)),
  ];
}
