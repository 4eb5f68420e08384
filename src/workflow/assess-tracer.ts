/**
 * Decides whether a script is traced, and keeps an assessment going where it cannot be. What tracing needs (a server, the
 * catalog's whole machinery) is loaded with the first script that is traced.
 */
import { existsSync } from 'node:fs';
import { type Rates, ratesFrom } from '../assess/rates.ts';
import type { Settings } from '../config/settings.ts';
import { type FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import type { Script } from '../sql/model.ts';
import { madeRelation } from '../sql/relations.ts';
import type { AssessSource } from './assess-sources.ts';
import type { AssessTarget } from './assess-target.ts';
import type { Tracing } from './assess-trace.ts';
import type { TracedScript } from './assess-track.ts';

/** `auto`: where a scratch place is at hand; `on`: no answer without; `off`: the text and the catalog alone. */
export type TraceChoice = 'auto' | 'on' | 'off';

/** More sources than a person reads at once are a matter of the texts alone, unless tracing is asked for. */
const MOST_SOURCES = 100;

/** Nobody waits longer for what was not asked for: a file of ten thousand INSERTs. */
const LIMIT_MS = 60_000;

export class ScriptTracer {
  readonly #settings: Settings;
  readonly #target: AssessTarget;
  readonly #sources: readonly AssessSource[];
  readonly #choice: TraceChoice;
  readonly #reporter: Reporter;
  #tracing: Promise<Tracing> | null = null;
  readonly #told = new Set<string>();
  #hasSchema = false;

  constructor(
    settings: Settings,
    target: AssessTarget,
    sources: readonly AssessSource[],
    choice: TraceChoice,
    reporter: Reporter,
  ) {
    this.#settings = settings;
    this.#target = target;
    this.#sources = sources;
    this.#reporter = reporter;
    this.#choice = choice === 'auto' && sources.length > MOST_SOURCES ? 'off' : choice;
    if (this.#choice !== choice) {
      this.#tell(
        `${sources.length} files are assessed from their text alone`,
        '--trace runs them on a scratch copy',
      );
    }
  }

  /** Whether no script will be run. */
  get isOff(): boolean {
    return this.#choice === 'off';
  }

  /** Null: the script was not run. Throws only where tracing was asked for. */
  async trace(migration: Migration, script: Script): Promise<TracedScript | null> {
    if (this.#choice === 'off') return null;
    try {
      if (!this.#isWorthwhile(migration, script)) {
        if (this.#choice === 'on') this.#tellNoSchema(migration);
        return null;
      }
      this.#tracing ??= this.#open();
      return await (await this.#tracing).trace(migration, script);
    } catch (error) {
      if (this.#choice === 'on' || !isFerrataError(error)) throw error;
      this.#tell(`assessed without running it on a copy: ${reasonOf(error)}`, error.details.hint ?? null);
      return null;
    }
  }

  /** Rates of the server that ran the scripts; null where none did. */
  async rates(): Promise<Rates | null> {
    const measured = await (await this.#tracing?.catch(() => null))?.measure();
    return measured == null ? null : ratesFrom(measured.measured, measured.on);
  }

  async close(): Promise<void> {
    const tracing = await this.#tracing?.catch(() => null);
    await tracing?.close();
  }

  /** Without a schema only what the scripts make themselves can be changed by them. */
  #isWorthwhile({ folder }: Migration, { statements }: Script): boolean {
    this.#hasSchema ||=
      folder !== null || this.#target.catalog !== null || existsSync(this.#settings.migrations);
    this.#hasSchema ||= statements.some((statement) => madeRelation(statement) !== null);
    return this.#hasSchema;
  }

  async #open(): Promise<Tracing> {
    const { Tracing } = await import('./assess-trace.ts');
    const { connector, connection, catalog, major, applied } = this.#target;
    const migrations = await Promise.all(this.#sources.map((source) => source.read().catch(() => null)));
    return new Tracing({
      settings: this.#settings,
      reporter: this.#reporter,
      target:
        connector === null || connection === null || catalog === null
          ? null
          : { connector, connection, catalog },
      major,
      applied: applied === null ? null : new Set(applied),
      project: existsSync(this.#settings.migrations) ? await readMigrations(this.#settings) : null,
      migrations: migrations.filter((migration) => migration !== null),
      limitMs: this.#choice === 'on' ? null : LIMIT_MS,
    });
  }

  #tellNoSchema({ up }: Migration): void {
    this.#tell(
      `${up.path} was not run: there is neither a database nor a history that would give it a schema`,
      'name a database with --url or --env, or run assess where the migrations are',
    );
  }

  /** Each thing once. */
  #tell(message: string, hint: string | null): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#reporter({ type: 'warning', message, hint });
  }
}

function reasonOf({ message, details }: FerrataError): string {
  return details.why === undefined ? message : `${message} ${details.why}`;
}
