import { PARK_COMMENT_PREFIX, type ParkMemo } from '../../catalog/model.ts';
import { FerrataError } from '../../errors.ts';
import { quoteLiteral } from '../../sql/quote.ts';

/** The comment that makes a table or column a parked one, as a literal. `parkMemo` in catalog/parked.ts reads it. */
export function memoLiteral(memo: ParkMemo): string {
  return quoteLiteral(`${PARK_COMMENT_PREFIX}${JSON.stringify(memo)}`);
}

/** PostgreSQL cuts names at 63 bytes (NAMEDATALEN); a character is never cut in two. The suffix stays whole. */
export function fitName(name: string, suffix = ''): string {
  let fitted = name;
  while (Buffer.byteLength(fitted + suffix) > 63) fitted = [...fitted].slice(0, -1).join('');
  return fitted + suffix;
}

/** Throws `internal` where the server would cut the name and so make two of them the same. */
export function wholeName(name: string): string {
  if (Buffer.byteLength(name) <= 63) return name;
  throw new FerrataError('internal', `The name ${name} is longer than 63 bytes`, {
    why: 'PostgreSQL would cut it, and the way back would not find it.',
  });
}
