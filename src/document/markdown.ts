/** The report as Markdown: for a pull request, a ticket, a terminal. */
import { formatBytes, formatCount, formatMs, formatTime, plural } from './format.ts';
import type { Report, ReportProof, ReportStep } from './model.ts';

export function reportToMarkdown(report: Report): string {
  const parts = [
    `# ${text(report.migration)}: ${stateWords(report)}`,
    summary(report),
    report.error === null ? '' : `**Error.** ${text(report.error)}`,
    forced(report),
    rollback(report),
    steps(report),
    locks(report),
    verification(report),
    proof(report.proof),
    backup(report),
    findings(report),
    `---\n\nFerrata, ${formatTime(report.generatedAt)}.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

export function stateWords({ state }: Pick<Report, 'state'>): string {
  return state.replace('_', ' ');
}

function summary(report: Report): string {
  const rows: [string, string][] = [
    ['Run', code(report.run)],
    ['Environment', text(report.environment)],
    [
      'Server',
      text(
        [report.server, report.serverVersion && `PostgreSQL ${report.serverVersion}`]
          .filter(Boolean)
          .join(', '),
      ),
    ],
    ['Type', text(report.type)],
    ['Risk', text([report.risk, ...report.reasons].join('; '))],
    ['Pattern', text(report.pattern)],
    ['Run by', text(report.owner)],
    ['Started', formatTime(report.startedAt)],
    ['Finished', formatTime(report.finishedAt)],
    ['Duration', formatMs(report.ms)],
  ];
  return table(
    ['', ''],
    rows.filter(([, value]) => value !== ''),
  );
}

function forced({ forced }: Report): string {
  if (forced === null) return '';
  return `**Forced** past ${text(forced.gates.join(', '))} by ${text(forced.by)}: ${text(forced.reason)}`;
}

function rollback({ rollback }: Report): string {
  const lines = ['## How to go back', text(rollback.explanation)];
  if (rollback.command !== null) lines.push(fence('sh', rollback.command));
  if (rollback.until !== null) lines.push(`Until **${formatTime(rollback.until)}**.`);
  if (rollback.sql.length > 0) {
    lines.push(
      '<details><summary>The way back, as SQL</summary>',
      fence('sql', script(rollback.sql)),
      '</details>',
    );
  }
  return lines.join('\n\n');
}

function steps({ steps }: Report): string {
  if (steps.length === 0) return '';
  const row = (step: ReportStep) => [
    `${step.direction === 'down' ? '↩ ' : ''}${text(step.step)}`,
    text(step.title),
    text(step.error === null ? step.state : `${step.state}: ${step.error}`),
    formatMs(step.plannedMs),
    formatMs(step.actualMs),
    formatCount(step.rows),
  ];
  const head = ['Step', 'What', 'State', 'Rehearsed', 'Actual', 'Rows'];
  return `## Steps\n\n${table(head, steps.map(row), 3)}`;
}

function locks({ locks, writes }: Report): string {
  const parts: string[] = [];
  if (locks.length > 0) {
    const rows = locks.map((lock) => [
      text(lock.step),
      code(lock.relation),
      text(lock.mode),
      formatMs(lock.heldMs),
    ]);
    parts.push('## Locks', table(['Step', 'Relation', 'Mode', 'Held on the copy'], rows, 3));
  }
  if (writes.length > 0) {
    const rows = writes.map((write) => [code(write.table), formatCount(write.rows)]);
    parts.push('## Rows written on the copy', table(['Table', 'Rows'], rows, 1));
  }
  return parts.join('\n\n');
}

function verification({ verification }: Report): string {
  if (verification === null) return '';
  const rows = verification.results.map((result) => [
    result.ok ? 'ok' : result.severity === 'warning' ? '**warning**' : '**failed**',
    text(result.check),
    text(result.subject),
    text(result.hint === null || result.ok ? result.message : `${result.message}. ${result.hint}`),
  ]);
  const head = `## Verification: ${verification.ok ? 'passed' : 'failed'} (${formatMs(verification.ms)})`;
  return rows.length === 0 ? head : `${head}\n\n${table(['', 'Check', 'Subject', 'Result'], rows)}`;
}

function proof(proof: ReportProof | null): string {
  if (proof === null) return '## Proof\n\nThere is none: the rollback was not rehearsed.';
  const points = proof.rollbackPoints.map((point) => [
    text(point.afterStep),
    text(point.inverse),
    point.schema,
    point.data,
    point.lateRows,
    text([...point.differences, ...point.losses.map(describeLoss)].join('; ')),
  ]);
  const parts = [
    `## Proof: ${proof.outcome}`,
    text(proofSentence(proof)),
    points.length === 0
      ? ''
      : table(['Back from', 'By', 'Schema', 'Data', 'Late rows', 'What is not as it was'], points),
    ...proof.notes.map((note) => `- ${text(note)}`),
    proof.error === null ? '' : text(proof.error),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What was proved, on what, in words. */
export function proofSentence(proof: ReportProof): string {
  const level = { 0: 'nothing', 1: 'the schema', 2: 'schema and data' }[proof.level];
  const other =
    proof.serverMajor === proof.targetMajor
      ? ''
      : ` (the target runs ${proof.targetMajor}, which proves less)`;
  const unfilled = proof.unfilled.length === 0 ? '' : ` Without rows: ${proof.unfilled.join(', ')}.`;
  const rewrites = proof.rewrites.length === 0 ? '' : ` Rewritten on disk: ${proof.rewrites.join(', ')}.`;
  return (
    `Proves ${level}, on ${plural(proof.rows, 'row')} (${proof.dataSource}) in PostgreSQL ${proof.serverMajor}${other}, ` +
    `${formatTime(proof.provedAt)}, in ${formatMs(proof.ms)}. Up again after down: ${proof.redo}.${unfilled}${rewrites}`
  );
}

export function describeLoss({
  table,
  column,
  rows,
}: {
  table: string;
  column: string;
  rows: number;
}): string {
  return column === '*'
    ? `${plural(rows, 'row')} of ${table}`
    : `${table}.${column} in ${plural(rows, 'row')}`;
}

/** What is known about the backup, in words. */
export function backupSentence(backup: NonNullable<Report['backup']>): string {
  const facts = [
    backup.kind,
    backup.tables === null ? null : plural(backup.tables, 'table'),
    backup.rows === null ? null : plural(backup.rows, 'row'),
    backup.bytes === null ? null : formatBytes(backup.bytes),
    backup.encrypted === true ? 'encrypted' : null,
    backup.createdAt === null ? null : `made ${formatTime(backup.createdAt)}`,
    backup.verifiedAt === null
      ? 'not verified by a restore'
      : `verified by a restore ${formatTime(backup.verifiedAt)}`,
  ];
  return facts.filter((fact) => fact !== null).join(', ');
}

function backup({ backup }: Report): string {
  if (backup === null) return '## Backup\n\nNone was made for this run.';
  return `## Backup\n\n${code(backup.name)}: ${text(backupSentence(backup))}.`;
}

function findings({ findings }: Report): string {
  if (findings.length === 0) return '';
  const rows = findings.map((finding) => [
    text(finding.severity),
    text(`${finding.line}:${finding.column}`),
    text(finding.title),
    text(finding.message),
  ]);
  return `## Findings of the assessment\n\n${table(['', 'At', 'What', 'Detail'], rows)}`;
}

/** Statements as one script. */
export function script(statements: readonly string[]): string {
  return statements.map((sql) => (sql.startsWith('--') || /;\s*$/.test(sql) ? sql : `${sql};`)).join('\n');
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbersFrom = head.length,
): string {
  const rule = head.map((_, index) => (index >= numbersFrom ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Plain text that Markdown and HTML leave alone, on one line. */
function text(value: string): string {
  return value
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|~#]/g, (character) => `\\${character}`)
    .trim();
}

/** A code span: longer fence than any run of backticks inside (CommonMark, 6.1). */
function code(value: string): string {
  const flat = value.replace(/\s+/g, ' ').replace(/\|/g, '\\|');
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map((run) => run.length));
  const fenceText = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fenceText}${pad}${flat}${pad}${fenceText}`;
}

function fence(language: string, content: string): string {
  const longest = Math.max(2, ...(content.match(/`+/g) ?? []).map((run) => run.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${content}\n${marks}`;
}
