/** What is known of the schema from which each file of an assessment starts. */
import { KnownSchema } from '../assess/known/schema.ts';
import { replayScript } from '../assess/replay.ts';
import type { Settings } from '../config/settings.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { parseScript } from '../sql/parse.ts';
import type { AssessTarget } from './assess-target.ts';

/**
 * What is known of the schema from which each file starts. Pending migrations start from the database as those before
 * them leave it; applied ones, and all of them where there is no database, from an empty one and the whole history;
 * loose files from the database, or from nothing, one after the other.
 */
export class Knowledge {
  readonly #settings: Settings;
  readonly #applied: ReadonlySet<string> | null;
  readonly #loose: KnownSchema;
  readonly #pending: KnownSchema;
  readonly #history = KnownSchema.empty();
  readonly #replayed = new Set<string>();
  #migrations: readonly Migration[] | null = null;

  constructor(settings: Settings, target: AssessTarget) {
    this.#settings = settings;
    this.#applied = target.applied === null ? null : new Set(target.applied);
    const start = () =>
      target.catalog === null ? KnownSchema.unknown() : KnownSchema.of(target.catalog).fork();
    this.#loose = start();
    this.#pending = start();
  }

  /** Whether what is known of the migration's start is what the database has. */
  isLive(migration: Migration): boolean {
    return this.#applied !== null && (migration.folder === null || !this.#applied.has(migration.id));
  }

  /** The schema before the migration; assessing it adds what it leaves behind. */
  async before(migration: Migration): Promise<KnownSchema> {
    if (migration.folder === null) return this.#loose;
    const isPending = this.isLive(migration);
    const known = isPending ? this.#pending : this.#history;
    this.#migrations ??= await readMigrations(this.#settings);
    for (const earlier of this.#migrations) {
      if (earlier.id >= migration.id) break;
      const sameSide = !isPending || this.#applied?.has(earlier.id) === false;
      if (!sameSide || this.#replayed.has(earlier.id)) continue;
      this.#replayed.add(earlier.id);
      const script = await parseScript(earlier.up.text, earlier.up.path).catch(() => null);
      if (script === null) known.forgetAll();
      else replayScript(script, known);
    }
    this.#replayed.add(migration.id);
    return known;
  }
}
