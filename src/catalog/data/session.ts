import type { Connection } from '../../postgres/connection.ts';

/**
 * Settings under which every value has exactly one text form, whatever the role, database or client says (PostgreSQL
 * manual, 20.11.2). With `row_security` off a hidden row is an error, never a row that was not counted.
 */
const SETTINGS: readonly (readonly [string, string])[] = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  // 1 and above: the shortest text that reads back as the same float (12 and later).
  ['extra_float_digits', '1'],
  ['bytea_output', 'hex'],
  ['xmloption', 'content'],
  ['xmlbinary', 'base64'],
  ['lc_monetary', 'C'],
  ['quote_all_identifiers', 'off'],
  ['row_security', 'off'],
];

/** `SET LOCAL` for each of the settings: values in the one text form that checksums and comparisons use. */
export const VALUE_SETTINGS: string = SETTINGS.map(([name, value]) => `SET LOCAL ${name} = '${value}';`).join(
  ' ',
);

/** Beside them for reading alone: names of regclass and its like come out qualified. */
const READ_SETTINGS = `${VALUE_SETTINGS} SET LOCAL search_path = pg_catalog, pg_temp;`;

/**
 * Runs `work` under the fixed settings: in a read-only transaction of its own with one snapshot, or, where the caller
 * has one open, behind a savepoint so that the caller's settings are back afterwards.
 */
export async function withFixedValues<T>(
  connection: Connection,
  inTransaction: boolean,
  work: () => Promise<T>,
): Promise<T> {
  if (!inTransaction) {
    return await connection.transaction(
      async () => {
        await connection.script(READ_SETTINGS);
        return await work();
      },
      { isolation: 'repeatable read', readOnly: true },
    );
  }
  await connection.script(`SAVEPOINT ferrata_values; ${READ_SETTINGS}`);
  try {
    return await work();
  } finally {
    // After a lost connection there is nothing to go back to; the error of `work` is the one that counts.
    await connection
      .script('ROLLBACK TO SAVEPOINT ferrata_values; RELEASE SAVEPOINT ferrata_values')
      .catch(() => {});
  }
}
