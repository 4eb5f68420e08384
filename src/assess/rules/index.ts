import type { ParsedStatement } from '../../sql/model.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding } from '../model.ts';
import * as all from './all.ts';
import { concerns, findingFrom, type Hit, type Rule, type ScriptReader, type ScriptRule } from './rule.ts';
import type { RuleSettings } from './settings.ts';

const EVERY: readonly (Rule | ScriptRule)[] = Object.values(all);

/** Every rule about single statements, by id. */
export const RULES: readonly Rule[] = EVERY.filter((rule) => 'applies' in rule);
/** Every rule about several statements of a script, by id. */
export const SCRIPT_RULES: readonly ScriptRule[] = EVERY.filter((rule) => 'read' in rule);

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
  const make = (rule: Rule | ScriptRule, statement: ParsedStatement, hit: Hit): PendingFinding => {
    const level = settings.levels[rule.id];
    // What the project says about the rule weighs more than what the rule says about the case.
    const weighed = level === undefined || level === 'off' ? hit : { ...hit, severity: level };
    return () => findingFrom(rule, statement, weighed);
  };
  let begun: { readonly rule: ScriptRule; readonly reader: ScriptReader }[] | null = null;
  const readers = (major: number | null) => {
    begun ??= activeRules(settings, major).scripts.map((rule) => ({ rule, reader: rule.read() }));
    return begun;
  };
  return {
    see: (analysis, context) => {
      const { statement } = analysis;
      const found: PendingFinding[] = [];
      for (const rule of activeRules(settings, context.major).byKind.get(statement.kind) ?? []) {
        for (const hit of rule.applies(analysis, context)) found.push(make(rule, statement, hit));
      }
      for (const { rule, reader } of readers(context.major)) {
        for (const hit of reader.see(analysis, context)) found.push(make(rule, hit.statement, hit));
      }
      return found;
    },
    end: (context) =>
      readers(context.major).flatMap(({ rule, reader }) =>
        (reader.end?.(context) ?? []).map((hit) => make(rule, hit.statement, hit)),
      ),
  };
}

interface ActiveRules {
  readonly byKind: ReadonlyMap<string, readonly Rule[]>;
  readonly scripts: readonly ScriptRule[];
}

/** By settings and major: the same for every script of a run. */
const ACTIVE = new WeakMap<RuleSettings, Map<number | null, ActiveRules>>();

function activeRules(settings: RuleSettings, major: number | null): ActiveRules {
  const byMajor = ACTIVE.get(settings) ?? new Map<number | null, ActiveRules>();
  ACTIVE.set(settings, byMajor);
  const known = byMajor.get(major);
  if (known !== undefined) return known;
  const isOn = (rule: Rule | ScriptRule): boolean => {
    const level = settings.levels[rule.id] ?? (rule.optional === true ? 'off' : rule.severity);
    return level !== 'off' && concerns(rule, major);
  };
  const byKind = new Map<string, Rule[]>();
  for (const rule of RULES.filter(isOn)) {
    for (const kind of rule.on) byKind.set(kind, [...(byKind.get(kind) ?? []), rule]);
  }
  const active = { byKind, scripts: SCRIPT_RULES.filter(isOn) };
  byMajor.set(major, active);
  return active;
}
