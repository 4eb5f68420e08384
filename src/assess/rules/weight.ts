/** How much a danger weighs where its tables are small, or busy. */
import type { AssessContext } from '../context.ts';
import type { Severity } from '../model.ts';

/** Whether the relation is known to be so small that reading or writing it whole is over at once. */
export function isSmall(context: AssessContext, relation: string): boolean {
  const rows = context.size(relation)?.rows ?? null;
  return rows !== null && rows <= context.surroundings.settings.smallRows;
}

/** The severity of a danger that is time alone: told, not warned of, where all the tables are small. */
export function byTime(context: AssessContext, relations: readonly string[], severity: Severity): Severity {
  return relations.length > 0 && relations.every((relation) => isSmall(context, relation))
    ? 'info'
    : severity;
}

/** Rows written per second, where they are known. */
export function writesPerSecond(context: AssessContext, relation: string): number | null {
  return context.surroundings.target.relations[relation]?.writesPerSecond ?? null;
}

/** A brief lock is worth a line; on a busy table everybody waits behind it, and it is worth a warning. */
export function byTraffic(context: AssessContext, relation: string): Severity {
  const writes = writesPerSecond(context, relation) ?? 0;
  return writes >= context.surroundings.settings.busyWritesPerSecond ? 'warning' : 'info';
}

/** `1 234 567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
}

/** `1.5 GB`; as people read sizes. */
export function bytes(value: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${left >= 10 || unit === 0 ? Math.round(left) : Math.round(left * 10) / 10} ${units[unit]}`;
}
