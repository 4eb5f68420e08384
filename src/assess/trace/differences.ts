/** What a statement did, from the states before and after it and from what the server said meanwhile. */

import { quoteIdent } from '../../sql/quote.ts';
import { type Counters, counted } from './counters.ts';
import { columnName } from './roles.ts';
import type { Snapshot, SnapshotConstraint, SnapshotRelation } from './snapshot.ts';

export interface ColumnChange {
  readonly relation: string;
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
  /** The same, with their tables. */
  readonly built: readonly { readonly index: string; readonly table: string }[];
  /** Tables and columns, by their names before, that held rows or could, and are gone. */
  readonly lost: readonly { readonly relation: string; readonly column: string | null }[];
  /** Constraints of relations that were there before, proved against their rows: `schema.table.constraint`. */
  readonly validates: readonly string[];
  readonly created: readonly string[];
  readonly dropped: readonly string[];
  /** Columns whose type or nullability changed. */
  readonly columns: readonly ColumnChange[];
  /** Rows inserted, updated and deleted, by relation that was there before. */
  readonly written: Readonly<Record<string, number>>;
}

/** The states around a statement. */
export interface Moments {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly counters: readonly [before: Counters, after: Counters];
}

/**
 * @param existing the relations, by oid, of which is told what was written and read
 * @param rows how many rows tables hold, by name, as far as it is known
 */
export function differences(
  moments: Moments,
  messages: readonly string[],
  existing: ReadonlyMap<number, unknown>,
  rows: Readonly<Record<string, number>> = {},
): ObservedDifferences {
  const { before, after } = moments;
  const relations = [...before.relations.values()].filter(({ oid }) => existing.has(oid));
  const known = new Map(relations.map((relation) => [relation.oid, relation]));
  const old = { ...moments, before: { ...before, relations: known } };
  const files = new Set([...before.relations.values()].map(({ filenode }) => filenode));
  const storage = new Storage(old, files, new Said(messages), rows);
  return {
    rewrites: names(relations.filter((relation) => storage.isRewritten(relation))),
    scans: names(relations.filter((relation) => storage.isScanned(relation))),
    builds: names(storage.built),
    built: storage.built.map(({ name, table }) => ({
      index: name,
      table: before.relations.get(table ?? 0)?.name ?? '',
    })),
    lost: lost(old.before, after),
    validates: storage.validated().map((constraint) => constraint.name),
    ...appearance(before, after),
    columns: columnChanges(old.before, after),
    written: written(old),
  };
}

/** The server's messages, which name relations without their schema. */
class Said {
  readonly #facts = new Set<string>();

  constructor(messages: readonly string[]) {
    for (const message of messages) {
      const fact =
        /^(rewriting|verifying) table "(.+)"$/.exec(message) ??
        /^(validating) foreign key constraint "(.+)"$/.exec(message);
      if (fact !== null) this.#facts.add(`${fact[1]} ${fact[2]}`);
    }
  }

  has(what: 'rewriting' | 'verifying' | 'validating', name: string): boolean {
    return this.#facts.has(`${what} ${name}`);
  }
}

/** In fewer rows one that is looked for cannot be told from all. */
const TELLING_ROWS = 3;

/** Which files were written and read. */
class Storage {
  readonly #before: Snapshot;
  readonly #after: Snapshot;
  /** Files of all relations before, those included of which nothing is told. */
  readonly #files: ReadonlySet<number>;
  readonly #counters: Moments['counters'];
  readonly #said: Said;
  /** Indexes of tables that were there before. */
  readonly built: readonly SnapshotRelation[];
  /** Constraints, on tables that were there before, that are valid now and were not. */
  readonly #newlyValid: readonly SnapshotConstraint[];
  /** Names of constraints that were valid before. */
  readonly #wasValid: ReadonlySet<string>;
  /** Tables that the proof of a foreign key, the build of an index or a scan of a whole index reads. */
  readonly #readFor = new Set<number>();

  constructor(
    { before, after, counters }: Moments,
    files: ReadonlySet<number>,
    said: Said,
    rows: Readonly<Record<string, number>>,
  ) {
    this.#before = before;
    this.#after = after;
    this.#files = files;
    this.#counters = counters;
    this.#said = said;
    this.#wasValid = new Set(
      [...before.constraints.values()].filter(({ validated }) => validated).map(({ name }) => name),
    );
    this.built = this.#builtIndexes();
    for (const { table } of this.built) if (table !== null) this.#readFor.add(table);
    for (const index of before.relations.values()) {
      const table = index.kind === 'i' ? before.relations.get(index.table ?? 0) : undefined;
      const { scans, read } = counted(...counters, index.oid);
      // A scan of the index that gives every row is one of the table: it went there for its order.
      const all = rows[table?.name ?? ''] ?? 0;
      if (table !== undefined && all >= TELLING_ROWS && scans > 0 && read / scans >= all)
        this.#readFor.add(table.oid);
    }
    this.#newlyValid = [...after.constraints.values()].filter(
      ({ oid, relation, validated }) =>
        validated && before.relations.has(relation) && before.constraints.get(oid)?.validated !== true,
    );
    for (const key of this.#newlyValid.filter((constraint) => this.#isProvedKey(constraint))) {
      this.#readFor.add(key.relation);
      if (key.references !== null) this.#readFor.add(key.references);
    }
  }

  isRewritten(old: SnapshotRelation): boolean {
    const now = this.#after.relations.get(old.oid);
    if (!isTable(old) || now === undefined || now.filenode === old.filenode) return false;
    return !this.#isEmptied(old, now);
  }

  isScanned(old: SnapshotRelation): boolean {
    if (!isTable(old)) return false;
    const now = this.#after.relations.get(old.oid);
    const { scans, read } = counted(...this.#counters, old.oid);
    if (now !== undefined && this.#isEmptied(old, now)) return read > 0;
    if (scans > 0) return true;
    if (this.#said.has('rewriting', old.bare) || this.#said.has('verifying', old.bare)) return true;
    return this.#readFor.has(old.oid);
  }

  validated(): readonly SnapshotConstraint[] {
    return this.#newlyValid.filter((constraint) => {
      if (constraint.type === 'f') return this.#isProvedKey(constraint);
      const table = this.#before.relations.get(constraint.relation);
      const isCheck = constraint.type === 'c' || constraint.type === 'n';
      // A change of type makes them anew under their names; what they say was true before.
      if (this.#wasValid.has(constraint.name)) return false;
      return isCheck && table !== undefined && this.isScanned(table);
    });
  }

  #isProvedKey({ type, bare }: SnapshotConstraint): boolean {
    return type === 'f' && this.#said.has('validating', bare);
  }

  /** TRUNCATE gives a table a new, empty file, and builds its indexes on nothing: it neither reads nor writes rows. */
  #isEmptied(old: SnapshotRelation, now: SnapshotRelation): boolean {
    if (old.kind !== 'r' || now.filenode === old.filenode || now.size > 0) return false;
    return now.tablespace === old.tablespace && !this.#said.has('rewriting', old.bare);
  }

  /** An ALTER TYPE that rewrites nothing makes the index anew and gives it the old file (TryReuseIndex): not a build. */
  #builtIndexes(): readonly SnapshotRelation[] {
    return [...this.#after.relations.values()].filter((index) => {
      if (index.kind !== 'i' || index.table === null || this.#files.has(index.filenode)) return false;
      const table = this.#before.relations.get(index.table);
      const now = this.#after.relations.get(index.table);
      if (table === undefined || now === undefined || this.#isEmptied(table, now)) return false;
      // Moved into another tablespace by itself, its file is copied as it is.
      const old = this.#before.relations.get(index.oid);
      return old === undefined || old.tablespace === index.tablespace || now.filenode !== table.filenode;
    });
  }
}

function isTable({ kind }: SnapshotRelation): boolean {
  return kind === 'r' || kind === 'm';
}

function appearance(before: Snapshot, after: Snapshot): Pick<ObservedDifferences, 'created' | 'dropped'> {
  const created = missingFrom(before, after);
  const dropped = missingFrom(after, before);
  // A change of type makes indexes and constraints anew, under their old names.
  const tables = new Set(names(tablesOf(before)));
  const gone = new Set(dropped);
  const again = new Set(created.filter((name) => gone.has(name) && !tables.has(name)));
  return {
    created: created.filter((name) => !again.has(name)),
    dropped: dropped.filter((name) => !again.has(name)),
  };
}

function tablesOf({ relations }: Snapshot): readonly SnapshotRelation[] {
  return [...relations.values()].filter(({ kind }) => HOLDS_ROWS.has(kind));
}

/** What `there` has and `here` has not. Parts of a relation that is missing itself are left out. */
function missingFrom(here: Snapshot, there: Snapshot): readonly string[] {
  const found: string[] = [];
  for (const [key, name] of there.objects) if (!here.objects.has(key)) found.push(name);
  for (const [oid, { name }] of there.relations) if (!here.relations.has(oid)) found.push(name);
  for (const [oid, { name, relation }] of there.constraints) {
    if (!here.constraints.has(oid) && here.relations.has(relation)) found.push(name);
  }
  for (const [relation, columns] of there.columns) {
    const others = here.columns.get(relation);
    // The very same: nothing was read of it again.
    if (others === columns || !here.relations.has(relation)) continue;
    for (const [number, { name }] of columns) {
      if (others?.has(number) !== true)
        found.push(columnName(there.relations.get(relation)?.name ?? '', name));
    }
  }
  return found;
}

const HOLDS_ROWS = new Set(['r', 'p', 'm', 'f']);

function lost(before: Snapshot, after: Snapshot): ObservedDifferences['lost'] {
  const gone = tablesOf(before).filter(({ oid }) => !after.relations.has(oid));
  const columns = tablesOf(before).flatMap(({ oid, name: table }) => {
    if (!after.relations.has(oid)) return [];
    const left = after.columns.get(oid);
    const missing = [...(before.columns.get(oid) ?? [])].filter(([number]) => left?.has(number) !== true);
    return missing.map(([, { name }]) => ({ relation: table, column: quoteIdent(name) }));
  });
  return [...gone.map(({ name }) => ({ relation: name, column: null })), ...columns];
}

function columnChanges(before: Snapshot, after: Snapshot): readonly ColumnChange[] {
  return [...before.columns].flatMap(([relation, columns]) => {
    const now = after.columns.get(relation);
    const table = before.relations.get(relation);
    if (now === undefined || now === columns || table === undefined) return [];
    return [...columns].flatMap(([number, old]): ColumnChange[] => {
      const changed = now.get(number);
      if (changed === undefined || (changed.type === old.type && changed.nullable === old.nullable))
        return [];
      return [
        {
          relation: table.name,
          column: columnName(table.name, old.name),
          type: [old.type, changed.type],
          nullable: [old.nullable, changed.nullable],
        },
      ];
    });
  });
}

function written({ before, counters }: Moments): Readonly<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const [oid, { name }] of before.relations) {
    const count = counted(...counters, oid).written;
    if (count > 0) rows[name] = count;
  }
  return rows;
}

function names(relations: readonly SnapshotRelation[]): readonly string[] {
  return [...new Set(relations.map((relation) => relation.name))];
}
