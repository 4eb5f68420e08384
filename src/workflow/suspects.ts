/** Who may have made a difference: the entries of the DDL log that concern its object. */
import type { Catalog, CatalogObject, Difference, ObjectKey } from '../catalog/model.ts';
import type { DdlEntry } from '../ledger/ddl-log.ts';
import type { RunRecord } from '../ledger/model.ts';
import { splitQualified } from '../sql/quote.ts';

export interface Suspect {
  /** ISO 8601, UTC, by the server's clock. */
  readonly at: string;
  readonly user: string;
  /** What SET ROLE made of the user; null where it was not used. */
  readonly role: string | null;
  readonly application: string | null;
  /** Address; null for a local socket. */
  readonly client: string | null;
  readonly pid: number;
  /** Transaction id. */
  readonly transaction: string;
  /** Command tag, e.g. `ALTER TABLE`. */
  readonly command: string;
  /** What the statement was about, as the server names it; null for GRANT and REVOKE. */
  readonly object: string | null;
  /** What the client sent (its first 4 000 characters); null where it may hold a secret. */
  readonly statement: string | null;
  /** Ferrata's own run, where it was one. */
  readonly run: {
    readonly id: string;
    readonly migration: string;
    readonly direction: 'up' | 'down';
  } | null;
  /** True: the log names the object, or its table with a text that mentions it. False: one of the two. */
  readonly certain: boolean;
}

export interface SuspectInput {
  readonly recorded: Catalog;
  readonly live: Catalog;
  /** Whether OIDs of the recorded schema mean the same in the live one. */
  readonly sameDatabase: boolean;
  readonly entries: readonly DdlEntry[];
  readonly runs: readonly Pick<RunRecord, 'id' | 'migration' | 'startedAt' | 'finishedAt' | 'steps'>[];
}

/**
 * The suspects of one difference, in the order of time, one per statement. Entries that name the object itself come
 * before those of its table; of several on the table those that mention the name.
 */
export function findSuspects(difference: Difference, input: SuspectInput): readonly Suspect[] {
  const subject = subjectOf(difference, input);
  const relevant = input.entries.filter((entry) => concerns(entry, difference));
  const own = relevant.filter((entry) => names(entry, subject.own));
  const decisive = decide(own, difference);
  const near = relevant.filter((entry) => !own.includes(entry) && names(entry, subject.parent));
  const mentioned = near.filter((entry) => mentions(entry, subject.leaf));
  const unnamed = relevant.filter((entry) => entry.physical === null && covers(entry, difference, subject));
  // A drop of the object says it all; anything else may be one of several statements.
  const settled = difference.property === 'presence' && decisive.length > 0;
  const others = settled || mentioned.length > 0 || own.length > 0 ? [] : near;
  return oncePerStatement([
    ...[...decisive, ...(settled ? [] : mentioned)].map((entry) => ({ entry, certain: true })),
    ...[...others, ...(settled ? [] : unnamed)].map((entry) => ({ entry, certain: false })),
  ]).map(({ entry, certain }) => suspect(entry, certain, input.runs));
}

interface Subject {
  readonly own: Address;
  readonly parent: Address;
  /** Unquoted last part of the name, and the one after a rename. */
  readonly leaf: readonly string[];
}

interface Address {
  readonly physicals: ReadonlySet<string>;
  readonly identities: ReadonlySet<string>;
}

function subjectOf(difference: Difference, { recorded, live, sameDatabase }: SuspectInput): Subject {
  const key: ObjectKey = `${difference.kind} ${difference.object}`;
  const renamed =
    difference.property === 'name' && typeof difference.after === 'string'
      ? live.objects.get(`${difference.kind} ${difference.after}`)
      : undefined;
  const before = recorded.objects.get(key);
  const after = live.objects.get(key) ?? renamed;
  const address = (old: CatalogObject | undefined, current: CatalogObject | undefined): Address => ({
    physicals: new Set([
      ...(sameDatabase && old !== undefined ? [old.physical] : []),
      ...(current === undefined ? [] : [current.physical]),
    ]),
    identities: new Set([old, current].flatMap((object) => (object === undefined ? [] : [object.identity]))),
  });
  const parentOf = (object: CatalogObject | undefined, catalog: Catalog) =>
    object?.parent == null ? undefined : catalog.objects.get(object.parent);
  const parents = [parentOf(before, recorded), parentOf(after, live)] as const;
  const leaf = [before, after].flatMap((object) =>
    object === undefined ? [] : [splitQualified(object.identity.replace(/\(.*$/s, '')).at(-1) ?? ''],
  );
  return {
    own: address(before, after),
    parent: address(...parents),
    leaf: [...new Set(leaf)].filter((name) => name !== ''),
  };
}

function names(entry: DdlEntry, { physicals, identities }: Address): boolean {
  if (entry.physical !== null && physicals.has(entry.physical)) return true;
  // By name where the OID is not known any more: of an object that is gone, or recorded in another database.
  return entry.identity !== null && entry.dropped && identities.has(entry.identity);
}

/** Whether the command can have changed that property at all. */
function concerns(entry: DdlEntry, { property }: Difference): boolean {
  const { tag, query } = entry;
  const grants = tag === 'GRANT' || tag === 'REVOKE' || tag === 'ALTER DEFAULT PRIVILEGES';
  if (property === 'comment') return !grants;
  if (tag === 'COMMENT') return false;
  const alters = tag.startsWith('ALTER ') && tag !== 'ALTER DEFAULT PRIVILEGES';
  // A new owner rewrites the privileges, and what is made anew has none of the old ones.
  if (property === 'privileges') return !alters || query === null || /\bowner\b/i.test(query);
  if (property === 'owner') return !grants && (!alters || query === null || /\bowner\b/i.test(query));
  // Of views, of column privileges, of default privileges.
  return property === 'columns' || property === 'grants' || property === 'definition' || !grants;
}

function decide(own: readonly DdlEntry[], { property, after }: Difference): readonly DdlEntry[] {
  if (property === 'comment') {
    const comments = own.filter((entry) => entry.tag === 'COMMENT');
    return comments.length > 0 ? comments : own;
  }
  if (property !== 'presence') return own;
  const decisive = own.filter((entry) =>
    after === 'absent' ? entry.dropped : /^(CREATE|SELECT INTO|IMPORT)/.test(entry.tag),
  );
  return decisive.length > 0 ? decisive : own;
}

function mentions(entry: DdlEntry, leaf: readonly string[]): boolean {
  const text = entry.query?.toLowerCase();
  return text !== undefined && leaf.some((name) => containsWord(text, name.toLowerCase()));
}

function containsWord(text: string, word: string): boolean {
  const inWord = (character: string | undefined) =>
    character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!inWord(text[at - 1]) && !inWord(text[at + word.length])) return true;
  }
  return false;
}

/** GRANT, REVOKE and ALTER DEFAULT PRIVILEGES name no object in the log: their text must do. */
function covers(entry: DdlEntry, difference: Difference, subject: Subject): boolean {
  if (entry.tag === 'ALTER DEFAULT PRIVILEGES') return difference.kind === 'default privileges';
  if (difference.kind === 'default privileges') return false;
  if (entry.query === null) return true;
  const parents = [...subject.parent.identities].map((name) => splitQualified(name).at(-1) ?? '');
  return mentions(entry, subject.leaf) || mentions(entry, parents) || /\bin\s+schema\b/i.test(entry.query);
}

interface Found {
  readonly entry: DdlEntry;
  readonly certain: boolean;
}

function oncePerStatement(found: readonly Found[]): readonly Found[] {
  const kept = new Map<string, Found>();
  for (const one of found) {
    const { transaction, pid, query, tag, id } = one.entry;
    const key = `${transaction} ${pid} ${tag} ${query ?? id}`;
    if (!kept.has(key)) kept.set(key, one);
  }
  return [...kept.values()].sort((a, b) => a.entry.id - b.entry.id);
}

function suspect(entry: DdlEntry, certain: boolean, runs: SuspectInput['runs']): Suspect {
  const { at, user, role, application, client, pid, transaction, tag, identity, query } = entry;
  return {
    at,
    user,
    role,
    application,
    client,
    pid,
    transaction,
    command: tag,
    object: identity,
    statement: query,
    run: runOf(entry, runs),
    certain,
  };
}

/** One run is at work at a time (the lease): its connection's name and the time tell which. */
function runOf(entry: DdlEntry, runs: SuspectInput['runs']): Suspect['run'] {
  if (entry.application !== 'ferrata:run') return null;
  for (const { id, migration, steps, startedAt, finishedAt } of runs) {
    const step = steps.find(
      (one) => one.startedAt <= entry.at && (one.finishedAt === null || entry.at <= one.finishedAt),
    );
    if (step !== undefined) return { id, migration, direction: step.direction };
    if (startedAt <= entry.at && finishedAt !== null && entry.at <= finishedAt) {
      return { id, migration, direction: 'up' };
    }
  }
  return null;
}
