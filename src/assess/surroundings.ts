import type { ParsedStatement } from '../sql/model.ts';
import { DEFAULT_RULE_SETTINGS, type RuleSettings } from './rules/settings.ts';
import { type TargetFacts, UNKNOWN_TARGET } from './target-facts.ts';

/** What stands around a script: what the project thinks of the rules, and what is known of where it will run. */
export interface Surroundings {
  readonly settings: RuleSettings;
  readonly target: TargetFacts;
  /** The migration's id; null for a loose file. */
  readonly migration: string | null;
  /** Ids of the migrations that the target's ledger has as applied; null where there is no target. */
  readonly applied: readonly string[] | null;
  /**
   * Statements about big tables: null where `up` runs it in batches by itself, else why not. Absent
   * where nothing plans it: a loose file.
   */
  readonly batches?: ReadonlyMap<ParsedStatement, string | null>;
  /** What the pending migrations before this one go through under a strong lock: tables to the first that does. */
  readonly worked?: ReadonlyMap<string, string>;
}

export const NO_SURROUNDINGS: Surroundings = Object.freeze({
  settings: DEFAULT_RULE_SETTINGS,
  target: UNKNOWN_TARGET,
  migration: null,
  applied: null,
});
