/** The migrations in the folder against those that the ledger says are applied. */
import { type ErrorCode, FerrataError } from '../errors.ts';
import { parseScript } from '../sql/parse.ts';
import { quoteQualified } from '../sql/quote.ts';
import { madeRelation, touchedRelations } from '../sql/relations.ts';
import type { Migration } from './model.ts';

/** What history needs of the ledger's `AppliedMigration`. */
export interface AppliedRecord {
  readonly id: string;
  readonly checksum: string;
  /** Recorded as applied without having been run. */
  readonly baseline?: boolean;
}

export type HistoryCode = Extract<
  ErrorCode,
  'migration-edited' | 'migration-missing' | 'migration-duplicate' | 'migration-late' | 'migration-dependency'
>;

export interface HistoryProblem {
  readonly code: HistoryCode | 'branches-touch-table';
  readonly severity: 'error' | 'warning';
  /** The migration that is wrong; of a pair, the later one. */
  readonly migration: string;
  readonly message: string;
  readonly why: string;
  readonly hint: string;
}

/**
 * What stops `up`: an applied migration that was edited or is missing, two with one number, one that is older than what
 * is applied, one whose dependency is not there. In order of migrations.
 */
export function checkHistory(
  migrations: readonly Migration[],
  applied: readonly AppliedRecord[],
): readonly HistoryProblem[] {
  const records = new Map(applied.map((record) => [record.id, record]));
  const byId = new Map(migrations.map((migration) => [migration.id, migration]));
  const newest = newestOf(applied);
  const problems: HistoryProblem[] = [...duplicates(migrations), ...missing(byId, applied)];
  for (const migration of migrations) {
    const record = records.get(migration.id);
    if (record !== undefined) {
      if (record.checksum !== '' && record.checksum !== migration.checksum) problems.push(edited(migration));
    } else if (newest !== null && migration.id < newest) problems.push(late(migration, newest));
    problems.push(...dependencies(migration, byId, records));
  }
  return problems.sort((a, b) => (a.migration < b.migration ? -1 : a.migration > b.migration ? 1 : 0));
}

/** A problem as the error that stops a command. */
export function historyError(problem: HistoryProblem): FerrataError {
  const code = problem.code === 'branches-touch-table' ? 'migration-late' : problem.code;
  return new FerrataError(code, problem.message, {
    why: problem.why,
    hint: problem.hint,
    data: { migration: problem.migration },
  });
}

/**
 * Warns where migrations that know nothing of each other touch the same table: two that are pending, or a late one and
 * newer ones that are applied. `depends_on` says that they know. Files that do not parse are left to `validate`.
 */
export async function findBranches(
  migrations: readonly Migration[],
  applied: readonly AppliedRecord[],
): Promise<readonly HistoryProblem[]> {
  const done = new Set(applied.map((record) => record.id));
  const pending = migrations.filter((migration) => !done.has(migration.id));
  const [oldest] = pending;
  if (oldest === undefined) return [];
  const involved = migrations.filter((migration) => !done.has(migration.id) || migration.id > oldest.id);
  const touches = new Map<string, Migration[]>();
  const created = new Set<string>();
  for (const migration of involved) {
    const tables = await tablesOf(migration);
    for (const table of tables.created) created.add(table);
    for (const table of tables.touched) {
      const known = touches.get(table);
      if (known === undefined) touches.set(table, [migration]);
      else known.push(migration);
    }
  }
  const problems: HistoryProblem[] = [];
  for (const [table, users] of touches) {
    // Who alters a table that another one of them creates cannot but know of it.
    const last = users.at(-1);
    if (created.has(table) || last === undefined || users.length < 2) continue;
    const strangers = users.slice(0, -1).filter((user) => !knows(last, user, migrations));
    if (strangers.length === 0) continue;
    problems.push({
      code: 'branches-touch-table',
      severity: 'warning',
      migration: last.id,
      message: `${[...strangers, last].map((user) => user.id).join(' and ')} touch the same table: ${table}`,
      why: 'When they come from two branches, neither was written, or proved, with the other in mind.',
      hint: `Rehearse them in this order, and say so in ${last.id}/migration.yaml: depends_on: [${strangers.map((user) => user.id).join(', ')}]`,
    });
  }
  return problems;
}

async function tablesOf(
  migration: Migration,
): Promise<{ readonly touched: ReadonlySet<string>; readonly created: ReadonlySet<string> }> {
  const touched = new Set<string>();
  const created = new Set<string>();
  const key = (name: { readonly schema: string | null; readonly name: string }): string =>
    quoteQualified(name.schema ?? 'public', name.name);
  try {
    const script = await parseScript(migration.up.text, migration.up.path);
    for (const statement of script.statements) {
      const made = madeRelation(statement);
      if (made !== null && !made.maybe) created.add(key(made.name));
      for (const name of touchedRelations(statement)) touched.add(key(name));
    }
  } catch (error) {
    if (!(error instanceof FerrataError)) throw error;
  }
  return { touched, created };
}

function knows(later: Migration, earlier: Migration, migrations: readonly Migration[]): boolean {
  const byId = new Map(migrations.map((migration) => [migration.id, migration]));
  const seen = new Set<string>();
  const queue = [...later.dependsOn];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const found = resolve(id, byId.keys());
    if (found === earlier.id) return true;
    queue.push(...(byId.get(found ?? '')?.dependsOn ?? []));
  }
  return false;
}

function newestOf(applied: readonly AppliedRecord[]): string | null {
  return applied.reduce<string | null>(
    (newest, { id }) => (newest === null || id > newest ? id : newest),
    null,
  );
}

function digitsOf(id: string): string {
  return /^\d+/.exec(id)?.[0] ?? id;
}

function duplicates(migrations: readonly Migration[]): HistoryProblem[] {
  const first = new Map<string, string>();
  const problems: HistoryProblem[] = [];
  for (const { id, name } of migrations) {
    const digits = digitsOf(id);
    const other = first.get(digits);
    if (other === undefined) {
      first.set(digits, id);
      continue;
    }
    problems.push({
      code: 'migration-duplicate',
      severity: 'error',
      migration: id,
      message: `${other} and ${id} have the same number`,
      why: 'The number is the order: of two with the same, nobody can say which comes first.',
      hint: `Rename the one that is not applied anywhere yet, for example to ${nextNumber(digits)}_${name}.`,
    });
  }
  return problems;
}

function missing(byId: ReadonlyMap<string, Migration>, applied: readonly AppliedRecord[]): HistoryProblem[] {
  return applied
    .filter((record) => !byId.has(record.id) && record.baseline !== true)
    .map(({ id }) => ({
      code: 'migration-missing' as const,
      severity: 'error' as const,
      migration: id,
      message: `${id} is applied to the database, but its folder is not here`,
      why: 'Perhaps this is another branch, or the folder was renamed or deleted.',
      hint: 'Bring the folder back from version control; or take the migration back with a checkout that has it (ferrata down); or ferrata repair, which explains what it would record.',
    }));
}

function edited(migration: Migration): HistoryProblem {
  return {
    code: 'migration-edited',
    severity: 'error',
    migration: migration.id,
    message: `${migration.id} was edited after it had been applied`,
    why: 'What the database has is what the file said then; the proof of its rollback is bound to that text too.',
    hint: `Undo the edit (git log -p -- '*${migration.id}*') and put the change into a new migration; or, where the edit is known to change nothing, ferrata repair.`,
  };
}

function late(migration: Migration, newest: string): HistoryProblem {
  return {
    code: 'migration-late',
    severity: 'error',
    migration: migration.id,
    message: `${migration.id} is not applied, but the newer ${newest} is`,
    why: 'It was merged late: other databases may have seen the two in another order, and its proof did not start from today’s schema.',
    hint: `Give it a number behind the newest: rename the folder to ${nextNumber(digitsOf(newest))}_${migration.name}, and rehearse it again.`,
  };
}

function dependencies(
  migration: Migration,
  byId: ReadonlyMap<string, Migration>,
  records: ReadonlyMap<string, AppliedRecord>,
): HistoryProblem[] {
  const problems: HistoryProblem[] = [];
  const applied = records.has(migration.id);
  for (const wanted of migration.dependsOn) {
    const id = resolve(wanted, [...byId.keys(), ...records.keys()]);
    const problem = (message: string, hint: string): void => {
      problems.push({
        code: 'migration-dependency',
        severity: 'error',
        migration: migration.id,
        message,
        why: `${migration.id}/migration.yaml says depends_on: ${wanted}.`,
        hint,
      });
    };
    if (id === null) {
      problem(
        `${migration.id} depends on ${wanted}, which is neither here nor applied`,
        'Bring that migration here, or correct depends_on: it takes the names of migration folders.',
      );
    } else if (id === migration.id) {
      problem(`${migration.id} depends on itself`, 'Correct depends_on.');
    } else if (!records.has(id) && (applied || id > migration.id)) {
      problem(
        applied
          ? `${migration.id} is applied, but ${id}, which it depends on, is not`
          : `${migration.id} depends on ${id}, which comes later`,
        applied ? 'Apply that one: ferrata up.' : `Rename one of the two, so that ${id} comes first.`,
      );
    }
  }
  return problems;
}

/** A dependency may be the whole id or its digits alone. */
function resolve(wanted: string, ids: Iterable<string>): string | null {
  for (const id of ids) if (id === wanted || digitsOf(id) === wanted) return id;
  return null;
}

function nextNumber(digits: string): string {
  return /^\d+$/.test(digits) ? (BigInt(digits) + 1n).toString().padStart(digits.length, '0') : `${digits}_2`;
}
