/** Hears what the server says of its work at DEBUG1 (tablecmds.c, index.c), in English. */
import { quoteLiteral } from '../../sql/quote.ts';
import type { Reading } from './reading.ts';

/** Settings of the session that hold while a statement is watched: as they were, and as they are then. */
export interface Borrowed {
  readonly names: readonly string[];
  readonly before: readonly (string | null)[];
  readonly during: readonly (string | null)[];
}

/** Changes settings, for the rest of the transaction (`local`) or of the session. */
export function borrow(settings: Readonly<Record<string, string>>, local: boolean): Reading<Borrowed> {
  const names = Object.keys(settings);
  const current = names.map((name) => `pg_catalog.current_setting('${name}')`);
  const changed = Object.entries(settings).map(([name, value]) => set(name, quoteLiteral(value), local));
  return {
    sql: [`SELECT ${current.join(', ')}`, `SELECT ${changed.join(', ')}`],
    parse: ([before, during]) => ({ names, before: before?.[0] ?? [], during: during?.[0] ?? [] }),
  };
}

/** Gives them back, but for those that the statement itself has set. */
export function giveBack({ names, before, during }: Borrowed, local: boolean): Reading<null> {
  const back = names.map((name, n) => {
    const mine = `pg_catalog.current_setting('${name}') = ${quoteLiteral(during[n] ?? '')}`;
    return `CASE WHEN ${mine} THEN ${set(name, quoteLiteral(before[n] ?? ''), local)} END`;
  });
  return { sql: [`SELECT ${back.join(', ')}`], parse: () => null };
}

function set(name: string, value: string, local: boolean): string {
  const change = `pg_catalog.set_config('${name}', ${value}, ${local})`;
  // The script may have changed the role since the session began.
  return name === 'lc_messages'
    ? `CASE WHEN pg_catalog.current_setting('is_superuser') = 'on' THEN ${change} END`
    : change;
}

/** What makes the server talk. Only superusers may choose its language; others get what there is. */
export const TALKATIVE: Readonly<Record<string, string>> = {
  client_min_messages: 'debug1',
  lc_messages: 'C',
};
