import type { ReviewedFile } from '../../../assess/review.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { count } from '../layout.ts';
import { countWords, RISKS, tally } from './words.ts';

/** `12 files: 1 critical, 3 high, 8 low risk; 2 danger, 5 warning; 1 allowed; 2 could not be assessed`. */
export function summaryWords({ files, errors }: AssessOutcome): string {
  const risks = [...RISKS].reverse().flatMap((risk) => {
    const n = files.filter(({ assessment }) => assessment.risk === risk).length;
    return n === 0 ? [] : [`${n.toLocaleString('en-US')} ${risk}`];
  });
  const findings = countWords(tally(files.flatMap(({ assessment }) => assessment.findings)));
  const sum = (of: (file: ReviewedFile) => number) => files.reduce((total, file) => total + of(file), 0);
  const allowed = sum((file) => file.allowed.length);
  const baselined = sum((file) => file.baselined.length);
  const parts = [
    ...(risks.length === 0 ? [] : [`${risks.join(', ')} risk`]),
    findings === '' ? 'nothing found' : findings,
    ...(allowed === 0 ? [] : [`${allowed.toLocaleString('en-US')} allowed`]),
    ...(baselined === 0 ? [] : [`${baselined.toLocaleString('en-US')} in the baseline`]),
    ...(errors.length === 0 ? [] : [`${count(errors.length, 'file')} could not be assessed`]),
  ];
  return `${count(files.length + errors.length, 'file')}: ${parts.join('; ')}`;
}
