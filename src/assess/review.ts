/** What of an assessment's findings counts: those that are neither allowed beside their statement nor in the baseline. */
import type { Script } from '../sql/model.ts';
import { type AllowedFinding, applyAllows, readAllows, statementAt, type UnusedAllow } from './allow.ts';
import { fingerprinter, normaliseStatement } from './baseline.ts';
import type { Assessment, Finding } from './model.ts';

export interface ReviewedFile {
  /** With the findings that count. */
  readonly assessment: Assessment;
  readonly allowed: readonly AllowedFinding[];
  readonly baselined: readonly Finding[];
  /** All of them, whatever became of each. */
  readonly all: readonly Finding[];
  readonly unusedAllows: readonly UnusedAllow[];
  readonly source: SourceText;
}

/** A script without its trees, which take ten times the room. */
export interface SourceText {
  /** Absolute; null for standard input. */
  readonly path: string | null;
  readonly text: string;
  readonly statements: readonly {
    readonly start: number;
    readonly end: number;
    readonly line: number;
    readonly column: number;
  }[];
}

export interface ReviewRules {
  /** Ids of all rules. */
  readonly ids: readonly string[];
  readonly isOff: (id: string) => boolean;
  /** Fingerprints; null where there is no baseline. */
  readonly baseline: ReadonlySet<string> | null;
  /** The file as the baseline names it. */
  readonly baselineFile: (path: string) => string;
}

/** Sets apart what is allowed and what is old. Throws `allow-invalid`. */
export function review(
  script: Script,
  assessment: Assessment,
  path: string | null,
  rules: ReviewRules,
): ReviewedFile {
  const { findings, allowed, unused } = applyAllows(
    script,
    assessment.findings,
    readAllows(script, rules.ids),
    rules.isOff,
  );
  const source: SourceText = {
    path,
    text: script.text,
    statements: script.statements.map(({ start, end, line, column }) => ({ start, end, line, column })),
  };
  const known = rules.baseline;
  const old =
    known === null || path === null
      ? []
      : fingerprintsOf(assessment.findings, source, rules.baselineFile(path))
          .filter(({ fingerprint }) => known.has(fingerprint))
          .map(({ finding }) => finding)
          .filter((finding) => findings.includes(finding));
  return {
    assessment: { ...assessment, findings: findings.filter((finding) => !old.includes(finding)) },
    allowed,
    baselined: old,
    all: assessment.findings,
    unusedAllows: unused,
    source,
  };
}

/**
 * The findings of one file with their fingerprints; give all of them, in their order, so that those which are alike are
 * counted the same way each time.
 */
export function fingerprintsOf(
  findings: readonly Finding[],
  source: SourceText,
  file: string,
): readonly { readonly finding: Finding; readonly fingerprint: string; readonly statement: string }[] {
  const next = fingerprinter(file);
  return findings.map((finding) => {
    const statement = normaliseStatement(statementText(source, finding));
    return { finding, statement, fingerprint: next(finding.id, statement) };
  });
}

/** The text of the statement in which a place lies; empty where there is none. */
export function statementText(source: SourceText, place: Pick<Finding, 'line' | 'column'>): string {
  const statement = source.statements[statementAt(source, place) ?? -1];
  return statement === undefined ? '' : source.text.slice(statement.start, statement.end);
}
