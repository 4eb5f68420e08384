/** What `assess` was asked to look at: migrations of the project, files, folders, standard input. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Migration } from '../source/model.ts';
import { looseMigration, readMigration, readMigrations } from '../source/native.ts';
import { normaliseText } from '../sql/locate.ts';
import { pendingOf, selectMigrations } from './select.ts';

/** Ids of migrations, paths of files and folders, or the text of standard input. */
export interface AssessSelection {
  readonly words: readonly string[];
  readonly stdin: string | null;
}

/** Something to assess: read only when its turn comes. */
export interface AssessSource {
  /** As it is shown. */
  readonly shown: string;
  /** Absolute; null for standard input. */
  readonly path: string | null;
  /** Throws `usage`, `migration-invalid`. */
  readonly read: () => Promise<Migration>;
}

/**
 * The selection, in the order in which it would run: what the words name, one after the other, the files of a folder by
 * name with numbers as numbers. Without words the migrations that are not in `applied`.
 *
 * A path into the project's migrations folder means the migration that lies there. In any other folder, and those below
 * it, every .sql file counts but for ways back and checks beside their way forward (`down.sql`, `x.down.sql`,
 * `verify.sql`).
 *
 * Throws `usage` for what cannot be read or holds no SQL, `migration-unknown`, `migration-folder-missing`.
 */
export async function chooseSources(
  settings: Settings,
  { words, stdin }: AssessSelection,
  applied: ReadonlySet<string>,
): Promise<readonly AssessSource[]> {
  if (stdin !== null) {
    return [{ shown: '<stdin>', path: null, read: () => Promise.resolve(looseMigration('<stdin>', stdin)) }];
  }
  if (words.length === 0) return pendingOf(await readMigrations(settings), applied).map(nativeSource);
  const chosen: AssessSource[] = [];
  let migrations: readonly Migration[] | null = null;
  for (const word of words) {
    const path = resolve(word);
    const kind = kindOf(path);
    if (kind === 'file') chosen.push(fileSource(settings, path));
    else if (kind === 'folder') chosen.push(...(await folderSources(settings, path, word)));
    else if (/\.sql$/i.test(word) || word.includes('/')) throw unreadable(word);
    else {
      migrations ??= await readMigrations(settings);
      chosen.push(...selectMigrations(migrations, [word]).map(nativeSource));
    }
  }
  const seen = new Set<string>();
  return chosen.filter(({ path }) => {
    if (path === null || seen.has(path)) return false;
    seen.add(path);
    return true;
  });
}

function kindOf(path: string): 'file' | 'folder' | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return null;
  return found.isDirectory() ? 'folder' : 'file';
}

function nativeSource(migration: Migration): AssessSource {
  return {
    shown: migration.id,
    path: migration.folder === null ? null : join(migration.folder, 'up.sql'),
    read: () => Promise.resolve(migration),
  };
}

function fileSource(settings: Settings, path: string): AssessSource {
  const shown = relative(process.cwd(), path) || path;
  const native = basename(path) === 'up.sql' ? nativeId(settings, dirname(path)) : null;
  return {
    shown,
    path,
    read: async () =>
      native === null ? looseMigration(shown, readLoose(path, shown)) : readMigration(settings, native),
  };
}

/** The id where the folder is one of the project's migrations. */
function nativeId(settings: Settings, folder: string): string | null {
  const id = basename(folder);
  return dirname(folder) === settings.migrations && /^\d+_./.test(id) ? id : null;
}

async function folderSources(
  settings: Settings,
  folder: string,
  word: string,
): Promise<readonly AssessSource[]> {
  if (folder === settings.migrations) return (await readMigrations(settings)).map(nativeSource);
  const files = sqlFiles(folder);
  if (files.length === 0) {
    throw new FerrataError('usage', `The folder ${word} holds no .sql file.`, {
      hint: 'Give a folder of SQL files, a file, an id, or - for standard input.',
    });
  }
  return files.map((path) => fileSource(settings, path));
}

function sqlFiles(folder: string): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => byNumbers(a.name, b.name));
  const names = new Set(entries.map((entry) => entry.name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    // Links to folders are not followed: they may lead round in a circle.
    if (entry.isDirectory()) return sqlFiles(path);
    return /\.sql$/i.test(entry.name) && !isBeside(entry.name, names) ? [path] : [];
  });
}

/** A way back, or a check, that has its way forward beside it. */
function isBeside(name: string, names: ReadonlySet<string>): boolean {
  if (name === 'down.sql' || name === 'verify.sql') return names.has('up.sql');
  const parts = /^(.*)([._-])down(\.sql)$/i.exec(name);
  if (parts === null) return false;
  const [, stem = '', dot = '', end = ''] = parts;
  return names.has(`${stem}${dot}up${end}`) || names.has(`${stem}${end}`);
}

/** `V2__a` before `V10__b`; where the digits decide nothing, by code units. */
export function byNumbers(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let n = 0; n < Math.min(left.length, right.length); n++) {
    const [x = '', y = ''] = [left[n], right[n]];
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const [p, q] = [BigInt(x), BigInt(y)];
      if (p !== q) return p < q ? -1 : 1;
    } else return x < y ? -1 : 1;
  }
  return left.length - right.length || (a < b ? -1 : a > b ? 1 : 0);
}

function readLoose(path: string, shown: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
    // What is no UTF-8 has become replacement characters; a text may also hold some of its own.
    if (text.includes('\ufffd')) text = decode(readFileSync(path));
  } catch {
    throw unreadable(shown);
  }
  return normaliseText(text);
}

/** A file that somebody else wrote may be in any encoding: what is no UTF-8 is read as Latin-1, or UTF-16 by its mark. */
function decode(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

function unreadable(shown: string): FerrataError {
  return new FerrataError('usage', `The file ${shown.split(sep).join('/')} cannot be read.`, {
    hint: 'Give a path to SQL, a folder, an id, or - for standard input.',
  });
}
