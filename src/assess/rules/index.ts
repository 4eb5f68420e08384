import type { ParsedStatement } from '../../sql/model.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding, Severity } from '../model.ts';
import * as all from './all.ts';
import {
  commandsBySubtype,
  concerns,
  findingFrom,
  type Hit,
  type Rule,
  type ScriptReader,
  type ScriptRule,
} from './rule.ts';
import type { RuleSettings } from './settings.ts';

const EVERY: readonly (Rule | ScriptRule)[] = Object.values(all);

/** Every rule about single statements, by id. */
export const RULES: readonly Rule[] = EVERY.filter((rule) => 'applies' in rule);
/** Every rule about several statements of a script, by id. */
export const SCRIPT_RULES: readonly ScriptRule[] = EVERY.filter((rule) => 'read' in rule);

/**
 * A finding whose SQL to write instead is made when it is called; what depends on the moment has been read already.
 *
 * @param needsSql whether this one, by id and severity, needs its SQL at all; default: each does
 */
export type PendingFinding = (needsSql?: NeedsSql) => Promise<Finding>;
export type NeedsSql = (id: string, severity: Severity) => boolean;

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
    return (needsSql) =>
      findingFrom(
        rule,
        statement,
        needsSql?.(rule.id, weighed.severity ?? rule.severity) === false
          ? { ...weighed, safeSql: [] }
          : weighed,
      );
  };
  const all: Analysis[] = [];
  /** Side by side with `ActiveRules.scripts`. */
  let begun: readonly ScriptReader[] | null = null;
  const readers = (active: ActiveRules): readonly ScriptReader[] => {
    begun ??= active.scripts.map((rule) => rule.read());
    return begun;
  };
  return {
    see: (analysis, context) => {
      const { statement } = analysis;
      const active = activeRules(settings, context.major);
      const found: PendingFinding[] = [];
      all.push(analysis);
      for (const rule of active.for(statement)) {
        for (const hit of rule.applies(analysis, context)) found.push(make(rule, statement, hit));
      }
      const open = readers(active);
      for (const index of active.reading(statement.kind)) {
        const [rule, reader] = [active.scripts[index], open[index]];
        if (rule === undefined || reader === undefined) continue;
        for (const hit of reader.see(analysis, context)) found.push(make(rule, hit.statement, hit));
      }
      return found;
    },
    end: (context) => {
      const active = activeRules(settings, context.major);
      const open = readers(active);
      return active.scripts.flatMap((rule, index) =>
        (open[index]?.end?.(context, all) ?? []).map((hit) => make(rule, hit.statement, hit)),
      );
    },
  };
}

/** By settings and major: the same for every script of a run. */
const ACTIVE = new WeakMap<RuleSettings, Map<number | null, ActiveRules>>();

function activeRules(settings: RuleSettings, major: number | null): ActiveRules {
  const byMajor = ACTIVE.get(settings) ?? new Map<number | null, ActiveRules>();
  ACTIVE.set(settings, byMajor);
  const known = byMajor.get(major);
  if (known !== undefined) return known;
  const active = new ActiveRules(settings, major);
  byMajor.set(major, active);
  return active;
}

/** The rules that are on, and for each statement those that may have something to say of it: most have not. */
class ActiveRules {
  readonly scripts: readonly ScriptRule[];
  readonly #single: readonly Rule[];
  readonly #for = new Map<string, readonly Rule[]>();
  readonly #reading = new Map<string, readonly number[]>();

  constructor(settings: RuleSettings, major: number | null) {
    const isOn = (rule: Rule | ScriptRule): boolean => {
      const level = settings.levels[rule.id] ?? (rule.optional === true ? 'off' : rule.severity);
      return level !== 'off' && concerns(rule, major);
    };
    this.#single = RULES.filter(isOn);
    this.scripts = SCRIPT_RULES.filter(isOn);
  }

  for(statement: ParsedStatement): readonly Rule[] {
    const { kind } = statement;
    const subtypes = kind === 'AlterTableStmt' ? [...commandsBySubtype(statement).keys()] : [];
    const key = subtypes.length === 0 ? kind : `${kind} ${subtypes.join(' ')}`;
    const known = this.#for.get(key);
    if (known !== undefined) return known;
    const found = this.#single.filter(
      ({ on, commands }) =>
        on.includes(kind) &&
        (kind !== 'AlterTableStmt' ||
          commands === undefined ||
          commands.some((subtype) => subtypes.includes(subtype))),
    );
    this.#for.set(key, found);
    return found;
  }

  /** Indexes in `scripts`. */
  reading(kind: string): readonly number[] {
    const known = this.#reading.get(kind);
    if (known !== undefined) return known;
    const found = this.scripts.flatMap(({ on }, index) =>
      on === undefined || on.includes(kind) ? [index] : [],
    );
    this.#reading.set(kind, found);
    return found;
  }
}
