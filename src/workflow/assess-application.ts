/**
 * What a migration means for the application: its queries at every state, what hangs on the objects that change, and where
 * its source names them. The states are made on one scratch copy, whatever is asked.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Impact } from '../assess/impact/model.ts';
import type { Compatibility, QueryResult } from '../assess/queries/model.ts';
import type {
  ColumnStatistics,
  DatabaseStatistics,
  RelationStatistics,
} from '../assess/queries/statistics.ts';
import type { ReviewedFile } from '../assess/review.ts';
import { readSizes } from '../assess/sizes.ts';
import { type Stats, targetFacts } from '../assess/stats.ts';
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { splitQualified } from '../sql/quote.ts';
import { ImpactStudy } from './assess-impact.ts';
import { QueryStudy, readKnownQueries, readSessionFacts, UNKNOWN_SESSION } from './assess-queries.ts';
import type { AssessSource } from './assess-sources.ts';
import { type StatesRequest, type StateVisitor, walkStates } from './assess-states.ts';
import type { AssessTarget } from './assess-target.ts';
import { pendingOf } from './select.ts';

export interface ApplicationQuestion {
  /** A file or folder of SQL, `pg_stat_statements`, `pg_stat_statements:role,role`; null: no queries. */
  readonly queries: string | null;
  /** The application's source; null: it is not searched. */
  readonly app: string | null;
}

export interface ApplicationFacts {
  readonly queries?: readonly QueryResult[];
  readonly compatibility?: Compatibility;
  readonly impact: Impact;
}

/** The environment's database, where it can be reached, and what is applied there. */
export interface ApplicationTarget {
  readonly connector: Connector;
  readonly connection: Connection;
  readonly applied: ReadonlySet<string>;
}

/** Sizes that were pulled from another environment. */
export interface PinnedSizes {
  /** As it is shown. */
  readonly file: string;
  readonly statistics: DatabaseStatistics;
  readonly major: number;
}

/**
 * Answers for each of `migrations`, in their order, by the path of their up.sql. Pending ones start from what those
 * before them leave; applied ones, and all where there is no database, from an empty database through the history.
 *
 * Throws `queries-unreadable`, and what `walkStates` throws.
 */
export async function assessApplication(
  settings: Settings,
  migrations: readonly Migration[],
  target: ApplicationTarget | null,
  pinned: PinnedSizes | null,
  question: ApplicationQuestion,
  reporter: Reporter,
): Promise<ReadonlyMap<string, ApplicationFacts>> {
  const source =
    question.queries === null
      ? null
      : await readKnownQueries(question.queries, settings.root, target?.connection ?? null);
  const { search, appFolder } = await application(question);
  const session = target === null ? UNKNOWN_SESSION : await readSessionFacts(target.connection);
  const plan = await sequenceOf(settings, migrations, target);
  const studies = new Map<string, { readonly impact: ImpactStudy; readonly queries: QueryStudy | null }>();
  const walked = await walkStates(
    {
      settings,
      ...plan,
      ...(plan.target === null && target !== null
        ? { role: target.connection.server.user, major: target.connection.server.major }
        : plan.target === null && pinned !== null
          ? { major: pinned.major }
          : {}),
      readSizes: target === null ? null : (relations) => readSizes(target.connection, relations),
      reporter,
    },
    (member): StateVisitor => {
      const impact = new ImpactStudy();
      const queries =
        source === null
          ? null
          : new QueryStudy({
              source,
              session,
              target: target?.connection ?? null,
              environment: settings.environment.name,
              pinned: pinned?.statistics ?? null,
              pinnedFrom: pinned?.file ?? null,
            });
      studies.set(member.migration.up.path, { impact, queries });
      reporter({
        type: 'phase',
        phase: 'assess',
        migration: member.migration.id,
        message: 'looking at every state on a scratch copy',
      });
      return {
        look: async (state) => {
          await impact.look(state);
          await queries?.look(state);
        },
        beforeStep: async (state) => queries?.beforeStep(state),
        afterStep: async () => queries?.afterStep(),
      };
    },
  );
  const results = new Map<string, ApplicationFacts>();
  for (const { member, stopped } of walked) {
    const study = studies.get(member.migration.up.path);
    if (study === undefined) continue;
    const { graph, catalog } = study.impact.start;
    const judged = study.queries?.result(study.impact.changes, graph, catalog, stopped);
    const impact = study.impact.result();
    results.set(member.migration.up.path, {
      ...judged,
      impact:
        search === null || appFolder === null
          ? impact
          : await search(impact, study.impact.changes, appFolder, settings),
    });
  }
  const unseen = plan.sequence.filter(({ migration, look }) => look && !results.has(migration.up.path));
  const [next] = unseen;
  if (next !== undefined) {
    reporter({
      type: 'warning',
      message: `the states of ${unseen.map(({ migration }) => migration.id).join(', ')} are not known: what comes before fails on the copy`,
      hint: null,
    });
  }
  return results;
}

/** Adds to each assessed file what it means for the application. */
export async function withApplication(
  settings: Settings,
  { connection, connector, applied, pinned }: AssessTarget,
  sources: readonly AssessSource[],
  files: readonly ReviewedFile[],
  question: ApplicationQuestion,
  reporter: Reporter,
): Promise<readonly ReviewedFile[]> {
  const migrations: Migration[] = [];
  const assessed = new Set(files.map(({ assessment }) => assessment.file));
  for (const source of sources) {
    // What could not be assessed is told already.
    const migration = await source.read().catch(() => null);
    if (migration !== null && assessed.has(migration.up.path)) migrations.push(migration);
  }
  const target =
    connection === null || connector === null ? null : { connection, connector, applied: new Set(applied) };
  const foreign =
    pinned !== null && (target === null || pinned.stats.environment !== settings.environment.name);
  const facts = await assessApplication(
    settings,
    migrations,
    target,
    foreign
      ? {
          file: pinned.file,
          statistics: pinnedStatistics(pinned.stats),
          major: Math.floor(pinned.stats.serverVersionNum / 10_000),
        }
      : null,
    question,
    reporter,
  );
  return files.map((file) => {
    const own = facts.get(file.assessment.file);
    return own === undefined ? file : { ...file, assessment: { ...file.assessment, ...own } };
  });
}

/** What a statistics file says of sizes and columns, as the planner takes it. */
function pinnedStatistics(stats: Stats): DatabaseStatistics {
  const relations = Object.entries(targetFacts(stats).relations).flatMap(
    ([relation, load]): RelationStatistics[] => {
      const [schema = '', name = ''] = splitQualified(relation);
      if (load.rows === null) return [];
      const pages = Math.ceil(Math.max(0, (load.bytes ?? load.rows * 100) - (load.toastBytes ?? 0)) / 8192);
      return [
        {
          schema,
          name,
          kind: 'r',
          pages,
          tuples: load.rows,
          allVisible: 0,
          columns: Object.entries(load.columns ?? {}).flatMap(([column, { distinctPerRow, nulls }]) =>
            distinctPerRow === null ? [] : [columnSpread(column, distinctPerRow, nulls ?? 0, load.rows ?? 0)],
          ),
        },
      ];
    },
  );
  return { origin: 'pinned', relations };
}

/** `n_distinct` is a number, or a share of the rows with a minus where it grows with them (manual, 53.27). */
function columnSpread(name: string, perRow: number, nulls: number, rows: number): ColumnStatistics {
  const share = perRow * (1 - nulls);
  return {
    name,
    inherited: false,
    nullFraction: nulls,
    width: 8,
    distinct: share > 0.1 ? -share : Math.max(1, Math.round(share * rows)),
    correlation: null,
    commonValues: null,
    commonFrequencies: null,
    histogram: null,
    commonElements: null,
    commonElementFrequencies: null,
    elementCounts: null,
  };
}

/** The search is loaded only where it is asked for. */
async function application({ app }: ApplicationQuestion) {
  if (app === null) return { search: null, appFolder: null };
  const { searchApplication } = await import('./assess-app.ts');
  return { search: searchApplication, appFolder: resolve(app) };
}

/** Which migrations lead to the states that are looked at, and from where. */
async function sequenceOf(
  settings: Settings,
  migrations: readonly Migration[],
  target: ApplicationTarget | null,
): Promise<Pick<StatesRequest, 'sequence' | 'target'>> {
  const chosen = new Set(migrations.map(({ id }) => id));
  const native = migrations.filter(({ folder }) => folder !== null);
  const loose = migrations
    .filter(({ folder }) => folder === null)
    .map((migration) => ({ migration, look: true }));
  const hasHistory = existsSync(settings.migrations);
  if (target !== null && native.every(({ id }) => !target.applied.has(id))) {
    const pending = native.length === 0 ? [] : pendingOf(await readMigrations(settings), target.applied);
    return { target, sequence: [...upTo(pending, chosen), ...loose] };
  }
  const all = hasHistory ? await readMigrations(settings) : [];
  const history =
    native.length === 0 ? all.map((migration) => ({ migration, look: false })) : upTo(all, chosen);
  return { target: null, sequence: [...history, ...loose] };
}

function upTo(migrations: readonly Migration[], chosen: ReadonlySet<string>) {
  const last = migrations.findLastIndex(({ id }) => chosen.has(id));
  return migrations.slice(0, last + 1).map((migration) => ({ migration, look: chosen.has(migration.id) }));
}
