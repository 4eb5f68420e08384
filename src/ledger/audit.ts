/**
 * The audit chain: each row's hash covers the one before it, so that a row can't be changed or taken out without
 * breaking every later one; the head is kept beside it, so that cutting off the end shows too.
 */
import { createHash } from 'node:crypto';
import type { Connection } from '../postgres/connection.ts';
import { json, text } from './rows.ts';

export interface AuditEntry {
  readonly id: number;
  /** ISO 8601, UTC, by the server's clock. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly detail: unknown;
  readonly hash: string;
}

export interface AuditCheck {
  readonly ok: boolean;
  readonly entries: number;
  /** What is broken, in plain words; empty when `ok`. */
  readonly problems: readonly string[];
}

interface AuditRow {
  readonly id: string;
  readonly payload: string;
  readonly previous: string;
  readonly hash: string;
}

/** Appends one entry, in a transaction of its own; concurrent writers queue on the head's row. */
export async function appendAudit(
  connection: Connection,
  actor: string,
  action: string,
  detail: unknown,
): Promise<void> {
  await connection.script(`
BEGIN;
SELECT value FROM ferrata.meta WHERE key = 'audit' FOR UPDATE;
WITH head AS (
  SELECT pg_catalog.split_part(value, ' ', 1)::pg_catalog.int8 + 1 AS id, pg_catalog.split_part(value, ' ', 2) AS previous
  FROM ferrata.meta WHERE key = 'audit'
), entry AS (
  SELECT id, previous, pg_catalog.json_build_object('id', id,
    'at', pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor', ${text(actor)}::pg_catalog.text, 'action', ${text(action)}::pg_catalog.text,
    'detail', ${json(detail ?? {})}::pg_catalog.json)::pg_catalog.text AS payload
  FROM head
)
INSERT INTO ferrata.audit (id, payload, previous, hash)
SELECT id, payload, previous,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(previous || payload, 'UTF8')), 'hex')
FROM entry;
UPDATE ferrata.meta SET value = (SELECT pg_catalog.concat(id, ' ', hash) FROM ferrata.audit ORDER BY id DESC LIMIT 1) WHERE key = 'audit';
COMMIT`);
}

export async function readAudit(connection: Connection): Promise<readonly AuditEntry[]> {
  return (await auditRows(connection)).map(({ payload, hash }) => ({
    ...(JSON.parse(payload) as Omit<AuditEntry, 'hash'>),
    hash,
  }));
}

/** Recomputes the whole chain on this side. */
export async function checkAudit(connection: Connection): Promise<AuditCheck> {
  const rows = await auditRows(connection);
  const problems: string[] = [];
  let previous = '';
  let expected = 1;
  for (const row of rows) {
    const id = Number(row.id);
    if (id !== expected) problems.push(`entries ${expected} to ${id - 1} are missing`);
    if (row.previous !== previous) problems.push(`entry ${id} does not follow the one before it`);
    if (sha256(row.previous + row.payload) !== row.hash) problems.push(`entry ${id} was changed`);
    if ((JSON.parse(row.payload) as { id: number }).id !== id) problems.push(`entry ${id} was moved`);
    previous = row.hash;
    expected = id + 1;
  }
  const [head] = await connection.query<{ value: string }>(
    `SELECT value FROM ferrata.meta WHERE key = 'audit'`,
  );
  if (head === undefined || head.value !== `${expected - 1} ${previous}`) {
    problems.push(
      `the chain ends at entry ${expected - 1}, its head says ${head?.value.split(' ')[0] ?? 'nothing'}`,
    );
  }
  return { ok: problems.length === 0, entries: rows.length, problems };
}

function auditRows(connection: Connection): Promise<AuditRow[]> {
  return connection.query<AuditRow>(
    'SELECT id::pg_catalog.text AS id, payload, previous, hash FROM ferrata.audit ORDER BY audit.id',
  );
}

function sha256(value: string): string {
  return createHash('sha256').update(value, 'utf8').digest('hex');
}
