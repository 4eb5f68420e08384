import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding } from '../model.ts';
import * as all from './all.ts';
import { concerns, findingFrom, type Rule, type ScriptRule } from './rule.ts';

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

/**
 * Reads one script for its findings.
 *
 * @param enabled the optional rules that the project switched on, by id
 */
export function readFindings(enabled: ReadonlySet<string> = new Set()): FindingReader {
  const isOn = (rule: Rule | ScriptRule, context: AssessContext): boolean =>
    (rule.optional !== true || enabled.has(rule.id)) && concerns(rule, context.major);
  const readers = SCRIPT_RULES.map((rule) => ({ rule, reader: rule.read() }));
  return {
    see: (analysis, context) => {
      const { statement } = analysis;
      const single = (BY_KIND.get(statement.kind) ?? [])
        .filter((rule) => isOn(rule, context))
        .flatMap((rule) =>
          rule.applies(analysis, context).map((hit) => () => findingFrom(rule, statement, hit)),
        );
      const several = readers.flatMap(({ rule, reader }) =>
        reader
          .see(analysis, context)
          .filter(() => isOn(rule, context))
          .map((hit) => () => findingFrom(rule, hit.statement, hit)),
      );
      return [...single, ...several];
    },
    end: (context) =>
      readers.flatMap(({ rule, reader }) =>
        (reader.end?.(context) ?? [])
          .filter(() => isOn(rule, context))
          .map((hit) => () => findingFrom(rule, hit.statement, hit)),
      ),
  };
}
