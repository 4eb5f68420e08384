/**
 * Which rows a rehearsal starts from: those that the change itself accepts (DESIGN §6). Where it refuses the usual ones
 * (SET NOT NULL, a new unique key, a cast), others are tried; where it accepts no row in some table (a new column that
 * must not be NULL and has no default), that table alone stays empty, so that the others still prove something.
 */
import type { DataSource } from '../../config/settings.ts';
import type { FerrataError } from '../../errors.ts';
import { quoteQualified } from '../../sql/quote.ts';
import type { Member } from './member.ts';
import type { RowVariant } from './rows.ts';

export interface RowChoice {
  readonly variant: RowVariant;
  /** Identities of the tables that stay empty. */
  readonly without: ReadonlySet<string>;
  /** Whether, with `default`, there are texts as long as their columns allow. */
  readonly long: boolean;
}

interface Tried {
  readonly forwardError: FerrataError | null;
  /** Rows at the start, per table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** In the order in which they prove less; each asks for no more than the one before it. */
const WEAKER: readonly RowVariant[] = ['no-nulls', 'castable-text', 'single-row'];

/** More tables than these are not found out one by one. */
const MOST_EMPTY = 8;

const FIRST: Readonly<Record<DataSource, RowVariant>> = {
  backup: 'given',
  sample: 'given',
  synthetic: 'default',
  none: 'empty',
};

/**
 * Runs `attempt` with one choice of rows after the other until the change accepts them, and gives its result; of the
 * first where none helps: that failure is the one to tell.
 */
export async function withAcceptedRows<T extends Tried>(
  source: DataSource,
  members: readonly Member[],
  attempt: (choice: RowChoice) => Promise<T>,
): Promise<T> {
  let choice: RowChoice = { variant: FIRST[source], without: new Set(), long: true };
  const first = await attempt(choice);
  if (source !== 'synthetic') return first;
  let result = first;
  while (result.forwardError !== null && refusesRows(result.forwardError)) {
    const next = nextChoice(choice, result.forwardError, result.rows, members);
    if (next === null) return first;
    choice = next;
    result = await attempt(choice);
  }
  return result.forwardError === null ? result : first;
}

/** Data exceptions, broken constraints and raised exceptions depend on the rows; anything else fails with any rows. */
function refusesRows(error: FerrataError): boolean {
  return /^(22|23|P0|21|54)/.test(error.details.sqlState ?? '');
}

function nextChoice(
  { variant, without, long }: RowChoice,
  error: FerrataError,
  rows: Tried['rows'],
  members: readonly Member[],
): RowChoice | null {
  if (variant === 'empty') return null;
  // A shorter type, a CHECK of a length, an index that takes no long text.
  if (long && variant === 'default' && !/^(23502|23505|23P01)$/.test(error.details.sqlState ?? '')) {
    return { variant, without, long: false };
  }
  const weaker = WEAKER.slice(WEAKER.indexOf(variant) + 1).find((candidate) => mayHelp(candidate, error));
  if (weaker !== undefined) return { variant: weaker, without, long };
  const refused = tablesOf(error, members).filter((table) => (rows[table] ?? 0) > 0 && !without.has(table));
  if (refused.length === 0 || without.size + refused.length > MOST_EMPTY) {
    return { variant: 'empty', without: new Set(), long: false };
  }
  // With that table empty the others may well take the usual rows.
  return { variant: 'default', without: new Set([...without, ...refused]), long };
}

function mayHelp(candidate: RowVariant, error: FerrataError): boolean {
  const state = error.details.sqlState ?? '';
  // NULL in a column that must not be NULL: full rows. Of two equal keys: fewer rows.
  if (state === '23502') return candidate === 'no-nulls';
  if (state === '23505' || state === '23P01') return candidate === 'single-row';
  if (state.startsWith('22')) return candidate !== 'single-row';
  return true;
}

/** The table that the server names; else those that the failing statement works on. */
function tablesOf(error: FerrataError, members: readonly Member[]): readonly string[] {
  const { schema, table } = error.details.data ?? {};
  if (typeof schema === 'string' && typeof table === 'string') return [quoteQualified(schema, table)];
  const { location } = error.details;
  const member = members.find(({ migration }) => migration.up.path === location?.file);
  if (location === undefined || member === undefined) return [];
  const before = member.assessment.statements.filter(
    ({ line, column }) => line < location.line || (line === location.line && column <= location.column),
  );
  return (before.at(-1)?.locks ?? [])
    .filter(({ role }) => role === 'target' || role === 'source')
    .map(({ relation }) => relation);
}
