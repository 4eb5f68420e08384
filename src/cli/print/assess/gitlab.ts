/** GitLab's Code Quality report: a list of issues, each known again by its fingerprint. */
import { createHash } from 'node:crypto';
import type { Severity } from '../../../assess/model.ts';
import { fingerprintsOf } from '../../../assess/review.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';
import { failedBelow, pathBelow } from './places.ts';

const SEVERITY: Readonly<Record<Severity, string>> = { danger: 'critical', warning: 'major', info: 'info' };

export function gitlabReport(outcome: AssessOutcome, root: string): readonly object[] {
  return [
    ...outcome.errors
      .map((failed) => ({ failed, path: failedBelow(root, failed) }))
      .map(({ failed: { error }, path }) => ({
        description: error.message,
        check_name: error.code,
        fingerprint: createHash('sha256').update(`${error.code}\0${path}`).digest('hex').slice(0, 40),
        severity: 'blocker',
        location: { path, lines: { begin: error.details.location?.line ?? 1 } },
      })),
    ...outcome.files.flatMap((file) => {
      const path = pathBelow(root, file);
      const counted = new Set(file.assessment.findings);
      return fingerprintsOf(file.all, file.source, path)
        .filter(({ finding }) => counted.has(finding))
        .map(({ finding, fingerprint }) => ({
          description: `${finding.title}. ${finding.message}`,
          check_name: finding.id,
          fingerprint,
          severity: SEVERITY[finding.severity],
          location: { path, lines: { begin: finding.line } },
        }));
    }),
  ];
}
