/** The application's queries against a migration's states, for a terminal: the order first, then what is not as before. */
import type { Compatibility, QueryAtState, QueryResult, UnreadQuery } from '../../assess/queries/model.ts';
import { count, hang, visibleLength } from './layout.ts';
import type { Palette } from './palette.ts';

export interface QueriesView {
  readonly palette: Palette;
  readonly width: number;
  /** Every query, also those that nothing happens to. */
  readonly verbose: boolean;
}

/** So many queries are shown one by one. */
const MOST = 30;
const LONGEST_SQL = 300;

const RANK: Readonly<Record<QueryResult['outcome'], number>> = {
  breaks: 0,
  needs: 1,
  worse: 2,
  changes: 3,
  unaffected: 4,
  unknown: 5,
};

export function printQueries(
  queries: readonly QueryResult[],
  compatibility: Compatibility,
  view: QueriesView,
): readonly string[] {
  const { palette: p, width, verbose } = view;
  const judged = queries.filter(({ outcome }) => outcome !== 'unknown');
  const lines = [
    hang(
      `${p.bold('queries')}  ${count(queries.length, 'query', 'queries')}, ${count(compatibility.states.length, 'state')}`,
      width,
    ),
    hang(compatibility.order, width, 2),
  ];
  const { stopped } = compatibility;
  if (stopped !== null) {
    lines.push(
      hang(
        `${p.red(`step ${stopped.step} fails on the copy`)}: ${stopped.message}; the states from there on are not known`,
        width,
        2,
      ),
    );
  }
  const told = judged
    .filter((query) => verbose || query.outcome !== 'unaffected' || query.doubts.length > 0)
    .sort((a, b) => RANK[a.outcome] - RANK[b.outcome] || (b.calls ?? 0) - (a.calls ?? 0));
  const shown = told.slice(0, verbose || told.length <= MOST + 1 ? told.length : MOST);
  if (shown.length > 0) {
    lines.push('', ...stateLines(compatibility, view), '', ...matrix(shown, compatibility, view));
    for (const query of shown) lines.push('', ...printQuery(query, view));
  }
  if (told.length > shown.length) {
    lines.push(
      '',
      p.dim(`  and ${count(told.length - shown.length, 'more query', 'more queries')} (--verbose shows all)`),
    );
  }
  return [...lines, '', ...closing(queries, told, compatibility, view)];
}

function stateLines({ states }: Compatibility, { palette: p, width }: QueriesView): string[] {
  const steps = states.filter(({ title }) => title !== null);
  const room = Math.max(0, ...steps.map(({ id }) => id.length));
  return steps.map(({ id, title }) => {
    const words = (title ?? '').replace(/\s+/g, ' ');
    const space = Math.max(20, width - room - 4);
    return `  ${p.bold(id.padEnd(room))}  ${words.length > space ? `${words.slice(0, space - 1)}…` : words}`;
  });
}

/** States in which every query fares as in the one before stand in one column. */
function matrix(
  queries: readonly QueryResult[],
  { states }: Compatibility,
  { palette: p, width }: QueriesView,
): string[] {
  const columns: { from: number; to: number }[] = [];
  for (const index of states.keys()) {
    const last = columns.at(-1);
    const same =
      last !== undefined &&
      index > 1 &&
      queries.every((query) => mark(query, index, p) === mark(query, last.to, p));
    if (same) last.to = index;
    else columns.push({ from: index, to: index });
  }
  const headings = columns.map(({ from, to }) => {
    const [first, last] = [states[from]?.id ?? '', states[to]?.id ?? ''];
    return from === to ? first : `${first}–${last}`;
  });
  const names = queries.map(label);
  const cells = headings.map((heading) => Math.max(5, heading.length));
  const taken = cells.reduce((sum, cell) => sum + cell + 2, 0);
  // Too many for a table: each query tells its own story below.
  if (taken + 12 > width) return [p.dim('  (more states than fit side by side)')];
  const room = Math.min(Math.max(...names.map((name) => name.length)), width - taken - 2);
  const row = (name: string, marks: readonly string[]) =>
    `  ${name}${' '.repeat(Math.max(0, room - visibleLength(name)))}${marks
      .map((text, index) => `  ${text}${' '.repeat(Math.max(0, (cells[index] ?? 0) - visibleLength(text)))}`)
      .join('')}`.trimEnd();
  return [
    row(
      '',
      headings.map((heading) => p.dim(heading)),
    ),
    ...queries.map((query, index) => {
      const name = names[index] ?? '';
      const short = name.length > room ? `${name.slice(0, room - 1)}…` : name;
      return row(
        short,
        columns.map(({ from }) => mark(query, from, p)),
      );
    }),
  ];
}

function label({ id, name }: QueryResult): string {
  return name === null ? id : `${id} ${name}`;
}

function mark(query: QueryResult, index: number, p: Palette): string {
  const at = query.states[index];
  if (at === undefined) return '';
  if (at.verdict === 'fails') return p.red('fails');
  const since = query.doubts.map(({ state }) => query.states.findIndex((one) => one.state === state));
  const doubtful = since.some((from) => from !== -1 && from <= index);
  const word = at.verdict === 'worse' ? p.yellow('slow') : doubtful ? p.yellow('ok?') : p.green('ok');
  return at.held === null ? word : `${word}${p.yellow('!')}`;
}

function printQuery(query: QueryResult, { palette: p, width }: QueriesView): string[] {
  const place = query.file === null ? '' : `  ${p.cyan(`${query.file}:${query.line ?? 1}`)}`;
  const calls = query.calls === null ? '' : `  ${count(query.calls, 'call')}`;
  const sql = query.sql.replace(/\s+/g, ' ');
  const lines = [
    hang(`${p.bold(label(query))}${place}${calls}`, width, 2),
    hang(p.dim(sql.length > LONGEST_SQL ? `${sql.slice(0, LONGEST_SQL - 1)}…` : sql), width, 4),
  ];
  let before: QueryAtState | undefined;
  for (const at of query.states) {
    const said = sayState(at, before, p);
    before = at;
    for (const text of said) lines.push(hang(`${p.bold(at.state)}: ${text}`, width, 4));
  }
  for (const touch of query.touches) {
    lines.push(hang(p.dim(`touches ${touch.object}: ${touch.change} at ${touch.step}`), width, 4));
  }
  for (const { state, why } of query.doubts) {
    lines.push(hang(`${p.bold(state)}: ${p.yellow('likely to fail when it runs')}: ${why}`, width, 4));
  }
  return lines;
}

/** What is new in a state against the one before it. */
function sayState(at: QueryAtState, before: QueryAtState | undefined, p: Palette): string[] {
  const said: string[] = [];
  if (at.error !== null && at.error.message !== before?.error?.message) {
    said.push(`${p.red('fails')}: ${at.error.message} (${at.error.sqlstate})`);
  }
  if (at.error === null && before !== undefined && before.error !== null) said.push(p.green('works'));
  if (at.held !== null) said.push(`${p.yellow('prepared before, it fails once')}: ${at.held.message}`);
  if (at.verdict === 'worse' && at.plan !== null && at.plan.cost !== before?.plan?.cost) {
    const { cost, ratio, lostIndexes, instead } = at.plan;
    const parts = [
      `${p.yellow(`costs ${ratio ?? '?'} times as much`)} (${Math.round(cost).toLocaleString('en-US')})`,
      ...(lostIndexes.length === 0 ? [] : [`no longer uses ${lostIndexes.join(', ')}`]),
      ...instead,
    ];
    said.push(parts.join('; '));
  }
  const known = new Set(before?.resultChanges ?? []);
  const changes = at.resultChanges.filter((change) => !known.has(change));
  if (changes.length > 0) said.push(`its result changes: ${changes.join(', ')}`);
  return said;
}

function closing(
  queries: readonly QueryResult[],
  told: readonly QueryResult[],
  { plansRestOn, unread, skipped }: Compatibility,
  { palette: p, width, verbose }: QueriesView,
): string[] {
  const calm = queries.filter((query) => query.outcome === 'unaffected' && !told.includes(query)).length;
  const unknown = queries.filter(({ outcome }) => outcome === 'unknown');
  const lines: string[] = [];
  if (calm > 0) lines.push(`${count(calm, 'query', 'queries')} unaffected`);
  if (plansRestOn !== null) lines.push(`plans rest on ${plansRestOn}`);
  for (const query of unknown.slice(0, verbose ? unknown.length : 3)) {
    lines.push(`${label(query)} works in no state: ${query.states[0]?.error?.message ?? 'not known why'}`);
  }
  if (!verbose && unknown.length > 3) lines.push(`and ${unknown.length - 3} more that work in no state`);
  lines.push(...unreadLines(unread, verbose));
  const left = Object.entries(skipped).map(([what, number]) => `${number.toLocaleString('en-US')} ${what}`);
  if (left.length > 0) lines.push(`left out: ${left.join(', ')}`);
  return lines.map((line) => hang(p.dim(line), width, 2));
}

function unreadLines(unread: readonly UnreadQuery[], verbose: boolean): string[] {
  const lines = unread.slice(0, verbose ? unread.length : 3).map(({ file, line, sql, why }) => {
    const place = file === null ? sql.replace(/\s+/g, ' ').slice(0, 60) : `${file}:${line ?? 1}`;
    return `${place} can't be read: ${why}`;
  });
  return !verbose && unread.length > 3
    ? [...lines, `and ${unread.length - 3} more that can't be read`]
    : lines;
}
