/**
 * npm packages can't hold symbolic links, so the server packages list theirs in `native/pg-symlinks.json` for an install
 * script to make. Install scripts may be off: then we make them.
 */
import { access, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Makes the links of a platform package that are missing. Harmless when they are there, and when several processes do
 * it at once. Returns false when the folder can't be written (then a copy has to be used).
 */
export async function hydrateSymlinks(packageFolder: string): Promise<boolean> {
  let writable = true;
  for (const { source, target } of await linksOf(packageFolder)) {
    const path = join(packageFolder, target);
    // `access` follows the link: a dangling one counts as missing, and EEXIST below leaves it alone.
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') writable = false;
    }
  }
  return writable;
}

/** Whether a link of the package is missing. */
export async function lacksSymlinks(packageFolder: string): Promise<boolean> {
  for (const { target } of await linksOf(packageFolder)) {
    const missing = await access(join(packageFolder, target)).then(
      () => false,
      () => true,
    );
    if (missing) return true;
  }
  return false;
}

async function linksOf(packageFolder: string): Promise<readonly Link[]> {
  try {
    const text = await readFile(join(packageFolder, 'native', 'pg-symlinks.json'), 'utf8');
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isLink) : [];
  } catch {
    return []; // this package has none
  }
}

function isLink(value: unknown): value is Link {
  return (
    typeof value === 'object' &&
    value !== null &&
    'source' in value &&
    'target' in value &&
    typeof value.source === 'string' &&
    typeof value.target === 'string' &&
    !`${value.source}/${value.target}`.split('/').includes('..')
  );
}
