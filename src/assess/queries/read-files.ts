/** Application queries from a file or a folder of `.sql` files. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { FerrataError } from '../../errors.ts';
import { readText } from '../../source/read-text.ts';
import type { KnownQuery, QuerySource, UnreadQuery } from './model.ts';
import { readQueries } from './read-text.ts';

/** Folders that hold no application's queries. */
const SKIPPED_FOLDERS = new Set(['node_modules', 'vendor', 'target', 'dist', 'build']);

/**
 * Reads `path`, a file with any number of statements, or a folder whose `.sql` files are read in order of their names,
 * those of its subfolders too. Throws `queries-unreadable`.
 *
 * @param root what paths in the result are relative to
 */
export async function readQueryFiles(path: string, root: string): Promise<QuerySource> {
  const files = await filesUnder(path);
  const queries: KnownQuery[] = [];
  const unread: UnreadQuery[] = [];
  let utility = 0;
  for (const file of files) {
    const shown = relative(root, file) || file;
    const read = await readQueries(readText(file, shown));
    utility += read.utility;
    const alone = read.queries.length === 1;
    for (const query of read.queries) {
      queries.push({
        id: `q${queries.length + 1}`,
        name: query.name ?? (alone ? basename(file).replace(/\.sql$/i, '') : null),
        file: shown,
        line: query.line,
        sql: query.sql,
        kind: query.kind,
        calls: null,
        role: null,
        searchPath: null,
      });
    }
    unread.push(...read.unread.map(({ sql, line, why }) => ({ file: shown, line, sql, why })));
  }
  return { queries, unread, skipped: utility === 0 ? {} : { 'utility statements': utility } };
}

async function filesUnder(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) {
    throw new FerrataError('queries-unreadable', `There is no file or folder ${path}.`, {
      hint: 'Give a file of SQL, a folder of .sql files, or `pg_stat_statements`.',
    });
  }
  if (!found.isDirectory()) return [path];
  const files = await walk(path);
  if (files.length === 0) {
    throw new FerrataError('queries-unreadable', `The folder ${path} holds no .sql file.`, {
      hint: 'Put the application’s queries into .sql files, or use `--queries pg_stat_statements`.',
    });
  }
  return files;
}

async function walk(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name)) files.push(...(await walk(path)));
    } else if (/\.sql$/i.test(entry.name)) files.push(path);
  }
  return files;
}
