/** What a statement did, from the states before and after it and from what the server said meanwhile. */
import { columnName } from './roles.ts';
import type { Snapshot, SnapshotConstraint, SnapshotRelation } from './snapshot.ts';

export interface ColumnChange {
  /** `schema.table.column`, by its name before. */
  readonly column: string;
  readonly type: readonly [before: string, after: string];
  readonly nullable: readonly [before: boolean, after: boolean];
}

export interface ObservedDifferences {
  /** Tables and materialised views written anew: another relfilenode, and not by TRUNCATE alone. */
  readonly rewrites: readonly string[];
  /** Relations that were there before and were read from end to end: sequential scans, and what the server said. */
  readonly scans: readonly string[];
  /** Indexes on relations that were there before, built or built again. */
  readonly builds: readonly string[];
  /** Constraints of relations that were there before, proved against their rows: `schema.table.constraint`. */
  readonly validates: readonly string[];
  readonly created: readonly string[];
  readonly dropped: readonly string[];
  /** Columns whose type or nullability changed. */
  readonly columns: readonly ColumnChange[];
  /** Rows inserted, updated and deleted, by relation that was there before. */
  readonly written: Readonly<Record<string, number>>;
}

export function differences(
  before: Snapshot,
  after: Snapshot,
  messages: readonly string[],
): ObservedDifferences {
  const said = new Said(messages);
  const existing = [...before.relations.values()];
  const rewrites = existing.filter((old) => isRewritten(old, after.relations.get(old.oid), said));
  const scans = existing.filter((old) => isScanned(old, before, after, said));
  const builds = builtIndexes(before, after, said);
  return {
    rewrites: names(rewrites),
    scans: names(scans),
    builds: names(builds),
    validates: validated(before, after, said),
    ...appearance(before, after),
    columns: columnChanges(before, after),
    written: written(before, after),
  };
}

/** The server's messages, which name relations without their schema. */
class Said {
  readonly #facts = new Set<string>();

  constructor(messages: readonly string[]) {
    for (const message of messages) {
      const fact =
        /^(rewriting|verifying) table "(.+)"$/.exec(message) ??
        /^(validating) foreign key constraint "(.+)"$/.exec(message) ??
        /^(building) index ".+" on table "(.+)" (?:serially|with request)/.exec(message);
      if (fact !== null) this.#facts.add(`${fact[1]} ${fact[2]}`);
    }
  }

  has(what: 'rewriting' | 'verifying' | 'validating' | 'building', name: string): boolean {
    return this.#facts.has(`${what} ${name}`);
  }
}

function isTable({ kind }: SnapshotRelation): boolean {
  return kind === 'r' || kind === 'm';
}

/** TRUNCATE gives a table a new, empty file, and builds its indexes on nothing: it neither reads nor writes rows. */
function isEmptied(old: SnapshotRelation, now: SnapshotRelation, said: Said): boolean {
  if (old.kind !== 'r' || now.filenode === old.filenode || now.size > 0) return false;
  return now.tablespace === old.tablespace && !said.has('rewriting', old.bare);
}

function isRewritten(old: SnapshotRelation, now: SnapshotRelation | undefined, said: Said): boolean {
  if (!isTable(old) || now === undefined || now.filenode === old.filenode) return false;
  return !isEmptied(old, now, said);
}

function isScanned(old: SnapshotRelation, before: Snapshot, after: Snapshot, said: Said): boolean {
  if (!isTable(old)) return false;
  const now = after.relations.get(old.oid);
  if (now !== undefined && isEmptied(old, now, said)) return now.read > old.read;
  if (now !== undefined && now.scanned > old.scanned) return true;
  if (said.has('rewriting', old.bare) || said.has('verifying', old.bare)) return true;
  if (provedKeys(before, after, said).some((key) => key.relation === old.oid || key.references === old.oid)) {
    return true;
  }
  // An index that is built reads its table, whatever the counters say (CONCURRENTLY sends them off in between).
  return builtIndexes(before, after, said).some((index) => index.table === old.oid);
}

/** An ALTER TYPE that rewrites nothing makes the index anew and gives it the old file (TryReuseIndex): not a build. */
function builtIndexes(before: Snapshot, after: Snapshot, said: Said): readonly SnapshotRelation[] {
  const files = new Set([...before.relations.values()].map((relation) => relation.filenode));
  return [...after.relations.values()].filter((index) => {
    if (index.kind !== 'i' || index.table === null || files.has(index.filenode)) return false;
    const table = before.relations.get(index.table);
    const now = after.relations.get(index.table);
    return table !== undefined && now !== undefined && !isEmptied(table, now, said);
  });
}

/** Foreign keys whose rows were looked up: both tables are read, by whatever plan. */
function provedKeys(before: Snapshot, after: Snapshot, said: Said): readonly SnapshotConstraint[] {
  return newlyValid(before, after).filter(({ type, bare }) => type === 'f' && said.has('validating', bare));
}

function validated(before: Snapshot, after: Snapshot, said: Said): readonly string[] {
  const keys = provedKeys(before, after, said);
  const checks = newlyValid(before, after).filter(({ type, relation }) => {
    const table = before.relations.get(relation);
    return (type === 'c' || type === 'n') && table !== undefined && isScanned(table, before, after, said);
  });
  return [...keys, ...checks].map((constraint) => constraint.name);
}

/** Constraints, on tables that were there before, that are valid now and were not. */
function newlyValid(before: Snapshot, after: Snapshot): readonly SnapshotConstraint[] {
  return [...after.constraints.values()].filter(
    ({ oid, relation, validated: valid }) =>
      valid && before.relations.has(relation) && before.constraints.get(oid)?.validated !== true,
  );
}

function appearance(before: Snapshot, after: Snapshot): Pick<ObservedDifferences, 'created' | 'dropped'> {
  const old = everything(before, after);
  const now = everything(after, before);
  return {
    created: [...now].filter(([key]) => !old.has(key)).map(([, name]) => name),
    dropped: [...old].filter(([key]) => !now.has(key)).map(([, name]) => name),
  };
}

/** Names by what identifies an object: a renamed one is the same. Parts of what comes or goes itself are left out. */
function everything(snapshot: Snapshot, other: Snapshot): ReadonlyMap<string, string> {
  const found = new Map<string, string>(snapshot.objects);
  for (const { oid, name } of snapshot.relations.values()) found.set(`pg_class ${oid}`, name);
  for (const { oid, name, relation } of snapshot.constraints.values()) {
    if (other.relations.has(relation)) found.set(`pg_constraint ${oid}`, name);
  }
  for (const [key, { relation, name }] of snapshot.columns) {
    const table = snapshot.relations.get(relation);
    if (table === undefined || !other.relations.has(relation)) continue;
    found.set(`pg_attribute ${key}`, columnName(table.name, name));
  }
  return found;
}

function columnChanges(before: Snapshot, after: Snapshot): readonly ColumnChange[] {
  return [...before.columns].flatMap(([key, old]) => {
    const now = after.columns.get(key);
    const table = before.relations.get(old.relation);
    if (now === undefined || table === undefined) return [];
    if (now.type === old.type && now.nullable === old.nullable) return [];
    return [
      {
        column: columnName(table.name, old.name),
        type: [old.type, now.type] as const,
        nullable: [old.nullable, now.nullable] as const,
      },
    ];
  });
}

function written(before: Snapshot, after: Snapshot): Readonly<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const [oid, old] of before.relations) {
    const count = (after.relations.get(oid)?.written ?? 0) - old.written;
    if (count > 0) rows[old.name] = count;
  }
  return rows;
}

function names(relations: readonly SnapshotRelation[]): readonly string[] {
  return [...new Set(relations.map((relation) => relation.name))];
}
