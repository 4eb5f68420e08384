/**
 * Who needs whom in a database, from `pg_depend` (PostgreSQL manual, 5.15), from the bodies that the server keeps as text,
 * and from publications, which carry tables without depending on each. What is no object of its own (a view's rule, a
 * row type, the index behind a constraint …) stands for the one that it belongs to.
 */
import type { Catalog, ObjectKey } from '../../catalog/model.ts';
import { FIRST_USER_OID, systemCatalog } from '../../catalog/system-catalogs.ts';
import type { Connection } from '../../postgres/connection.ts';
import { type FunctionBody, readFunctionBodies } from './bodies.ts';
import type { Dependent } from './model.ts';

/** From a dependent to what it needs: physical addresses (`pg_class:16384.2`). */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly how: Dependent['how'];
}

export interface DependencyGraph {
  /** Objects that directly need the one at this address, each once, with how. */
  dependentsOf(
    address: string,
    wholeRelation: boolean,
  ): readonly { readonly address: string; readonly how: Dependent['how'] }[];
  /** The object of the catalog that an address is, or belongs to. */
  objectAt(address: string): ObjectKey | null;
}

/** Reads the graph of the connection's database, whose catalog this is. */
export async function readDependencyGraph(
  connection: Connection,
  catalog: Catalog,
): Promise<DependencyGraph> {
  const owners = new Map<string, string>();
  const edges: Edge[] = [];
  for (const [catalogOid, oid, sub, refCatalogOid, refOid, refSub, type] of await readEntries(connection)) {
    const from = address(catalogOid, oid, sub);
    const to = address(refCatalogOid, refOid, refSub);
    const part = systemCatalog(catalogOid);
    // Internal: it is part of the other. A default and an entry of a publication are theirs by their nature.
    if (type === 'i' || (type === 'a' && PARTS.has(part))) owners.set(whole(from), to);
    edges.push({ from, to, how: 'needs' });
  }
  edges.push(...(await bodyEdges(connection)), ...(await publicationEdges(connection)));
  return new Graph(catalog, owners, edges);
}

const PARTS = new Set([
  'pg_attrdef',
  'pg_publication_rel',
  'pg_publication_namespace',
  'pg_amop',
  'pg_amproc',
]);

type Entry = readonly [string, string, string, string, string, string, string];

/** Not: what initdb made, what extensions hold, the triggers behind constraints and the parts of partitions. */
async function readEntries(connection: Connection): Promise<readonly Entry[]> {
  const [rows = []] = await connection.script(
    `SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
     FROM pg_catalog.pg_depend d WHERE d.objid >= ${FIRST_USER_OID} AND d.refobjid >= ${FIRST_USER_OID}
       AND d.deptype IN ('n', 'a', 'i')
       AND NOT (d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND d.deptype = 'i')`,
  );
  return rows as unknown as readonly Entry[];
}

function address(catalogOid: string, oid: string, sub: string): string {
  const object = `${systemCatalog(catalogOid)}:${oid}`;
  return sub === '0' ? object : `${object}.${sub}`;
}

function whole(address: string): string {
  const dot = address.indexOf('.');
  return dot === -1 ? address : address.slice(0, dot);
}

class Graph implements DependencyGraph {
  readonly #objects = new Map<string, ObjectKey>();
  readonly #owners: ReadonlyMap<string, string>;
  readonly #byTarget = new Map<string, Edge[]>();
  /** Parts of an address: what stands for it (its row type, the index behind it …). */
  readonly #parts = new Map<string, string[]>();

  constructor(catalog: Catalog, owners: ReadonlyMap<string, string>, edges: readonly Edge[]) {
    for (const [key, { physical }] of catalog.objects) this.#objects.set(physical, key);
    this.#owners = owners;
    for (const edge of edges) {
      push(this.#byTarget, edge.to, edge);
      if (whole(edge.to) !== edge.to) push(this.#byTarget, `${whole(edge.to)}.*`, edge);
    }
    for (const [part, owner] of owners) if (!this.#objects.has(part)) push(this.#parts, owner, part);
  }

  dependentsOf(address: string, wholeRelation: boolean) {
    const found = new Map<string, Dependent['how']>();
    const self = this.#place(address);
    const queue = [address];
    const seen = new Set(queue);
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      for (const part of this.#parts.get(next) ?? []) {
        if (!seen.has(part)) queue.push(part);
        seen.add(part);
      }
      const edges = [...(this.#byTarget.get(next) ?? [])];
      if (wholeRelation || next !== address) edges.push(...(this.#byTarget.get(`${whole(next)}.*`) ?? []));
      for (const { from, how } of edges) {
        const place = this.#place(from);
        if (place === null || place === self) continue;
        const known = found.get(place);
        if (known === undefined || STRENGTH.indexOf(how) < STRENGTH.indexOf(known)) found.set(place, how);
      }
    }
    return [...found].map(([at, how]) => ({ address: at, how }));
  }

  objectAt(address: string): ObjectKey | null {
    const place = this.#place(address);
    return place === null ? null : (this.#objects.get(place) ?? null);
  }

  /** The address of the object that this is, or belongs to; null where it is no object of the catalog. */
  #place(from: string): string | null {
    let at = from;
    for (let depth = 0; depth < 8; depth++) {
      if (this.#objects.has(at)) return at;
      const object = whole(at);
      if (this.#objects.has(object)) return object;
      const owner = this.#owners.get(object);
      if (owner === undefined) return null;
      at = owner;
    }
    return null;
  }
}

const STRENGTH: readonly Dependent['how'][] = ['needs', 'names', 'publishes', 'mentions'];

function push<V>(map: Map<string, V[]>, key: string, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

interface Named {
  /** `schema NUL name` → OID */
  readonly relations: ReadonlyMap<string, string>;
  /** Name alone → OIDs. */
  readonly relationWords: ReadonlyMap<string, readonly string[]>;
  /** OID → column → attnum */
  readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Name → `[schema, OID]` of routines. */
  readonly routines: ReadonlyMap<string, readonly (readonly [string, string])[]>;
  readonly searchPath: readonly string[];
}

/** What functions name whose bodies are text. */
async function bodyEdges(connection: Connection): Promise<readonly Edge[]> {
  const bodies = await readFunctionBodies(connection);
  if (bodies.length === 0) return [];
  const named = await readNames(connection);
  return bodies.flatMap((body) => edgesOf(body, named));
}

function edgesOf(body: FunctionBody, named: Named): Edge[] {
  const path = body.searchPath === null ? named.searchPath : pathOf(body.searchPath);
  const edges: Edge[] = [];
  const add = (to: string, how: Dependent['how']) => {
    if (to !== body.physical) edges.push({ from: body.physical, to, how });
  };
  const tables: { readonly oid: string; readonly names: readonly string[] }[] = [];
  for (const { schema, name, alias } of body.relations) {
    const schemas = schema === null ? path : [schema];
    const oid = schemas.map((one) => named.relations.get(`${one}\0${name}`)).find((one) => one !== undefined);
    if (oid === undefined) continue;
    add(`pg_class:${oid}`, 'names');
    tables.push({ oid, names: alias === null ? [name] : [alias, name] });
  }
  for (const [qualifier, column] of body.columns) {
    for (const { oid, names } of tables) {
      const number = named.columns.get(oid)?.get(column);
      if (number !== undefined && (qualifier === null || names.includes(qualifier)))
        add(`pg_class:${oid}.${number}`, 'names');
    }
  }
  for (const oid of body.rowsOf) {
    for (const field of body.rowFields) {
      const number = named.columns.get(oid)?.get(field);
      if (number !== undefined) add(`pg_class:${oid}.${number}`, 'names');
    }
  }
  for (const called of body.functions) {
    const parts = called.split('.');
    for (const [schema, oid] of named.routines.get(parts.at(-1) ?? '') ?? []) {
      const written = parts.length > 1 ? parts.at(-2) : null;
      if (written === null ? path.includes(schema) : written === schema) add(`pg_proc:${oid}`, 'names');
    }
  }
  for (const word of body.words) {
    for (const oid of named.relationWords.get(word) ?? []) {
      add(`pg_class:${oid}`, 'mentions');
      for (const [column, number] of named.columns.get(oid) ?? [])
        if (body.words.has(column)) add(`pg_class:${oid}.${number}`, 'mentions');
    }
  }
  // A string may hold a column of a table that is named outside of it.
  for (const { oid } of tables) {
    for (const [column, number] of named.columns.get(oid) ?? [])
      if (body.words.has(column)) add(`pg_class:${oid}.${number}`, 'mentions');
  }
  return edges;
}

async function readNames(connection: Connection): Promise<Named> {
  const [relationRows = [], columnRows = [], routineRows = [], pathRows = []] = await connection.script(
    `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE c.oid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'pg_toast';
     SELECT a.attrelid, a.attnum, a.attname FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       WHERE a.attrelid >= ${FIRST_USER_OID} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped;
     SELECT p.oid, n.nspname, p.proname FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
       WHERE p.oid >= ${FIRST_USER_OID};
     SELECT s FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS s`,
  );
  const relations = new Map<string, string>();
  const relationWords = new Map<string, string[]>();
  for (const [oid, schema, name] of relationRows) {
    relations.set(`${schema}\0${name}`, String(oid));
    push(relationWords, String(name), String(oid));
  }
  const columns = new Map<string, Map<string, string>>();
  for (const [oid, number, name] of columnRows) {
    const list = columns.get(String(oid)) ?? new Map<string, string>();
    columns.set(String(oid), list.set(String(name), String(number)));
  }
  const routines = new Map<string, (readonly [string, string])[]>();
  for (const [oid, schema, name] of routineRows) push(routines, String(name), [String(schema), String(oid)]);
  return {
    relations,
    relationWords,
    columns,
    routines,
    searchPath: pathRows.map(([schema]) => String(schema)),
  };
}

function pathOf(setting: string): readonly string[] {
  return setting.split(',').map((part) => part.trim().replace(/^"(.*)"$/, '$1'));
}

/** Publications of all tables, and of all tables of a schema, have no entry per table; one without a list of columns none per column. */
async function publicationEdges(connection: Connection): Promise<readonly Edge[]> {
  const listed = connection.server.major >= 15 ? 'AND a.attname = ANY (t.attnames)' : '';
  const rows = await connection.rows<[string, string, number]>(
    `SELECT p.oid::pg_catalog.text, c.oid::pg_catalog.text, a.attnum::pg_catalog.int4
     FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname
     JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
     JOIN pg_catalog.pg_class c ON c.relname = t.tablename AND c.relnamespace = n.oid
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ${listed}
     WHERE c.oid >= ${FIRST_USER_OID}`,
  );
  return rows.flatMap(([publication, table, number]): Edge[] => [
    { from: `pg_publication:${publication}`, to: `pg_class:${table}`, how: 'publishes' },
    { from: `pg_publication:${publication}`, to: `pg_class:${table}.${number}`, how: 'publishes' },
  ]);
}
