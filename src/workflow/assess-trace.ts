/**
 * Assessed scripts, run on scratch copies: of the target's schema, or of what the project's migrations make of an empty
 * database, or of nothing. One scratch place per invocation; scripts run for good, each finding what those before it
 * leave behind.
 */
import type { Measured, MeasuredOn } from '../assess/rates.ts';
import type { Catalog } from '../catalog/model.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { extensionsOf } from '../prepare/rehearse/index.ts';
import { makeNamedRoles } from '../prepare/rehearse/roles.ts';
import { openScratchPlace, type ScratchDatabase, type ScratchPlace } from '../prepare/scratch.ts';
import { copySchema } from '../prepare/scratch-schema.ts';
import type { Migration } from '../source/model.ts';
import type { Script } from '../sql/model.ts';
import { assumeTimeZone, copySettings } from './assess-trace-settings.ts';
import { fill, type Rows, type TracedScript, Track } from './assess-track.ts';

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

/**
 * From which schema a script starts. `live`: the target's; `pending`: the target's, and the pending migrations before it;
 * `history`: what the project's migrations make of an empty database; `nothing`.
 */
type Start = 'live' | 'pending' | 'history' | 'nothing';

/** What copies are made from. */
interface Base {
  readonly database: ScratchDatabase;
  readonly rows: Rows;
}

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
    const { applied, project, target, major, settings } = this.#request;
    const before =
      start === 'pending'
        ? (project ?? []).filter(({ id }) => applied?.has(id) === false)
        : start === 'history'
          ? (project ?? [])
          : [];
    if (base === null) await assumeTimeZone(database, place);
    const connection = await database.connector.connect('trace');
    const second = await database.connector.connect('trace');
    return new Track({
      place,
      connection,
      second,
      before,
      // Nothing can be put into tables that are not there yet.
      rows: base?.rows ?? (start === 'nothing' ? {} : null),
      hasSchema: start !== 'nothing',
      catalog: isCopy ? (target?.catalog ?? null) : null,
      major: target?.connection.server.major ?? major,
      lockTimeoutMs: settings.environment.policy.lockTimeoutMs,
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
