/**
 * Reads a database's schema: one message to the server, one snapshot, every kind of object (two messages where kinds that
 * most databases lack turn up).
 */
import type { Connection } from '../postgres/connection.ts';
import { ReadContext } from './context.ts';
import type { TextRow } from './decode.ts';
import { DEPENDENCY_QUERY, readDependencies } from './dependencies.ts';
import { KINDS } from './kinds/index.ts';
import type { Kind } from './kinds/kind.ts';
import type { Catalog } from './model.ts';

export interface ReadOptions {
  /** Whether to read what needs what; rendering needs it, a fingerprint does not. Default true. */
  readonly dependencies?: boolean;
  /**
   * Whether the connection is inside a transaction: the catalog is then read under that transaction's isolation, behind
   * a savepoint that puts every setting back. Otherwise the read is a transaction of its own. Default false.
   */
  readonly inTransaction?: boolean;
}

/**
 * Settings that show in what `pg_get_expr` and its kin print, fixed so that the same schema reads the same from every
 * session. `pg_temp` stands last: where it is not named it is searched first, and a temporary table could then hide a
 * type. JIT is never worth its start-up here.
 */
export const SETTINGS: readonly string[] = `
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL DateStyle = 'ISO, MDY';
SET LOCAL IntervalStyle = 'postgres';
SET LOCAL TimeZone = 'UTC';
SET LOCAL extra_float_digits = 3;
SET LOCAL bytea_output = 'hex';
SET LOCAL quote_all_identifiers = off;
SET LOCAL standard_conforming_strings = on;
SET LOCAL xmlbinary = 'base64';
SET LOCAL jit = off`
  .trim()
  .split(/;\s*/);

const SAVEPOINT = 'ferrata_catalog';

/**
 * Reads everything that a fingerprint covers (DESIGN §5) from PostgreSQL 13 or newer. The result does not depend on
 * OIDs, the order of creation, `search_path` or other settings of the session.
 *
 * A definition is printed from the newest state of the catalogs, not from the snapshot; what is dropped by somebody
 * else meanwhile makes the server fail, and the read is then tried again (unless inside a transaction).
 *
 * Throws `sql-failed`, `server-connection-lost` and what else `Connection.script` throws.
 */
export async function readCatalog(connection: Connection, options: ReadOptions = {}): Promise<Catalog> {
  const { catalog } = await readWhole(connection, options, []);
  return catalog;
}

/** What a read of the whole leaves, for what is built on it (reread/). */
export interface WholeRead {
  readonly catalog: Catalog;
  readonly context: ReadContext;
  /** Rows of the further statements. */
  readonly further: readonly (readonly TextRow[])[];
}

/** `readCatalog`, and further statements under the same snapshot and settings. */
export async function readWhole(
  connection: Connection,
  options: ReadOptions,
  further: readonly string[],
): Promise<WholeRead> {
  const { dependencies = true, inTransaction = false } = options;
  const { major } = connection.server;
  const found = present.get(connection) ?? new Set<Kind>();
  present.set(connection, found);
  for (;;) {
    const asked = KINDS.filter((kind) => kind.probe === undefined || found.has(kind));
    const unknown = KINDS.filter((kind) => kind.probe !== undefined && !found.has(kind));
    const queries = asked.map((kind) => kind.query(major));
    const statements = queries.filter((query) => query !== null);
    if (dependencies) statements.push(DEPENDENCY_QUERY);
    statements.push(...further);
    if (unknown.length > 0) statements.push(probing(unknown));
    const results = await run(connection, statements, inTransaction);
    const appeared = unknown.length > 0 ? probed(unknown, results.at(-1)) : [];
    for (const kind of appeared) found.add(kind);
    // Once more, with them, so that all is of one snapshot.
    if (appeared.length > 0) continue;
    const context = new ReadContext(major);
    let next = 0;
    for (const [position, kind] of asked.entries()) {
      kind.read(queries[position] === null ? [] : (results[next++] ?? []), context);
    }
    const edges = readDependencies(dependencies ? (results[next++] ?? []) : [], context);
    const catalog: Catalog = { major, objects: context.objects, ...edges };
    return { catalog, context, further: results.slice(next, next + further.length) };
  }
}

/** One statement that tells which of these kinds there may be. */
export function probing(kinds: readonly Kind[]): string {
  return `SELECT ${kinds.map(({ probe }) => probe ?? 'true').join(', ')}`;
}

/** Those of the kinds that its result tells. */
export function probed(kinds: readonly Kind[], result: readonly TextRow[] | undefined): Kind[] {
  return kinds.filter((_, position) => result?.[0]?.[position] === 't');
}

/** The rare kinds that a connection has met: they are asked for at once the next time. */
const present = new WeakMap<Connection, Set<Kind>>();

const ATTEMPTS = 3;

async function run(
  connection: Connection,
  statements: readonly string[],
  inTransaction: boolean,
): Promise<readonly (readonly TextRow[])[]> {
  const opening = inTransaction
    ? [`SAVEPOINT ${SAVEPOINT}`]
    : ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'];
  const closing = inTransaction ? [`ROLLBACK TO ${SAVEPOINT}`, `RELEASE ${SAVEPOINT}`] : ['COMMIT'];
  const before = [...opening, ...SETTINGS];
  const script = [...before, ...statements, ...closing].join(';\n');
  for (let attempt = 1; ; attempt++) {
    try {
      const results = await connection.script(script);
      return results.slice(before.length, before.length + statements.length);
    } catch (error) {
      if (inTransaction) throw error;
      await connection.script('ROLLBACK').catch(() => undefined);
      if (attempt === ATTEMPTS || !isConcurrentDrop(error)) throw error;
    }
  }
}

/** `cache lookup failed for …` and `could not open relation with OID …` are internal errors (XX000) or undefined objects. */
function isConcurrentDrop(error: unknown): boolean {
  const state = (error as { details?: { sqlState?: unknown }; code?: unknown }).details?.sqlState;
  return state === 'XX000' || state === '42P01' || state === '42883' || state === '42704';
}
