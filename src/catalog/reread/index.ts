/**
 * Reading a catalog again after a change, by what the change touched: between the steps of a rehearsal nearly everything
 * is as it was. Nothing is concluded from the SQL that ran (a DO block may do anything): the system catalogs themselves
 * tell which of their rows were written or are gone (tally.ts), `pg_depend` tells whose definitions mention those
 * (affected.ts), these are read with the same queries and the same code as everything else, and take the place of what
 * was known (splice.ts). Where a change may show anywhere (a renamed schema or role, a new extension, …), where much is
 * affected, and wherever anything parked is about, all is read.
 */
import type { Connection } from '../../postgres/connection.ts';
import { ReadContext, type Relation } from '../context.ts';
import type { TextRow } from '../decode.ts';
import { readDependencies } from '../dependencies.ts';
import { KINDS } from '../kinds/index.ts';
import type { Kind, Scope } from '../kinds/kind.ts';
import type { Catalog, ObjectKey, ObjectKind } from '../model.ts';
import { probed, probing, readWhole, SETTINGS } from '../read.ts';
import { systemCatalog } from '../system-catalogs.ts';
import { affectedQuery, neighboursQuery, oids } from './affected.ts';
import { dependenciesQuery } from './dependencies.ts';
import { belongings, type Clusters, clustersOf, splice, spliceDependencies } from './splice.ts';
import {
  BOUNDARY_QUERY,
  changesSince,
  isNothing,
  shiftFor,
  type Tally,
  tallyOf,
  tallyQueries,
} from './tally.ts';

/** What is remembered beside a catalog, so that it can be read again by halves. */
interface Memory {
  readonly tally: Tally;
  readonly clusters: Clusters;
  /** How many relations and routines were read for it; null: all. */
  readonly again: number | null;
}

const memories = new WeakMap<Catalog, Memory>();

const SCOPED: ReadonlySet<ObjectKind> = new Set(KINDS.flatMap((kind) => kind.scope?.makes ?? []));

/** `readCatalog` with dependencies, and what `rereadCatalog` starts from. Throws what `readCatalog` throws. */
export async function readCatalogToRemember(connection: Connection): Promise<Catalog> {
  const { server, boundary, shift } = await lookAround(connection);
  const { catalog, context, further } = await readWhole(connection, {}, tallyQueries(shift, boundary));
  const clusters = clustersOf(catalog.objects, belongings(context, SCOPED));
  if (clusters !== null && catalog.parked.length === 0) {
    memories.set(catalog, { tally: tallyOf(further, { server, boundary }, shift), clusters, again: null });
  }
  return catalog;
}

/**
 * The catalog as it is now: what `readCatalog` with dependencies gives, whatever happened since `previous` was read. That
 * must have come from `readCatalogToRemember` or from here, and from this database or one that this is a copy of (CREATE
 * DATABASE … TEMPLATE keeps OIDs and row versions); where it did not, or anything speaks against it, all is read.
 *
 * Throws what `readCatalog` throws. Not inside a transaction.
 */
export async function rereadCatalog(connection: Connection, previous: Catalog): Promise<Catalog> {
  const memory = memories.get(previous);
  if (memory === undefined) return readCatalogToRemember(connection);
  return (await readChanged(connection, previous, memory)) ?? readCatalogToRemember(connection);
}

/** How many relations and routines were read again for this catalog; null where all was read. For tests and measures. */
export function readAgainFor(catalog: Catalog): number | null {
  return memories.get(catalog)?.again ?? null;
}

async function lookAround(connection: Connection) {
  const results = await connection.script(`SET search_path = pg_catalog, pg_temp; ${BOUNDARY_QUERY};
    SELECT max(oid) FROM pg_class; RESET search_path`);
  const [server = null, boundary = null] = results[1]?.[0] ?? [];
  return {
    server: server ?? '',
    boundary: boundary ?? '0',
    shift: shiftFor(Number(results[2]?.[0]?.[0] ?? 0)),
  };
}

/** Beyond this share of the relations (and this number) reading all is as quick. */
const MOST = 0.3;
const FEW = 40;

/** Null: read all. */
async function readChanged(
  connection: Connection,
  previous: Catalog,
  memory: Memory,
): Promise<Catalog | null> {
  const { server, boundary } = await lookAround(connection);
  if (server !== memory.tally.server) return null;
  let isOpen = false;
  try {
    const opening = ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...SETTINGS];
    const rare = KINDS.filter((kind) => kind.probe !== undefined);
    const { shift } = memory.tally;
    const tallies = tallyQueries(shift, memory.tally.boundary);
    const looked = await connection.script([...opening, ...tallies, probing(rare)].join(';\n'));
    isOpen = true;
    const counted = looked.slice(opening.length, opening.length + tallies.length);
    const changes = changesSince(memory.tally, counted);
    if (changes === null) return null;
    const tally = tallyOf(counted, { server, boundary }, shift);
    const there = probed(rare, looked.at(-1));
    const kinds = KINDS.filter((kind) => kind.probe === undefined || there.includes(kind));
    const affected = { relation: new Set<string>(), routine: new Set<string>() };
    if (!isNothing(changes)) {
      const [rows = []] = await connection.script(affectedQuery(changes));
      for (const [what, oid] of rows) {
        if (oid !== null && oid !== undefined) affected[what === 'routine' ? 'routine' : 'relation'].add(oid);
      }
    }
    addWhatWasThere(affected, changes, memory.clusters);
    if (affected.relation.size > Math.max(FEW, memory.clusters.size * MOST)) return null;
    const again = new Set([
      ...[...affected.relation].map((oid) => `relation ${oid}`),
      ...[...affected.routine].map((oid) => `routine ${oid}`),
    ]);
    const [neighbours = []] = await connection.script(neighboursQuery(affected.relation));
    const wanted: Wanted = {
      relation: new Set(affected.relation),
      neighbour: new Set(neighbours.map(([oid]) => oid ?? '0')),
      routine: affected.routine,
    };
    for (const [oid, whole] of neighbours) if (whole === 't' && oid !== null) wanted.relation.add(oid ?? '0');
    for (let attempt = 0; attempt < 3; attempt++) {
      const part = await readPart(connection, kinds, wanted);
      const missed = [...part.missed].filter((oid) => memory.clusters.has(`relation ${oid}`));
      if (missed.length > 0) {
        for (const oid of missed) wanted.neighbour.add(oid);
        continue;
      }
      const { context } = part;
      if (context.parked.length > 0 || context.tableMemos.size > 0 || context.columnMemos.size > 0)
        return null;
      const clusters = clustersOf(context.objects, belongings(context, SCOPED));
      if (clusters === null) return null;
      const spliced = splice(previous, memory.clusters, { objects: context.objects, clusters }, again);
      const elsewhere = keysOf(previous, spliced.removed, part.dependencies, context);
      const read = readDependencies(part.dependencies, context, elsewhere);
      const catalog: Catalog = {
        major: previous.major,
        objects: spliced.objects,
        dependencies: spliceDependencies(previous.dependencies, spliced, read.dependencies),
        parked: [],
      };
      memories.set(catalog, { tally, clusters: spliced.clusters, again: again.size });
      return catalog;
    }
    return null;
  } catch {
    // Somebody else is at work in the database, or a query met what it does not know: the whole read will tell.
    isOpen = true;
    return null;
  } finally {
    if (isOpen) await connection.script('ROLLBACK').catch(() => undefined);
  }
}

interface Affected {
  readonly relation: Set<string>;
  readonly routine: Set<string>;
}

/** Relations and routines that were there in a range of OIDs out of which something is gone. */
function addWhatWasThere(
  affected: Affected,
  changes: NonNullable<ReturnType<typeof changesSince>>,
  clusters: Clusters,
): void {
  const { relationRanges, routineRanges, addressRanges } = changes;
  const ranges = {
    relation: [...relationRanges, ...addressRanges],
    routine: [...routineRanges, ...addressRanges],
  };
  if (ranges.relation.length + ranges.routine.length === 0) return;
  for (const cluster of clusters.keys()) {
    if (cluster === null) continue;
    const space = cluster.indexOf(' ');
    const what = cluster.startsWith('routine') ? 'routine' : 'relation';
    const oid = cluster.slice(space + 1);
    const number = Number(oid);
    if (ranges[what].some(([first, last]) => number >= first && number <= last)) affected[what].add(oid);
  }
}

interface Part {
  readonly context: ReadContext;
  readonly dependencies: readonly TextRow[];
  /** OIDs of relations that were looked up and not among those read. */
  readonly missed: ReadonlySet<string>;
}

/** Remembers whom it was asked for in vain. */
class AskedRelations extends Map<string, Relation> {
  readonly missed = new Set<string>();

  override get(oid: string): Relation | undefined {
    const relation = super.get(oid);
    if (relation === undefined) this.missed.add(oid);
    return relation;
  }
}

type Wanted = Readonly<Record<Scope['of'], Set<string>>>;

async function readPart(connection: Connection, kinds: readonly Kind[], wanted: Wanted): Promise<Part> {
  const { major } = connection.server;
  const queries = kinds.map((kind) => {
    const query = kind.query(major);
    return query === null ? null : scoped(kind, query, wanted);
  });
  const statements = [
    ...queries.filter((query) => query !== null),
    dependenciesQuery(wanted.relation, wanted.routine, wanted.neighbour),
  ];
  const results = await connection.script(statements.join(';\n'));
  const found = new AskedRelations();
  const context = new ReadContext(major, found);
  let next = 0;
  for (const [position, kind] of kinds.entries()) {
    kind.read(queries[position] === null ? [] : (results[next++] ?? []), context);
  }
  return { context, dependencies: results[next] ?? [], missed: found.missed };
}

function scoped(kind: Kind, query: string, wanted: Wanted): string {
  const { scope } = kind;
  if (scope === undefined) return query;
  const names = Array.from({ length: scope.column }, (_, index) => `c${index + 1}`);
  const column = `c${scope.column}`;
  const list = oids(scope.orNone === true ? [...wanted[scope.of], '0'] : wanted[scope.of]);
  const orNone = scope.orNone === true ? ` OR ${column} IS NULL` : '';
  return `SELECT * FROM (${query}) AS q(${names.join(', ')}) WHERE ${column} = ANY (${list})${orNone}`;
}

/** Keys, by physical address, of the objects that stay and that these entries may lead to. */
function keysOf(
  previous: Catalog,
  removed: ReadonlyMap<ObjectKey, unknown>,
  rows: readonly TextRow[],
  context: ReadContext,
): ReadonlyMap<string, ObjectKey> {
  const wanted = new Set<string>([
    ...context.parts.values(),
    ...context.ownedSequences.values(),
    ...context.members.values(),
  ]);
  for (const [catalog, oid, sub, refCatalog, refOid, refSub] of rows) {
    for (const [about, id, part] of [
      [catalog, oid, sub],
      [refCatalog, refOid, refSub],
    ]) {
      const address = `${systemCatalog(about ?? '')}:${id}`;
      wanted.add(address);
      if (part !== '0') wanted.add(`${address}.${part}`);
    }
  }
  const keys = new Map<string, ObjectKey>();
  for (const [key, { physical }] of previous.objects) {
    if (wanted.has(physical) && !removed.has(key)) keys.set(physical, key);
  }
  return keys;
}
