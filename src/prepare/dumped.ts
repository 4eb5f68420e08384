/** What `pg_dump` writes that does not belong into a copy. */
import { WATCH_PREFIX } from '../catalog/model.ts';

const WATCH = new RegExp(`^(?:CREATE|ALTER|COMMENT ON) EVENT TRIGGER ${WATCH_PREFIX}[^;]*;\\n?`, 'gm');

/**
 * The dump without the event triggers of `drift --watch-ddl`: they belong to no schema, so that excluding the ledger's
 * leaves them in, and the function that they run out.
 */
export function withoutWatch(sql: string): string {
  return sql.replace(WATCH, '');
}
