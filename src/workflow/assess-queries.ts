/** What becomes of the application's queries at each state that a migration leads the database through. */
import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { StepChange } from '../assess/impact/changes.ts';
import type { DependencyGraph } from '../assess/impact/graph.ts';
import { reachOf } from '../assess/impact/tree.ts';
import {
  type CarriedOver,
  carryOver,
  readStartNames,
  type StartNames,
} from '../assess/queries/carry-over.ts';
import { missingValues } from '../assess/queries/given.ts';
import { judgeQuery, type StateReading } from '../assess/queries/matrix.ts';
import type {
  Compatibility,
  KnownQuery,
  QueryError,
  QueryResult,
  QuerySource,
} from '../assess/queries/model.ts';
import { deploymentOrder } from '../assess/queries/order.ts';
import { type Names, planQueries, readRelationIds, scannedTables } from '../assess/queries/plan.ts';
import { Preparing } from '../assess/queries/prepare.ts';
import { readQueryFiles } from '../assess/queries/read-files.ts';
import { readStatementStatistics } from '../assess/queries/read-statements.ts';
import {
  ASSUMED_ROWS,
  assumedStatistics,
  type DatabaseStatistics,
  isFilled,
  readStatistics,
} from '../assess/queries/statistics.ts';
import { type Addresses, touchedByQueries } from '../assess/queries/touched.ts';
import { type QueryFacts, touchesOf } from '../assess/queries/touches.ts';
import type { Catalog } from '../catalog/model.ts';
import { FerrataError } from '../errors.ts';
import type { Connection } from '../postgres/connection.ts';
import { fillSynthetic } from '../prepare/synthetic/index.ts';
import { quoteQualified } from '../sql/quote.ts';
import type { StateView } from './assess-states.ts';
import { use } from './assess-states.ts';

/** What the target says about itself, for sessions on the copy. */
export interface SessionFacts {
  readonly searchPath: string;
  /** Settings of the planner that are not the server's own. */
  readonly planner: Readonly<Record<string, string>>;
}

export const UNKNOWN_SESSION: SessionFacts = { searchPath: '"$user", public', planner: {} };

/**
 * Reads the queries that `from` names: a file, a folder, `pg_stat_statements`, or `pg_stat_statements:role,role`. Throws
 * `queries-unreadable`.
 */
export async function readKnownQueries(
  from: string,
  root: string,
  target: Connection | null,
): Promise<QuerySource> {
  const statistics = /^pg_stat_statements(?::(.+))?$/.exec(from);
  if (statistics === null) return readQueryFiles(resolve(from), root);
  if (target === null) {
    throw new FerrataError('queries-unreadable', 'There is no database to read pg_stat_statements from.', {
      hint: 'Name an environment with --env, or give the queries as .sql files.',
    });
  }
  return readStatementStatistics(target, statistics[1]?.split(',').map((role) => role.trim()) ?? []);
}

/** The connected role's search_path and the planner's settings, as a session of the application has them. */
export async function readSessionFacts(connection: Connection): Promise<SessionFacts> {
  const rows = await connection.rows<[string, string]>(
    `SELECT name, pg_catalog.current_setting(name) FROM pg_catalog.pg_settings
     WHERE name = 'search_path' OR (source NOT IN ('default', 'override', 'session', 'client')
       AND (category LIKE 'Query Tuning%' OR name = 'work_mem') AND name NOT IN ('plan_cache_mode', 'jit'))`,
  );
  const settings = Object.fromEntries(rows);
  const { search_path: searchPath = UNKNOWN_SESSION.searchPath, ...planner } = settings;
  return { searchPath, planner };
}

export interface QueryStudyRequest {
  readonly source: QuerySource;
  readonly session: SessionFacts;
  /** The target's database; null where the schema was made from the migrations alone. */
  readonly target: Connection | null;
  /** The environment's name. */
  readonly environment: string;
  /** Sizes that were pulled from another environment, by `schema.relation`; null where there are none. */
  readonly pinned: DatabaseStatistics | null;
  readonly pinnedFrom: string | null;
}

/** One migration's states, as the queries see them. */
export class QueryStudy {
  readonly #request: QueryStudyRequest;
  readonly #readings: StateReading[] = [];
  readonly #touched = new Map<string, Addresses>();
  #held: { readonly connection: Connection; readonly preparing: Preparing } | null = null;
  #heldErrors: ReadonlyMap<string, QueryError> = new Map();
  #statistics: DatabaseStatistics | null = null;
  #names: StartNames | null = null;
  #restOn: string | null = null;

  constructor(request: QueryStudyRequest) {
    this.#request = request;
  }

  /** Prepares and plans every query on a copy of the state. */
  async look(state: StateView): Promise<void> {
    const { source, session } = this.#request;
    const fork = await state.place.create(state.database.name);
    try {
      const files = await ownFiles(state);
      if (this.#statistics === null) await this.#begin(state);
      const statistics = this.#statistics;
      const names = this.#names;
      if (statistics === null || names === null)
        throw new FerrataError('internal', 'The study has not begun');
      await use(fork.connector, async (connection) => {
        // Without files of the right length rows are what gives a table its blocks.
        if (files === null) await fillSynthetic(connection, state.catalog);
        const carried = await carryOver(connection, statistics, names, files);
        this.#restOn ??= this.#describe(statistics, carried);
      });
      // A session of its own: what it knows of the tables is what has just been written.
      await use(fork.connector, async (connection) => {
        await applySettings(connection, session.planner);
        const preparing = new Preparing(connection, session.searchPath);
        const prepared = await preparing.prepare(source.queries, true);
        const planned = await planQueries(connection, preparing, source.queries, prepared);
        const missing = await missingValues(connection, preparing, source.queries);
        const unknown = source.queries.filter(({ id }) => !this.#touched.has(id));
        for (const [id, addresses] of await touchedByQueries(connection, preparing, unknown, prepared))
          this.#touched.set(id, addresses);
        this.#readings.push({
          state: { id: state.id, title: state.title },
          prepared,
          planned,
          missing,
          held: this.#heldErrors,
          names: await indexNames(connection),
        });
      });
    } finally {
      await fork.drop();
    }
  }

  /** Opens a session that holds the queries as prepared statements while the next step runs. */
  async beforeStep(state: StateView): Promise<void> {
    const reading = this.#readings.at(-1);
    const connection = await state.database.connector.connect('assess');
    const preparing = new Preparing(connection, this.#request.session.searchPath);
    const working = this.#request.source.queries.filter(({ id }) => reading?.prepared.get(id)?.ok === true);
    this.#held = { connection, preparing };
    await preparing.prepare(working, true);
  }

  async afterStep(): Promise<void> {
    const reading = this.#readings.at(-1);
    const held = this.#held;
    this.#held = null;
    if (held === null) return;
    try {
      const working = this.#request.source.queries.filter(({ id }) => reading?.prepared.get(id)?.ok === true);
      this.#heldErrors = await held.preparing.heldErrors(working);
    } finally {
      await held.connection.close();
    }
  }

  /**
   * The matrix, once all states were looked at.
   *
   * @param catalog of the first state, as is the graph
   */
  result(
    changes: readonly StepChange[],
    graph: DependencyGraph,
    catalog: Catalog,
    stopped: Compatibility['stopped'],
  ): { readonly queries: readonly QueryResult[]; readonly compatibility: Compatibility } {
    const { source } = this.#request;
    const reaches = changes.map((change) => ({ change, reach: reachOf(change, graph, catalog) }));
    const queries = source.queries.map((query) =>
      judgeQuery(query, this.#readings, touchesOf(query, this.#factsOf(query), reaches)),
    );
    const states = this.#readings.map(({ state }) => state);
    const order = deploymentOrder(states, queries);
    return {
      queries,
      compatibility: {
        states,
        order: order.sentence,
        newFrom: order.newFrom,
        oldUntil: order.oldUntil,
        plansRestOn: this.#restOn,
        unread: source.unread,
        skipped: source.skipped,
        stopped,
      },
    };
  }

  #factsOf({ id }: KnownQuery): QueryFacts {
    const planned = this.#readings.map((reading) => reading.planned.get(id)).find((one) => one?.ok === true);
    return {
      addresses: this.#touched.get(id) ?? new Set<string>(),
      indexes: planned?.ok === true ? planned.plan.indexes : [],
    };
  }

  /** Of the first state: whose statistics count, and what the relations are called. */
  async #begin(state: StateView): Promise<void> {
    const { source, session, target, pinned } = this.#request;
    await use(state.database.connector, async (connection) => {
      this.#names = await readStartNames(connection);
      const preparing = new Preparing(connection, session.searchPath);
      const prepared = await preparing.prepare(source.queries, true);
      const planned = await planQueries(connection, preparing, source.queries, prepared);
      const tables = await tablesToKnow(connection, planned, source.queries);
      // Sizes that were pulled from elsewhere are what a change is to be judged by.
      if (pinned !== null) this.#statistics = pinned;
      else {
        const live =
          target === null ? null : await readStatistics(target, tables, state.place.kind !== 'url');
        this.#statistics = live !== null && isFilled(live) ? live : await assumedStatistics(connection);
      }
    });
  }

  #describe(statistics: DatabaseStatistics, { columns, sizes, written }: CarriedOver): string {
    const { target, environment, pinnedFrom } = this.#request;
    const how = sizes ? '' : ', on tables with some synthetic rows: page counts are not the target’s';
    if (!written) return 'some synthetic rows: the role may not carry statistics over before PostgreSQL 18';
    if (statistics.origin === 'assumed') {
      const why = target === null ? 'no database is known' : 'the database holds next to no rows';
      return `${ASSUMED_ROWS.toLocaleString('en-US')} rows in every table (${why})${how}`;
    }
    if (statistics.origin === 'pinned') return `the sizes in ${pinnedFrom ?? 'the statistics file'}${how}`;
    const tables = statistics.relations.filter(({ kind }) => kind === 'r' || kind === 'm').length;
    return `the statistics of ${environment}: ${tables} ${tables === 1 ? 'table' : 'tables'}, ${columns} ${columns === 1 ? 'column' : 'columns'}${how}`;
  }
}

/** Tables that the queries read by their plans, and those whose name stands in a query that can't be planned yet. */
async function tablesToKnow(
  connection: Connection,
  planned: Parameters<typeof scannedTables>[0],
  queries: readonly KnownQuery[],
): Promise<readonly string[]> {
  const { byName } = await readRelationIds(connection);
  const scanned = scannedTables(planned);
  const words = new Set(queries.flatMap(({ sql }) => sql.match(/[\w$\u0080-\uffff]+/g) ?? []));
  return [...byName].flatMap(([key, oid]) => {
    const [schema = '', name = ''] = key.split('\0');
    return scanned.has(oid) || words.has(name) ? [quoteQualified(schema, name)] : [];
  });
}

async function indexNames(connection: Connection): Promise<Names> {
  const { byName, tableOfIndex } = await readRelationIds(connection);
  const names = new Map([...byName].map(([key, oid]) => [oid, key]));
  return {
    index: (oid) => {
      const [schema = '', name = ''] = names.get(oid)?.split('\0') ?? [];
      return quoteQualified(schema, name);
    },
    tableOf: (oid) => tableOfIndex.get(oid),
  };
}

async function applySettings(
  connection: Connection,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await connection.query('SELECT pg_catalog.set_config($1, $2, false)', [name, value]).catch(() => {
      // Another major may not know it.
    });
  }
}

/** The data directory of a server that was started for the purpose, where this process may write to it. */
async function ownFiles({ place }: StateView): Promise<string | null> {
  if (place.kind !== 'local-server') return null;
  const directory = await use(place.admin, async (connection) => {
    const [row] = await connection.rows<[string]>('SHOW data_directory');
    return row?.[0] ?? null;
  });
  if (directory === null) return null;
  return access(directory, constants.W_OK).then(
    () => directory,
    () => null,
  );
}
