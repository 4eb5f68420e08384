/**
 * Before-images of a backfill, where nothing but its own statement writes its table: the statement itself puts them
 * into a store of the capture, in the form that the undo machinery reads. Of an UPDATE only the columns that it
 * assigns, and the key: what the application does to other columns meanwhile is none of the rollback's business.
 *
 * Where triggers, rules or cascades write too, capture triggers record everything instead, for as long as it lasts.
 */
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import { dropCapture, installCaptures, removeCaptures } from '../undo/capture.ts';
import { ensureCaptureFunction, REGISTRY } from '../undo/function.ts';
import type { BackfillSpec } from './model.ts';

export interface ImageColumn {
  /** Attribute number in its table. */
  readonly num: number;
  /** Unquoted. */
  readonly name: string;
  /** Of a domain its base type. */
  readonly type: string;
}

export interface ImageStore {
  /** `ferrata_attic.u…`, quoted where needed. */
  readonly store: string;
  readonly columns: readonly ImageColumn[];
}

/** Columns of the store that a record of this kind fills. */
export function imageColumns({ columns }: ImageStore, op: 'I' | 'U' | 'D'): readonly string[] {
  return columns.flatMap(({ num }) =>
    op === 'I' ? [`n${num}`] : op === 'D' ? [`o${num}`] : [`o${num}`, `n${num}`],
  );
}

/** How a backfill's writes are recorded. */
export type Recording =
  | { readonly by: 'nobody' }
  /** One store per part of the spec (of an INSERT … SELECT one for its target). */
  | { readonly by: 'statement'; readonly stores: readonly ImageStore[] }
  /** The session setting `ferrata.capture` says whose writes they are. */
  | { readonly by: 'triggers' };

/** Begins the recording anew: what an earlier run recorded under the same name is forgotten. Needs an open transaction. */
export async function beginRecording(
  connection: Connection,
  spec: BackfillSpec,
  capture: string,
  captures: readonly string[],
): Promise<Recording> {
  if (captures.length === 0) return { by: 'nobody' };
  await ensureCaptureFunction(connection);
  await dropCapture(connection, capture);
  if (!(await writesAlone(connection, spec, captures))) {
    await installCaptures(connection, capture, captures, [], sessionMark(capture));
    return { by: 'triggers' };
  }
  const stores: ImageStore[] = [];
  for (const [index, table] of writtenTables(spec).entries()) {
    const columns = await columnsOf(connection, table, spec);
    stores.push(await makeStore(connection, capture, index, table, columns));
  }
  return { by: 'statement', stores };
}

/** The recording that an earlier process began. */
export async function findRecording(
  connection: Connection,
  spec: BackfillSpec,
  capture: string | null,
): Promise<Recording> {
  if (capture === null) return { by: 'nobody' };
  const rows = await connection.query<{ store: string; table: string | null; columns: ImageColumn[] }>(
    `SELECT r.store, pg_catalog.concat(r.relation) AS "table", r.columns FROM ${REGISTRY} r
     WHERE r.capture = $1 AND r.state = 'active' AND r.by_statement ORDER BY r.store`,
    [capture],
  );
  if (rows.length === 0) return { by: 'triggers' };
  const oids = await connection.query<{ oid: string }>(
    `SELECT pg_catalog.concat(pg_catalog.to_regclass(t)::pg_catalog.oid) AS oid
     FROM unnest($1::pg_catalog.text[]) WITH ORDINALITY AS given (t, n) ORDER BY given.n`,
    [writtenTables(spec)],
  );
  const stores = oids.flatMap(({ oid }) =>
    rows
      .filter(({ table }) => table === oid)
      .map(({ store, columns }) => ({ store: quoteQualified(ATTIC_SCHEMA, store), columns })),
  );
  return { by: 'statement', stores };
}

/** Takes capture triggers away again. Needs an open transaction. */
export async function endRecording(connection: Connection, capture: string | null): Promise<void> {
  if (capture !== null) await removeCaptures(connection, capture, []);
}

/** What `ferrata.capture` holds in the transactions whose writes the capture records. */
export function sessionMark(capture: string): string {
  return `backfill ${capture}`;
}

/** The tables whose rows the backfill itself writes. */
function writtenTables(spec: BackfillSpec): readonly string[] {
  return spec.action.type === 'insert-select' ? [spec.action.target] : spec.parts.map(({ table }) => table);
}

/**
 * Whether nobody but the backfill's own statement writes for it: no trigger that fires, no rule, no foreign key that
 * takes other rows along, and nothing else that the rehearsal saw written. Without a key that the undo machinery can
 * find a row by, its images must be whole.
 */
async function writesAlone(
  connection: Connection,
  spec: BackfillSpec,
  captures: readonly string[],
): Promise<boolean> {
  const { action } = spec;
  const root = action.type === 'insert-select' ? action.target : spec.table;
  if (captures.length > 1) return false;
  // A row that was there already may be changed instead: only a trigger sees which.
  if (
    action.type === 'insert-select' &&
    action.onConflict !== null &&
    !/^\s*(\(.*\)\s*)?do\s+nothing\s*$/is.test(action.onConflict)
  ) {
    return false;
  }
  const [row] = await connection.query<{ alone: boolean }>(
    `WITH written AS (
       SELECT pg_catalog.to_regclass(t)::pg_catalog.oid AS oid FROM unnest($1::pg_catalog.text[]) t
     )
     SELECT pg_catalog.to_regclass($2) = pg_catalog.to_regclass($3)
        AND NOT EXISTS (SELECT FROM written w JOIN pg_catalog.pg_class c ON c.oid = w.oid WHERE c.relkind <> 'r')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t JOIN written w ON w.oid = t.tgrelid
                        WHERE t.tgenabled <> 'D' AND t.tgtype & $4::pg_catalog.int2 <> 0
                          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't'))
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r JOIN written w ON w.oid = r.ev_class WHERE r.ev_enabled <> 'D')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k JOIN written w ON w.oid = k.confrelid
                        WHERE k.contype = 'f' AND $4::pg_catalog.int2 = 8 AND k.confdeltype NOT IN ('a', 'r')) AS alone`,
    [writtenTables(spec), root, captures[0], TRIGGER_EVENTS[action.type]],
  );
  return row?.alone === true;
}

/** `pg_trigger.tgtype`: insert 4, delete 8, update 16. */
const TRIGGER_EVENTS = { 'insert-select': 4, delete: 8, update: 16, transform: 16 } as const;

/** Of an UPDATE what it assigns and the key; else everything that a statement may set. */
async function columnsOf(
  connection: Connection,
  table: string,
  { action, parts }: BackfillSpec,
): Promise<readonly ImageColumn[]> {
  const assigned =
    action.type === 'update' ? action.columns : action.type === 'transform' ? action.writes : null;
  const key = parts.find((part) => part.table === table)?.key?.columns.map(({ name }) => name) ?? [];
  const wanted = assigned === null ? null : [...new Set([...key, ...assigned])];
  return await connection.query<ImageColumn>(
    `WITH RECURSIVE base AS (
       SELECT a.attnum, a.attname, a.atttypid, a.atttypmod FROM pg_catalog.pg_attribute a
       WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         AND ($2::pg_catalog.text[] IS NULL OR a.attname = ANY ($2::pg_catalog.name[]))
       UNION ALL
       SELECT b.attnum, b.attname, t.typbasetype, t.typtypmod FROM base b
       JOIN pg_catalog.pg_type t ON t.oid = b.atttypid WHERE t.typtype = 'd'
     )
     SELECT b.attnum::pg_catalog.int4 AS num, b.attname::pg_catalog.text AS name,
            pg_catalog.format_type(b.atttypid, b.atttypmod) AS type
     FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.atttypid WHERE t.typtype <> 'd' ORDER BY b.attnum`,
    [table, wanted],
  );
}

async function makeStore(
  connection: Connection,
  capture: string,
  index: number,
  table: string,
  columns: readonly ImageColumn[],
): Promise<ImageStore> {
  const name = `u${capture}_${index + 1}`;
  const store = quoteQualified(ATTIC_SCHEMA, name);
  const definition = columns.map(({ num, type }) => `, o${num} ${type}, n${num} ${type}`).join('');
  await connection.script(
    `CREATE TABLE ${store} (seq bigint NOT NULL, pos bigint NOT NULL, op "char" NOT NULL${definition})`,
  );
  const [schema = '', relation = ''] = splitQualified(table);
  await connection.query(
    `INSERT INTO ${REGISTRY} (capture, store, relation, schema_name, table_name, columns, by_statement)
     VALUES ($1, $2, pg_catalog.to_regclass($3), $4, $5, $6, true)`,
    [capture, name, table, schema, relation, JSON.stringify(columns)],
  );
  return { store, columns };
}
