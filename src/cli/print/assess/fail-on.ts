import type { Severity } from '../../../assess/model.ts';
import { closest } from '../../../config/closest.ts';
import type { Risk } from '../../../config/settings.ts';
import { FerrataError } from '../../../errors.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { RISKS, SEVERITIES } from './words.ts';

const WORDS: readonly string[] = [...[...SEVERITIES].reverse(), ...RISKS, 'never'];

/** From which findings, or from which risk, on `assess` fails. Null: never for that reason. */
export interface FailOn {
  readonly severity: Severity | null;
  readonly risk: Risk | null;
}

/** `danger`, `high`, `danger,high`, `never`. Throws `usage`. */
export function parseFailOn(given: readonly string[]): FailOn {
  const words = given
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const unknown = words.find((word) => !WORDS.includes(word));
  if (unknown !== undefined || words.length === 0) {
    const near = unknown === undefined ? null : closest(unknown, WORDS);
    throw new FerrataError(
      'usage',
      unknown === undefined
        ? '--fail-on needs a word.'
        : `--fail-on does not know \`${unknown}\`${near === null ? '' : `; did you mean ${near}?`}`,
      { hint: `It takes a severity or a risk, or both separated by a comma: ${WORDS.join(', ')}.` },
    );
  }
  if (words.includes('never') && words.length > 1) {
    throw new FerrataError('usage', '--fail-on never stands alone.', { hint: 'Remove never, or the rest.' });
  }
  const lowest = <T extends string>(order: readonly T[]): T | null =>
    order.find((word) => words.includes(word)) ?? null;
  return { severity: lowest(SEVERITIES), risk: lowest(RISKS) };
}

/** Whether something that counts is at least so bad. What is allowed or in the baseline does not count. */
export function fails({ files }: AssessOutcome, { severity, risk }: FailOn): boolean {
  return files.some(
    ({ assessment }) =>
      (risk !== null && RISKS.indexOf(assessment.risk) >= RISKS.indexOf(risk)) ||
      (severity !== null &&
        assessment.findings.some(
          (finding) => SEVERITIES.indexOf(finding.severity) >= SEVERITIES.indexOf(severity),
        )),
  );
}
