/** Workflow commands of GitHub Actions: annotations beside the lines of a pull request. */
import type { Severity } from '../../../assess/model.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { failedBelow, pathBelow } from './places.ts';
import { spanOf } from './source.ts';
import { summaryWords } from './summary.ts';
import { SEVERITIES } from './words.ts';

const COMMAND: Readonly<Record<Severity, string>> = { danger: 'error', warning: 'warning', info: 'notice' };

/** Worst first: GitHub shows ten of each kind per step, and passes over the rest. */
export function githubCommands(outcome: AssessOutcome, root: string): string {
  const found = outcome.files
    .flatMap((file) => file.assessment.findings.map((finding) => ({ file, finding })))
    .sort((a, b) => SEVERITIES.indexOf(b.finding.severity) - SEVERITIES.indexOf(a.finding.severity));
  const lines = [
    ...outcome.errors.map((failed) => {
      const { error } = failed;
      const at = error.details.location;
      return command(
        'error',
        {
          file: failedBelow(root, failed),
          ...(at === undefined ? {} : { line: at.line, col: at.column }),
          title: error.code,
        },
        [error.message, error.details.hint].filter((text) => text !== undefined).join('\n'),
      );
    }),
    ...found.map(({ file, finding }) => {
      const span = spanOf(file.source, finding);
      const oneLine = span.line === span.endLine;
      return command(
        COMMAND[finding.severity],
        {
          file: pathBelow(root, file),
          line: span.line,
          endLine: span.endLine,
          // Columns are heeded on one line alone.
          ...(oneLine ? { col: span.column, endColumn: span.endColumn } : {}),
          title: `${finding.title} [${finding.id}]`,
        },
        [
          finding.message,
          finding.why,
          ...(finding.safeSql.length === 0 ? [] : ['Instead:', ...finding.safeSql.map((sql) => `${sql};`)]),
        ].join('\n'),
      );
    }),
    ...outcome.files.flatMap((file) =>
      file.unusedAllows.map(({ id, line, column }) =>
        command(
          'warning',
          { file: pathBelow(root, file), line, col: column, title: 'Unused allowance' },
          `ferrata:allow ${id}: there is no such finding here; remove it.`,
        ),
      ),
    ),
    command('notice', { title: 'ferrata assess' }, summaryWords(outcome)),
  ];
  return lines.join('\n');
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(String(value))}`);
  return `::${name} ${given.join(',')}::${escapeData(message)}`;
}

/** As the runner takes it apart: a line break would end the command, a colon or comma a property. */
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
