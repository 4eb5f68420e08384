/**
 * Roles belong to the server, not to a database (manual, chapter 21), and the copies of a rehearsal share one server.
 * So what a history's own server would have is made beforehand, and CREATE ROLE and DROP ROLE, which happen once in
 * real life, can happen here on every copy: a role that an earlier pass made steps aside under another name.
 */
import type { Action } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import type { Migration } from '../../source/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { dollarQuote, quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { rolesOf } from '../../sql/roles.ts';

/** The comment that tells a role which a rehearsal made from everybody else's. */
const MARK = 'ferrata: made by a rehearsal';

/**
 * Makes the roles that the migrations name but do not make themselves, without login or rights. Only for a server that
 * was started for the rehearsal. Returns their names.
 */
export async function makeNamedRoles(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const named = new Set<string>();
  const made = new Set<string>();
  for (const { up, down } of migrations) {
    for (const file of [up, down]) {
      if (file === null) continue;
      // What can't be read is told when its turn comes.
      const script = await parseScript(file.text, file.path).catch(() => null);
      if (script === null) continue;
      const roles = rolesOf(script);
      for (const name of roles.named) named.add(name);
      for (const name of roles.made) made.add(name);
    }
  }
  const known = new Set(
    (await connection.rows<[string]>('SELECT rolname::text FROM pg_roles')).map(([n]) => n),
  );
  const missing = [...named].filter((name) => !made.has(name) && !known.has(name) && !name.startsWith('pg_'));
  if (missing.length > 0) {
    await connection.script(missing.map((name) => `CREATE ROLE ${quoteIdent(name)} NOLOGIN`).join(';\n'));
  }
  return missing;
}

const CREATE_ROLE = /^create\s+(?:role|user|group)\s+(?!mapping\b)("(?:[^"]|"")+"|[\w$]+)/i;

/** A role that CREATE ROLE made was not there before: the way back drops it, when nothing here needs it any more. */
export function dropsOfMadeRoles(forward: readonly Action[]): readonly Action[] {
  return forward
    .flatMap((action) => (action.type === 'sql' ? (CREATE_ROLE.exec(action.sql)?.[1] ?? []) : []))
    .reverse()
    .map((name) => ({ type: 'sql', sql: `DROP ROLE ${quoteIdent(unquoted(name))}`, at: null }));
}

/** The actions as they run on a copy: those that make or drop roles are told to leave room for the next pass. */
export function onSharedServer(actions: readonly Action[]): readonly Action[] {
  return actions.flatMap((action): readonly Action[] => {
    if (action.type !== 'sql') return [action];
    const made = CREATE_ROLE.exec(action.sql)?.[1];
    if (made !== undefined) {
      const name = unquoted(made);
      return [
        { type: 'sql', sql: stepAside(name), at: null },
        action,
        { type: 'sql', sql: `COMMENT ON ROLE ${quoteIdent(name)} IS ${quoteLiteral(MARK)}`, at: null },
      ];
    }
    const dropped =
      /^drop\s+(?:role|user|group)\s+(?:if\s+exists\s+)?(?!mapping\b)("(?:[^"]|"")+"|[\w$]+)\s*;?\s*$/i;
    const gone = dropped.exec(action.sql)?.[1];
    return gone === undefined ? [action] : [{ ...action, sql: dropHere(unquoted(gone), action.sql) }];
  });
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}

const AWAY = `'ferrata_was_' || substr(md5(random()::text), 1, 12)`;

function marked(name: string): string {
  return `EXISTS (SELECT FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdescription d
    ON d.objoid = r.oid AND d.classoid = 'pg_catalog.pg_authid'::regclass
    WHERE r.rolname = ${quoteLiteral(name)} AND d.description = ${quoteLiteral(MARK)})`;
}

function stepAside(name: string): string {
  return `DO ${dollarQuote(`BEGIN IF ${marked(name)} THEN
    EXECUTE format('ALTER ROLE %I RENAME TO %I', ${quoteLiteral(name)}, ${AWAY}); END IF; END`)}`;
}

/** Dropped where this database is the last that needs it; else out of sight. What needs it here stops it, as it must. */
function dropHere(name: string, sql: string): string {
  return `DO ${dollarQuote(`BEGIN IF ${marked(name)} AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
      JOIN pg_catalog.pg_database b ON b.oid = s.dbid AND b.datname = current_database()
      WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname = ${quoteLiteral(name)})
    THEN EXECUTE format('ALTER ROLE %I RENAME TO %I', ${quoteLiteral(name)}, ${AWAY});
    ELSE EXECUTE ${quoteLiteral(sql)}; END IF; END`)}`;
}
