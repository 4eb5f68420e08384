/**
 * One set of facts from two: what the text and the catalog tell, and what a server did with the statement on a scratch
 * copy. Where both speak of the same thing and differ, the server is right, and the difference is kept: it is an error in
 * what is known about PostgreSQL here.
 */
import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import { blocksOf, strength, type Tag } from '../effect.ts';
import type { Disagreement, LockMode, StatementFacts, StatementLock } from '../model.ts';
import type { Observation } from './observe.ts';
import type { TracedStatement } from './run.ts';

/** The facts of a statement that either side tells. */
export type Told = Pick<
  StatementFacts,
  'locks' | 'rewrites' | 'scans' | 'builds' | 'validates' | 'loses' | 'blocks' | 'class'
>;

export type Merged = Told &
  Pick<StatementFacts, 'source' | 'disagreements' | 'untraced' | 'fails' | 'lockTimeoutMs'>;

export interface MergeContext {
  /** The statement's kind in the grammar. */
  readonly kind: string;
  readonly transactional: boolean;
  /** Relations that the migration made itself: nobody else uses them. */
  readonly isNew: (relation: string) => boolean;
  readonly isPartitioned: (relation: string) => boolean;
  /**
   * The trace ran on the target's own major version, and the text was judged with the whole schema in sight: only then
   * can the two sides be held against each other.
   */
  readonly comparable: boolean;
}

/** Statements that run whatever a body, a trigger or a function holds: their text claims nothing. */
const OPAQUE = new Set([
  'DoStmt',
  'CallStmt',
  'SelectStmt',
  'ExecuteStmt',
  'ExplainStmt',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'CreateExtensionStmt',
  'AlterExtensionStmt',
]);

/** Weaker modes disturb nobody but those who change the schema, and depend on plans and rows. */
const FELT = strength('ShareUpdateExclusiveLock');

export function mergeTrace(told: Told, traced: TracedStatement | undefined, context: MergeContext): Merged {
  if (traced === undefined) return { ...told, source: 'static' };
  if (traced.state === 'untraced') return { ...told, source: 'static', untraced: traced.reason };
  if (traced.state === 'failed') {
    const { sqlstate, message } = traced.error;
    return { ...told, source: 'static', fails: { sqlstate, message } };
  }
  const seen = ofOthers(traced.observation, context);
  const locks = mergedLocks(told, seen.locks, context);
  const disagreements = context.comparable && !OPAQUE.has(context.kind) ? compare(told, seen, context) : [];
  return {
    source: 'traced',
    locks,
    rewrites: seen.rewrites,
    scans: [...new Set([...seen.scans, ...queried(told, seen, context)])],
    builds: seen.builds,
    validates: mergedValidates(told.validates, seen),
    loses: [
      ...told.loses,
      ...seen.lost.filter(({ object }) => told.loses.every((one) => one.object !== object)),
    ],
    blocks: blocksOf(locks),
    class: told.class,
    ...(seen.lockTimeoutMs === null ? {} : { lockTimeoutMs: seen.lockTimeoutMs }),
    ...(disagreements.length === 0 ? {} : { disagreements }),
  };
}

/** What was done beyond what the text tells, as far as it decides type, risk and reversibility. */
export function tagsOf(
  traced: TracedStatement | undefined,
  isNew: (relation: string) => boolean,
): readonly Tag[] {
  if (traced?.state !== 'observed') return [];
  const { lost, created, dropped, columns, written } = traced.observation;
  const tags = new Set<Tag>();
  if (created.length > 0 || dropped.length > 0 || columns.length > 0) tags.add('changes-schema');
  for (const { relation, column } of lost) {
    if (!isNew(relation))
      tags
        .add('alters')
        .add('takes-away')
        .add(column === null ? 'table-dropped' : 'column-dropped');
  }
  for (const { relation, type, nullable } of columns) {
    if (isNew(relation)) continue;
    tags.add('alters');
    if (type[0] !== type[1]) tags.add('type-change');
    if (nullable[0] && !nullable[1]) tags.add('not-null');
  }
  if (Object.keys(written).some((relation) => !isNew(relation))) tags.add('writes-rows');
  return [...tags];
}

interface Seen {
  readonly locks: readonly StatementLock[];
  readonly rewrites: readonly string[];
  readonly scans: readonly string[];
  readonly builds: readonly string[];
  readonly validates: readonly string[];
  readonly lost: StatementFacts['loses'];
  readonly lockTimeoutMs: number | null;
}

/** Without what the migration made itself. */
function ofOthers(observation: Observation, { isNew }: MergeContext): Seen {
  const old = (relation: string) => !isNew(relation);
  return {
    locks: observation.locks.filter(({ relation }) => old(relation)),
    rewrites: observation.rewrites.filter(old),
    scans: observation.scans.filter(old),
    builds: observation.built.filter(({ table }) => old(table)).map(({ index }) => index),
    validates: observation.validates.filter((constraint) => old(relationOf(constraint))),
    lost: observation.lost
      .filter(({ relation }) => old(relation))
      .map(({ relation, column }) =>
        column === null
          ? { object: relation, what: 'the table and its rows' }
          : { object: `${relation}.${column}`, what: 'the column and its values' },
      ),
    lockTimeoutMs: observation.lockTimeoutMs,
  };
}

/** `schema.table` of `schema.table.part`. */
function relationOf(name: string): string {
  const [schema = '', table = ''] = splitQualified(name);
  return quoteQualified(schema, table);
}

function byRelation(locks: readonly StatementLock[]): ReadonlyMap<string, StatementLock> {
  const found = new Map<string, StatementLock>();
  for (const lock of locks) {
    const known = found.get(lock.relation);
    if (known === undefined || strength(lock.mode) > strength(known.mode)) found.set(lock.relation, lock);
  }
  return found;
}

/**
 * What was seen, in the capacity that the text gives it. Of what the text tells beyond that stays: what a table of some
 * rows does not show (weak locks of plans and of look-ups per row), and, of what runs in transactions of its own, what
 * may have been too short to see.
 */
function mergedLocks(
  told: Told,
  seen: readonly StatementLock[],
  context: MergeContext,
): readonly StatementLock[] {
  const known = byRelation(told.locks);
  const observed = byRelation(seen);
  const merged: StatementLock[] = [];
  for (const lock of observed.values()) {
    const other = known.get(lock.relation);
    // Every plan opens the indexes of its tables; their locks say nothing that those of the tables do not.
    const isPart = lock.role === 'index' || lock.role === 'sequence';
    if (isPart && other === undefined && (lock.role === 'index' || strength(lock.mode) < FELT)) continue;
    const stronger =
      other !== undefined && mayHide(other.mode, context) && strength(other.mode) > strength(lock.mode);
    merged.push({ ...lock, role: other?.role ?? lock.role, mode: stronger ? other.mode : lock.mode });
  }
  for (const lock of known.values()) {
    if (!observed.has(lock.relation) && mayHide(lock.mode, context)) merged.push(lock);
  }
  return merged;
}

/** Whether a lock of this mode may be taken although it was not seen. */
function mayHide(mode: LockMode, context: MergeContext): boolean {
  return strength(mode) < FELT || !context.transactional;
}

/**
 * What is read whole as the text tells, and is not seen. Relations that a query inside of the statement reads: the plan of a copy with some rows goes
 * by indexes where that of a large table would not.
 */
function queried(told: Told, seen: Seen, { kind, transactional }: MergeContext): readonly string[] {
  // Between its transactions the server sends its counts off; and VACUUM counts nothing.
  if (!transactional) return told.scans;
  if (OPAQUE.has(kind)) return [];
  const read = seen.locks.filter(({ mode }) => mode === 'AccessShareLock').map(({ relation }) => relation);
  return told.scans.filter((relation) => read.includes(relation));
}

/** The text's own words for what is proved, where the table was read for it; else what the server proved. */
function mergedValidates(told: readonly string[], seen: Seen): readonly string[] {
  const proved = told.filter((what) =>
    seen.scans.some(
      (table) =>
        what === table ||
        what.startsWith(`${table}.`) ||
        what.startsWith(`${table} `) ||
        what.startsWith(`${table},`),
    ),
  );
  return [...new Set([...proved, ...seen.validates])];
}

function compare(told: Told, seen: Seen, context: MergeContext): readonly Disagreement[] {
  return [...lockDifferences(told, seen, context), ...setDifferences(told, seen, context)];
}

function lockDifferences(told: Told, seen: Seen, context: MergeContext): readonly Disagreement[] {
  const known = byRelation(told.locks);
  const observed = byRelation(seen.locks);
  return [...new Set([...known.keys(), ...observed.keys()])].flatMap((relation): Disagreement[] => {
    const said = known.get(relation)?.mode ?? null;
    const real = observed.get(relation)?.mode ?? null;
    if (said === real || Math.max(weight(said), weight(real)) < FELT) return [];
    // Of indexes is told only where they are what the statement is about.
    if (said === null && observed.get(relation)?.role === 'index') return [];
    // Too short to be seen from outside.
    if (!context.transactional && weight(said) > weight(real)) return [];
    return [{ what: 'lock', relation, static: said, traced: real }];
  });
}

function weight(mode: LockMode | null): number {
  return mode === null ? -1 : strength(mode);
}

function setDifferences(told: Told, seen: Seen, context: MergeContext): readonly Disagreement[] {
  // What a query of the statement reads, and how, is its plan's affair.
  const sources = new Set(
    seen.locks.filter(({ mode }) => strength(mode) < FELT).map(({ relation }) => relation),
  );
  const differ = (
    what: 'rewrite' | 'scan',
    said: readonly string[],
    real: readonly string[],
  ): Disagreement[] =>
    [...new Set([...said, ...real])].flatMap((relation) => {
      const [isSaid, isReal] = [said.includes(relation), real.includes(relation)];
      if (isSaid === isReal || context.isPartitioned(relation)) return [];
      if (what === 'scan' && sources.has(relation)) return [];
      return [{ what, relation, static: isSaid ? what : null, traced: isReal ? what : null }];
    });
  // A rewrite reads the table as well, whether that is said or not.
  const scans = (facts: Pick<Told, 'scans' | 'rewrites'>) => [
    ...new Set([...facts.scans, ...facts.rewrites]),
  ];
  const outside = !context.transactional;
  return [
    ...differ('rewrite', told.rewrites, seen.rewrites),
    ...differ('scan', scans(told), outside ? [...scans(seen), ...scans(told)] : scans(seen)),
  ];
}
