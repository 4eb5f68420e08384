/** How an assessment's values are said: for a terminal and for Markdown alike. */
import type { Interval, Severity, StatementFacts, StatementLock } from '../../../assess/model.ts';
import type { Risk } from '../../../config/settings.ts';
import { count } from '../layout.ts';
import type { Palette } from '../palette.ts';

export function riskWord(risk: Risk, p: Palette): string {
  switch (risk) {
    case 'low':
      return p.green(risk);
    case 'medium':
      return p.yellow(risk);
    case 'high':
    case 'critical':
      return p.red(p.bold(risk));
    default: {
      const unknown: never = risk;
      return unknown;
    }
  }
}

export function severityColour(severity: Severity, p: Palette): (text: string) => string {
  return severity === 'danger' ? p.red : severity === 'warning' ? p.yellow : p.cyan;
}

/** Without the schema that everybody means. */
export function shortName(relation: string): string {
  return relation.startsWith('public.') ? relation.slice('public.'.length) : relation;
}

const MOST_NAMES = 3;

/** `a, b, c and 12 more`. */
export function names(list: readonly string[], most = MOST_NAMES): string {
  const shown = list.slice(0, list.length > most + 1 ? most : list.length).map(shortName);
  const rest = list.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** Strongest first, one entry per mode: `AccessExclusiveLock orders, customers (referenced)`. */
export function lockWords(locks: readonly StatementLock[]): readonly string[] {
  const byMode = new Map<string, StatementLock[]>();
  for (const lock of locks) {
    const same = byMode.get(lock.mode);
    if (same === undefined) byMode.set(lock.mode, [lock]);
    else if (!same.some((known) => known.relation === lock.relation)) same.push(lock);
  }
  return [...byMode]
    .sort(([a], [b]) => ORDER.indexOf(b) - ORDER.indexOf(a))
    .map(([mode, list]) => {
      const shown = list.map(({ relation, role }) =>
        role === 'target' || role === 'source' ? shortName(relation) : `${shortName(relation)} (${role})`,
      );
      return `${mode} ${names(shown)}`;
    });
}

const ORDER: readonly string[] = [
  'AccessShareLock',
  'RowShareLock',
  'RowExclusiveLock',
  'ShareUpdateExclusiveLock',
  'ShareLock',
  'ShareRowExclusiveLock',
  'ExclusiveLock',
  'AccessExclusiveLock',
];

/** What the statement does to what is there, the costly first. */
export function workWords(statement: StatementFacts): readonly string[] {
  return [
    ...(statement.fails === undefined ? [] : [`fails: ${statement.fails.message}`]),
    ...statement.loses.map((loss) => `loses ${loss.what} (${shortName(loss.object)})`),
    ...(statement.rewrites.length === 0 ? [] : [`rewrites ${names(statement.rewrites)}`]),
    ...(statement.scans.length === 0 ? [] : [`scans ${names(statement.scans)}`]),
    ...(statement.builds.length === 0 ? [] : [`builds ${names(statement.builds)}`]),
    ...(statement.validates.length === 0 ? [] : [`validates ${names(statement.validates)}`]),
    ...(statement.transactional ? [] : ['outside a transaction']),
  ];
}

/** Statements that run code which is not in the tree. */
const OPAQUE: ReadonlySet<string> = new Set(['DoStmt', 'CallStmt']);

/** Whether nothing is known of what it does: an empty list of locks would then be a lie. */
export function isOpaque(statement: StatementFacts): boolean {
  return statement.source === 'static' && OPAQUE.has(statement.kind) && statement.locks.length === 0;
}

/** `writes to orders blocked ≈ 40 ms (20–90); work ≈ 2 s (1–4)`; null where nothing is known, or nothing takes time. */
export function timeWords(statement: StatementFacts): string | null {
  const { estimate, blocks } = statement;
  if (estimate === null) return null;
  const parts: string[] = [];
  if (blocks !== 'nothing' && estimate.lockMs[2] > 0) {
    const blocked = blockedRelations(statement);
    const what = blocks === 'writes' ? 'writes to' : 'reads and writes of';
    parts.push(`${what} ${names(blocked, 2)} blocked ${intervalWords(estimate.lockMs)}`);
  }
  if (estimate.workMs[1] > TRIFLE_MS || (parts.length === 0 && estimate.workMs[2] > TRIFLE_MS)) {
    parts.push(`work ${intervalWords(estimate.workMs)}`);
  }
  return parts.length === 0 ? null : parts.join('; ');
}

const TRIFLE_MS = 10;

function blockedRelations({ locks, blocks }: StatementFacts): readonly string[] {
  const enough = ORDER.indexOf(blocks === 'writes' ? 'ShareLock' : 'AccessExclusiveLock');
  const held = locks.filter(
    ({ mode, role }) => ORDER.indexOf(mode) >= enough && role !== 'index' && role !== 'sequence',
  );
  return [...new Set(held.map(({ relation }) => relation))];
}

/** `≈ 40 ms (20–90)`, in one unit. */
export function intervalWords([low, middle, high]: Interval): string {
  if (high <= TRIFLE_MS) return `< ${TRIFLE_MS} ms`;
  const [unit, size] =
    middle >= 7_200_000
      ? ['h', 3_600_000]
      : middle >= 120_000
        ? ['min', 60_000]
        : middle >= 1000
          ? ['s', 1000]
          : ['ms', 1];
  const shown = (ms: number): string => {
    const value = ms / (size as number);
    return unit !== 'ms' && value < 10
      ? String(Math.round(value * 10) / 10)
      : Math.round(value).toLocaleString('en-US').replaceAll(',', ' ');
  };
  return `≈ ${shown(middle)} ${unit} (${shown(low)}–${shown(high)})`;
}

/** `2 danger, 1 warning`; empty where there are none. */
export function countWords(found: Readonly<Record<Severity, number>>): string {
  const parts = (['danger', 'warning', 'info'] as const).filter((severity) => found[severity] > 0);
  return parts.map((severity) => `${found[severity].toLocaleString('en-US')} ${severity}`).join(', ');
}

export function tally(findings: readonly { readonly severity: Severity }[]): Record<Severity, number> {
  const found: Record<Severity, number> = { danger: 0, warning: 0, info: 0 };
  for (const { severity } of findings) found[severity]++;
  return found;
}

export const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];
export const SEVERITIES: readonly Severity[] = ['info', 'warning', 'danger'];

export function rowWords(rows: number | null): string {
  return rows === null ? '? rows' : `about ${count(rows, 'row')}`;
}
