/**
 * Assessed scripts, run on scratch copies: of the target's schema, or of what the project's migrations make of an empty
 * database, or of nothing. One scratch place per invocation; scripts run for good, each finding what those before it
 * leave behind.
 */

import type { TraceFacts } from '../assess/analyse.ts';
import type { Measured, MeasuredOn } from '../assess/rates.ts';
import { measureRates } from '../assess/trace/measure.ts';
import { partsOf, type TracePart } from '../assess/trace/parts.ts';
import { traceScript } from '../assess/trace/run.ts';
import type { Catalog } from '../catalog/model.ts';
import { readCatalogToRemember, rereadCatalog } from '../catalog/reread/index.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { CLEAN_SESSION } from '../execute/session.ts';
import { groupStatements } from '../plan/group.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { extensionsOf } from '../prepare/rehearse/index.ts';
import { makeNamedRoles } from '../prepare/rehearse/roles.ts';
import { openScratchPlace, type ScratchDatabase, type ScratchPlace } from '../prepare/scratch.ts';
import { copySchema } from '../prepare/scratch-schema.ts';
import { fillSynthetic } from '../prepare/synthetic/index.ts';
import type { Migration } from '../source/model.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';
import { parseScript } from '../sql/parse.ts';
import { quoteIdent, quoteLiteral } from '../sql/quote.ts';
import type { TransactionContext } from '../sql/transactional.ts';

/** The database that the scripts are for. */
export interface TraceTarget {
  readonly connector: Connector;
  readonly connection: Connection;
  readonly catalog: Catalog;
}

export interface TracingRequest {
  readonly settings: Settings;
  readonly reporter: Reporter;
  /** Null: there is none at hand. */
  readonly target: TraceTarget | null;
  /** Major version of the target, where it is known otherwise; null: the newest server at hand. */
  readonly major: number | null;
  /** Of applied migrations; null: no database tells. */
  readonly applied: ReadonlySet<string> | null;
  /** The project's migrations, in order; null: there is no project. */
  readonly project: readonly Migration[] | null;
  /** All that may be traced: the roles that they name are made on a server of our own. */
  readonly migrations: readonly Migration[];
  /** Milliseconds that all the statements together may take, the making of the copy apart; null: as long as they take. */
  readonly limitMs: number | null;
}

export interface TracedScript {
  readonly facts: TraceFacts;
  /** The schema from which the script started; null: it is not known. */
  readonly catalog: Catalog | null;
}

/** What settings of a session decide about what DDL does; the copy takes them from the target. */
const SETTINGS = [
  'TimeZone',
  'DateStyle',
  'IntervalStyle',
  'search_path',
  'default_table_access_method',
  'default_toast_compression',
  'standard_conforming_strings',
  'check_function_bodies',
  'bytea_output',
  'row_security',
  'default_text_search_config',
  'lock_timeout',
];

/**
 * From which schema a script starts. `live`: the target's; `pending`: the target's, and the pending migrations before it;
 * `history`: what the project's migrations make of an empty database; `nothing`.
 */
type Start = 'live' | 'pending' | 'history' | 'nothing';

/** Traces scripts on one scratch place, which is opened for the first of them. */
export class Tracing {
  readonly #request: TracingRequest;
  readonly #tracks = new Map<Start, Promise<Track>>();
  #place: Promise<ScratchPlace> | null = null;
  #base: Promise<Base> | null = null;
  #spentMs = 0;

  constructor(request: TracingRequest) {
    this.#request = request;
  }

  /**
   * Runs the script for good. Throws `scratch-unavailable`, `scratch-differs`, `server-*`, `sql-transaction-control`;
   * what the server says to its statements is part of the answer.
   */
  async trace(migration: Migration, script: Script): Promise<TracedScript> {
    const track = await this.#track(this.#startOf(migration));
    const { limitMs } = this.#request;
    const begun = performance.now();
    const deadline = limitMs === null ? Number.POSITIVE_INFINITY : begun + limitMs - this.#spentMs;
    const traced = await track.trace(migration, script, deadline);
    this.#spentMs += performance.now() - begun;
    return traced;
  }

  /** How fast the server of the copies works; null where nothing was traced. */
  async measure(): Promise<{ readonly measured: Measured; readonly on: MeasuredOn } | null> {
    const [track] = this.#tracks.values();
    const place = await this.#place;
    const measured = (await track?.then((one) => one.measure())) ?? null;
    if (measured === null || place === null) return null;
    return { measured, on: place.kind === 'same-server' ? 'the target' : 'another machine' };
  }

  /** Removes all copies, whatever runs on them. */
  async close(): Promise<void> {
    const tracks = await Promise.allSettled(this.#tracks.values());
    for (const track of tracks) if (track.status === 'fulfilled') await track.value.close();
    const place = await this.#place?.catch(() => null);
    await place?.close();
  }

  #startOf(migration: Migration): Start {
    const { target, applied, project } = this.#request;
    if (migration.folder === null) return target !== null ? 'live' : project !== null ? 'history' : 'nothing';
    return target !== null && applied?.has(migration.id) === false ? 'pending' : 'history';
  }

  #track(start: Start): Promise<Track> {
    const known = this.#tracks.get(start);
    if (known !== undefined) return known;
    const made = this.#makeTrack(start);
    this.#tracks.set(start, made);
    return made;
  }

  async #makeTrack(start: Start): Promise<Track> {
    this.#place ??= this.#openPlace();
    const place = await this.#place;
    const isCopy = start === 'live' || start === 'pending';
    if (isCopy) this.#base ??= this.#makeBase(place);
    const base = isCopy ? ((await this.#base) ?? null) : null;
    // Where all scripts start alike the first copy will do.
    const starts = new Set(this.#request.migrations.map((migration) => this.#startOf(migration)));
    const isShared = starts.has('live') && starts.has('pending');
    const database =
      base === null
        ? await place.create()
        : isShared
          ? await place.create(base.database.name)
          : base.database;
    const { applied, project } = this.#request;
    const before =
      start === 'pending'
        ? (project ?? []).filter(({ id }) => applied?.has(id) === false)
        : start === 'history'
          ? (project ?? [])
          : [];
    if (base === null) await assumeTimeZone(database, place);
    const connection = await database.connector.connect('trace');
    const second = await database.connector.connect('trace');
    return new Track(this.#request, place, { connection, second }, before, {
      // Nothing can be put into tables that are not there yet.
      rows: base?.rows ?? (start === 'nothing' ? {} : null),
      hasSchema: start !== 'nothing',
      catalog: isCopy ? (this.#request.target?.catalog ?? null) : null,
    });
  }

  async #openPlace(): Promise<ScratchPlace> {
    const { settings, reporter, target, major, migrations, project } = this.#request;
    const server = target?.connection.server;
    const place = await openScratchPlace({
      settings,
      target: target?.connector ?? null,
      role: server?.user ?? null,
      targetMajor: server?.major ?? major,
      extensions: target === null ? [] : extensionsOf(target.catalog),
      reporter,
    });
    if (target !== null || place.kind !== 'local-server') return place;
    const admin = await place.admin.connect('trace');
    await makeNamedRoles(admin, [...(project ?? []), ...migrations]).finally(() => admin.close());
    return place;
  }

  /** The target's schema with rows: what the copies are made from. Nobody stays connected to it. */
  async #makeBase(place: ScratchPlace): Promise<Base> {
    const { target, reporter } = this.#request;
    if (target === null) throw new FerrataError('internal', 'A copy was asked for of no database.');
    const { database, catalog } = await copySchema(place, target.catalog, target.connector, reporter);
    await copySettings(target.connection, database, place);
    const connection = await database.connector.connect('trace');
    const rows = await fill(connection, catalog).finally(() => connection.close());
    return { database, rows };
  }
}

/** Rows that tables hold, by name. */
type Rows = Readonly<Record<string, number>>;

/** What copies are made from. */
interface Base {
  readonly database: ScratchDatabase;
  readonly rows: Rows;
}

/** Enough to tell a table that is read from one that is not. */
const FEW_ROWS = 4;

/** Rows are for seeing what is read; what cannot be made is no reason not to look. */
async function fill(connection: Connection, catalog: Catalog): Promise<Rows> {
  try {
    return (await fillSynthetic(connection, catalog, { variant: 'castable-text', rows: FEW_ROWS })).rows;
  } catch (error) {
    ignoreServer(error);
    return {};
  }
}

/** One copy, on which scripts run one after the other. */
class Track {
  readonly #request: TracingRequest;
  readonly #place: ScratchPlace;
  readonly #connection: Connection;
  readonly #second: Connection;
  /** Migrations that come before some that may be traced, in order. */
  readonly #before: readonly Migration[];
  readonly #done = new Set<string>();
  /** Null: the tables have not been given any. */
  #rows: Rows | null;
  /** Whether what is not on the copy is not on the target either. */
  #isWhole: boolean;
  readonly #hasSchema: boolean;
  #catalog: Catalog | null = null;
  #isStale = true;

  constructor(
    request: TracingRequest,
    place: ScratchPlace,
    connections: { readonly connection: Connection; readonly second: Connection },
    before: readonly Migration[],
    has: { readonly rows: Rows | null; readonly hasSchema: boolean; readonly catalog: Catalog | null },
  ) {
    this.#request = request;
    this.#place = place;
    this.#connection = connections.connection;
    this.#second = connections.second;
    this.#before = before;
    this.#rows = has.rows;
    this.#isWhole = has.hasSchema;
    this.#hasSchema = has.hasSchema;
    this.#catalog = has.catalog;
    this.#isStale = has.catalog === null;
  }

  async trace(migration: Migration, script: Script, deadline: number): Promise<TracedScript> {
    const isNative = migration.folder !== null;
    for (const earlier of this.#before) {
      if (isNative && earlier.id >= migration.id) break;
      if (!this.#done.has(earlier.id)) await this.#replay(earlier);
    }
    this.#done.add(migration.id);
    const catalog = this.#hasSchema ? await this.#readCatalog() : null;
    if (catalog !== null) this.#rows ??= await fill(this.#connection, catalog);
    const context = transactionContext(catalog);
    const parts = isNative ? nativeParts(script, context) : partsOf(script, context);
    const { lockTimeoutMs } = this.#request.settings.environment.policy;
    // As a run would have it; loose files are run by something else.
    if (isNative) await this.#connection.script(`SET lock_timeout = ${Math.round(lockTimeoutMs)}`);
    this.#isStale = true;
    const isWhole = this.#isWhole;
    const statements = await traceScript({
      script,
      parts,
      connection: this.#connection,
      second: this.#second,
      ownServer: this.#place.kind === 'local-server',
      hasSchema: isWhole,
      rows: this.#rows ?? {},
      deadline,
    });
    await this.#connection.script(CLEAN_SESSION);
    // What did not run here would have left something for those that follow.
    if ([...statements.values()].some(({ state }) => state !== 'observed')) this.#isWhole = false;
    const wanted = this.#request.target?.connection.server.major ?? this.#request.major;
    return {
      facts: {
        statements,
        sameMajor: wanted === null || wanted === this.#place.major,
        major: this.#place.major,
      },
      // What is missing on the copy is not missing on the target.
      catalog: isWhole ? catalog : null,
    };
  }

  measure(): Promise<Measured | null> {
    return measureRates(this.#connection);
  }

  async close(): Promise<void> {
    await this.#second.close();
    await this.#connection.close();
  }

  async #readCatalog(): Promise<Catalog> {
    if (this.#catalog === null) this.#catalog = await readCatalogToRemember(this.#connection);
    else if (this.#isStale) this.#catalog = await rereadCatalog(this.#connection, this.#catalog);
    this.#isStale = false;
    return this.#catalog;
  }

  /** Runs a migration without looking. Throws `scratch-unavailable` with what the server says. */
  async #replay(migration: Migration): Promise<void> {
    this.#done.add(migration.id);
    this.#isStale = true;
    try {
      const script = await parseScript(migration.up.text, migration.up.path);
      for (const part of nativeParts(script, {})) {
        const texts = part.statements.map((index) => script.statements[index]?.text ?? '');
        const sql = part.transactional ? ['BEGIN', ...texts, 'COMMIT'].join('\n;\n') : texts.join(';');
        await this.#connection.script(sql);
      }
      await this.#connection.script(CLEAN_SESSION);
    } catch (error) {
      if (!isFerrataError(error)) throw error;
      throw new FerrataError(
        'scratch-unavailable',
        `The migration ${migration.id} cannot be replayed on a copy.`,
        {
          why: error.message,
          hint: 'With a database at hand (--env, --url) its schema is copied instead; --no-trace goes without.',
          cause: error,
        },
      );
    }
  }
}

/** For every session on the copy, so that RESET leads back to them as well. */
async function copySettings(from: Connection, database: ScratchDatabase, place: ScratchPlace): Promise<void> {
  const rows = await from.rows<[string, string]>(
    `SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1) AND setting IS DISTINCT FROM boot_val`,
    [SETTINGS],
  );
  const admin = await place.admin.connect('trace');
  try {
    for (const [name, value] of rows) {
      // A list of names is one; SET takes them apart.
      const words = name === 'search_path' ? listOf(value) : quoteLiteral(value);
      await admin
        .script(`ALTER DATABASE ${quoteIdent(database.name)} SET ${name} = ${words}`)
        // A method or a configuration that the copy's server has not: what needs it says so itself.
        .catch(ignoreServer);
    }
  } finally {
    await admin.close();
  }
}

/**
 * Whether a timestamp becomes one with a time zone at no cost depends on the session's zone. That of a target which nobody
 * has seen is taken to be one where it does not: our own server runs in UTC, and would hide it.
 */
async function assumeTimeZone(database: ScratchDatabase, place: ScratchPlace): Promise<void> {
  const admin = await place.admin.connect('trace');
  await admin
    .script(`ALTER DATABASE ${quoteIdent(database.name)} SET TimeZone = 'Europe/Berlin'`)
    .finally(() => admin.close());
}

function listOf(value: string): string {
  if (value.trim() === '') return "''";
  return value
    .split(',')
    .map((word) =>
      word
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replaceAll('""', '"'),
    )
    .map((word) => quoteLiteral(word))
    .join(', ');
}

function ignoreServer(error: unknown): void {
  if (!isFerrataError(error) || error.details.sqlState === undefined) throw error;
}

function transactionContext(catalog: Catalog | null): TransactionContext {
  return {
    isPartitioned: ({ schema, name }) => {
      const table = catalog?.objects.get(`table ${quoteIdent(schema ?? 'public')}.${quoteIdent(name)}`);
      return table?.properties.partitionKey != null;
    },
  };
}

/**
 * As Ferrata runs a migration; what it sets for the session comes once, where it stands. Throws
 * `sql-transaction-control`.
 */
function nativeParts(script: Script, context: TransactionContext): readonly TracePart[] {
  const positions = new Map(script.statements.map((statement, index) => [statement, index]));
  const done = new Set<number>();
  return groupStatements(script, context).flatMap((group): TracePart[] => {
    const at = (statements: readonly ParsedStatement[]) =>
      statements.flatMap((statement) => positions.get(statement) ?? []).filter((index) => !done.has(index));
    const before = at(group.settings).map((index) => ({
      transactional: true,
      keep: true,
      statements: [index],
    }));
    const statements = at(group.statements);
    for (const index of [...at(group.settings), ...statements]) done.add(index);
    return [...before, { transactional: group.transactional, keep: true, statements }];
  });
}
