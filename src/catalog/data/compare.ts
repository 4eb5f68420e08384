/** Compares two fingerprints of content. */
import { type DataFingerprint, type DataLoss, sequencePosition, type TableData } from './model.ts';

/**
 * What is not as it was, by table and column. The fingerprints alone do not tell how many rows of a column changed:
 * `rows` is then the table's row count, an upper bound; `explainLosses` counts exactly. Rows that were not there before
 * count as well (`*`): content that a way back leaves behind is not the content of the start. A sequence that went back
 * gives its keys out twice, and is reported with the column `last_value`; one that went on is as good as before.
 */
export function compareData(before: DataFingerprint, after: DataFingerprint): DataLoss[] {
  const losses: DataLoss[] = [];
  for (const [name, table] of before.tables) losses.push(...compareTable(table, after.tables.get(name)));
  for (const [name, table] of after.tables) {
    if (!before.tables.has(name) && table.rows > 0)
      losses.push({ table: name, column: '*', rows: table.rows });
  }
  for (const [name, text] of before.sequences) {
    const now = after.sequences.get(name);
    if (now === undefined || wentBack(text, now)) losses.push({ table: name, column: 'last_value', rows: 1 });
  }
  return losses;
}

function compareTable(before: TableData, after: TableData | undefined): DataLoss[] {
  const { table } = before;
  // A missing table is lost even where it was empty: its absence is for the schema to tell, its rows for us.
  if (after === undefined) return before.rows === 0 ? [] : [{ table, column: '*', rows: before.rows }];
  const losses: DataLoss[] = [];
  if (before.rows !== after.rows) {
    losses.push({ table, column: '*', rows: Math.abs(before.rows - after.rows) });
  }
  for (const [column, checksum] of Object.entries(before.columns)) {
    const now = after.columns[column];
    if (now === undefined ? before.rows > 0 : now !== checksum && before.rows === after.rows) {
      losses.push({ table, column, rows: before.rows });
    }
  }
  const sameColumns =
    Object.keys(before.columns).length === Object.keys(after.columns).length &&
    Object.keys(before.columns).every((column) => Object.hasOwn(after.columns, column));
  // Every column holds what it held, but not in the rows where it was.
  if (losses.length === 0 && sameColumns && before.rowsChecksum !== after.rowsChecksum) {
    losses.push({ table, column: '*', rows: before.rows });
  }
  return losses;
}

function wentBack(before: string, after: string): boolean {
  const was = sequencePosition(before);
  const now = sequencePosition(after);
  if (now.lastValue !== was.lastValue) return now.lastValue < was.lastValue !== was.descending;
  return was.called && !now.called;
}
