/** SARIF 2.1.0 (OASIS): what code scanning of GitHub, Azure DevOps and many editors read. */
import type { Finding, Severity } from '../../../assess/model.ts';
import { fingerprintsOf, type ReviewedFile } from '../../../assess/review.ts';
import type { Lesson } from '../../../assess/rules/rule.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { failedBelow, pathBelow } from './places.ts';
import { lineText, spanOf } from './source.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';
const MANUAL = 'https://www.postgresql.org/docs/current/';
const LEVEL: Readonly<Record<Severity, string>> = { danger: 'error', warning: 'warning', info: 'note' };
/** Where files lie: the root of what was checked out (SARIF 3.14.14). */
const ROOT = '%SRCROOT%';

/**
 * One log with one run. What is allowed or in the baseline is in it as suppressed (SARIF 3.27.23).
 *
 * @param lessons all rules; those that found nothing are left out
 */
export function sarifLog(
  outcome: AssessOutcome,
  root: string,
  lessons: readonly Lesson[],
  version: string,
): object {
  const ids = [...new Set(outcome.files.flatMap(({ all }) => all.map(({ id }) => id)))].sort();
  const known = new Map(lessons.map((lesson) => [lesson.id, lesson]));
  const titles = new Map(
    outcome.files.flatMap(({ all }) => all.map(({ id, title }) => [id, title] as const)),
  );
  const index = new Map(ids.map((id, n) => [id, n]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'ferrata',
            semanticVersion: version,
            rules: ids.map((id) => ruleOf(id, titles.get(id) ?? id, known.get(id))),
          },
        },
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { [ROOT]: { description: { text: 'The root of the repository.' } } },
        invocations: [
          {
            executionSuccessful: outcome.errors.length === 0,
            toolExecutionNotifications: outcome.errors.map((failed) => {
              const { error } = failed;
              const at = error.details.location;
              return {
                level: 'error',
                message: { text: [error.message, error.details.hint ?? ''].join(' ').trim() },
                descriptor: { id: error.code },
                locations: [
                  location(
                    failedBelow(root, failed),
                    at === undefined ? null : { startLine: at.line, startColumn: at.column },
                  ),
                ],
              };
            }),
          },
        ],
        results: outcome.files.flatMap((file) => resultsOf(file, pathBelow(root, file), index)),
      },
    ],
  };
}

function ruleOf(id: string, title: string, lesson: Lesson | undefined): object {
  if (lesson === undefined) return { id, shortDescription: { text: title } };
  const example = ['```sql', lesson.example.bad, '```'].join('\n');
  return {
    id,
    shortDescription: { text: lesson.title },
    fullDescription: { text: lesson.why },
    ...(lesson.manual === undefined ? {} : { helpUri: `${MANUAL}${lesson.manual}` }),
    help: {
      text: `${lesson.why}\n\n${lesson.instead}`,
      markdown: `${lesson.why}\n\n**Example**\n\n${example}\n\n**Instead**\n\n${lesson.instead}`,
    },
    defaultConfiguration: { level: LEVEL[lesson.severity] },
  };
}

function resultsOf(file: ReviewedFile, path: string, index: ReadonlyMap<string, number>): readonly object[] {
  const reasons = new Map(file.allowed.map(({ finding, reason }) => [finding, reason]));
  const old = new Set(file.baselined);
  return fingerprintsOf(file.all, file.source, path).map(({ finding, fingerprint }) => {
    const span = spanOf(file.source, finding);
    const reason = reasons.get(finding);
    return {
      ruleId: finding.id,
      ruleIndex: index.get(finding.id) ?? -1,
      level: LEVEL[finding.severity],
      message: { text: messageOf(finding) },
      locations: [
        location(path, {
          startLine: span.line,
          startColumn: span.column,
          endLine: span.endLine,
          endColumn: span.endColumn,
          snippet: { text: lineText(file.source, finding.line) },
        }),
      ],
      partialFingerprints: { 'ferrataFinding/v1': fingerprint },
      ...(reason !== undefined
        ? { suppressions: [{ kind: 'inSource', justification: reason }] }
        : old.has(finding)
          ? { suppressions: [{ kind: 'external', justification: 'In the baseline.' }] }
          : {}),
    };
  });
}

function messageOf({ message, safeSql }: Finding): string {
  return safeSql.length === 0
    ? message
    : `${message}\n\nInstead:\n${safeSql.map((sql) => `${sql};`).join('\n')}`;
}

function location(path: string, region: object | null): object {
  return {
    physicalLocation: {
      artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: ROOT },
      ...(region === null ? {} : { region }),
    },
  };
}
