/** The report as one HTML file that needs nothing else: no script, no font, no image from anywhere. */
import { formatCount, formatMs, formatTime } from './format.ts';
import { backupSentence, describeLoss, proofSentence, script, stateWords } from './markdown.ts';
import type { Report, ReportRollbackPoint, ReportStep } from './model.ts';
import { STYLE } from './style.ts';

type Tone = 'good' | 'bad' | 'warn' | '';

export function reportToHtml(report: Report): string {
  const title = `${report.migration}: ${stateWords(report)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="ferrata">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${[
  header(report),
  facts(report),
  error(report),
  forced(report),
  rollback(report),
  timeline(report),
  verification(report),
  locks(report),
  writes(report),
  proof(report),
  backup(report),
  findings(report),
  footer(report),
]
  .filter((part) => part !== '')
  .join('\n')}
</main>
</body>
</html>
`;
}

/** Text as HTML text or attribute value. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function stateTone(state: Report['state']): Tone {
  if (state === 'completed') return 'good';
  if (state === 'failed') return 'bad';
  return 'warn';
}

function header(report: Report): string {
  const { proof, verification, backup } = report;
  const chips: [string, Tone][] = [
    [stateWords(report), stateTone(report.state)],
    [`risk ${report.risk}`, report.risk === 'low' ? '' : report.risk === 'critical' ? 'bad' : 'warn'],
    proof === null
      ? ['no proof', 'bad']
      : [`rollback ${proof.outcome}`, proof.outcome === 'proved' ? 'good' : 'bad'],
  ];
  if (verification !== null) {
    chips.push([verification.ok ? 'verified' : 'verification failed', verification.ok ? 'good' : 'bad']);
  }
  if (backup !== null) {
    const verified = backup.verifiedAt !== null;
    chips.push([verified ? 'backup verified' : 'backup not verified', verified ? 'good' : 'warn']);
  }
  return `<header>
<p class="kicker">${escapeHtml(report.environment)}${report.server === null ? '' : ` · ${escapeHtml(report.server)}`}</p>
<h1>${escapeHtml(report.migration)}</h1>
<ul class="chips">${chips.map(([text, tone]) => `<li class="chip ${tone}">${escapeHtml(text)}</li>`).join('')}</ul>
</header>`;
}

function facts(report: Report): string {
  const items: [string, string | null][] = [
    ['Started', formatTime(report.startedAt)],
    ['Finished', formatTime(report.finishedAt)],
    ['Duration', formatMs(report.ms)],
    ['Type and pattern', `${report.type}, ${report.pattern}`],
    ['Server', report.serverVersion === null ? null : `PostgreSQL ${report.serverVersion}`],
    ['Run by', report.owner],
    ['Run', report.run],
    ['Why this risk', report.reasons.length === 0 ? null : report.reasons.join('; ')],
  ];
  const shown = items.filter((item): item is [string, string] => item[1] !== null);
  return `<dl class="facts">${shown
    .map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`)
    .join('')}</dl>`;
}

function error({ error }: Report): string {
  return error === null
    ? ''
    : `<div class="callout bad"><p><strong>Error.</strong> ${escapeHtml(error)}</p></div>`;
}

function forced({ forced }: Report): string {
  if (forced === null) return '';
  const text = `Forced past ${forced.gates.join(', ')} by ${forced.by}: ${forced.reason}`;
  return `<div class="callout bad"><p>${escapeHtml(text)}</p></div>`;
}

function rollback({ rollback }: Report): string {
  const tone: Tone = rollback.status === 'open' ? 'good' : rollback.status === 'not-needed' ? '' : 'warn';
  const parts = [`<p>${inline(rollback.explanation)}</p>`];
  if (rollback.command !== null) parts.push(`<pre>${escapeHtml(rollback.command)}</pre>`);
  if (rollback.until !== null) parts.push(`<p>Until <strong>${formatTime(rollback.until)}</strong>.</p>`);
  if (rollback.sql.length > 0) parts.push(folded('The way back, as SQL', rollback.sql));
  return `<h2>How to go back</h2>\n<div class="callout ${tone}">${parts.join('\n')}</div>`;
}

/** Escaped text in which \`…\` is code. */
function inline(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function folded(title: string, sql: readonly string[]): string {
  return `<details><summary>${escapeHtml(title)}</summary><pre>${escapeHtml(script(sql))}</pre></details>`;
}

function timeline({ steps }: Report): string {
  if (steps.length === 0) return '';
  const longest = Math.max(1, ...steps.flatMap((step) => [step.plannedMs ?? 0, step.actualMs ?? 0]));
  return `<h2>Steps, rehearsed and actual</h2>\n<ol class="timeline">${steps
    .map((step) => timelineStep(step, longest))
    .join('\n')}</ol>`;
}

const STEP_TONES: Readonly<Record<ReportStep['state'], Tone>> = {
  planned: '',
  intended: 'warn',
  done: 'good',
  failed: 'bad',
};

function timelineStep(step: ReportStep, longest: number): string {
  const bar = (label: string, ms: number | null, kind: string) =>
    ms === null
      ? ''
      : `<span>${label}</span><span class="track"><i class="${kind}" style="width:${((ms / longest) * 100).toFixed(1)}%"></i></span><span class="ms">${formatMs(ms)}</span>`;
  const actual = step.state === 'failed' ? 'actual failed' : 'actual';
  const bars = bar('rehearsed', step.plannedMs, '') + bar('actual', step.actualMs, actual);
  const state =
    step.direction === 'down' ? `${step.state}, back` : step.state === 'planned' ? 'not run' : step.state;
  const details = [
    step.sql.length > 0 ? folded('SQL', step.sql) : '',
    step.inverse === null || step.inverse.length === 0 ? '' : folded('Its way back', step.inverse),
  ].join('');
  return `<li><div class="step"><b>${escapeHtml(step.step)}</b><span class="title">${escapeHtml(step.title)}</span>${
    step.rows === null ? '' : `<span class="soft">${formatCount(step.rows)} rows</span>`
  }${step.transactional ? '' : '<span class="soft">outside a transaction</span>'}${mark(state, STEP_TONES[step.state])}</div>${
    bars === '' ? '' : `<div class="bars">${bars}</div>`
  }${step.error === null ? '' : `<p class="mark bad" style="white-space:normal">${escapeHtml(step.error)}</p>`}${details === '' ? '' : `<div class="more">${details}</div>`}</li>`;
}

function mark(text: string, tone: Tone): string {
  return `<span class="mark ${tone}">${escapeHtml(text)}</span>`;
}

interface Column {
  readonly name: string;
  readonly kind?: 'number' | 'wide' | 'nowrap';
}

/** Cells are HTML already. */
function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const attribute = ({ kind }: Column) => (kind === undefined ? '' : ` class="${kind}"`);
  const head = columns
    .map((column) => `<th scope="col"${attribute(column)}>${escapeHtml(column.name)}</th>`)
    .join('');
  const body = rows
    .map(
      (cells) =>
        `<tr>${columns.map((column, n) => `<td${attribute(column)}>${cells[n] ?? ''}</td>`).join('')}</tr>`,
    )
    .join('\n');
  return `<div class="scroll" tabindex="0" role="group"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function verification({ verification }: Report): string {
  if (verification === null) return '';
  const tone = (ok: boolean, severity: string): Tone =>
    ok ? 'good' : severity === 'warning' ? 'warn' : 'bad';
  const failed = verification.results.filter((result) => !result.ok);
  const passed = verification.results.filter((result) => result.ok);
  const rows = [...failed, ...passed].map((result) => [
    mark(
      result.ok ? 'ok' : result.severity === 'warning' ? 'warning' : 'failed',
      tone(result.ok, result.severity),
    ),
    escapeHtml(result.check),
    escapeHtml(result.subject),
    escapeHtml(result.message) +
      (result.hint === null || result.ok ? '' : `<br><span class="soft">${escapeHtml(result.hint)}</span>`),
  ]);
  const columns: Column[] = [
    { name: 'Result', kind: 'nowrap' },
    { name: 'Check', kind: 'nowrap' },
    { name: 'Subject', kind: 'wide' },
    { name: 'What was found', kind: 'wide' },
  ];
  const summary = `${failed.length === 0 ? 'All' : passed.length} of ${verification.results.length} passed, in ${formatMs(verification.ms)}.`;
  return `<h2>Verification</h2>\n<p>${summary}</p>\n${rows.length === 0 ? '' : table(columns, rows)}`;
}

function locks({ locks }: Report): string {
  if (locks.length === 0) return '';
  const rows = locks.map((lock) => [
    escapeHtml(lock.step),
    `<code>${escapeHtml(lock.relation)}</code>`,
    escapeHtml(lock.mode),
    formatMs(lock.heldMs),
  ]);
  const columns: Column[] = [
    { name: 'Step' },
    { name: 'Relation', kind: 'nowrap' },
    { name: 'Mode' },
    { name: 'Held on the copy', kind: 'number' },
  ];
  return `<h2>Locks</h2>\n${table(columns, rows)}`;
}

function writes({ writes }: Report): string {
  if (writes.length === 0) return '';
  const rows = writes.map((write) => [`<code>${escapeHtml(write.table)}</code>`, formatCount(write.rows)]);
  const columns: Column[] = [
    { name: 'Table', kind: 'nowrap' },
    { name: 'Rows on the copy', kind: 'number' },
  ];
  return `<h2>Rows written</h2>\n${table(columns, rows)}`;
}

function proof({ proof }: Report): string {
  if (proof === null) {
    return '<h2>Proof</h2>\n<div class="callout bad"><p>There is none: the rollback was not rehearsed.</p></div>';
  }
  const columns: Column[] = [
    { name: 'Back from' },
    { name: 'By' },
    { name: 'Schema' },
    { name: 'Data' },
    { name: 'Late rows', kind: 'nowrap' },
    { name: 'What is not as it was', kind: 'wide' },
  ];
  const notes = proof.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('');
  return [
    '<h2>Proof</h2>',
    `<p>${escapeHtml(proofSentence(proof))}</p>`,
    proof.error === null ? '' : `<div class="callout bad"><p>${escapeHtml(proof.error)}</p></div>`,
    proof.rollbackPoints.length === 0 ? '' : table(columns, proof.rollbackPoints.map(pointCells)),
    notes === '' ? '' : `<ul>${notes}</ul>`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function pointCells(point: ReportRollbackPoint): string[] {
  const tones: Readonly<Record<string, Tone>> = {
    equal: 'good',
    kept: 'good',
    cosmetic: 'warn',
    refused: 'warn',
    different: 'bad',
    lost: 'bad',
  };
  const what = [
    ...point.differences,
    ...point.losses.map(describeLoss),
    ...point.lateRowDetails
      .filter((row) => row.outcome !== 'kept')
      .map(
        (row) =>
          `late row in ${row.table} (${row.what}): ${row.outcome}${row.detail === null ? '' : `, ${row.detail}`}`,
      ),
  ];
  return [
    escapeHtml(point.afterStep),
    escapeHtml(point.inverse),
    ...[point.schema, point.data, point.lateRows].map((value) => mark(value, tones[value] ?? '')),
    what.map(escapeHtml).join('<br>'),
  ];
}

function backup({ backup }: Report): string {
  if (backup === null) return '<h2>Backup</h2>\n<p>None was made for this run.</p>';
  return `<h2>Backup</h2>\n<p><code>${escapeHtml(backup.name)}</code>: ${escapeHtml(backupSentence(backup))}.</p>`;
}

function findings({ findings }: Report): string {
  if (findings.length === 0) return '';
  const rows = findings.map((finding) => [
    mark(
      finding.severity,
      finding.severity === 'danger' ? 'bad' : finding.severity === 'warning' ? 'warn' : '',
    ),
    `${finding.line}:${finding.column}`,
    `${escapeHtml(finding.title)}<br><span class="soft">${escapeHtml(finding.message)}</span>`,
  ]);
  const columns: Column[] = [{ name: 'Severity' }, { name: 'At' }, { name: 'What', kind: 'wide' }];
  return `<h2>Findings of the assessment</h2>\n${table(columns, rows)}`;
}

function footer(report: Report): string {
  const fingerprints =
    report.startFingerprint === null
      ? ''
      : ` Schema ${escapeHtml(report.startFingerprint.slice(0, 12))} → ${escapeHtml(report.endFingerprint?.slice(0, 12) ?? '–')}.`;
  return `<footer>Written by ferrata, ${formatTime(report.generatedAt)}.${fingerprints}</footer>`;
}
