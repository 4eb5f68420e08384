import { createHash } from 'node:crypto';

/** Longer ids would leave too little of the 63 bytes of a name for the prefix, the ordinal and a sequence's number. */
const LONGEST = 24;

/**
 * The name under which one step parks one thing: `<digits of the migration's id>_<ordinal>`; where the id does not begin
 * with digits, or with too many, the beginning of its SHA-256 stands for them.
 */
export function parkIdOf(migration: string, ordinal: number): string {
  const digits = /^\d+/.exec(migration)?.[0];
  const stem =
    digits !== undefined && digits.length <= LONGEST
      ? digits
      : createHash('sha256').update(migration).digest('hex').slice(0, 16);
  return `${stem}_${ordinal}`;
}
