/** An outcome of `assess` as JSON: `{ assessments: […] }`, and what else there is to say. */
import type { Assessment, Finding } from '../../../assess/model.ts';
import type { ReviewedFile } from '../../../assess/review.ts';
import type { AssessOutcome } from '../../../workflow/assess.ts';

export function outcomeJson(outcome: AssessOutcome): Readonly<Record<string, unknown>> {
  const { files, errors, stats, baseline, written } = outcome;
  return {
    assessments: files.map(assessmentJson),
    ...(errors.length === 0
      ? {}
      : { errors: errors.map(({ file, error }) => ({ file, ...error.toJSON() })) }),
    ...(stats === null
      ? {}
      : {
          stats: {
            file: stats.file,
            environment: stats.stats.environment,
            takenAt: stats.stats.takenAt,
          },
        }),
    ...(baseline === null ? {} : { baseline: { file: baseline.file, stale: baseline.stale } }),
    ...(written === null ? {} : { written }),
  };
}

type AssessmentJson = Assessment & {
  readonly allowed: readonly (Finding & { readonly reason: string })[];
  readonly baselined: readonly Finding[];
  readonly unusedAllows: ReviewedFile['unusedAllows'];
};

function assessmentJson({ assessment, allowed, baselined, unusedAllows }: ReviewedFile): AssessmentJson {
  return {
    ...assessment,
    allowed: allowed.map(({ finding, reason }) => ({ ...finding, reason })),
    baselined,
    unusedAllows,
  };
}
