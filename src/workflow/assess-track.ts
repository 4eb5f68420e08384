/** One scratch copy, on which assessed scripts run one after the other. */
import type { TraceFacts } from '../assess/analyse.ts';
import type { Measured } from '../assess/rates.ts';
import { measureRates } from '../assess/trace/measure.ts';
import { partsOf, type TracePart } from '../assess/trace/parts.ts';
import { traceScript } from '../assess/trace/run.ts';
import type { Catalog } from '../catalog/model.ts';
import { readCatalogToRemember, rereadCatalog } from '../catalog/reread/index.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import { CLEAN_SESSION } from '../execute/session.ts';
import { groupStatements } from '../plan/group.ts';
import type { Connection } from '../postgres/connection.ts';
import type { ScratchPlace } from '../prepare/scratch.ts';
import { fillSynthetic } from '../prepare/synthetic/index.ts';
import type { Migration } from '../source/model.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';
import { parseScript } from '../sql/parse.ts';
import { quoteIdent } from '../sql/quote.ts';
import type { TransactionContext } from '../sql/transactional.ts';

export interface TracedScript {
  readonly facts: TraceFacts;
  /** The schema from which the script started; null: it is not known. */
  readonly catalog: Catalog | null;
}

/** Rows that tables hold, by name. */
export type Rows = Readonly<Record<string, number>>;

/** Enough to tell a table that is read from one that is not. */
const FEW_ROWS = 4;

/** Rows are for seeing what is read; what cannot be made is no reason not to look. */
export async function fill(connection: Connection, catalog: Catalog): Promise<Rows> {
  try {
    return (await fillSynthetic(connection, catalog, { variant: 'castable-text', rows: FEW_ROWS })).rows;
  } catch (error) {
    ignoreServer(error);
    return {};
  }
}

export interface TrackStart {
  readonly place: ScratchPlace;
  readonly connection: Connection;
  /** Another one to the same database. */
  readonly second: Connection;
  /** Migrations that come before some that may be traced, in order. */
  readonly before: readonly Migration[];
  /** Null: the tables have not been given any. */
  readonly rows: Rows | null;
  /** Whether what is not on the copy is not on the target either. */
  readonly hasSchema: boolean;
  /** What is on the copy; null: it is to be read. */
  readonly catalog: Catalog | null;
  /** The target's major version; null: nobody knows. */
  readonly major: number | null;
  /** With which Ferrata would run migrations of its own. */
  readonly lockTimeoutMs: number;
}

/** One copy, on which scripts run one after the other. */
export class Track {
  readonly #start: TrackStart;
  readonly #done = new Set<string>();
  /** Null: the tables have not been given any. */
  #rows: Rows | null;
  /** Whether what is not on the copy is not on the target either. */
  #isWhole: boolean;
  /** Why nothing can run here any more. */
  #broken: FerrataError | null = null;
  #catalog: Catalog | null = null;
  #isStale = true;

  constructor(start: TrackStart) {
    this.#start = start;
    this.#rows = start.rows;
    this.#isWhole = start.hasSchema;
    this.#catalog = start.catalog;
    this.#isStale = start.catalog === null;
  }

  async trace(migration: Migration, script: Script, deadline: number): Promise<TracedScript> {
    if (this.#broken !== null) throw this.#broken;
    const isNative = migration.folder !== null;
    for (const earlier of this.#start.before) {
      if (isNative && earlier.id >= migration.id) break;
      if (!this.#done.has(earlier.id)) await this.#replay(earlier);
    }
    this.#done.add(migration.id);
    const catalog = this.#start.hasSchema ? await this.#readCatalog() : null;
    if (catalog !== null) this.#rows ??= await fill(this.#start.connection, catalog);
    const context = transactionContext(catalog);
    const parts = isNative ? nativeParts(script, context) : partsOf(script, context);
    // As a run would have it; loose files are run by something else.
    const lockTimeout = `SET lock_timeout = ${Math.round(this.#start.lockTimeoutMs)}`;
    if (isNative) await this.#start.connection.script(lockTimeout);
    this.#isStale = true;
    const isWhole = this.#isWhole;
    const statements = await traceScript({
      script,
      parts,
      connection: this.#start.connection,
      second: this.#start.second,
      ownServer: this.#start.place.kind === 'local-server',
      hasSchema: isWhole,
      rows: this.#rows ?? {},
      deadline,
    });
    await this.#start.connection.script(CLEAN_SESSION);
    // What did not run here would have left something for those that follow.
    if ([...statements.values()].some(({ state }) => state !== 'observed')) this.#isWhole = false;
    const { major } = this.#start;
    return {
      facts: {
        statements,
        sameMajor: major === null || major === this.#start.place.major,
        major: this.#start.place.major,
      },
      // What is missing on the copy is not missing on the target.
      catalog: isWhole ? catalog : null,
    };
  }

  measure(): Promise<Measured | null> {
    return measureRates(this.#start.connection);
  }

  async close(): Promise<void> {
    await this.#start.second.close();
    await this.#start.connection.close();
  }

  async #readCatalog(): Promise<Catalog> {
    if (this.#catalog === null) this.#catalog = await readCatalogToRemember(this.#start.connection);
    else if (this.#isStale) this.#catalog = await rereadCatalog(this.#start.connection, this.#catalog);
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
        await this.#start.connection.script(sql);
      }
      await this.#start.connection.script(CLEAN_SESSION);
    } catch (error) {
      if (!isFerrataError(error)) throw error;
      this.#broken = new FerrataError(
        'scratch-unavailable',
        `The migration ${migration.id} cannot be replayed on a copy.`,
        {
          why: error.message,
          hint: 'With a database at hand (--env, --url) its schema is copied instead; --no-trace goes without.',
          cause: error,
        },
      );
      throw this.#broken;
    }
  }
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
