/** The table that an ALTER TABLE is about, and those that a command of it reaches as well. */
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';

export interface Scope {
  readonly relation: string;
  readonly partitioned: boolean;
  /** Partitions, or tables that inherit from it; none where the statement says ONLY. */
  readonly heirs: readonly string[];
  /** Also where the statement says ONLY. */
  readonly allHeirs: readonly string[];
  readonly effect: Effect;
  readonly context: AssessContext;
}

/** The table and its heirs: what a command that is inherited works on. */
export function everyone({ relation, heirs }: Scope): readonly string[] {
  return [relation, ...heirs];
}
