/**
 * What a migration means for the application: its queries at every state, what hangs on the objects that change, and where
 * its source names them. The states are made on one scratch copy, whatever is asked.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Impact } from '../assess/impact/model.ts';
import type { Compatibility, QueryResult } from '../assess/queries/model.ts';
import type { DatabaseStatistics } from '../assess/queries/statistics.ts';
import { readSizes } from '../assess/sizes.ts';
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { ImpactStudy } from './assess-impact.ts';
import { QueryStudy, readKnownQueries, readSessionFacts, UNKNOWN_SESSION } from './assess-queries.ts';
import { type StatesRequest, type StateVisitor, walkStates } from './assess-states.ts';
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
  return results;
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
