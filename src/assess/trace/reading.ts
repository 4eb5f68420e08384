/** Questions to the server that go together in one message: what costs most on a scratch copy is the way there. */
import type { Connection } from '../../postgres/connection.ts';

export type TextRows = readonly (readonly (string | null)[])[];

/** One or more queries, and what their rows mean. */
export interface Reading<T> {
  readonly sql: readonly string[];
  parse(results: readonly TextRows[]): T;
}

/** Sends SQL that returns nothing of interest, without semicolon at its end. */
export function command(sql: string): Reading<null> {
  return { sql: [sql], parse: () => null };
}

/** Asks all of it in one message of the simple protocol, in order. Outside a transaction that is one transaction. */
export async function ask<const T extends readonly Reading<unknown>[]>(
  connection: Connection,
  ...readings: T
): Promise<{ readonly [K in keyof T]: T[K] extends Reading<infer R> ? R : never }> {
  const results = await connection.script(readings.flatMap(({ sql }) => sql).join(';\n'));
  let at = 0;
  const answers = readings.map((reading) => {
    const own = results.slice(at, at + reading.sql.length);
    at += reading.sql.length;
    return reading.parse(own);
  });
  // Each answer is what its own reading parsed.
  return answers as unknown as { readonly [K in keyof T]: T[K] extends Reading<infer R> ? R : never };
}
