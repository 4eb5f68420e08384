/**
 * Generic plans of prepared queries (PostgreSQL manual, PREPARE, Notes): what the planner does when it knows no
 * parameter's value, which is what a pooled application lives with.
 */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import type { KnownQuery, QueryError, QueryPlan } from './model.ts';
import { type Prepared, type Preparing, queryError } from './prepare.ts';

/** What one plan does. */
export interface PlanFacts {
  readonly cost: number;
  /** OIDs of the indexes it uses. */
  readonly indexes: readonly string[];
  /** How each table is read: `Seq Scan on public.orders`, by the table's OID. */
  readonly scans: ReadonlyMap<string, readonly string[]>;
}

export type Planned =
  | { readonly ok: true; readonly plan: PlanFacts }
  | { readonly ok: false; readonly error: QueryError };

/** Relations of a database by `schema.name`, as plans name them. */
export interface RelationIds {
  /** `table or index name` with its schema → OID; names as they are, joined by a NUL. */
  readonly byName: ReadonlyMap<string, string>;
  /** Index name alone → OIDs: a plan names an index without its schema. */
  readonly indexes: ReadonlyMap<string, readonly string[]>;
  readonly tableOfIndex: ReadonlyMap<string, string>;
}

/** Planning must not take longer than this; a query whose planning does has no plan. */
const LONGEST_PLANNING = '20s';

/**
 * Plans queries that this session holds as prepared statements (`Preparing.prepare` with `hold`). An error is one that
 * only planning shows: an ON CONFLICT without a fitting index, say.
 */
export async function planQueries(
  connection: Connection,
  preparing: Preparing,
  queries: readonly KnownQuery[],
  prepared: ReadonlyMap<string, Prepared>,
): Promise<ReadonlyMap<string, Planned>> {
  await connection.script(
    // JIT and workers change no comparison that matters, and cost time.
    `SET plan_cache_mode = force_generic_plan; SET jit = off; SET statement_timeout = '${LONGEST_PLANNING}'`,
  );
  const ids = await readRelationIds(connection);
  const plans = new Map<string, Planned>();
  for (const query of queries) {
    const one = prepared.get(query.id);
    if (one?.ok !== true || query.kind === 'CallStmt') continue;
    await preparing.useSearchPath(query);
    const planned = await planOne(connection, query, one.parameters.length, ids);
    if (planned !== null) plans.set(query.id, planned);
  }
  return plans;
}

/** Null where the query can't be explained at all. */
async function planOne(
  connection: Connection,
  query: KnownQuery,
  parameters: number,
  ids: RelationIds,
): Promise<Planned | null> {
  const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
  const call = parameters === 0 ? '' : `(${nulls})`;
  try {
    const plan = await explain(
      connection,
      `EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE ${quoteIdent(query.id)}${call}`,
    );
    return { ok: true, plan: factsOf(plan, ids) };
  } catch (error) {
    const failure = queryErrorOrNull(error);
    if (failure === null) return null;
    // NULL is no value of a domain that forbids it: there the parameters need no value at all, from PostgreSQL 16 on.
    if (parameters > 0 && failure.sqlstate.startsWith('23')) {
      if (connection.server.major < 16) return null;
      const again = await explain(
        connection,
        `EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) ${query.sql}`,
      ).catch(() => null);
      return again === null ? null : { ok: true, plan: factsOf(again, ids) };
    }
    return { ok: false, error: failure };
  }
}

function queryErrorOrNull(error: unknown): QueryError | null {
  const timedOut =
    (error as { readonly details?: { readonly sqlState?: string } }).details?.sqlState === '57014';
  return timedOut ? null : queryError(error);
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Total Cost': number;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

async function explain(connection: Connection, sql: string): Promise<PlanNode> {
  const [row] = await connection.rows<[readonly { readonly Plan: PlanNode }[]]>(sql);
  const plan = row?.[0][0]?.Plan;
  if (plan === undefined) throw new Error('EXPLAIN gave no plan');
  return plan;
}

function factsOf(root: PlanNode, ids: RelationIds): PlanFacts {
  const indexes = new Set<string>();
  const scans = new Map<string, string[]>();
  const visit = (node: PlanNode): void => {
    const table =
      node['Relation Name'] === undefined
        ? undefined
        : ids.byName.get(`${node.Schema ?? ''}\0${node['Relation Name']}`);
    if (table !== undefined && node['Node Type'].endsWith('Scan')) {
      const shown = `${node['Node Type']} on ${quoteIdent(node.Schema ?? '')}.${quoteIdent(node['Relation Name'] ?? '')}`;
      scans.set(table, [...(scans.get(table) ?? []), shown]);
    }
    const name = node['Index Name'];
    if (name !== undefined) {
      const candidates = ids.indexes.get(name) ?? [];
      const own = candidates.filter((oid) => table === undefined || ids.tableOfIndex.get(oid) === table);
      for (const oid of own.slice(0, 1)) indexes.add(oid);
    }
    for (const below of node.Plans ?? []) visit(below);
  };
  visit(root);
  return { cost: root['Total Cost'], indexes: [...indexes], scans };
}

export async function readRelationIds(connection: Connection): Promise<RelationIds> {
  const rows = await connection.rows<[string, string, string, string | null]>(
    `SELECT c.oid::pg_catalog.text, n.nspname, c.relname, i.indrelid::pg_catalog.text
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'f', 'i', 'I', 'v') AND n.nspname <> 'pg_toast'`,
  );
  const byName = new Map<string, string>();
  const indexes = new Map<string, string[]>();
  const tableOfIndex = new Map<string, string>();
  for (const [oid, schema, name, table] of rows) {
    byName.set(`${schema}\0${name}`, oid);
    if (table === null) continue;
    tableOfIndex.set(oid, table);
    indexes.set(name, [...(indexes.get(name) ?? []), oid]);
  }
  return { byName, indexes, tableOfIndex };
}

/** OIDs of the tables that plans read. */
export function scannedTables(planned: ReadonlyMap<string, Planned>): ReadonlySet<string> {
  return new Set([...planned.values()].flatMap((one) => (one.ok ? [...one.plan.scans.keys()] : [])));
}

/** From this cost ratio on a plan is worse. */
const WORSE = 2;
/** And where it lost an index, from this one on. */
const WORSE_WITHOUT_INDEX = 1.2;
/** Less than this in the planner's units (one page read in sequence is 1) nobody notices. */
const NOTICED = 50;

export interface Names {
  /** `schema.index` of an index's OID, as it was called in the earlier state. */
  readonly index: (oid: string) => string;
  /** The table of an index in the earlier state. */
  readonly tableOf: (oid: string) => string | undefined;
}

/** Compares a plan with an earlier one of the same query. */
export function comparePlans(
  before: PlanFacts,
  after: PlanFacts,
  names: Names,
): { readonly plan: QueryPlan; readonly worse: boolean } {
  const ratio = after.cost / Math.max(before.cost, 0.01);
  const dearer = after.cost - before.cost >= NOTICED;
  const lost = before.indexes.filter((oid) => !after.indexes.includes(oid));
  const worse = dearer && (ratio >= WORSE || (lost.length > 0 && ratio >= WORSE_WITHOUT_INDEX));
  const tables = new Set(lost.map((oid) => names.tableOf(oid)).filter((oid) => oid !== undefined));
  const instead = [...tables].flatMap((oid) => after.scans.get(oid) ?? []);
  return {
    worse,
    plan: {
      cost: after.cost,
      ratio: Math.round(ratio * 100) / 100,
      lostIndexes: worse ? lost.map((oid) => names.index(oid)) : [],
      instead: worse ? [...new Set(instead)] : [],
    },
  };
}
