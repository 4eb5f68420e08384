/** One assessed file for a terminal: the verdict, a table of statements, the findings as small lessons. */
import type { Assessment, Finding, StatementFacts } from '../../../assess/model.ts';
import type { ReviewedFile, SourceText } from '../../../assess/review.ts';
import { cells } from '../../../sql/locate.ts';
import { printImpact } from '../impact.ts';
import { bytes, count, hang, wrap } from '../layout.ts';
import type { Palette } from '../palette.ts';
import { printQueries } from '../queries.ts';
import { type Column, grid, type Part } from './grid.ts';
import { headOf, lineText, spanOf } from './source.ts';
import {
  isOpaque,
  lockWords,
  riskWord,
  rowWords,
  SEVERITIES,
  severityColour,
  shortName,
  timeWords,
  workWords,
} from './words.ts';

export interface TextOptions {
  readonly palette: Palette;
  readonly width: number;
  readonly verbose: boolean;
}

export function printFile(file: ReviewedFile, options: TextOptions): readonly string[] {
  const { assessment } = file;
  const { palette: p, width } = options;
  const lines = [
    hang(
      `${p.bold(assessment.migration ?? assessment.file)}  ${riskWord(assessment.risk, p)} risk, ${assessment.type}, ${assessment.reversible ? p.green('reversible') : p.red('not reversible')}`,
      width,
    ),
    ...assessment.reasons.map((reason) => hang(p.dim(`because ${reason}`), width, 2)),
    // Of a loose file nobody knows where it will run.
    ...(assessment.migration === null ? [] : [hang(p.dim(demands(assessment)), width, 2)]),
  ];
  const sized = assessment.relations.filter(({ rows, bytes: size }) => rows !== null || size !== null);
  for (const { relation, rows, bytes: size, indexes } of sized) {
    const parts = [
      rowWords(rows),
      ...(size === null ? [] : [bytes(size)]),
      count(indexes, 'index', 'indexes'),
    ];
    lines.push(hang(p.dim(`${shortName(relation)}: ${parts.join(', ')}`), width, 2));
  }
  if (assessment.statements.length > 0) lines.push('', ...statementTable(file, options));
  for (const finding of byPlace(assessment.findings)) {
    lines.push('', ...printFinding(finding, assessment.file, file.source, options));
  }
  lines.push(...printSetAside(file, options));
  if (assessment.queries !== undefined && assessment.compatibility !== undefined) {
    lines.push('', ...printQueries(assessment.queries, assessment.compatibility, options));
  }
  const impact = assessment.impact === undefined ? [] : printImpact(assessment.impact, options);
  if (impact.length > 0) lines.push('', ...impact);
  return lines;
}

/** What the policy makes of the risk. */
function demands({ approvals, maxDurationMinutes, rollbackWindowHours }: Assessment): string {
  const asked = approvals === 0 ? 'no approval' : count(approvals, 'approval');
  return `needs ${asked}; may take ${count(maxDurationMinutes, 'minute')}; its way back is kept for ${rollbackWindowHours} h`;
}

/** Down the file; at one place the worst first. */
function byPlace(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) =>
      a.line - b.line ||
      a.column - b.column ||
      SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
  );
}

const COLUMNS: readonly Column[] = [
  { heading: 'line', least: 4, right: true },
  { heading: 'statement', least: 14 },
  { heading: 'locks', least: 16, whole: 24 },
  { heading: 'blocks', least: 9 },
  { heading: 'work', least: 12, whole: 18 },
];
const LONGEST_HEAD = 48;

function statementTable(file: ReviewedFile, { palette: p, width }: TextOptions): readonly string[] {
  const rows = file.assessment.statements.map((statement, index) => ({
    statement,
    head: headOf(file.source, index, LONGEST_HEAD),
    ...factsOf(statement, p),
    note: noteOf(statement, p),
  }));
  const lines = grid(
    COLUMNS,
    rows.map(({ statement, head, locks, blocks, work, note }) => ({
      cells: [[{ text: String(statement.line) }], [{ text: head }], locks, [blocks], work],
      note,
    })),
    width,
    { indent: 2, heading: p.dim },
  );
  if (lines !== null) return lines;
  // Too narrow for columns: each statement is a paragraph.
  return rows.flatMap(({ statement, head, locks, blocks, work, note }) => [
    hang(`${p.dim(`${statement.line}:`)} ${p.bold(head)}`, width, 2),
    ...[
      ...locks,
      ...(blocks.text === '' ? [] : [{ ...blocks, text: `blocks ${blocks.text}` }]),
      ...work,
      ...(note === null ? [] : [note]),
    ].map(({ text, colour }) => hang(colour?.(text) ?? text, width, 6)),
  ]);
}

interface Facts {
  readonly locks: readonly Part[];
  readonly blocks: Part;
  readonly work: readonly Part[];
}

function factsOf(statement: StatementFacts, p: Palette): Facts {
  if (isOpaque(statement)) {
    return { locks: [], blocks: { text: '' }, work: [{ text: 'not known from its text', colour: p.yellow }] };
  }
  const bad = statement.loses.length > 0 || statement.fails !== undefined;
  const colour = bad ? p.red : statement.rewrites.length > 0 ? p.yellow : (text: string) => text;
  return {
    locks: lockWords(statement.locks).map((text, index) =>
      index === 0 ? { text } : { text, colour: p.dim },
    ),
    blocks: blockedWord(statement, p),
    work: workWords(statement).map((text) => ({ text, colour })),
  };
}

function noteOf(statement: StatementFacts, p: Palette): Part | null {
  const time = timeWords(statement);
  const parts = [
    ...(time === null ? [] : [time]),
    ...(statement.untraced === undefined ? [] : [`not traced: ${statement.untraced}`]),
  ];
  return parts.length === 0 ? null : { text: parts.join('; '), colour: p.dim };
}

function blockedWord({ blocks }: StatementFacts, p: Palette): Part {
  switch (blocks) {
    case 'nothing':
      return { text: 'nothing', colour: p.green };
    case 'writes':
      return { text: 'writes', colour: p.yellow };
    case 'reads and writes':
      return { text: 'reads and writes', colour: p.red };
    default: {
      const unknown: never = blocks;
      return unknown;
    }
  }
}

/** A finding with the line it is about, a caret under it, why, and what to write instead. */
export function printFinding(
  finding: Finding,
  file: string,
  source: SourceText,
  { palette: p, width }: TextOptions,
): readonly string[] {
  const colour = severityColour(finding.severity, p);
  return [
    hang(
      `${colour(p.bold(finding.severity))} ${p.bold(finding.title)} ${p.dim(`[${finding.id}]`)}`,
      width,
      2,
    ),
    ...printPlace(finding, file, source, p, width),
    ...wrap(finding.message, width - 4).map((line) => `    ${line}`),
    ...wrap(finding.why, width - 4).map((line) => p.dim(`    ${line}`)),
    ...printInstead(finding, p),
  ];
}

export function printInstead({ safeSql }: Finding, p: Palette): readonly string[] {
  if (safeSql.length === 0) return [];
  // Not wrapped: it is there to be copied.
  return [
    '    instead:',
    ...safeSql.map((sql) => `      ${p.green(`${sql};`.replaceAll('\n', '\n      '))}`),
  ];
}

/** `file:line:column`, the line, and what is meant underlined. */
export function printPlace(
  finding: Pick<Finding, 'line' | 'column' | 'severity'>,
  file: string,
  source: SourceText,
  p: Palette,
  width: number,
): readonly string[] {
  const number = String(finding.line);
  const characters = Array.from(lineText(source, finding.line).replaceAll('\t', ' '));
  const span = spanOf(source, finding);
  const end = span.endLine === span.line ? span.endColumn - 1 : characters.length;
  const room = Math.max(16, width - number.length - 8);
  const start = finding.column - 1;
  // Of a long line the part from a little before the place on.
  const from = characters.length <= room ? 0 : Math.max(0, Math.min(start - 4, characters.length - room));
  const shown = characters.slice(from, from + room);
  const cut = (text: string) => `${from > 0 ? '…' : ''}${text}${from + room < characters.length ? '…' : ''}`;
  const before = characters
    .slice(from, start)
    .map((character) => ' '.repeat(cells(character)))
    .join('');
  const marked = characters.slice(start, Math.min(end, from + room));
  const length = Math.max(
    1,
    marked.reduce((sum, character) => sum + cells(character), 0),
  );
  const underline = `${from > 0 ? ' ' : ''}${before}${severityColour(finding.severity, p)(`^${'~'.repeat(length - 1)}`)}`;
  return [
    `    ${p.cyan(`${file}:${finding.line}:${finding.column}`)}`,
    `    ${p.dim(`${number} |`)} ${cut(shown.join(''))}`,
    `    ${' '.repeat(number.length)} ${p.dim('|')} ${underline}`,
  ];
}

/** What was allowed or is old: counted, or shown one by one; and allowances that nothing needed. */
export function printSetAside(file: ReviewedFile, options: TextOptions): readonly string[] {
  const { palette: p, width, verbose } = options;
  const name = file.assessment.file;
  const lines = file.unusedAllows.map(({ id, line, column }) =>
    hang(
      `${p.yellow('warning')} ${p.cyan(`${name}:${line}:${column}`)} ferrata:allow ${id}: there is no such finding here; remove it`,
      width,
      2,
    ),
  );
  if (verbose) {
    for (const { finding, reason } of file.allowed) {
      lines.push(hang(p.dim(`allowed ${finding.id} (line ${finding.line}): ${reason}`), width, 2));
    }
    for (const finding of file.baselined) {
      lines.push(hang(p.dim(`in the baseline: ${finding.id} (line ${finding.line})`), width, 2));
    }
  } else {
    const parts = [
      ...(file.allowed.length > 0 ? [`${count(file.allowed.length, 'finding')} allowed`] : []),
      ...(file.baselined.length > 0 ? [`${file.baselined.length} in the baseline`] : []),
    ];
    if (parts.length > 0) lines.push(hang(p.dim(`${parts.join(', ')} (--verbose shows them)`), width, 2));
  }
  return lines.length === 0 ? [] : ['', ...lines];
}
