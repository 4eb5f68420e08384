/**
 * What needs what, from `pg_depend` (manual, 5.15 and the catalog's page), between the objects of the model. What is no
 * object of its own (a default, a view's rule, the row type of a table, an index behind a constraint …) stands for the
 * one that it belongs to, which `pg_depend` itself tells by its internal and automatic entries; a member of an extension
 * stands for the extension.
 *
 * Left out: what `parent` says already, and what both belong to the same object. A sequence does not need the column
 * that owns it where that column's default needs the sequence: `ownedBy` tells, and is set when both are there.
 */
import type { ReadContext } from './context.ts';
import { type TextRow, text } from './decode.ts';
import type { CatalogObject, Dependency, ObjectKey, Parked } from './model.ts';
import { FIRST_USER_OID, systemCatalog } from './system-catalogs.ts';

/**
 * The entries that tell something: without those that follow from what an object is (an index's own columns, the index
 * and the triggers behind a constraint, TOAST tables), and without the row and array types that nobody uses. On a schema
 * of many tables that is nine tenths of them.
 */
export const DEPENDENCY_QUERY = `SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype
FROM pg_depend d
LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
  AND d.refobjid = a.adrelid AND d.refobjsubid = a.adnum
WHERE d.objid >= ${FIRST_USER_OID} AND d.deptype NOT IN ('p', 'e') AND a.oid IS NULL
  AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND (d.deptype = 'i' OR (d.deptype = 'a' AND d.objsubid = 0 AND d.refobjsubid <> 0)))
  AND NOT (d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_constraint'::regclass AND d.deptype = 'i')
  AND NOT (d.classid = 'pg_constraint'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a')
  AND NOT (d.classid = 'pg_trigger'::regclass AND d.deptype IN ('i', 'P', 'S'))
  AND NOT (d.classid = 'pg_type'::regclass AND d.deptype = 'i' AND d.objid NOT IN (
    SELECT refobjid FROM pg_depend WHERE refclassid = 'pg_type'::regclass AND deptype = 'n'
    UNION ALL SELECT t.typelem FROM pg_depend u JOIN pg_type t ON t.oid = u.refobjid
      WHERE u.refclassid = 'pg_type'::regclass AND u.deptype = 'n' AND t.typelem <> 0))`;

interface Edge {
  readonly from: string;
  readonly fromObject: string;
  readonly to: string;
  readonly toObject: string;
}

/** `catalogs:oid`, and the same with `.sub` where it is a part, as in `CatalogObject.physical`. */
function address(catalog: string, oid: string, sub: string): string {
  return sub === '0' ? `${catalog}:${oid}` : `${catalog}:${oid}.${sub}`;
}

/** Catalogs whose entries belong to one of the things that they depend on automatically: one of these. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  pg_amop: ['pg_opclass', 'pg_opfamily'],
  pg_amproc: ['pg_opclass', 'pg_opfamily'],
  pg_publication_rel: ['pg_publication'],
  pg_publication_namespace: ['pg_publication'],
};

const NONE: ReadonlyMap<string, ObjectKey> = new Map();

export function readDependencies(
  rows: readonly TextRow[],
  context: ReadContext,
  /** Further objects by their physical address: those that were not read this time. */
  elsewhere: ReadonlyMap<string, ObjectKey> = NONE,
): { readonly dependencies: readonly Dependency[]; readonly parked: readonly Parked[] } {
  const keys = new Map(elsewhere);
  const register = (object: CatalogObject) => keys.set(object.physical, `${object.kind} ${object.identity}`);
  if (rows.length > 0) {
    const wanted = relationsNamed(rows, context);
    for (const [key, object] of context.objects) {
      // Most objects are columns, and most of them nobody depends on.
      if (object.kind !== 'column' || wanted.has(object.physical)) keys.set(object.physical, key);
    }
    for (const draft of context.parked) for (const object of draft.objects) register(object);
  }
  const edges: Edge[] = [];
  /** What an object belongs to, where it is no object of the model. */
  const owners = new Map([...context.members, ...context.parts]);
  for (const [catalogOid, oid, sub, refCatalogOid, refOid, refSub, type] of rows) {
    const catalog = systemCatalog(text(catalogOid));
    const refCatalog = systemCatalog(text(refCatalogOid));
    const fromObject = `${catalog}:${oid}`;
    const toObject = `${refCatalog}:${refOid}`;
    const from = address(catalog, text(oid), text(sub));
    const to = address(refCatalog, text(refOid), text(refSub));
    if (type === 'i' || PARTS[catalog]?.includes(refCatalog)) {
      if (!keys.has(from)) owners.set(from, to);
    }
    edges.push({ from, fromObject, to, toObject });
  }
  const resolve = (part: string, whole: string): ObjectKey | undefined => {
    let place = part;
    let fallback = whole;
    for (let depth = 0; depth < 8; depth++) {
      const key = keys.get(place) ?? keys.get(fallback);
      if (key !== undefined) return key;
      const owner = owners.get(place) ?? owners.get(fallback);
      if (owner === undefined) return undefined;
      place = owner;
      const dot = owner.indexOf('.');
      fallback = dot === -1 ? owner : owner.slice(0, dot);
    }
    return undefined;
  };
  const found = new Map<string, Dependency>();
  for (const [sequence, column] of context.ownedSequences) {
    edges.push({ from: sequence, fromObject: sequence, to: column, toObject: column });
  }
  for (const edge of edges) {
    const from = resolve(edge.from, edge.fromObject);
    if (from === undefined) continue;
    const to = resolve(edge.to, edge.toObject);
    if (to === undefined || to === from) continue;
    found.set(`${from}\n${to}`, { from, to });
  }
  return sort(found, context);
}

/** Addresses of the parts of relations that the entries mention. */
function relationsNamed(rows: readonly TextRow[], context: ReadContext): ReadonlySet<string> {
  const wanted = new Set([...context.parts.values(), ...context.ownedSequences.values()]);
  for (const [, oid, sub, , refOid, refSub] of rows) {
    if (sub !== '0') wanted.add(`pg_class:${oid}.${sub}`);
    if (refSub !== '0') wanted.add(`pg_class:${refOid}.${refSub}`);
  }
  return wanted;
}

function sort(found: ReadonlyMap<string, Dependency>, context: ReadContext) {
  const parked = new Map<ObjectKey, ObjectKey | null>();
  const drafts = context.parked.map((draft) => ({
    draft,
    keys: new Set(draft.objects.map(({ kind, identity }) => `${kind} ${identity}`)),
    edges: [] as Dependency[],
  }));
  for (const { draft } of drafts) {
    for (const { kind, identity, parent } of draft.objects) parked.set(`${kind} ${identity}`, parent);
  }
  const dependencies: Dependency[] = [];
  for (const edge of found.values()) {
    const { from, to } = edge;
    if ((context.objects.get(from)?.parent ?? parked.get(from)) === to) continue;
    if (from.startsWith('sequence ') && found.has(`${to}\n${from}`)) continue;
    let isParked = false;
    for (const { keys, edges } of drafts) {
      if (!keys.has(from) && !keys.has(to)) continue;
      edges.push(edge);
      isParked = true;
    }
    if (!isParked) dependencies.push(edge);
  }
  const results = drafts.map(
    ({ draft, edges }): Parked => ({
      memo: draft.memo,
      root: draft.root,
      physical: draft.physical,
      unpark: draft.unpark,
      objects: draft.objects,
      dependencies: edges,
    }),
  );
  return { dependencies, parked: results };
}
