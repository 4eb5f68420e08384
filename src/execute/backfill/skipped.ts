/** Rows that were locked when their batch came: written down by it, and done in a pass at the end. */
import { text } from '../../ledger/rows.ts';
import type { Connection } from '../../postgres/connection.ts';
import { type BackfillPlace, textArray } from './checkpoint.ts';
import type { KeyValue } from './model.ts';

export async function readSkipped(
  connection: Connection,
  at: BackfillPlace,
  part: number,
  most: number,
): Promise<readonly KeyValue[]> {
  const rows = await connection.rows<[string[]]>(
    'SELECT key FROM ferrata.backfill_skipped WHERE run = $1 AND ordinal = $2 AND part = $3 LIMIT $4',
    [at.run, at.ordinal, part, most],
  );
  return rows.map(([key]) => key);
}

export function forgetSkipped(at: BackfillPlace, part: number, keys: readonly KeyValue[]): string {
  const list = keys.map((key) => `(${textArray(key)})`).join(', ');
  return `DELETE FROM ferrata.backfill_skipped s USING (VALUES ${list}) AS done (key) WHERE s.run = ${text(at.run)} AND s.ordinal = ${at.ordinal} AND s.part = ${part} AND s.key OPERATOR(pg_catalog.=) done.key`;
}
