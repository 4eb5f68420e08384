/** An outcome of `assess` for a terminal: each file whole where they are few, else what they have in common. */
import type { Finding } from '../../../assess/model.ts';
import type { ReviewedFile } from '../../../assess/review.ts';
import { type AssessOutcome, MANY } from '../../../workflow/assess.ts';
import { printError } from '../error.ts';
import { count, hang, table, wrap } from '../layout.ts';
import type { Palette } from '../palette.ts';
import { printFile, printInstead, printPlace, printSetAside, type TextOptions } from './file.ts';
import { summaryWords } from './summary.ts';
import { countWords, RISKS, riskWord, SEVERITIES, severityColour, tally } from './words.ts';

/** Of each kind of finding so many are shown whole. */
const SHOWN_WHOLE = 2;
/** And so many by their place. */
const SHOWN_PLACES = 10;
const SHOWN_FILES = 20;

export function printOutcome(outcome: AssessOutcome, options: TextOptions): string {
  const { files, errors } = outcome;
  const { palette: p, width } = options;
  if (files.length === 0 && errors.length === 0) {
    return 'Nothing to assess: no migration is pending.';
  }
  const blocks: string[] = [];
  if (files.length <= MANY || options.verbose) {
    blocks.push(...files.map((file) => printFile(file, options).join('\n')));
  } else blocks.push(...printMany(files, options));
  blocks.push(...errors.map(({ error }) => printError(error, p, width)));
  if (files.length + errors.length > 1) blocks.push(summaryLine(outcome, p, width));
  return blocks.join('\n\n');
}

function summaryLine(outcome: AssessOutcome, p: Palette, width: number): string {
  return hang(p.bold(summaryWords(outcome)), width);
}

interface Placed {
  readonly file: ReviewedFile;
  readonly finding: Finding;
}

/** The files that ask for attention, then each kind of finding once, with some of its places. */
function printMany(files: readonly ReviewedFile[], options: TextOptions): readonly string[] {
  const blocks: string[] = [];
  const worth = files
    .filter(({ assessment }) => assessment.findings.length > 0 || RISKS.indexOf(assessment.risk) >= 2)
    .sort((a, b) => weight(b) - weight(a));
  if (worth.length > 0) blocks.push(fileTable(worth, options));
  const kinds = new Map<string, Placed[]>();
  for (const file of files) {
    for (const finding of file.assessment.findings) {
      const same = kinds.get(finding.id);
      if (same === undefined) kinds.set(finding.id, [{ file, finding }]);
      else same.push({ file, finding });
    }
  }
  const sorted = [...kinds.values()].sort((a, b) => worst(b) - worst(a) || b.length - a.length);
  for (const places of sorted) blocks.push(printKind(places, options).join('\n'));
  const aside = files.flatMap((file) => (file.unusedAllows.length === 0 ? [] : printSetAside(file, options)));
  if (aside.length > 0) blocks.push(aside.filter((line) => line !== '').join('\n'));
  return blocks;
}

function weight({ assessment }: ReviewedFile): number {
  const found = tally(assessment.findings);
  return RISKS.indexOf(assessment.risk) * 1e6 + found.danger * 1e3 + found.warning;
}

function worst(places: readonly Placed[]): number {
  return Math.max(...places.map(({ finding }) => SEVERITIES.indexOf(finding.severity)));
}

function fileTable(files: readonly ReviewedFile[], { palette: p, width }: TextOptions): string {
  const shown = files.slice(0, files.length > SHOWN_FILES + 1 ? SHOWN_FILES : files.length);
  const rows = shown.map(({ assessment }) => [
    riskWord(assessment.risk, p),
    assessment.type,
    countWords(tally(assessment.findings)),
    assessment.file,
  ]);
  const rest = files.length - shown.length;
  return [
    table(rows, width),
    ...(rest === 0
      ? []
      : [`  ${p.dim(`and ${count(rest, 'more file')} with findings (--verbose shows all)`)}`]),
  ].join('\n');
}

function printKind(places: readonly Placed[], options: TextOptions): readonly string[] {
  const { palette: p, width } = options;
  // Those first that say most: of many not each has its SQL.
  const sorted = [...places].sort(
    (a, b) =>
      SEVERITIES.indexOf(b.finding.severity) - SEVERITIES.indexOf(a.finding.severity) ||
      Number(b.finding.safeSql.length > 0) - Number(a.finding.safeSql.length > 0),
  );
  const [first] = sorted;
  if (first === undefined) return [];
  const { id, severity, title, why } = first.finding;
  const inFiles = new Set(places.map(({ file }) => file)).size;
  const times = places.length === 1 ? 'once' : `${places.length} times in ${count(inFiles, 'file')}`;
  const whole = sorted.slice(0, SHOWN_WHOLE);
  const left = sorted.slice(SHOWN_WHOLE);
  const listed = left.slice(0, left.length > SHOWN_PLACES + 1 ? SHOWN_PLACES : left.length);
  const lines = [
    hang(
      `${severityColour(severity, p)(p.bold(severity))} ${p.bold(title)} ${p.dim(`[${id}]`)} ${times}`,
      width,
    ),
    ...wrap(why, width - 2).map((line) => p.dim(`  ${line}`)),
    ...whole.flatMap(({ file, finding }) => [
      ...printPlace(finding, file.assessment.file, file.source, p, width),
      ...wrap(finding.message, width - 4).map((line) => `    ${line}`),
      ...printInstead(finding, p),
    ]),
  ];
  if (listed.length > 0) {
    const shown = listed.map(({ file, finding }) => `${file.assessment.file}:${finding.line}`).join(', ');
    const rest = left.length - listed.length;
    lines.push(hang(p.dim(`also ${shown}${rest === 0 ? '' : ` and ${rest} more`}`), width, 4));
  }
  return lines;
}
