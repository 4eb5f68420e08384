import type { ParsedStatement, Script } from '../sql/model.ts';
import { outsideTransaction } from '../sql/transactional.ts';
import type { AssessContext } from './context.ts';
import { Effect, type Tag } from './effect.ts';
import { estimate, type Pace } from './estimate.ts';
import type { RelationSize, StatementFacts } from './model.ts';
import { describe } from './statements/index.ts';
import { mergeTrace, tagsOf } from './trace/merge.ts';
import type { Trace } from './trace/run.ts';

/** One statement with what it does. */
export interface Analysis {
  readonly statement: ParsedStatement;
  readonly facts: StatementFacts;
  readonly tags: ReadonlySet<Tag>;
}

/** Called for each statement before its own effects are noted: the context is that of the moment it would run. */
export type Visit = (analysis: Analysis, context: AssessContext) => void;

/** What a server did with the statements on a scratch copy. */
export interface TraceFacts {
  readonly statements: Trace;
  /** Whether that server is of the target's major version. */
  readonly sameMajor: boolean;
  readonly major: number;
}

/** What is known beyond text, catalog and sizes. */
export interface Beyond {
  readonly trace?: TraceFacts;
  readonly pace?: Pace;
}

/** Describes the statements of a script in order, each in the light of those before it. */
export function analyse(
  script: Script,
  context: AssessContext,
  sizes: ReadonlyMap<string, RelationSize>,
  visit?: Visit,
  { trace, pace }: Beyond = {},
): readonly Analysis[] {
  return script.statements.map((statement, index) => {
    const effect = new Effect((relation) => context.isNew(relation));
    const transactional =
      outsideTransaction(statement, {
        isPartitioned: (name) => context.isPartitioned(context.resolve(name) ?? ''),
      }) === null;
    describe(statement, effect, context);
    const traced = trace?.statements.get(index);
    const isNew = (relation: string) => context.isNew(relation);
    effect.tag(...tagsOf(traced, isNew));
    const parts = mergeTrace(effect.facts(), traced, {
      kind: statement.kind,
      transactional,
      isNew,
      isPartitioned: (relation) => context.isPartitioned(relation),
      // What the text cannot know is no mistake of the rules.
      comparable: trace?.sameMajor === true && context.known.complete,
    });
    const facts: StatementFacts = {
      line: statement.line,
      column: statement.column,
      kind: statement.kind,
      transactional,
      ...parts,
      estimate: estimate(parts, sizes, statement, pace),
    };
    const analysis = { statement, facts, tags: effect.tags };
    visit?.(analysis, context);
    context.note(statement);
    return analysis;
  });
}
