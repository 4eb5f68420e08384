/** The files of an application's source: what git would not ignore, without what nobody wrote by hand. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { IgnoreRules } from './ignore.ts';

/** Folders that hold others' code, or what was made from the source. */
const SKIPPED_FOLDERS = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'venv',
  '__pycache__',
  'site-packages',
  'dist',
  'coverage',
]);
/** Histories of schema changes name what was; they are no part of the application that runs. */
const HISTORIES = new Set(['migrations', 'migrate', 'alembic', 'flyway', 'liquibase']);
const MADE =
  /(?:^|\/)(?:package-lock\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Gemfile\.lock|Cargo\.lock|composer\.lock|go\.sum)$|\.(?:min\.(?:js|css)|map|snap|lock)$/;
const BINARY =
  /\.(?:png|jpe?g|gif|webp|ico|svg|pdf|zip|gz|tgz|bz2|xz|7z|jar|war|class|so|dylib|dll|exe|o|a|wasm|woff2?|ttf|eot|otf|mp[34]|mov|avi|webm|ogg|wav|sqlite3?|db|pyc|parquet|bin)$/i;
const LARGEST = 1024 * 1024;

export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** Relative to the folder, with `/`. */
  readonly shown: string;
}

export interface SourceFiles {
  readonly files: readonly SourceFile[];
  readonly skipped: ReadonlyMap<string, number>;
}

interface Level {
  readonly rules: IgnoreRules;
  readonly folder: string;
}

/**
 * Lists the files below `folder`. `.gitignore` files count from the root of the repository on.
 *
 * @param without absolute folders that are left out: the migrations, Ferrata's own
 */
export async function sourceFiles(folder: string, without: readonly string[]): Promise<SourceFiles> {
  const root = resolve(folder);
  const files: SourceFile[] = [];
  const skipped = new Map<string, number>();
  const skip = (what: string) => skipped.set(what, (skipped.get(what) ?? 0) + 1);
  const omitted = new Set(without.map((path) => resolve(path)));

  const walk = async (at: string, above: readonly Level[]): Promise<void> => {
    const own = rulesIn(at);
    const levels = own === null ? above : [...above, { rules: own, folder: at }];
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    const folders: string[] = [];
    for (const entry of entries) {
      const path = join(at, entry.name);
      const isFolder = entry.isDirectory();
      // Links may lead out of the tree, or round.
      if (entry.isSymbolicLink() || (!isFolder && !entry.isFile())) continue;
      if (isFolder && (entry.name === '.git' || SKIPPED_FOLDERS.has(entry.name) || omitted.has(path)))
        continue;
      if (isIgnored(path, isFolder, levels)) continue;
      if (isFolder) {
        if (HISTORIES.has(entry.name)) skip('folders of migrations');
        else folders.push(path);
      } else if (BINARY.test(entry.name)) skip('binary files');
      else if (MADE.test(entry.name)) skip('generated files');
      else files.push({ path, shown: relative(root, path).split(sep).join('/') });
    }
    // One folder after the other would wait for the disk each time.
    for (let n = 0; n < folders.length; n += 16)
      await Promise.all(folders.slice(n, n + 16).map((one) => walk(one, levels)));
  };

  await walk(root, levelsAbove(root));
  files.sort((a, b) => (a.shown < b.shown ? -1 : 1));
  return { files, skipped };
}

/** What a file holds; or why it is not read: too large, no text. */
export function readSource({ path }: SourceFile): { readonly text: string } | { readonly skipped: string } {
  try {
    if (statSync(path).size > LARGEST) return { skipped: 'files of more than 1 MB' };
    const bytes = readFileSync(path);
    return bytes.subarray(0, 8192).includes(0)
      ? { skipped: 'binary files' }
      : { text: bytes.toString('utf8') };
  } catch {
    return { skipped: 'files that can not be read' };
  }
}

function rulesIn(folder: string): IgnoreRules | null {
  const path = join(folder, '.gitignore');
  if (!existsSync(path)) return null;
  try {
    return new IgnoreRules(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** From the repository's root down to the folder above this one. */
function levelsAbove(root: string): readonly Level[] {
  const folders: string[] = [];
  for (let at = root; ; at = dirname(at)) {
    if (at !== root) folders.unshift(at);
    if (existsSync(join(at, '.git'))) break;
    // No repository: only the files below count.
    if (dirname(at) === at) return [];
  }
  return folders.flatMap((folder) => {
    const rules = rulesIn(folder);
    return rules === null ? [] : [{ rules, folder }];
  });
}

function isIgnored(path: string, isFolder: boolean, levels: readonly Level[]): boolean {
  for (let n = levels.length - 1; n >= 0; n--) {
    const level = levels[n] as Level;
    const decided = level.rules.ignores(relative(level.folder, path).split(sep).join('/'), isFolder);
    if (decided !== null) return decided;
  }
  return false;
}
