/** Turns each side of a comparison into a catalog: read live, recorded, saved, or built on a scratch server. */
import { readFile } from 'node:fs/promises';
import { dirname, relative, sep } from 'node:path';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { recordedSchema } from '../ledger/snapshot.ts';
import { createConnector } from '../postgres/connect.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { makeNamedRoles } from '../prepare/rehearse/roles.ts';
import { openScratchPlace, type ScratchDatabase, type ScratchPlace } from '../prepare/scratch.ts';
import type { Migration } from '../source/model.ts';
import { looseMigration, readMigrations } from '../source/native.ts';
import { readSqlFile, replayMigrations, runSqlFile } from './diff-replay.ts';
import { loadSchema } from './diff-saved.ts';
import type { DiffSource } from './diff-source.ts';
import { withSession } from './session.ts';

export interface LoadedSchema {
  readonly kind: DiffSource['kind'];
  /** How it is called in the output; safe to print. */
  readonly label: string;
  readonly catalog: Catalog;
  /** The role that read it or built it: what is made without saying for whom belongs to it. */
  readonly role: string;
  /** Equal where two catalogs were read from the very same database, so that OIDs tell who is who; null: not known. */
  readonly identity: string | null;
}

/** What is needed to read a live database, and to build scratch ones that resemble it. */
export interface LiveSide {
  readonly settings: Settings;
  readonly connector: Connector;
  readonly role: string;
  readonly major: number;
}

/** Builds on a scratch server that is opened for the first schema that needs it, and shared. */
export class Scratch {
  readonly #settings: Settings;
  readonly #reporter: Reporter;
  readonly #like: LiveSide | null;
  readonly #major: number | null;
  #place: ScratchPlace | null = null;

  /**
   * @param like the live side: the scratch server gets its major version, and what is built belongs to its role
   * @param major where there is no live side; null: the newest at hand
   */
  constructor(settings: Settings, like: LiveSide | null, major: number | null, reporter: Reporter) {
    this.#settings = like?.settings ?? settings;
    this.#like = like;
    this.#major = like?.major ?? major;
    this.#reporter = reporter;
  }

  get policy(): Settings['environment']['policy'] {
    return this.#settings.environment.policy;
  }

  async place(extensions: readonly string[] = []): Promise<ScratchPlace> {
    this.#place ??= await openScratchPlace({
      settings: this.#settings,
      target: this.#like?.connector ?? null,
      role: this.#like?.role ?? null,
      targetMajor: this.#major,
      extensions,
      reporter: this.#reporter,
    });
    return this.#place;
  }

  /** An empty database, after the roles that the files name were made (on a server of our own alone). */
  async create(files: readonly Migration[], extensions: readonly string[] = []): Promise<ScratchDatabase> {
    const place = await this.place(extensions);
    if (place.kind === 'local-server' && files.length > 0) {
      const admin = await place.admin.connect('diff');
      await makeNamedRoles(admin, files).finally(() => admin.close());
    }
    return place.create();
  }

  async close(): Promise<void> {
    await this.#place?.close();
  }
}

/** Sides that need no scratch server; null for the others. */
export async function loadLive(
  source: DiffSource,
  environment: (name: string) => Promise<Settings>,
  base: Settings,
  reporter: Reporter,
): Promise<{ readonly schema: LoadedSchema; readonly live: LiveSide | null } | null> {
  switch (source.kind) {
    case 'environment': {
      const settings = await environment(source.name);
      return readLive(settings, source.name, source.kind, reporter);
    }
    case 'database': {
      const { label } = createConnector(source.url);
      const settings: Settings = { ...base, environment: { ...base.environment, url: source.url } };
      return readLive(settings, label, source.kind, reporter);
    }
    case 'recorded':
      return readRecorded(await environment(source.name), source.name, reporter);
    case 'catalog': {
      const { catalog, role, identity } = await loadSchema(source.file, source.shown);
      return { schema: { kind: source.kind, label: source.shown, catalog, role, identity }, live: null };
    }
    case 'sql':
    case 'migrations':
    case 'proof':
    case 'empty':
      return null;
    default: {
      const unknown: never = source;
      return unknown;
    }
  }
}

async function readLive(
  settings: Settings,
  label: string,
  kind: LoadedSchema['kind'],
  reporter: Reporter,
): Promise<{ readonly schema: LoadedSchema; readonly live: LiveSide }> {
  return withSession(settings, reporter, async ({ connection, connector }) => {
    const catalog = await readCatalog(connection);
    const { user: role, major } = connection.server;
    return {
      schema: { kind, label, catalog, role, identity: await identityOf(connection) },
      live: { settings, connector, role, major },
    };
  });
}

async function readRecorded(
  settings: Settings,
  name: string,
  reporter: Reporter,
): Promise<{ readonly schema: LoadedSchema; readonly live: LiveSide }> {
  return withSession(settings, reporter, async ({ connection, connector }) => {
    const ledger = await openLedger(connection, { create: false });
    const recorded = ledger.exists ? await recordedSchema(connection) : null;
    if (recorded === null) {
      throw new FerrataError('diff-source-unknown', `Nothing is recorded in ${name}.`, {
        why: 'The ledger keeps the schema that the last run or baseline left, and there was none.',
        hint: `Compare with the live schema (${name}), or record it: ferrata baseline.`,
      });
    }
    const { user: role, major } = connection.server;
    return {
      schema: {
        kind: 'recorded',
        label: `recorded in ${name}`,
        catalog: recorded.catalog,
        role,
        identity: null,
      },
      live: { settings, connector, role, major },
    };
  });
}

/**
 * Which database this is, as long as no other one can be taken for it: the cluster, its timeline (a copy restored to an
 * earlier moment has another one), the database, and where it is reached. Null where the server does not tell.
 */
export async function identityOf(connection: Connection): Promise<string | null> {
  try {
    const [row] = await connection.query<{ identity: string }>(
      `SELECT pg_catalog.concat(s.system_identifier, '/', c.timeline_id, '/', d.oid) AS identity
       FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_checkpoint() c, pg_catalog.pg_database d
       WHERE d.datname = pg_catalog.current_database()`,
    );
    return row === undefined ? null : `${row.identity}@${connection.server.label}`;
  } catch (error) {
    if (error instanceof FerrataError && error.code === 'server-connection-lost') throw error;
    // Some managed servers keep it to themselves.
    return null;
  }
}

/** A side that is built on a scratch server. */
export async function buildSchema(
  source: Extract<DiffSource, { readonly kind: 'sql' | 'migrations' | 'empty' }>,
  scratch: Scratch,
  root: string,
  reporter: Reporter,
): Promise<LoadedSchema> {
  switch (source.kind) {
    case 'empty': {
      const database = await scratch.create([]);
      return withScratch(database, (connection) => loaded(source.kind, 'empty', connection));
    }
    case 'sql': {
      const text = await readSql(source.file, source.shown);
      const file = await readSqlFile(source.shown, text);
      const roles = [looseMigration(source.shown, file.script.text)];
      const database = await scratch.create(roles, extensionsIn([file.script.text]));
      await withScratch(database, (connection) => runSqlFile(connection, file, reporter));
      return withScratch(database, (connection) => loaded(source.kind, source.shown, connection));
    }
    case 'migrations': {
      const migrations = await migrationsOf(source, root);
      const [schema] = await buildStates([migrations], scratch, [labelOf(source, root)], reporter);
      if (schema === undefined) throw new FerrataError('internal', 'No state was read.');
      return schema;
    }
    default: {
      const unknown: never = source;
      return unknown;
    }
  }
}

/**
 * States of one history, each a beginning of the next one, read from one database that moves on: OIDs then tell what
 * was renamed in between.
 */
export async function buildStates(
  states: readonly (readonly Migration[])[],
  scratch: Scratch,
  labels: readonly string[],
  reporter: Reporter,
): Promise<readonly LoadedSchema[]> {
  const all = states.at(-1) ?? [];
  const database = await scratch.create(all, extensionsIn(all.map(({ up }) => up.text)));
  return withScratch(database, async (connection) => {
    const schemas: LoadedSchema[] = [];
    let done = 0;
    for (const [index, state] of states.entries()) {
      await replayMigrations(connection, state.slice(done), scratch.policy, reporter);
      done = state.length;
      schemas.push({
        ...(await loaded('migrations', labels[index] ?? '', connection)),
        identity: `scratch ${database.name}`,
      });
    }
    return schemas;
  });
}

/** The history of a folder up to and including the migration that the source names. */
export async function migrationsOf(
  source: Extract<DiffSource, { readonly kind: 'migrations' }>,
  root: string,
): Promise<readonly Migration[]> {
  const all = await readMigrations({ root, migrations: source.folder });
  if (source.upTo === null) {
    if (all.length > 0) return all;
    throw new FerrataError('diff-source-unknown', `${show(root, source.folder)} holds no migrations.`, {
      why: 'A migration is a folder <digits>_<name> with an up.sql.',
      hint: 'Name the folder that holds them, or `empty` for a database with nothing in it.',
    });
  }
  const index = all.findIndex(({ id }) => id === source.upTo);
  if (index === -1) {
    throw new FerrataError('migration-unknown', `There is no migration \`${source.upTo}\`.`, {
      why: `It was looked for in ${show(root, source.folder)}: a migration's folder begins with digits.`,
      hint: '`ferrata status` lists the migrations by id.',
    });
  }
  return all.slice(0, index + 1);
}

export function labelOf(source: Extract<DiffSource, { readonly kind: 'migrations' }>, root: string): string {
  return source.upTo ?? show(root, source.folder);
}

function show(root: string, path: string): string {
  const inside = relative(root, path).split(sep).join('/');
  return inside === '' ? dirname(path) : inside;
}

async function loaded(
  kind: LoadedSchema['kind'],
  label: string,
  connection: Connection,
): Promise<LoadedSchema> {
  return {
    kind,
    label,
    catalog: await readCatalog(connection),
    role: connection.server.user,
    identity: null,
  };
}

export async function withScratch<T>(
  { connector }: ScratchDatabase,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connector.connect('diff');
  return work(connection).finally(() => connection.close());
}

export function fingerprintOf(schema: LoadedSchema): string {
  return fingerprintCatalog(schema.catalog).hash;
}

/** What CREATE EXTENSION names, so that a server is chosen that has it; inside a string it does no harm. */
function extensionsIn(texts: readonly string[]): readonly string[] {
  const names = texts.flatMap((text) =>
    [...text.matchAll(/\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?("[^"]+"|[\w-]+)/gi)].map(
      ([, name = '']) => name.replaceAll('"', ''),
    ),
  );
  return [...new Set(names)];
}

async function readSql(file: string, shown: string): Promise<string> {
  const bytes = await readFile(file);
  if (bytes.subarray(0, 5).toString('latin1') === 'PGDMP') {
    throw new FerrataError('diff-source-unknown', `${shown} is an archive of pg_dump, not SQL.`, {
      why: 'It was written with --format=custom.',
      hint: `Make SQL of it: pg_restore --schema-only --file=schema.sql ${shown}`,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FerrataError('diff-source-unknown', `${shown} is not UTF-8 text.`, {
      why: 'Some of its bytes are no characters in UTF-8.',
      hint: 'Convert it (iconv), or dump with --encoding=UTF8.',
      cause,
    });
  }
}
