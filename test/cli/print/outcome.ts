/** An outcome of `assess` without a project: texts in, what the printers take out. */
import { assessScript } from '../../../src/assess/assess.ts';
import type { RelationSize } from '../../../src/assess/model.ts';
import { review } from '../../../src/assess/review.ts';
import { RULES, SCRIPT_RULES } from '../../../src/assess/rules/index.ts';
import type { FerrataError } from '../../../src/errors.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import type { AssessOutcome } from '../../../src/workflow/assess.ts';
import { policy } from '../../assess/support.ts';

export const ROOT = '/repo';

export interface Given {
  /** SQL by path below the repository. */
  readonly files: Readonly<Record<string, string>>;
  /** Rows by table. */
  readonly rows?: Readonly<Record<string, number>>;
  /** Fingerprints of the baseline. */
  readonly baseline?: readonly string[];
  readonly errors?: Readonly<Record<string, FerrataError>>;
}

export async function outcome(given: Given): Promise<AssessOutcome> {
  const sizes = new Map<string, RelationSize>(
    Object.entries(given.rows ?? {}).map(([name, rows]) => {
      const relation = `public.${name}`;
      return [relation, { relation, rows, bytes: rows * 100, indexes: 2 }];
    }),
  );
  const files = [];
  for (const [file, text] of Object.entries(given.files)) {
    const script = await parseScript(text, file);
    const facts = { catalog: null, sizes, policy, migration: null, hasDown: false };
    files.push(
      review(script, await assessScript(script, facts), `${ROOT}/${file}`, {
        ids: [...RULES, ...SCRIPT_RULES].map(({ id }) => id),
        isOff: () => false,
        baseline: given.baseline === undefined ? null : new Set(given.baseline),
        baselineFile: (path) => path.slice(ROOT.length + 1),
      }),
    );
  }
  const errors = Object.entries(given.errors ?? {}).map(([file, error]) => ({
    file,
    path: `${ROOT}/${file}`,
    error,
  }));
  return { files, errors, stats: null, baseline: null, written: null };
}
