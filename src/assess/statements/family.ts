import type { ParsedStatement } from '../../sql/model.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';

/** Says what a statement does: one function per kind of statement, one file per family. */
export type Describe = (statement: ParsedStatement, effect: Effect, context: AssessContext) => void;

export type Family = Readonly<Record<string, Describe>>;
