/**
 * Gives a scratch copy the target's schema (DESIGN §6): rendered by the catalog engine, else by `pg_dump
 * --schema-only`. Whichever way, its fingerprint must equal the target's.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compareCatalogs } from '../catalog/compare.ts';
import type { Catalog, Difference } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import { renderDifference } from '../catalog/render/index.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { findClient } from '../postgres/programs.ts';
import { quoteIdent } from '../sql/quote.ts';
import { withoutWatch } from './dumped.ts';
import type { ScratchDatabase, ScratchPlace } from './scratch.ts';
import { giveToOwner, ownerOfTarget } from './scratch-owner.ts';

export interface SchemaCopy {
  readonly database: ScratchDatabase;
  readonly catalog: Catalog;
  readonly way: 'rendered' | 'dumped';
}

/**
 * Makes a database with the schema of `wanted`, without rows. Throws `scratch-differs` when no way leads to an equal
 * schema, naming the first differences.
 */
export async function copySchema(
  place: ScratchPlace,
  wanted: Catalog,
  target: Connector,
  reporter: Reporter,
): Promise<SchemaCopy> {
  if (place.kind !== 'same-server')
    await withConnection(place, (connection) => copyRoles(connection, target));
  const owner = await ownerOfTarget(target);
  let owned = true;
  const rendered = await attempt(place, wanted, async (connection) => {
    owned = await giveToOwner(connection, connection.server.database, owner);
    await applyRendered(connection, wanted);
  });
  if (rendered.ok) return { database: rendered.database, catalog: rendered.catalog, way: 'rendered' };
  const dumped = await attempt(place, wanted, async (connection) => {
    await giveToOwner(connection, connection.server.database, owner);
    await applyDump(connection, wanted, target);
  });
  if (dumped.ok) {
    reporter({ type: 'scratch', message: `schema copied by pg_dump (${rendered.why})` });
    return { database: dumped.database, catalog: dumped.catalog, way: 'dumped' };
  }
  throw new FerrataError('scratch-differs', "The scratch copy's schema is not equal to the target's.", {
    why: `Rendered from the catalog: ${rendered.why}. By pg_dump: ${dumped.why}.`,
    hint:
      !owned && wanted.objects.has('database current')
        ? 'Rehearse as the owner of the database or as a superuser; or run `ferrata servers install <major>`, so that a server is started for it.'
        : 'Set `scratchUrl` to a copy of the target, or report the object that is named above.',
  });
}

async function withConnection(
  place: ScratchPlace,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await place.admin.connect('scratch');
  await work(connection).finally(() => connection.close());
}

type Attempt =
  | { readonly ok: true; readonly database: ScratchDatabase; readonly catalog: Catalog }
  | { readonly ok: false; readonly why: string };

async function attempt(
  place: ScratchPlace,
  wanted: Catalog,
  apply: (connection: Connection) => Promise<void>,
): Promise<Attempt> {
  const database = await place.create();
  let why: string;
  const connection = await database.connector.connect('scratch');
  try {
    await apply(connection);
    const catalog = await readCatalog(connection);
    const comparison = compareCatalogs(wanted, catalog);
    // On a server of another major some differences are that server's own; the proof says which major it was.
    const differences = comparison.differences.filter((one) => one.note === undefined);
    if (differences.length === 0) return { ok: true, database, catalog };
    why = describe(differences);
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  } finally {
    await connection.close();
  }
  await database.drop();
  return { ok: false, why };
}

function describe(differences: readonly Difference[]): string {
  const shown = differences
    .slice(0, 3)
    .map(
      (d) =>
        `${d.kind} ${d.object}: ${d.property} ${JSON.stringify(d.before)} became ${JSON.stringify(d.after)}`,
    );
  const more = differences.length - shown.length;
  return shown.join('; ') + (more > 0 ? ` and ${more} more` : '');
}

async function applyRendered(connection: Connection, wanted: Catalog): Promise<void> {
  await applyDifference(connection, wanted);
  // Only where an extension is there can be told what of all that lies on its tables it did not make itself.
  const again = [...wanted.objects.values()].some(({ properties }) => properties.onTables !== undefined);
  if (again) await applyDifference(connection, wanted);
}

async function applyDifference(connection: Connection, wanted: Catalog): Promise<void> {
  const present = await readCatalog(connection);
  const rendering = renderDifference(present, wanted, {
    sameDatabase: false,
    currentUser: connection.server.user,
  });
  if (rendering.refusals.length > 0) {
    const [first] = rendering.refusals;
    throw new FerrataError('catalog-not-renderable', `${first?.object}: ${first?.reason}`);
  }
  // One message, one implicit transaction: a schema of thousands of statements costs one round trip.
  const transactional = rendering.statements.filter((s) => s.transactional);
  await connection.script(transactional.map((s) => s.sql).join(';\n'));
  for (const statement of rendering.statements.filter((s) => !s.transactional)) {
    await connection.script(statement.sql);
  }
}

async function applyDump(connection: Connection, wanted: Catalog, target: Connector): Promise<void> {
  const source = await target.connect('scratch');
  const { major } = source.server;
  await source.close();
  const program = await findClient('pg_dump', major);
  if (program === null) throw new FerrataError('tool-missing', `pg_dump ${major} or newer is not installed`);
  const { stdout } = await promisify(execFile)(
    program.path,
    ['--schema-only', '--no-security-labels', '--exclude-schema=ferrata', '--exclude-schema=ferrata_attic'],
    { env: { ...process.env, ...target.clientEnvironment() }, maxBuffer: 1 << 30 },
  );
  // psql's own lines (\restrict since the releases of August 2025) are no SQL.
  const sql = withoutWatch(stdout)
    .split('\n')
    .filter((line) => !/^\\(un)?restrict /.test(line))
    .join('\n');
  await connection.script('DROP SCHEMA IF EXISTS public');
  await connection.script(sql.includes('CREATE SCHEMA public') ? sql : `CREATE SCHEMA public;\n${sql}`);
  // Without --create, which names the database, pg_dump leaves out what belongs to the database itself.
  const database = wanted.objects.get('database current')?.properties.definition;
  if (typeof database === 'string') await connection.script(database);
}

/**
 * Roles belong to the server, not to the database: a copy on another server lacks them. Only their names count, so
 * they are made there without login or rights.
 */
async function copyRoles(scratch: Connection, target: Connector): Promise<void> {
  const names = 'SELECT rolname FROM pg_catalog.pg_roles';
  const source = await target.connect('scratch');
  const wanted = await source.query<{ rolname: string }>(names).finally(() => source.close());
  const existing = new Set((await scratch.query<{ rolname: string }>(names)).map((row) => row.rolname));
  const missing = wanted.filter((row) => !existing.has(row.rolname) && !row.rolname.startsWith('pg_'));
  if (missing.length === 0) return;
  await scratch.script(missing.map((row) => `CREATE ROLE ${quoteIdent(row.rolname)} NOLOGIN`).join(';\n'));
}
