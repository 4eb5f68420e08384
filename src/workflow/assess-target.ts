/** Where the assessed SQL is meant to run, as far as that is known: the database, or statistics that were pulled from it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { RelationSize } from '../assess/model.ts';
import { parseStats, type Stats, sizesIn, targetFacts } from '../assess/stats.ts';
import { type RelationLoad, type TargetFacts, UNKNOWN_TARGET } from '../assess/target-facts.ts';
import type { Catalog } from '../catalog/model.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';

/** Beside the configuration file. */
export const STATS_FILE = 'ferrata.stats.json';

/** `auto`: the configured file, or the one beside the configuration where it is there. A text is a path. */
export type StatsChoice = 'auto' | 'none' | { readonly file: string };

/** A statistics file that is in use. */
export interface PinnedStats {
  /** As it is shown. */
  readonly file: string;
  readonly stats: Stats;
}

export interface AssessTarget {
  /** Null: there is no database, or it cannot be reached. */
  readonly connection: Connection | null;
  readonly connector: Connector | null;
  readonly catalog: Catalog | null;
  readonly major: number | null;
  readonly facts: TargetFacts;
  readonly pinned: PinnedStats | null;
  /** Ids of applied migrations; null where no database tells. */
  readonly applied: readonly string[] | null;
  /** Rows and bytes of relations; those that are not known are left out. */
  readonly sizes: (relations: readonly string[]) => Promise<ReadonlyMap<string, RelationSize>>;
}

/**
 * Opens the environment's database where it can be reached, and reads the statistics file. A database that cannot be
 * reached is no reason not to read SQL: the assessment then rests on the text, and says so.
 *
 * Throws `stats-invalid`, `usage` for a file that is not there, and what `work` throws.
 */
export async function withTarget<T>(
  settings: Settings,
  choice: StatsChoice,
  reporter: Reporter,
  work: (target: AssessTarget) => Promise<T>,
): Promise<T> {
  const pinned = await readPinned(settings, choice);
  if (pinned !== null) {
    const { environment, takenAt } = pinned.stats;
    reporter({
      type: 'phase',
      phase: 'assess',
      migration: null,
      message: `sizes and load of ${environment} from ${pinned.file} (${takenAt.slice(0, 10)})`,
    });
  }
  const offline = () => work(offlineTarget(pinned));
  if (settings.environment.url === null && !existsSync(join(settings.directory, 'postgres')))
    return offline();
  const { withSession } = await import('./session.ts');
  let reached = false;
  try {
    return await withSession(settings, reporter, async ({ connection, connector }) => {
      reached = true;
      return work({ ...(await liveTarget(settings, connection, pinned)), connector });
    });
  } catch (error) {
    if (reached || !isFerrataError(error) || !error.code.startsWith('server-')) throw error;
    reporter({
      type: 'warning',
      message: `assessed without the database: ${error.message}`,
      hint: error.details.hint ?? null,
    });
    return offline();
  }
}

/** The statistics file that counts, parsed; null where there is none. */
export async function readPinned(settings: Settings, choice: StatsChoice): Promise<PinnedStats | null> {
  if (choice === 'none') return null;
  const named = choice === 'auto' ? (settings.assess?.stats ?? null) : choice.file;
  const path =
    named === null
      ? join(settings.root, STATS_FILE)
      : resolve(choice === 'auto' ? settings.root : process.cwd(), named);
  const shown = relative(process.cwd(), path) || path;
  if (!existsSync(path)) {
    if (named === null) return null;
    throw new FerrataError('usage', `There is no statistics file ${shown}.`, {
      hint: 'ferrata stats pull --env production writes one; --no-stats goes without.',
    });
  }
  return { file: shown, stats: await parseStats(readFileSync(path, 'utf8'), shown) };
}

/** What is known where no database can be reached. */
export function offlineTarget(pinned: PinnedStats | null): AssessTarget {
  const facts = pinned === null ? UNKNOWN_TARGET : targetFacts(pinned.stats);
  const known = sizesIn(facts);
  return {
    connection: null,
    connector: null,
    catalog: null,
    major: pinned === null ? null : Math.floor(pinned.stats.serverVersionNum / 10_000),
    facts,
    pinned,
    applied: null,
    sizes: () => Promise.resolve(known),
  };
}

async function liveTarget(
  settings: Settings,
  connection: Connection,
  pinned: PinnedStats | null,
): Promise<Omit<AssessTarget, 'connector'>> {
  const [{ readCatalog }, { openLedger }, { readTarget }, { readSizes }] = await Promise.all([
    import('../catalog/read.ts'),
    import('../ledger/ledger.ts'),
    import('../assess/read-stats.ts'),
    import('../assess/sizes.ts'),
  ]);
  const catalog = await readCatalog(connection, { dependencies: false });
  const applied = await (await openLedger(connection, { create: false })).applied();
  const common = { connection, catalog, pinned, applied: applied.map((record) => record.id) };
  // The sizes of a database for development say nothing of the one that the statistics were pulled from.
  if (pinned !== null && pinned.stats.environment !== settings.environment.name) {
    const facts = targetFacts(pinned.stats);
    const known = sizesIn(facts);
    const major = Math.floor(pinned.stats.serverVersionNum / 10_000);
    return { ...common, major, facts, sizes: () => Promise.resolve(known) };
  }
  const live = await readTarget(connection).catch((error: unknown) => {
    // A lock that somebody holds, or a privilege that is missing: the sizes are asked for one by one below.
    if (isFerrataError(error)) return UNKNOWN_TARGET;
    throw error;
  });
  return {
    ...common,
    major: connection.server.major,
    facts: pinned === null ? live : withSampledRates(live, targetFacts(pinned.stats)),
    sizes: (relations) => readSizes(connection, relations),
  };
}

/** Sizes of this moment, rates of the sample: an average since the counters were reset hides the busy hours. */
function withSampledRates(live: TargetFacts, sampled: TargetFacts): TargetFacts {
  return {
    ...live,
    relations: Object.fromEntries(
      Object.entries(live.relations).map(([name, load]): [string, RelationLoad] => [
        name,
        { ...load, writesPerSecond: sampled.relations[name]?.writesPerSecond ?? load.writesPerSecond },
      ]),
    ),
  };
}
