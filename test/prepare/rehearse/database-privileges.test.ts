/** The privileges of the database itself: a copy gets them wherever it is made, and a migration may change them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Settings } from '../../../src/config/settings.ts';
import { silent } from '../../../src/events.ts';
import { createConnector } from '../../../src/postgres/connect.ts';
import { rehearse } from '../../../src/prepare/rehearse/index.ts';
import { makeBackup, proveBackup } from '../../../src/workflow/backup.ts';
import { testServer } from '../../support/servers.ts';
import { migrationOf, settingsFor } from './history.ts';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work();
});

interface Target {
  readonly database: string;
  /** Names of roles: `z` passes on to `a` what it was granted, `app` runs the migration. */
  readonly roles: { readonly a: string; readonly z: string; readonly app: string };
}

/** A database whose privileges are changed in every way there is. */
async function target(major: number, appIs: string): Promise<Target & { url(role?: string): string }> {
  const server = await testServer(major);
  expect(server.major).toBe(major);
  const connector = await server.createDatabase();
  const connection = await connector.connect('test');
  cleanUp.push(() => connection.close());
  const { database } = connection.server;
  const tag = randomBytes(4).toString('hex');
  const roles = { a: `a b"${tag}`, z: `z_${tag}`, app: `app_${tag}` };
  const on = `ON DATABASE ${database}`;
  await connection.script(`CREATE ROLE "a b""${tag}"; CREATE ROLE ${roles.z};
    CREATE ROLE ${roles.app} LOGIN ${appIs} PASSWORD 'x';
    REVOKE CONNECT, TEMPORARY ${on} FROM PUBLIC;
    REVOKE TEMPORARY ${on} FROM CURRENT_USER;
    GRANT CONNECT, CREATE ${on} TO ${roles.app};
    GRANT CONNECT ${on} TO ${roles.z} WITH GRANT OPTION;
    SET ROLE ${roles.z}; GRANT CONNECT ${on} TO "a b""${tag}"; RESET ROLE;
    CREATE TABLE item (id int PRIMARY KEY); ALTER TABLE item OWNER TO ${roles.app}`);
  return {
    database,
    roles,
    url: (role) => {
      const url = new URL(server.url(database));
      if (role !== undefined) url.username = role;
      if (role !== undefined) url.password = 'x';
      return url.href;
    },
  };
}

async function rehearsed(settings: Settings, url: string, up: string) {
  const connector = createConnector(url);
  const connection = await connector.connect('test');
  cleanUp.push(() => connection.close());
  const { major, user } = connection.server;
  const started: string[] = [];
  const [proved] = await rehearse({
    settings,
    sequence: [{ migration: migrationOf({ up }, 0), rehearse: true }],
    together: false,
    target: { connector, catalog: await readCatalog(connection), role: user, major },
    dataSource: 'synthetic',
    readSizes: null,
    reporter: (event) => event.type === 'scratch' && started.push(event.message),
  });
  return { proof: proved?.proof, started };
}

/** What a migration does that does not know how its database is called. */
const change = ({ roles }: Target): string =>
  `ALTER TABLE item ADD COLUMN note text;
   DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO ${roles.app}, ${roles.z}', current_database()); END $$`;

test('a server started for the rehearsal, as a role that was granted something', async () => {
  const made = await target(18, '');
  const { proof, started } = await rehearsed(settingsFor(null), made.url(made.roles.app), change(made));
  expect(started.join()).toContain('starting PostgreSQL 18');
  expect(proof?.error ?? null).toBeNull();
  expect(proof).toMatchObject({ outcome: 'proved' });
});

test.each([
  ['the same server', 17, false],
  ['the same server, before GRANTED BY came', 13, false],
  ['another server, by scratchUrl', 18, true],
])('%s', async (_, major, byUrl) => {
  const made = await target(major, 'SUPERUSER');
  const settings = settingsFor(byUrl ? (await testServer(major)).url('postgres') : null);
  const environment = { ...settings.environment, url: made.url(made.roles.app) };
  const { proof, started } = await rehearsed(
    { ...settings, environment },
    made.url(made.roles.app),
    change(made),
  );
  expect(started).toEqual([]);
  expect(proof?.error ?? null).toBeNull();
  expect(proof).toMatchObject({ outcome: 'proved' });
});

test('a role that may not give a copy its owner is told what differs', async () => {
  const made = await target(17, 'CREATEDB');
  const settings = settingsFor(null);
  const environment = { ...settings.environment, url: made.url(made.roles.app) };
  await expect(
    rehearsed({ ...settings, environment }, made.url(made.roles.app), change(made)),
  ).rejects.toMatchObject({
    code: 'scratch-differs',
    details: { hint: expect.stringContaining('owner of the database') },
  });
});

test('a backup that such a role makes is proved by restoring it', async () => {
  const made = await target(18, '');
  const directory = await mkdtemp(join(tmpdir(), 'ferrata-privileges-'));
  cleanUp.push(() => rm(directory, { recursive: true, force: true }));
  const url = made.url(made.roles.app);
  const settings = { ...settingsFor(null), directory };
  const environment = { ...settings.environment, url };
  const options = { kind: 'snapshot', tables: null, name: 'b', migration: null } as const;
  await makeBackup({ ...settings, environment }, options, silent);
  const proved = await proveBackup({ ...settings, environment }, 'b', silent);
  expect(proved.verifiedAt).not.toBeNull();
});
