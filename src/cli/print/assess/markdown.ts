/** An outcome of `assess` as a comment on a pull request. */
import type { Finding, StatementFacts } from '../../../assess/model.ts';
import type { ReviewedFile } from '../../../assess/review.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { count } from '../layout.ts';
import { failedBelow, pathBelow } from './places.ts';
import { headOf } from './source.ts';
import { summaryWords } from './summary.ts';
import { countWords, isOpaque, lockWords, RISKS, SEVERITIES, tally, timeWords, workWords } from './words.ts';

/** By it a job finds the comment that it wrote before. */
export const COMMENT_MARK = '<!-- ferrata assess -->';
/** GitHub refuses a comment of more than 65 536 characters. */
const LONGEST = 60_000;
const SIGN = { danger: '🔴', warning: '🟡', info: '🔵' } as const;
const LONGEST_HEAD = 80;

export function markdownReport(outcome: AssessOutcome, root: string): string {
  const { files, errors } = outcome;
  const head = [COMMENT_MARK, '## Migrations, assessed', ''];
  if (files.length === 0 && errors.length === 0) return [...head, 'Nothing to assess.'].join('\n');
  head.push(`${inline(summaryWords(outcome))}.`, '');
  if (outcome.stats !== null) {
    const { environment, takenAt } = outcome.stats.stats;
    head.push(`Sizes and load are those of ${inline(environment)} on ${inline(takenAt.slice(0, 10))}.`, '');
  }
  const sorted = [...files].sort((a, b) => weight(b) - weight(a));
  const sections = [
    fileTable(sorted, root),
    ...errors.map(
      (failed) =>
        `**${code(failedBelow(root, failed))}** could not be assessed: ${inline(failed.error.message)}`,
    ),
    ...sorted
      .filter(({ assessment }) => assessment.findings.length > 0 || assessment.statements.length > 0)
      .map((file) => fileSection(file, root)),
  ];
  let text = head.join('\n').trimEnd();
  for (const [index, section] of sections.entries()) {
    if (text.length + section.length > LONGEST) {
      return `${text}\n\n…and ${count(sections.length - index, 'more part')}: the comment would be too long. \`ferrata assess\` shows all.`;
    }
    text += `\n\n${section}`;
  }
  return text;
}

function weight({ assessment }: ReviewedFile): number {
  const found = tally(assessment.findings);
  return found.danger * 1e6 + found.warning * 1e3 + RISKS.indexOf(assessment.risk);
}

function fileTable(files: readonly ReviewedFile[], root: string): string {
  return [
    '| file | risk | type | reversible | findings |',
    '|---|---|---|---|---|',
    ...files.map((file) => {
      const { assessment } = file;
      const found = countWords(tally(assessment.findings));
      const aside = [
        ...(file.allowed.length > 0 ? [`${file.allowed.length} allowed`] : []),
        ...(file.baselined.length > 0 ? [`${file.baselined.length} in the baseline`] : []),
      ];
      const cells = [
        cell(code(pathBelow(root, file))),
        assessment.risk === 'low' || assessment.risk === 'medium'
          ? assessment.risk
          : `**${assessment.risk}**`,
        assessment.type,
        assessment.reversible ? 'yes' : '**no**',
        [found, ...aside].filter((text) => text !== '').join(', ') || '–',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

function fileSection(file: ReviewedFile, root: string): string {
  const { assessment } = file;
  const findings = [...assessment.findings].sort(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
  return [
    `### ${code(pathBelow(root, file))}`,
    '',
    `${inline(assessment.reasons.join('; '))}.`,
    ...(assessment.compatibility === undefined
      ? []
      : ['', `**Deployment:** ${inline(assessment.compatibility.order)}`]),
    ...findings.flatMap((finding) => ['', ...findingLines(finding)]),
    '',
    `<details><summary>${count(assessment.statements.length, 'statement')}</summary>`,
    '',
    '| line | statement | locks | blocks | work | time |',
    '|---|---|---|---|---|---|',
    ...assessment.statements.map((statement, index) =>
      statementRow(statement, headOf(file.source, index, LONGEST_HEAD)),
    ),
    '',
    '</details>',
  ].join('\n');
}

function findingLines(finding: Finding): readonly string[] {
  const sql = finding.safeSql.map((statement) => `${statement};`).join('\n');
  return [
    `${SIGN[finding.severity]} **${inline(finding.title)}** (${code(finding.id)}, line ${finding.line})  `,
    `${inline(finding.message)}`,
    '',
    `<details><summary>Why${sql === '' ? '' : ', and what to write instead'}</summary>`,
    '',
    inline(finding.why),
    ...(sql === '' ? [] : ['', fenced(sql)]),
    '',
    '</details>',
  ];
}

function statementRow(statement: StatementFacts, head: string): string {
  const work = isOpaque(statement) ? ['not known from its text'] : workWords(statement);
  const cells = [
    String(statement.line),
    cell(code(head)),
    lockWords(statement.locks).map(inline).join('<br>'),
    statement.blocks,
    work.map(inline).join('<br>'),
    inline(timeWords(statement) ?? ''),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Text that stays text: no mark-up, no mention of people, no table cell ended. */
function inline(text: string): string {
  return text
    .replace(/[\\`*_[\]<>|~#]/g, (character) => `\\${character}`)
    .replace(/@(?=\w)/g, '@\u200b')
    .replace(/\s+/g, ' ');
}

/** A code span; its own fence where the text holds backquotes (CommonMark 6.1). */
function code(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** Inside a table a bar ends the cell even in code (GitHub Flavored Markdown, 4.10). */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function fenced(sql: string): string {
  const runs = sql.match(/^`{3,}/gm) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}sql\n${sql}\n${fence}`;
}
