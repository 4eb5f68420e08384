/**
 * Findings that were there when a project began to look: they are counted, and fail nothing. A fingerprint knows a finding
 * again when lines move: rule, file, the statement without white space and comments, and which of its like it is.
 */
import { createHash } from 'node:crypto';
import { FerrataError } from '../errors.ts';
import { tokens } from '../sql/lexer.ts';

export const BASELINE_VERSION = 1;

export interface BaselineEntry {
  readonly id: string;
  /** With slashes, relative to the folder of the baseline. */
  readonly file: string;
  /** The beginning of the statement, for people. */
  readonly statement: string;
  readonly fingerprint: string;
}

export interface Baseline {
  readonly ferrata: typeof BASELINE_VERSION;
  readonly findings: readonly BaselineEntry[];
}

/** A statement as its fingerprint takes it: words in lower case, one blank between, no comments. */
export function normaliseStatement(sql: string): string {
  const parts: string[] = [];
  for (const { kind, start, end } of tokens(sql)) {
    if (kind === 'comment') continue;
    const part = sql.slice(start, end);
    parts.push(kind === 'word' ? part.toLowerCase() : part);
  }
  return parts.join(' ');
}

/**
 * @param file with slashes, relative to whatever stays the same
 * @param occurrence counts from 1 among findings that are alike in the rest
 */
export function fingerprintFinding(id: string, file: string, statement: string, occurrence: number): string {
  return createHash('sha256')
    .update([id, file, statement, String(occurrence)].join('\0'))
    .digest('hex')
    .slice(0, 40);
}

/** Gives each finding of a file its fingerprint, in order. */
export function fingerprinter(file: string): (id: string, statement: string) => string {
  const seen = new Map<string, number>();
  return (id, statement) => {
    const key = `${id}\0${statement}`;
    const occurrence = (seen.get(key) ?? 0) + 1;
    seen.set(key, occurrence);
    return fingerprintFinding(id, file, statement, occurrence);
  };
}

/** The file's text: one finding per line, in an order that does not depend on the run. */
export function baselineToJson(entries: readonly BaselineEntry[]): string {
  const sorted = [...new Map(entries.map((entry) => [entry.fingerprint, entry])).values()].sort(
    (a, b) => compare(a.file, b.file) || compare(a.id, b.id) || compare(a.fingerprint, b.fingerprint),
  );
  const lines = sorted.map(({ id, file, statement, fingerprint }) =>
    JSON.stringify({ id, file, statement, fingerprint }),
  );
  const list = lines.length === 0 ? '[]' : `[\n    ${lines.join(',\n    ')}\n  ]`;
  return `{\n  "ferrata": ${BASELINE_VERSION},\n  "findings": ${list}\n}\n`;
}

/** Throws `findings-file-invalid`. */
export function parseBaseline(text: string, shown: string): Baseline {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw invalid(shown, 'it is not JSON', cause);
  }
  const { ferrata, findings } = (given ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof ferrata === 'number' && ferrata > BASELINE_VERSION) {
    throw invalid(shown, `its shape is number ${ferrata}, and this version reads ${BASELINE_VERSION}`);
  }
  if (ferrata !== BASELINE_VERSION || !Array.isArray(findings)) {
    throw invalid(shown, 'it has no list of findings');
  }
  const bad = findings.findIndex((entry: unknown) => !isEntry(entry));
  if (bad !== -1) throw invalid(shown, `findings[${bad}] lacks id, file, statement or fingerprint`);
  return { ferrata: BASELINE_VERSION, findings: findings as readonly BaselineEntry[] };
}

function isEntry(value: unknown): value is BaselineEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { id, file, statement, fingerprint } = value as Readonly<Record<string, unknown>>;
  return [id, file, statement, fingerprint].every((member) => typeof member === 'string');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function invalid(shown: string, what: string, cause?: unknown): FerrataError {
  return new FerrataError('findings-file-invalid', `${shown} is no baseline: ${what}`, {
    hint: `ferrata assess --write-baseline ${shown} writes it anew.`,
    cause,
  });
}
