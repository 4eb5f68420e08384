/** Phase 1 as a whole: migrations, loose files or text, with the database's facts where it can be reached. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Assessment } from '../assess/model.ts';
import { readSizes } from '../assess/sizes.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Policy, Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { compileMember, type ReadSizes, type StartState } from '../prepare/rehearse/member.ts';
import type { Migration } from '../source/model.ts';
import { looseMigration, readMigrations } from '../source/native.ts';
import { pendingOf, selectMigrations } from './select.ts';
import { withSession } from './session.ts';

/** What is assessed: ids of migrations, paths of files, or `-` with the text of standard input. */
export interface AssessSelection {
  readonly words: readonly string[];
  readonly stdin: string | null;
}

/**
 * Assesses the selection; the pending migrations where it is empty (all of them where no database can tell). Throws
 * `sql-syntax` … for what cannot be parsed, `migration-unknown`.
 */
export async function assessSelection(
  settings: Settings,
  selection: AssessSelection,
  reporter: Reporter,
): Promise<readonly Assessment[]> {
  const { policy } = settings.environment;
  const facts = await readFacts(settings, reporter, async (start, sizes, applied) => {
    const chosen = await choose(settings, selection, applied);
    return Promise.all(chosen.map((migration) => assessOne(migration, start, sizes, policy)));
  });
  return facts;
}

/** Assesses SQL text alone: for programs, and where there is no project. */
export async function assessText(sql: string, file: string, policy: Policy): Promise<Assessment> {
  return assessOne(looseMigration(file, sql), { catalog: null, major: null }, null, policy);
}

async function assessOne(
  migration: Migration,
  start: StartState,
  sizes: ReadSizes | null,
  policy: Policy,
): Promise<Assessment> {
  return (await compileMember(migration, start, sizes, policy)).assessment;
}

type Work<T> = (start: StartState, sizes: ReadSizes | null, applied: ReadonlySet<string>) => Promise<T>;

/** A database that cannot be reached is no reason not to read SQL: the assessment then rests on the text. */
async function readFacts<T>(settings: Settings, reporter: Reporter, work: Work<T>): Promise<T> {
  const offline = () => work({ catalog: null, major: null }, null, new Set());
  if (settings.environment.url === null && !existsSync(join(settings.directory, 'postgres')))
    return offline();
  let reached = false;
  try {
    return await withSession(settings, reporter, async ({ connection }) => {
      reached = true;
      const catalog = await readCatalog(connection, { dependencies: false });
      const applied = await (await openLedger(connection, { create: false })).applied();
      return work(
        { catalog, major: connection.server.major },
        (relations) => readSizes(connection, relations),
        new Set(applied.map((record) => record.id)),
      );
    });
  } catch (error) {
    if (reached || !isFerrataError(error) || !error.code.startsWith('server-')) throw error;
    reporter({
      type: 'warning',
      message: `assessed without the database: ${error.message}`,
      hint: error.details.hint ?? null,
    });
    return offline();
  }
}

async function choose(
  settings: Settings,
  { words, stdin }: AssessSelection,
  applied: ReadonlySet<string>,
): Promise<readonly Migration[]> {
  if (stdin !== null) return [looseMigration('<stdin>', stdin)];
  const files = words.filter((word) => /\.sql$/i.test(word));
  const ids = words.filter((word) => !/\.sql$/i.test(word));
  const loose = await Promise.all(files.map(readLoose));
  if (words.length > 0 && ids.length === 0) return loose;
  const migrations = await readMigrations(settings);
  return [...loose, ...(ids.length > 0 ? selectMigrations(migrations, ids) : pendingOf(migrations, applied))];
}

async function readLoose(path: string): Promise<Migration> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new FerrataError('usage', `The file ${path} cannot be read.`, {
      hint: 'Give a path to SQL, an id, or - for standard input.',
    });
  });
  return looseMigration(relative(process.cwd(), resolve(path)) || path, text);
}
