/** Drift for a terminal: what it is compared with, the differences, and beside each who may have made it. */
import type { Drift, RecordedBy } from '../../workflow/drift.ts';
import type { Suspect } from '../../workflow/suspects.ts';
import type { WatchOutcome } from '../../workflow/watch-ddl.ts';
import { printDifferences } from './differences.ts';
import { count, hang, instant } from './layout.ts';
import type { Palette } from './palette.ts';

/** Suspects of one object that are named without `--all`. */
const SUSPECTS = 3;

export function printDrift(drift: Drift, p: Palette, width: number, all: boolean): string {
  const verdict =
    drift.outcome === 'equal'
      ? p.green('equal')
      : drift.outcome === 'cosmetic'
        ? p.yellow('cosmetic')
        : p.red('different');
  const head = hang(`${verdict} ${drift.database} ${p.dim(since(drift.since))}`, width);
  if (drift.differences.length === 0) return head;
  const known = new Map(drift.differences.map((d) => [`${d.kind} ${d.object} ${d.property}`, d.suspects]));
  const body = printDifferences(drift.differences, {
    palette: p,
    width,
    before: 'recorded',
    after: 'live',
    all,
    beside: (differences) => {
      const suspects = once(
        differences.flatMap((d) => known.get(`${d.kind} ${d.object} ${d.property}`) ?? []),
      );
      const shown = all ? suspects : suspects.slice(-SUSPECTS);
      const hidden = suspects.length - shown.length;
      return [
        ...shown.map((one) => printSuspect(one, p, all)),
        ...(hidden > 0 ? [p.dim(`… and ${count(hidden, 'earlier statement')} (--all shows them)`)] : []),
      ];
    },
  });
  return [head, body, hang(p.dim(watchLine(drift)), width)].join('\n');
}

/** `since up 2026… (run 3f2a…, proved 2026-11-20 …, recorded 2026-11-20 …)`. */
export function since({ reason, recordedAt, run, proof }: RecordedBy): string {
  const facts = [
    ...(run === null ? [] : [`run ${run}`]),
    ...(proof === null ? [] : [`proved ${instant(proof.provedAt)}`]),
    `${run === null && proof === null ? '' : 'recorded '}${instant(recordedAt)}`,
  ];
  return `since ${reason} (${facts.join(', ')})`;
}

function once(suspects: readonly Suspect[]): readonly Suspect[] {
  const kept = new Map<string, Suspect>();
  for (const one of suspects) {
    const key = `${one.at} ${one.transaction} ${one.command}`;
    if (kept.get(key)?.certain !== true) kept.set(key, one);
  }
  return [...kept.values()].sort((a, b) => a.at.localeCompare(b.at));
}

function printSuspect(suspect: Suspect, p: Palette, whole: boolean): string {
  const { at, user, role, application, client, command, statement, run, certain } = suspect;
  const where = [application, client].filter((part) => part !== null).join(', ');
  const who =
    run === null
      ? `${p.bold(user)}${role === null ? '' : ` as ${role}`}${where === '' ? '' : ` (${where})`}`
      : `run ${run.id}, ${run.direction} ${run.migration}`;
  const flat = statement?.trim().replace(/\s+/g, ' ');
  const said =
    flat === undefined
      ? `${command} (text not kept: it may hold a secret)`
      : whole || flat.length <= 160
        ? flat
        : `${flat.slice(0, 159)}…`;
  return `${p.magenta(certain ? 'by' : 'maybe by')} ${who} ${p.dim(`${instant(at)}:`)} ${said}`;
}

function watchLine({ watch, since: recorded, differences }: Drift): string {
  if (watch === null) {
    return 'Who did it is not known. `ferrata drift --watch-ddl` has it recorded from then on.';
  }
  if (!watch.readable) {
    return 'Who did it is recorded, but this user may not read it: GRANT SELECT ON ferrata.ddl_log to it.';
  }
  if (!watch.enabled) {
    return 'The watch is installed, but its event triggers are disabled: `ferrata drift --watch-ddl` mends it.';
  }
  const unknown = differences.filter((d) => d.suspects.length === 0).length;
  if (unknown === 0) return '';
  const late = watch.since !== null && watch.since > recorded.recordedAt;
  const why = late
    ? `the watch was installed ${instant(watch.since ?? '')}, after the schema was recorded`
    : 'no statement on them is in the log (roles and databases are not watched)';
  return `${count(unknown, 'difference')} without a culprit: ${why}.`;
}

export function printWatch(outcome: WatchOutcome, p: Palette, width: number): string {
  if (outcome.dryRun) {
    // Nothing but SQL: it is handed to psql.
    return `BEGIN;\n${outcome.statements.map((sql) => `${sql};`).join('\n')}\nCOMMIT;`;
  }
  if (outcome.turn === 'off') {
    return outcome.wasOn
      ? hang(`${p.green('removed')} the watch and its log from ${outcome.database}`, width)
      : hang(`${outcome.database} is not watched: nothing to remove.`, width);
  }
  const what = outcome.wasOn ? 'watched as before' : 'watched';
  return hang(
    `${p.green(what)} ${outcome.database}: who changes the schema from now on is kept for ${outcome.keepDays} days, and \`ferrata drift\` names them`,
    width,
  );
}
