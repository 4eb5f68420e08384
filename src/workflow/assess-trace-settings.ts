/** Settings of the target's sessions that decide what DDL does: sessions on a scratch copy get them. */
import { isFerrataError } from '../errors.ts';
import type { Connection } from '../postgres/connection.ts';
import type { ScratchDatabase, ScratchPlace } from '../prepare/scratch.ts';
import { quoteIdent, quoteLiteral } from '../sql/quote.ts';

const SETTINGS = [
  'TimeZone',
  'DateStyle',
  'IntervalStyle',
  'search_path',
  'default_table_access_method',
  'default_toast_compression',
  'standard_conforming_strings',
  'check_function_bodies',
  'bytea_output',
  'row_security',
  'default_text_search_config',
  'lock_timeout',
];

/** For every session on the copy, so that RESET leads back to them as well. */
export async function copySettings(
  from: Connection,
  database: ScratchDatabase,
  place: ScratchPlace,
): Promise<void> {
  const rows = await from.rows<[string, string]>(
    `SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1) AND setting IS DISTINCT FROM boot_val`,
    [SETTINGS],
  );
  const admin = await place.admin.connect('trace');
  try {
    for (const [name, value] of rows) {
      // A list of names is one; SET takes them apart.
      const words = name === 'search_path' ? listOf(value) : quoteLiteral(value);
      await admin
        .script(`ALTER DATABASE ${quoteIdent(database.name)} SET ${name} = ${words}`)
        // A method or a configuration that the copy's server has not: what needs it says so itself.
        .catch(ignoreServer);
    }
  } finally {
    await admin.close();
  }
}

/**
 * Whether a timestamp becomes one with a time zone at no cost depends on the session's zone. That of a target which nobody
 * has seen is taken to be one where it does not: our own server runs in UTC, and would hide it.
 */
export async function assumeTimeZone(database: ScratchDatabase, place: ScratchPlace): Promise<void> {
  const admin = await place.admin.connect('trace');
  await admin
    .script(`ALTER DATABASE ${quoteIdent(database.name)} SET TimeZone = 'Europe/Berlin'`)
    .finally(() => admin.close());
}

function listOf(value: string): string {
  if (value.trim() === '') return "''";
  return value
    .split(',')
    .map((word) =>
      word
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replaceAll('""', '"'),
    )
    .map((word) => quoteLiteral(word))
    .join(', ');
}

function ignoreServer(error: unknown): void {
  if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
}
