/** Whether queries can be prepared in a state of the schema: parsed and described by the server, nothing runs. */
import { PARKED_PREFIX } from '../../catalog/model.ts';
import type { Connection, Description } from '../../postgres/connection.ts';
import { sqlStateOf } from '../../postgres/errors.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { KnownQuery, QueryError } from './model.ts';

export interface ResultColumn {
  readonly name: string;
  /** As `format_type` prints it. */
  readonly type: string;
}

export type Prepared =
  | {
      readonly ok: true;
      /** OIDs, those included that had to be told. */
      readonly parameters: readonly number[];
      /** Null where it gives no rows. */
      readonly columns: readonly ResultColumn[] | null;
    }
  | { readonly ok: false; readonly error: QueryError };

const INDETERMINATE = '42P18';
const TEXT = 25;
/** SQLSTATE classes in which the server or the connection fails, and not the query. */
const NOT_THE_QUERY = /^(08|53|57)/;

/** Prepares queries in one session, under the search_path that each has. */
export class Preparing {
  readonly #connection: Connection;
  readonly #searchPath: string;
  #current: string | null = null;
  readonly #types = new Map<string, string>();

  /** @param searchPath the environment's own, as SHOW gives it; for queries that bring none */
  constructor(connection: Connection, searchPath: string) {
    this.#connection = connection;
    this.#searchPath = searchPath;
  }

  /**
   * Prepares each query. With `hold` they stay in the session as prepared statements of their ids; a session that holds
   * them is asked again with `heldErrors`.
   */
  async prepare(queries: readonly KnownQuery[], hold: boolean): Promise<ReadonlyMap<string, Prepared>> {
    const described = new Map<string, Description | QueryError>();
    for (const query of queries) {
      await this.useSearchPath(query);
      described.set(query.id, await this.#describe(query, hold));
    }
    await this.#learnTypes([...described.values()]);
    return new Map([...described].map(([id, one]) => [id, this.#prepared(one)]));
  }

  /** Of queries that this session holds: those that fail when they are used again, with the error. */
  async heldErrors(queries: readonly KnownQuery[]): Promise<ReadonlyMap<string, QueryError>> {
    const errors = new Map<string, QueryError>();
    for (const query of queries) {
      await this.useSearchPath(query);
      try {
        await this.#connection.describe({ name: query.id });
      } catch (error) {
        errors.set(query.id, queryError(error));
      }
    }
    return errors;
  }

  async useSearchPath({ searchPath, role }: KnownQuery): Promise<void> {
    const wanted = (searchPath ?? this.#searchPath).replaceAll('"$user"', quotedRole(role));
    if (wanted === this.#current) return;
    await this.#connection.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [wanted]);
    this.#current = wanted;
  }

  async #describe(query: KnownQuery, hold: boolean): Promise<Description | QueryError> {
    const parameters: number[] = [];
    for (;;) {
      try {
        return await this.#connection.describe({
          sql: query.sql,
          parameters,
          ...(hold ? { name: query.id } : {}),
        });
      } catch (error) {
        const failure = queryError(error);
        // A driver tells the type, or sends text: nothing in the query decides it.
        const number = Number(/\$(\d+)/.exec(failure.message)?.[1] ?? 0);
        if (failure.sqlstate !== INDETERMINATE || number === 0 || parameters[number - 1] === TEXT)
          return failure;
        while (parameters.length < number) parameters.push(0);
        parameters[number - 1] = TEXT;
      }
    }
  }

  /** Names of the types that results have, asked for at once. */
  async #learnTypes(described: readonly (Description | QueryError)[]): Promise<void> {
    const wanted = new Set<string>();
    for (const one of described) {
      if (!('columns' in one)) continue;
      for (const { type, modifier } of one.columns ?? []) wanted.add(`${type} ${modifier}`);
    }
    const unknown = [...wanted];
    if (unknown.length === 0) return;
    const rows = await this.#connection.rows<[string, string]>(
      `SELECT w, pg_catalog.format_type(pg_catalog.split_part(w, ' ', 1)::pg_catalog.oid, pg_catalog.split_part(w, ' ', 2)::pg_catalog.int4)
       FROM pg_catalog.unnest(ARRAY[${unknown.map(quoteLiteral).join(', ')}]) AS w`,
    );
    for (const [key, name] of rows) this.#types.set(key, name);
  }

  #prepared(one: Description | QueryError): Prepared {
    if (!('columns' in one)) return { ok: false, error: one };
    const columns =
      one.columns?.map(({ name, type, modifier }) => ({
        name,
        type: this.#types.get(`${type} ${modifier}`) ?? String(type),
      })) ?? null;
    return { ok: true, parameters: one.parameters, columns };
  }
}

/** `"$user"` stands for the role that sends the query; where nobody knows it, for whoever is connected. */
function quotedRole(role: string | null): string {
  return role === null ? '"$user"' : `"${role.replaceAll('"', '""')}"`;
}

/** The server's own words. Rethrows what is no fault of the query. */
export function queryError(error: unknown): QueryError {
  const sqlstate = sqlStateOf(error);
  if (sqlstate === null || NOT_THE_QUERY.test(sqlstate)) throw error;
  return { sqlstate, message: error instanceof Error ? error.message : String(error) };
}

/** How a result differs from an earlier one: `note is gone`, `total is bigint (was integer)`, `paid_at is new`. */
export function resultChanges(
  before: readonly ResultColumn[] | null,
  after: readonly ResultColumn[] | null,
): readonly string[] {
  const changes: string[] = [];
  const [was, is] = [before ?? [], after ?? []];
  const same = was.length === is.length;
  const names = new Set(is.map(({ name }) => name));
  const known = new Set(was.map(({ name }) => name));
  for (const [position, column] of was.entries()) {
    const now = is.find(({ name }) => name === column.name);
    const here = is[position];
    if (now === undefined) {
      const renamed = same && here !== undefined && !known.has(here.name) ? here : null;
      changes.push(
        renamed === null ? `${column.name} is gone` : `${column.name} is now named ${renamed.name}`,
      );
    } else if (now.type !== column.type) changes.push(`${column.name} is ${now.type} (was ${column.type})`);
  }
  for (const [position, column] of is.entries()) {
    const there = was[position];
    const renamed = same && there !== undefined && !names.has(there.name);
    if (known.has(column.name) || renamed) continue;
    changes.push(
      column.name.startsWith(PARKED_PREFIX)
        ? `${column.name} is there until what is parked is purged`
        : `${column.name} is new`,
    );
  }
  const order = (columns: readonly ResultColumn[]) =>
    columns.map(({ name }) => name).filter((name) => names.has(name) && known.has(name));
  if (changes.length === 0 && order(was).join('\n') !== order(is).join('\n'))
    changes.push('the columns stand in another order');
  return changes;
}
