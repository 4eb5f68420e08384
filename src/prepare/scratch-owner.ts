/** Whom a scratch database belongs to. */
import type { Connection, Connector } from '../postgres/connection.ts';
import { sqlStateOf } from '../postgres/errors.ts';
import { quoteIdent } from '../sql/quote.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Gives the database `copy` the owner that the target has. An owner has every privilege by being it: a role that made
 * the copy, and that was granted something on the target, could not be granted the same here. Where we may not give it
 * away (manual, ALTER DATABASE: a superuser, or a member of the new owner who has CREATEDB) it stays as it is; the
 * comparison tells whether that matters. Returns whether it is the owner's now.
 */
export async function giveToOwner(connection: Connection, copy: string, owner: string): Promise<boolean> {
  const [found] = await connection.query<{ needed: boolean }>(
    `SELECT d.datdba OPERATOR(pg_catalog.<>) r.oid AS needed FROM pg_catalog.pg_database d, pg_catalog.pg_roles r
     WHERE d.datname OPERATOR(pg_catalog.=) $1 AND r.rolname OPERATOR(pg_catalog.=) $2`,
    [copy, owner],
  );
  if (found === undefined) return false;
  if (!found.needed) return true;
  try {
    await connection.script(`ALTER DATABASE ${quoteIdent(copy)} OWNER TO ${quoteIdent(owner)}`);
    return true;
  } catch (error) {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    return false;
  }
}

/** The owner of the target. */
export async function ownerOfTarget(target: Connector): Promise<string> {
  const connection = await target.connect('scratch');
  try {
    const [row] = await connection.rows<[string]>(
      `SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database
       WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()`,
    );
    return row?.[0] ?? connection.server.user;
  } finally {
    await connection.close();
  }
}
