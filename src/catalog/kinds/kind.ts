import type { ReadContext } from '../context.ts';
import type { TextRow } from '../decode.ts';
import type { ObjectKind } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';

/**
 * One kind of object, or a tight family of kinds. `query` is one SQL statement for that major version, run under
 * `search_path = pg_catalog, pg_temp`; null where the version lacks the kind, or where others fetched all there is.
 * `read` turns its rows (all values text) into objects and adds them to the context. Kinds are read in the order of
 * `kinds/index.ts`: what one puts into the context is there for those behind it.
 */
export interface Kind {
  readonly name: string;
  query(major: number): string | null;
  /**
   * For kinds that most databases lack: an SQL condition, cheap to plan, that is true where there may be some. `query`
   * runs only then.
   */
  readonly probe?: string;
  read(rows: readonly TextRow[], context: ReadContext): void;
  /** For kinds of which a database may hold thousands: how to ask for the rows of a few. Others are read whole. */
  readonly scope?: Scope;
}

/** What the rows of a kind belong to, so that those of a few relations or routines can be asked for (reread/). */
export interface Scope {
  /** `neighbour`: asked for with the relations that are read, and with those that they only refer to. */
  readonly of: 'relation' | 'neighbour' | 'routine';
  /** The column of `query`, counted from 1, that holds the OID of the relation or routine. */
  readonly column: number;
  /** Whether rows with 0 or NULL there count: they are always asked for. */
  readonly orNone?: boolean;
  /** The kinds of objects that `read` adds. */
  readonly makes: readonly ObjectKind[];
}

/** The condition that a system catalog holds a row that is not the server's own. */
export function userRow(catalog: string, oid = 'oid'): string {
  return `EXISTS (SELECT FROM ${catalog} WHERE ${oid} >= ${FIRST_USER_OID})`;
}
