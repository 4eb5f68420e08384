/** The file of findings that were there before: read, compared with what is found now, written. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { type BaselineEntry, baselineToJson, parseBaseline } from '../assess/baseline.ts';
import { fingerprintsOf, type ReviewedFile } from '../assess/review.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';

export interface BaselineUse {
  readonly file: string;
  /** Entries whose finding is not there any more. */
  readonly stale: readonly BaselineEntry[];
}

export interface BaselineWritten {
  readonly file: string;
  readonly findings: number;
}

export interface OpenBaseline {
  readonly path: string;
  readonly shown: string;
  readonly entries: readonly BaselineEntry[];
}

/** Throws `findings-file-invalid`. A file that is about to be written need not be there. */
export function openBaseline(
  settings: Settings,
  given: string | null,
  written: string | null,
): OpenBaseline | null {
  const configured = settings.assess?.baseline;
  const path =
    given !== null ? resolve(given) : configured === undefined ? null : resolve(settings.root, configured);
  if (path === null) return null;
  const shown = relative(process.cwd(), path) || path;
  if (!existsSync(path)) {
    if (written !== null && resolve(written) === path) return null;
    throw new FerrataError('findings-file-invalid', `There is no baseline ${shown}.`, {
      hint: `Write it: ferrata assess --write-baseline ${shown}`,
    });
  }
  return { path, shown, entries: parseBaseline(readFileSync(path, 'utf8'), shown).findings };
}

/** A file as a baseline names it: relative to the baseline's folder, so that it is the same wherever it runs. */
export function baselineFile(baseline: string, path: string): string {
  return relative(dirname(baseline), path).split(sep).join('/');
}

/** Entries of files that were assessed, or that are gone, whose finding is not there. Of other files nothing is known. */
export function staleEntries(
  baseline: OpenBaseline,
  files: readonly ReviewedFile[],
  fileOf: (path: string) => string,
): readonly BaselineEntry[] {
  const assessed = new Set<string>();
  const present = new Set<string>();
  for (const { source, all } of files) {
    if (source.path === null) continue;
    const file = fileOf(source.path);
    assessed.add(file);
    for (const { fingerprint } of fingerprintsOf(all, source, file)) present.add(fingerprint);
  }
  return baseline.entries.filter(
    ({ file, fingerprint }) =>
      !present.has(fingerprint) && (assessed.has(file) || !existsSync(resolve(dirname(baseline.path), file))),
  );
}

const SHOWN_STATEMENT = 100;

/**
 * Writes what counts and what was old already; entries of files that were not looked at stay.
 *
 * @param unread absolute paths of files that could not be assessed
 */
export function writeBaseline(
  path: string,
  files: readonly ReviewedFile[],
  unread: readonly string[],
): BaselineWritten {
  const shown = relative(process.cwd(), path) || path;
  const entries: BaselineEntry[] = [];
  const assessed = new Set<string>();
  for (const { source, all, allowed } of files) {
    if (source.path === null) continue;
    const file = baselineFile(path, source.path);
    assessed.add(file);
    for (const { finding, statement, fingerprint } of fingerprintsOf(all, source, file)) {
      if (allowed.some((entry) => entry.finding === finding)) continue;
      entries.push({ id: finding.id, file, statement: statement.slice(0, SHOWN_STATEMENT), fingerprint });
    }
  }
  const failed = new Set(unread.map((file) => baselineFile(path, file)));
  const before = existsSync(path) ? parseBaseline(readFileSync(path, 'utf8'), shown).findings : [];
  const kept = before.filter(
    ({ file }) => !assessed.has(file) && (failed.has(file) || existsSync(resolve(dirname(path), file))),
  );
  writeFileSync(path, baselineToJson([...kept, ...entries]));
  return { file: shown, findings: new Set([...kept, ...entries].map((entry) => entry.fingerprint)).size };
}
