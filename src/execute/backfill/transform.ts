/**
 * `transform(rows)` of a migration's own module: it is given rows, and gives back new values for some of their columns.
 * They are read under lock and written by bound parameters, in one transaction per batch; a batch that is tried again
 * calls it again.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importTypeScript } from '../../config/typescript.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection, Row } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { keyText, orderBy, sameKey } from './key.ts';
import type { BackfillAction } from './model.ts';
import { ROWS_SETTING, type Scene, updateImages } from './statements.ts';

export type TransformAction = Extract<BackfillAction, { readonly type: 'transform' }>;

/** Rows with the key's columns and those that were asked for; back come rows with the key's columns and new values. */
export type Transform = (rows: readonly Row[]) => readonly Row[] | Promise<readonly Row[]>;

/** Throws `backfill-transform` where the module can't be loaded or exports no function `transform`. */
export async function loadTransform(folder: string | null, action: TransformAction): Promise<Transform> {
  if (folder === null) {
    throw new FerrataError('backfill-transform', `There is no folder to read ${action.module} from`, {
      why: 'The migration is not in the migrations folder any more.',
      hint: 'Put its folder back and run `ferrata up` again.',
    });
  }
  const file = join(folder, action.module);
  let module: unknown;
  try {
    module = /\.m?ts$/.test(file) ? await importTypeScript(file) : await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new FerrataError('backfill-transform', `${action.module} can not be loaded`, {
      why: cause instanceof Error ? cause.message : String(cause),
      hint: 'Mend the module; it must export a function `transform`.',
      cause,
    });
  }
  const transform = (module as { readonly transform?: unknown } | null)?.transform;
  if (typeof transform === 'function') return transform as Transform;
  throw new FerrataError('backfill-transform', `${action.module} exports no function transform`, {
    hint: 'export function transform(rows) { return rows.map((row) => ({ id: row.id, … })); }',
  });
}

/** Changes the rows of the range; needs an open transaction, and leaves their number where a batch's statement would. */
export async function transformBatch(
  connection: Connection,
  transform: Transform,
  scene: Scene,
  action: TransformAction,
  range: string,
): Promise<void> {
  const { spec, table, key } = scene;
  const keys = key.columns.map(({ name }) => name);
  const columns = [...new Set([...keys, ...action.reads])];
  const where = [range, ...(spec.where === null ? [] : [`(${spec.where}\n)`])].join(' AND ');
  const found = await connection.query<Row & { ferrata_key: string[] }>(
    `SELECT ${columns.map((name) => `${spec.alias}.${quoteIdent(name)}`).join(', ')}, ${keyText(key, spec.alias)} AS ferrata_key
     FROM ONLY ${table} AS ${spec.alias} WHERE ${where} ORDER BY ${orderBy(key, spec.alias)} FOR NO KEY UPDATE OF ${spec.alias}`,
  );
  const texts = new Map(found.map(({ ferrata_key, ...row }) => [identity(row, keys), ferrata_key]));
  const changed = await call(
    transform,
    action,
    found.map(({ ferrata_key: _key, ...row }) => Object.freeze(row)),
    keys,
    texts,
  );
  const types = await columnTypes(connection, table, action.writes);
  const parameters: unknown[] = [
    ...keys.map((_, n) => changed.map(({ key }) => key[n] ?? null)),
    ...action.writes.flatMap((name) => [
      changed.map(({ row }) => toText(row[name], types.get(name) ?? 'text')),
      changed.map(({ row }) => row[name] !== undefined),
    ]),
  ];
  const names = [
    ...keys.map((_, n) => `k${n + 1}`),
    ...action.writes.flatMap((_, n) => [`c${n + 1}`, `s${n + 1}`]),
  ];
  const arrays = names.map((name, n) => `$${n + 1}::pg_catalog.${name.startsWith('s') ? 'bool' : 'text'}[]`);
  const set = action.writes.map((name, n) => {
    const column = quoteIdent(name);
    return `${column} = CASE WHEN ferrata_new.s${n + 1} THEN ferrata_new.c${n + 1}::${types.get(name) ?? 'text'} ELSE ${spec.alias}.${column} END`;
  });
  const joined = sameKey(key, spec.alias, (n) => `ferrata_new.k${n}::${key.columns[n - 1]?.type ?? 'text'}`);
  const images = updateImages(scene, range);
  await connection.query(
    `WITH ferrata_new AS (SELECT * FROM unnest(${arrays.join(', ')}) AS given (${names.join(', ')}))${images.before},
     ferrata_done AS (UPDATE ONLY ${table} AS ${spec.alias} SET ${set.join(', ')} FROM ferrata_new${images.from}
       WHERE ${joined} AND ${range}${images.join} RETURNING ${images.returned})${images.after}
     SELECT pg_catalog.set_config('${ROWS_SETTING}', pg_catalog.count(*)::pg_catalog.text, true) FROM ferrata_done`,
    parameters,
  );
}

interface Changed {
  readonly key: readonly string[];
  readonly row: Row;
}

async function call(
  transform: Transform,
  action: TransformAction,
  rows: readonly Row[],
  keys: readonly string[],
  texts: ReadonlyMap<string, readonly string[]>,
): Promise<readonly Changed[]> {
  let given: unknown;
  try {
    given = rows.length === 0 ? [] : await transform(rows);
  } catch (cause) {
    throw refuse(action, cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!Array.isArray(given)) throw refuse(action, 'It gave back no array of rows.');
  const seen = new Set<string>();
  return given.map((row: unknown): Changed => {
    if (typeof row !== 'object' || row === null)
      throw refuse(action, 'It gave back something that is no row.');
    const id = identity(row as Row, keys);
    const key = texts.get(id);
    if (key === undefined) {
      throw refuse(
        action,
        `It gave back a row with ${keys.join(', ')} = ${id}, which it had not been given.`,
      );
    }
    if (seen.has(id)) throw refuse(action, `It gave back the row with ${keys.join(', ')} = ${id} twice.`);
    seen.add(id);
    const stranger = Object.keys(row).find((name) => !keys.includes(name) && !action.writes.includes(name));
    if (stranger !== undefined && !action.reads.includes(stranger)) {
      throw refuse(action, `It gave back a column ${stranger}; it may write ${action.writes.join(', ')}.`);
    }
    return { key, row: row as Row };
  });
}

function refuse(action: TransformAction, why: string, cause?: unknown): FerrataError {
  return new FerrataError('backfill-transform', `transform of ${action.module} failed`, {
    why,
    hint: 'The batch was rolled back. Mend the module, then `ferrata up` goes on, or `ferrata down` takes it back.',
    cause,
  });
}

function identity(row: Row, keys: readonly string[]): string {
  return JSON.stringify(keys.map((name) => plain(row[name])));
}

function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

async function columnTypes(
  connection: Connection,
  table: string,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await connection.rows<[string, string]>(
    `SELECT a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = pg_catalog.to_regclass($1) AND a.attname = ANY ($2::pg_catalog.name[]) AND NOT a.attisdropped`,
    [table, columns],
  );
  return new Map(rows);
}

/** A JavaScript value as the text that the column's type reads. */
function toText(value: unknown, type: string): string | null {
  if (value === undefined || value === null) return null;
  if (type === 'json' || type === 'jsonb') return JSON.stringify(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return arrayText(value, type.replace(/\[\]$/, ''));
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** Manual, 8.15.6. */
function arrayText(values: readonly unknown[], type: string): string {
  const items = values.map((value) => {
    if (Array.isArray(value)) return arrayText(value, type);
    const text = toText(value, type);
    return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${items.join(',')}}`;
}
