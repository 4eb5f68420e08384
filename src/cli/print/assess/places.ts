/** Paths as hosting services know them: relative to the repository, with slashes. */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { ReviewedFile } from '../../../assess/review.ts';
import type { FailedFile } from '../../../workflow/assess.ts';

/** The nearest folder above `cwd` that holds `.git`; `cwd` itself where there is none. */
export function repositoryRoot(cwd: string): string {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (dirname(folder) === folder) return resolve(cwd);
  }
}

/** The file's path below `root`; what lies elsewhere, and standard input, as it is shown. */
export function pathBelow(root: string, { source, assessment }: ReviewedFile): string {
  return below(root, source.path, assessment.file);
}

/** As `pathBelow`, of a file that could not be assessed. */
export function failedBelow(root: string, { path, file }: FailedFile): string {
  return below(root, path, file);
}

function below(root: string, path: string | null, shown: string): string {
  if (path === null) return shown;
  const found = relative(root, path);
  return (found.startsWith('..') ? shown : found).split(sep).join('/');
}
