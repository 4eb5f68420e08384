/**
 * Where a rehearsal runs (DESIGN §6): a place that makes and drops databases, best first: a server that the policy
 * names, the target's own server where that is allowed, a server of the target's major version started for the
 * purpose.
 */
import { randomBytes } from 'node:crypto';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { createConnector } from '../postgres/connect.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { sqlStateOf } from '../postgres/errors.ts';
import { atInterrupt } from '../postgres/interrupt.ts';
import { findServers, type ServerPrograms } from '../postgres/programs.ts';
import { startScratchServer } from '../postgres/server.ts';
import { quoteIdent, quoteLiteral } from '../sql/quote.ts';
import { giveToOwner } from './scratch-owner.ts';

export interface ScratchPlace {
  readonly kind: 'url' | 'same-server' | 'local-server';
  /** Safe to print. */
  readonly label: string;
  readonly major: number;
  /** The place's own database, for what belongs to the whole server. */
  readonly admin: Connector;
  /** Makes a database: empty, or a copy of one that nobody is connected to. */
  create(template?: string): Promise<ScratchDatabase>;
  /** Drops what is left and stops what was started. */
  close(): Promise<void>;
}

export interface ScratchDatabase {
  readonly name: string;
  readonly connector: Connector;
  drop(): Promise<void>;
}

export interface ScratchRequest {
  readonly settings: Settings;
  /** The database that the migration is for; null when a history is proved without one. */
  readonly target: Connector | null;
  /** The role that will run the migration: what it creates belongs to it, on the copy as well. */
  readonly role: string | null;
  /** Major version of the target's server; null: the newest at hand. */
  readonly targetMajor: number | null;
  /** Extensions that the copy will need. */
  readonly extensions?: readonly string[];
  readonly reporter: Reporter;
}

const PREFIX = 'ferrata_scratch_';
const OBJECT_IN_USE = '55006';

/**
 * Opens the best place at hand: the policy's, a server of the target's major on this machine that has the extensions
 * which the target uses, the target's own server where the policy allows it, a server of another major.
 *
 * DESIGN §6 names the target's server before the local one. There a copy costs flushes and a checkpoint per database on
 * the server that the application uses, and proves no more than the same major beside it. Throws `scratch-unavailable`.
 */
export async function openScratchPlace(request: ScratchRequest): Promise<ScratchPlace> {
  const { settings, target } = request;
  const { policy } = settings.environment;
  if (policy.scratchUrl !== null) {
    return databasesOn(createConnector(policy.scratchUrl), 'url', async () => {});
  }
  const programs = chooseServer(await findServers(settings.directory), request.targetMajor);
  const sameMajor =
    programs !== null && (request.targetMajor === null || programs.major === request.targetMajor);
  if (programs !== null && sameMajor) {
    const place = await localServer(request, programs);
    if (await hasExtensions(place, request.extensions ?? [])) return place;
    await place.close();
  }
  if (target !== null && policy.scratchOnServer && settings.environment.url !== null) {
    const place = await databasesOnTarget(target);
    if (place !== null) return place;
  }
  if (programs === null) throw noServer(request);
  // What it lacks is told by the statement that needs it.
  return localServer(request, programs);
}

async function hasExtensions(place: ScratchPlace, wanted: readonly string[]): Promise<boolean> {
  if (wanted.length === 0) return true;
  const connection = await place.admin.connect('scratch');
  const [row] = await connection
    .query<{ count: string }>(
      'SELECT count(*) FROM pg_catalog.pg_available_extensions WHERE name = ANY ($1::pg_catalog.name[])',
      [wanted],
    )
    .finally(() => connection.close());
  return Number(row?.count) === new Set(wanted).size;
}

async function databasesOnTarget(target: Connector): Promise<ScratchPlace | null> {
  const connection = await target.connect('scratch');
  try {
    const [role] = await connection.query<{ may: boolean }>(
      `SELECT (rolcreatedb OR rolsuper) AND NOT pg_is_in_recovery() AS may FROM pg_catalog.pg_roles WHERE rolname = current_user`,
    );
    if (role?.may !== true || connection.server.pooled) return null;
  } finally {
    await connection.close();
  }
  return databasesOn(target, 'same-server', async () => {});
}

async function databasesOn(
  admin: Connector,
  kind: ScratchPlace['kind'],
  stop: () => Promise<void>,
): Promise<ScratchPlace> {
  let connection: Connection;
  try {
    connection = await admin.connect('scratch');
  } catch (error) {
    await stop();
    throw error;
  }
  const made = new Set<string>();
  const drop = async (name: string) => {
    const sql = `DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`;
    try {
      await connection.query(sql);
    } catch (error) {
      if (sqlStateOf(error) !== OBJECT_IN_USE) throw error;
      await dropSubscriptions(admin.forDatabase(name));
      await connection.query(sql);
    }
    made.delete(name);
  };
  // A server that is thrown away takes its databases with it.
  const dropAll = async () => {
    if (kind !== 'local-server') for (const name of [...made]) await drop(name);
  };
  const forget = atInterrupt(dropAll);
  return {
    kind,
    label: admin.label.replace(/\/[^/]*$/, ''),
    major: connection.server.major,
    admin,
    async create(template) {
      const name = PREFIX + randomBytes(6).toString('hex');
      // template0 is pristine: what somebody put into template1 is not the target's.
      // A server of our own: copying files beats writing every page to the WAL (manual, CREATE DATABASE, STRATEGY).
      const strategy = kind === 'local-server' && connection.server.major >= 15 ? ' STRATEGY file_copy' : '';
      // Before it is there: whoever interrupts us now must not leave it behind.
      made.add(name);
      await connection.query(
        `CREATE DATABASE ${quoteIdent(name)} TEMPLATE ${quoteIdent(template ?? 'template0')}` +
          (template === undefined ? ` ENCODING 'UTF8'` : '') +
          strategy,
      );
      const database = { name, connector: admin.forDatabase(name), drop: () => drop(name) };
      if (template !== undefined)
        await copyDatabaseSettings(connection, admin.forDatabase(template), template, database);
      return database;
    },
    async close() {
      try {
        await dropAll();
      } finally {
        forget();
        await connection.close();
        await stop();
      }
    },
  };
}

/** An empty database that belongs to `owner`, a role that is made (without login) where the place lacks it. */
export async function createOwned(place: ScratchPlace, owner: string): Promise<ScratchDatabase> {
  const database = await place.create();
  const connection = await place.admin.connect('scratch');
  try {
    if (place.kind !== 'same-server') {
      const known = await connection.query(
        'SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) $1',
        [owner],
      );
      if (known.length === 0) await connection.script(`CREATE ROLE ${quoteIdent(owner)} NOLOGIN`);
    }
    await giveToOwner(connection, database.name, owner);
  } finally {
    await connection.close();
  }
  return database;
}

/** A database with subscriptions can't be dropped; those of a copy have, and must have, no slot anywhere. */
async function dropSubscriptions(connector: Connector): Promise<void> {
  const connection = await connector.connect('scratch');
  try {
    const names = await connection.rows<[string]>(
      `SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription s
       JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()`,
    );
    for (const [name] of names) {
      await connection.script(
        `ALTER SUBSCRIPTION ${name} DISABLE; ALTER SUBSCRIPTION ${name} SET (slot_name = NONE); DROP SUBSCRIPTION ${name}`,
      );
    }
  } finally {
    await connection.close();
  }
}

/** CREATE DATABASE … TEMPLATE leaves behind owner, settings, comment, privileges and labels of the database (manual, 23.3). */
async function copyDatabaseSettings(
  connection: Connection,
  from: Connector,
  template: string,
  to: ScratchDatabase,
): Promise<void> {
  const [found] = await connection.query<{ there: boolean; owner: string }>(
    `SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, EXISTS (SELECT FROM pg_catalog.pg_db_role_setting WHERE setdatabase = d.oid)
         OR d.datacl IS NOT NULL OR pg_catalog.shobj_description(d.oid, 'pg_database') IS NOT NULL
         OR EXISTS (SELECT FROM pg_catalog.pg_shseclabel WHERE objoid = d.oid AND classoid = 'pg_catalog.pg_database'::regclass)
         AS there
     FROM pg_catalog.pg_database d WHERE d.datname = $1`,
    [template],
  );
  if (found === undefined) return;
  await giveToOwner(connection, to.name, found.owner);
  if (!found.there) return;
  const original = await from.connect('scratch');
  const catalog = await readCatalog(original, { dependencies: false });
  // Closed before the next copy: a template that somebody is connected to can not be copied.
  await original.close();
  const definition = catalog.objects.get('database current')?.properties.definition;
  if (typeof definition !== 'string') return;
  const copy = await to.connector.connect('scratch');
  await copy.script(definition).finally(() => copy.close());
}

async function localServer(request: ScratchRequest, programs: ServerPrograms): Promise<ScratchPlace> {
  const { settings, targetMajor, reporter } = request;
  if (targetMajor !== null && programs.major !== targetMajor) {
    reporter({
      type: 'warning',
      message: `The target runs PostgreSQL ${targetMajor}; the scratch server runs ${programs.major}: what is found there proves less.`,
      hint: `ferrata servers install ${targetMajor}`,
    });
  }
  reporter({ type: 'scratch', message: `starting PostgreSQL ${programs.version} for the scratch copy` });
  const server = await startScratchServer(programs, settings.directory);
  const admin = await asRole(server.connector('postgres'), server.port, request.role);
  return databasesOn(admin, 'local-server', () => server.stop());
}

function noServer({ targetMajor }: ScratchRequest): FerrataError {
  return new FerrataError('scratch-unavailable', 'There is no PostgreSQL server to rehearse on.', {
    why: 'Neither a `scratchUrl` in the policy, nor server programs on this machine, nor the right to CREATE DATABASE on the target were found.',
    hint: `Run \`ferrata servers install ${targetMajor ?? 18}\`, or set \`scratchUrl\` in the environment's policy.`,
  });
}

/** The target's major; else the nearest newer one, else the newest there is. */
function chooseServer(servers: readonly ServerPrograms[], major: number | null): ServerPrograms | null {
  const sorted = [...servers].sort((a, b) => a.major - b.major);
  if (major === null) return sorted.at(-1) ?? null;
  return (
    sorted.find((s) => s.major === major) ?? sorted.find((s) => s.major > major) ?? sorted.at(-1) ?? null
  );
}

/**
 * A connector for the role that runs the migration on the target: what it creates has the same owner and default
 * privileges on the copy. It is a superuser here, so that rows can be made and triggers be held.
 */
async function asRole(admin: Connector, port: number, role: string | null): Promise<Connector> {
  const connection = await admin.connect('scratch');
  try {
    if (role === null || role === connection.server.user) return admin;
    const password = randomBytes(18).toString('base64url');
    await connection.query(
      `CREATE ROLE ${quoteIdent(role)} SUPERUSER LOGIN PASSWORD ${quoteLiteral(password)}`,
    );
    return createConnector(`postgresql://${encodeURIComponent(role)}:${password}@127.0.0.1:${port}/postgres`);
  } finally {
    await connection.close();
  }
}
