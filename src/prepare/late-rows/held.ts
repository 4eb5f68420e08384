/** Whether the old shape can hold the late rows at all: found out by writing them there. */
import { VALUE_SETTINGS } from '../../catalog/data/session.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from '../synthetic/attempts.ts';
import { tableShapes } from '../synthetic/schema.ts';
import type { WrittenLateRow } from './model.ts';

/**
 * For each row whether the old shape accepts it, and keeps every value of it: a number that is rounded to fit is not
 * held. Columns that only the old shape has take their defaults. `connection`: to the start or a fork of it, not in a
 * transaction; nothing stays behind, sequences are set back. `catalog`: of that database.
 */
export async function heldByOldShape(
  connection: Connection,
  catalog: Catalog,
  rows: readonly WrittenLateRow[],
): Promise<readonly boolean[]> {
  if (rows.length === 0) return [];
  const tables = tableShapes(catalog);
  const sequences = await sequencePositions(connection);
  const outcomes = await runAttempts(
    connection,
    rows.map((row): Attempt => {
      const names = Object.keys(row.values).filter(
        (name) =>
          tables.get(row.oldTable)?.columns.some((c) => c.name === name && c.generation === null) === true,
      );
      return { sql: row.kind === 'update' ? updateSql(row) : insertSql(row, names), value: true };
    }),
    { rollback: true, setup: VALUE_SETTINGS },
  );
  await restoreSequences(connection, sequences);
  const doubts: { readonly index: number; readonly sql: string }[] = [];
  const held = rows.map((row, index) => {
    const outcome = outcomes[index];
    if (outcome?.ok !== true || outcome.value === null) return false;
    const stored = JSON.parse(outcome.value) as (string | null)[];
    const names = Object.keys(row.values);
    for (const [k, name] of names.entries()) {
      const given = row.values[name] ?? null;
      const kept = stored[k] ?? null;
      if (kept === given) continue;
      if (kept === null || given === null) return false;
      // Another text may still be the same value: 5 and 5.00, a date and its midnight.
      const type = row.types[name] ?? 'text';
      doubts.push({
        index,
        sql: `SELECT (${quoteLiteral(kept)}::${type})::text = ${quoteLiteral(given)}`,
      });
    }
    return true;
  });
  const answers = await runAttempts(
    connection,
    doubts.map(({ sql }) => ({ sql, value: true })),
    { rollback: true, setup: VALUE_SETTINGS },
  );
  doubts.forEach(({ index }, k) => {
    if (answers[k]?.value !== 'true') held[index] = false;
  });
  return held;
}

function insertSql(row: WrittenLateRow, names: readonly string[]): string {
  if (names.length === 0) return `INSERT INTO ${row.oldTable} DEFAULT VALUES RETURNING ${storedTexts(row)}`;
  const values = names.map((name) => literal(row.values[name] ?? null));
  return `INSERT INTO ${row.oldTable} (${names.map(quoteIdent).join(', ')}) OVERRIDING SYSTEM VALUE
    VALUES (${values.join(', ')}) RETURNING ${storedTexts(row)}`;
}

function updateSql(row: WrittenLateRow): string {
  const set = row.changed.map((name) => `${quoteIdent(name)} = ${literal(row.values[name] ?? null)}`);
  const where = row.key.map((name) => `${quoteIdent(name)} = ${literal(row.values[name] ?? null)}`);
  const stored = Object.keys(row.values).map((name) =>
    // Only what was changed is the late row's; the rest is as the change or the start left it.
    row.changed.includes(name) ? `${quoteIdent(name)}::text` : literalText(row.values[name] ?? null),
  );
  return `UPDATE ${row.oldTable} SET ${set.join(', ')} WHERE ${where.join(' AND ')}
    RETURNING array_to_json(ARRAY[${stored.join(', ')}]::text[])::text`;
}

function storedTexts(row: WrittenLateRow): string {
  const texts = Object.keys(row.values).map((name) => `${quoteIdent(name)}::text`);
  return `array_to_json(ARRAY[${texts.join(', ')}]::text[])::text`;
}

function literal(value: string | null): string {
  return value === null ? 'NULL' : quoteLiteral(value);
}

function literalText(value: string | null): string {
  return value === null ? 'NULL::text' : `${quoteLiteral(value)}::text`;
}

type Positions = ReadonlyMap<string, readonly [string, string]>;

/** Sequences are not part of a transaction: what defaults draw from them is gone unless it is put back. */
async function sequencePositions(connection: Connection): Promise<Positions> {
  const names = await connection.rows<[string]>(
    `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND c.relpersistence <> 't' ORDER BY 1`,
  );
  if (names.length === 0) return new Map();
  const branches = names.map(
    ([name]) => `SELECT ${quoteLiteral(name)}, last_value::text, is_called::text FROM ${name}`,
  );
  const [rows = []] = await connection.script(branches.join(' UNION ALL '));
  return new Map(rows.map(([name, value, called]) => [name ?? '', [value ?? '', called ?? ''] as const]));
}

async function restoreSequences(connection: Connection, before: Positions): Promise<void> {
  const now = await sequencePositions(connection);
  const moved = [...before].filter(([name, position]) => now.get(name)?.join() !== position.join());
  if (moved.length === 0) return;
  const calls = moved.map(
    ([name, [value, called]]) => `SELECT setval(${quoteLiteral(name)}, ${value}, ${called})`,
  );
  await connection.script(calls.join('; '));
}
