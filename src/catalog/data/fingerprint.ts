/**
 * Fingerprints of content: per table the rows, per column an order-independent checksum, all computed by the server.
 */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { array } from '../decode.ts';
import { columnHash, type DataTable, readDataTables, rowHash } from './hash.ts';
import { type DataFingerprint, sequenceText, type TableData } from './model.ts';
import { withFixedValues } from './session.ts';

export { compareData } from './compare.ts';
export { explainLosses } from './explain.ts';

export interface FingerprintOptions {
  /** `schema.table`, quoted where needed: these alone, and no sequences. All tables when left out. */
  readonly tables?: readonly string[];
  /** The caller has a transaction open on this connection (e.g. one with an exported snapshot). */
  readonly inTransaction?: boolean;
}

/** Branches of one UNION ALL: enough to save round trips, few enough to be planned quickly. */
const TABLES_PER_STATEMENT = 50;

/**
 * Reads the fingerprint of the content under one snapshot and fixed settings. What is parked is not counted, foreign
 * tables and temporary ones neither; a partitioned table is counted at its leaves.
 */
export async function fingerprintData(
  connection: Connection,
  options: FingerprintOptions = {},
): Promise<DataFingerprint> {
  return await withFixedValues(connection, options.inTransaction === true, async () => {
    const wanted = options.tables === undefined ? null : new Set(options.tables);
    const [found, sequenceNames] = await readDataTables(connection);
    const tables = found.filter(({ table }) => wanted === null || wanted.has(table));
    const sequences = wanted === null ? sequenceNames : [];
    const statements = [
      ...chunks(tables, TABLES_PER_STATEMENT).map((chunk) => chunk.map(tableStatement).join('\nUNION ALL ')),
      ...chunks(sequences, TABLES_PER_STATEMENT).map((chunk) =>
        chunk.map(sequenceStatement).join('\nUNION ALL '),
      ),
    ];
    if (statements.length === 0) return { tables: new Map(), sequences: new Map() };
    const results = await connection.script(statements.join(';\n'));
    const rows = results.flat();
    const byTable = new Map(tables.map((table) => [table.table, table]));
    return {
      tables: new Map(
        rows.slice(0, tables.length).map((row) => {
          const data = tableData(row, byTable);
          return [data.table, data] as const;
        }),
      ),
      sequences: new Map(
        rows.slice(tables.length).map(([name, value, called, descending]) => {
          const lastValue = BigInt(value ?? '0');
          const position = { lastValue, called: called === 't', descending: descending === 't' };
          return [name ?? '', sequenceText(position)] as const;
        }),
      ),
    };
  });
}

/** Sums of bigint are numeric: they neither overflow nor depend on the order of rows. */
function tableStatement({ table, columns }: DataTable): string {
  const sums = columns.map((column) => `sum(${columnHash(column)})`);
  const checksums = sums.length === 0 ? `'{}'::numeric[]` : `ARRAY[${sums.join(', ')}]`;
  return `SELECT ${quoteLiteral(table)}, count(*), ${checksums}, sum(${rowHash(columns)}) FROM ONLY ${table} t`;
}

function sequenceStatement(sequence: string): string {
  const oid = `${quoteLiteral(sequence)}::regclass`;
  return `SELECT ${quoteLiteral(sequence)}, last_value, is_called,
    (SELECT seqincrement < 0 FROM pg_sequence WHERE seqrelid = ${oid}) FROM ${sequence}`;
}

function tableData(row: readonly (string | null)[], tables: ReadonlyMap<string, DataTable>): TableData {
  const [table, rows, sums, rowsChecksum] = row;
  const checksums = array(sums);
  const columns = tables.get(table ?? '')?.columns ?? [];
  return {
    table: table ?? '',
    rows: Number(rows),
    // An empty table's sums are NULL: written as 0, so that every checksum is a number.
    columns: Object.fromEntries(
      columns.map((column, index) => {
        const sum = checksums[index] ?? 'NULL';
        return [column, sum === 'NULL' ? '0' : sum];
      }),
    ),
    rowsChecksum: rowsChecksum ?? '0',
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
