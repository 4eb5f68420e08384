import type { ParsedStatement } from '../../sql/model.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding } from '../model.ts';
import * as all from './all.ts';
import { concerns, findingFrom, type Hit, type Rule, type ScriptRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

const EVERY: readonly (Rule | ScriptRule)[] = Object.values(all);

/** Every rule about single statements, by id. */
export const RULES: readonly Rule[] = EVERY.filter((rule) => 'applies' in rule);
/** Every rule about several statements of a script, by id. */
export const SCRIPT_RULES: readonly ScriptRule[] = EVERY.filter((rule) => 'read' in rule);

const BY_KIND = new Map<string, Rule[]>();
for (const rule of RULES) {
  for (const kind of rule.on) BY_KIND.set(kind, [...(BY_KIND.get(kind) ?? []), rule]);
}

/** A finding whose SQL to write instead is made when it is called; what depends on the moment has been read already. */
export type PendingFinding = () => Promise<Finding>;

export interface FindingReader {
  /** Called for each statement at the moment it would run. */
  readonly see: (analysis: Analysis, context: AssessContext) => readonly PendingFinding[];
  /** Called behind the last one. */
  readonly end: (context: AssessContext) => readonly PendingFinding[];
}

/** Reads one script for its findings, as far as the project has not switched them off. */
export function readFindings(settings: RuleSettings): FindingReader {
  const isOn = (rule: Rule | ScriptRule, context: AssessContext): boolean => {
    const level = settings.levels[rule.id] ?? (rule.optional === true ? 'off' : rule.severity);
    return level !== 'off' && concerns(rule, context.major);
  };
  const make = (rule: Rule | ScriptRule, statement: ParsedStatement, hit: Hit): PendingFinding => {
    const level = settings.levels[rule.id];
    // What the project says about the rule weighs more than what the rule says about the case.
    const weighed = level === undefined || level === 'off' ? hit : { ...hit, severity: level };
    return () => findingFrom(rule, statement, weighed);
  };
  const readers = SCRIPT_RULES.map((rule) => ({ rule, reader: rule.read() }));
  return {
    see: (analysis, context) => {
      const { statement } = analysis;
      const single = (BY_KIND.get(statement.kind) ?? [])
        .filter((rule) => isOn(rule, context))
        .flatMap((rule) => rule.applies(analysis, context).map((hit) => make(rule, statement, hit)));
      const several = readers.flatMap(({ rule, reader }) =>
        reader
          .see(analysis, context)
          .filter(() => isOn(rule, context))
          .map((hit) => make(rule, hit.statement, hit)),
      );
      return [...single, ...several];
    },
    end: (context) =>
      readers.flatMap(({ rule, reader }) =>
        (reader.end?.(context) ?? [])
          .filter(() => isOn(rule, context))
          .map((hit) => make(rule, hit.statement, hit)),
      ),
  };
}
