/**
 * Makes room for what is parked now. The same migration may have parked before (up, a written down that builds anew, up
 * again), and its derived way back knows one name: that of the newest. The older one steps aside.
 */
import { ATTIC_SCHEMA, type ParkMemo } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import { listParked, type ParkedEntry } from './attic.ts';
import { fitName, memoLiteral } from './memo.ts';

/** Statements that rename the tables which lie parked under this id, with their indexes and sequences. */
export async function setTablesAside(connection: Connection, parkId: string): Promise<readonly string[]> {
  const entries = (await listParked(connection)).filter(
    ({ memo, column }) => memo.parkId === parkId && column === null,
  );
  const statements: string[] = [];
  for (const entry of entries.filter(isNewest)) {
    const suffix = await freeSuffix(connection, entry, namesInAttic);
    const aside = renamedMemo(entry.memo, suffix);
    const name = fitName(ownName(entry), suffix);
    statements.push(
      ...renameRelations(ATTIC_SCHEMA, entry.memo, aside),
      `ALTER TABLE ${entry.table} RENAME TO ${quoteIdent(name)}`,
      `COMMENT ON TABLE ${quoteQualified(ATTIC_SCHEMA, name)} IS ${memoLiteral(aside)}`,
    );
  }
  return statements;
}

/** Statements that rename the column of `table` (as SQL) which lies parked under this id, with its sequences. */
export async function setColumnAside(
  connection: Connection,
  table: { readonly schema: string; readonly sql: string },
  parkId: string,
): Promise<readonly string[]> {
  const entry = (await listParked(connection)).find(
    (parked) =>
      parked.memo.parkId === parkId &&
      parked.table === table.sql &&
      parked.column !== null &&
      isNewest(parked),
  );
  if (entry === undefined || entry.column === null) return [];
  const suffix = await freeSuffix(connection, entry, (c) => namesOfColumns(c, table.sql));
  const aside = renamedMemo(entry.memo, suffix);
  const name = fitName(entry.column, suffix);
  return [
    ...renameRelations(table.schema, entry.memo, aside),
    `ALTER TABLE ${table.sql} RENAME COLUMN ${quoteIdent(entry.column)} TO ${quoteIdent(name)}`,
    `COMMENT ON COLUMN ${table.sql}.${quoteIdent(name)} IS ${memoLiteral(aside)}`,
  ];
}

const ASIDE = /_aside\d+$/;

/** What stepped aside before stays where it is. */
function isNewest(entry: ParkedEntry): boolean {
  return !ASIDE.test(ownName(entry));
}

function ownName(entry: ParkedEntry): string {
  return entry.column ?? unquoted(entry.table.slice(entry.table.indexOf('.') + 1));
}

/** The attic's schema needs no quotes, so what follows its dot is the table's name alone. */
function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function renamedMemo(memo: ParkMemo, suffix: string): ParkMemo {
  return {
    ...memo,
    relations: memo.relations.map((relation) => ({ ...relation, parked: fitName(relation.parked, suffix) })),
  };
}

function renameRelations(schema: string, from: ParkMemo, to: ParkMemo): string[] {
  return from.relations.map(
    ({ kind, parked }, index) =>
      `ALTER ${kind.toUpperCase()} ${quoteQualified(schema, parked)} RENAME TO ${quoteIdent(to.relations[index]?.parked ?? parked)}`,
  );
}

async function freeSuffix(
  connection: Connection,
  entry: ParkedEntry,
  names: (connection: Connection) => Promise<ReadonlySet<string>>,
): Promise<string> {
  const taken = await names(connection);
  for (let n = 1; ; n++) {
    const suffix = `_aside${n}`;
    if (!taken.has(fitName(ownName(entry), suffix))) return suffix;
  }
}

async function namesInAttic(connection: Connection): Promise<ReadonlySet<string>> {
  const rows = await connection.rows<[string]>(
    `SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('${ATTIC_SCHEMA}')`,
  );
  return new Set(rows.map(([name]) => name));
}

async function namesOfColumns(connection: Connection, table: string): Promise<ReadonlySet<string>> {
  const rows = await connection.rows<[string]>(
    'SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = pg_catalog.to_regclass($1) AND NOT attisdropped',
    [table],
  );
  return new Set(rows.map(([name]) => name));
}
