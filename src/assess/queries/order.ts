/** In which order application and database have to be deployed, from what works where: one sentence. */
import type { QueryResult, SchemaState } from './model.ts';

export interface Order {
  readonly sentence: string;
  readonly newFrom: string | null;
  readonly oldUntil: string | null;
}

/**
 * A query that works before and fails later is the old application's; one that fails before and works at the end is the
 * new one's. `before` is the state in front of the first step.
 */
export function deploymentOrder(states: readonly SchemaState[], queries: readonly QueryResult[]): Order {
  const works = (query: QueryResult) => query.states.map(({ verdict }) => verdict !== 'fails');
  const judged = queries.filter(({ outcome }) => outcome !== 'unknown');
  const breaking = judged.filter((query) => query.outcome === 'breaks' && works(query)[0] === true);
  const needing = judged.filter((query) => works(query)[0] === false && works(query).at(-1) === true);
  const passing = judged.filter((query) => works(query)[0] === false && works(query).at(-1) === false);
  const firstBreak = Math.min(...breaking.map((query) => works(query).indexOf(false)));
  const newFrom = Math.max(...needing.map((query) => works(query).lastIndexOf(false) + 1));
  const hasBreak = breaking.length > 0;
  const hasNew = needing.length > 0;
  const first = breaking.filter((query) => works(query).indexOf(false) === firstBreak);
  return {
    sentence: [
      ...sentences(),
      ...doubtSentence(queries),
      ...heldSentence(queries, states.length === 2),
      ...passingSentence(passing),
    ].join(' '),
    newFrom: hasNew ? (states[newFrom]?.id ?? null) : null,
    oldUntil: hasBreak ? (states[firstBreak - 1]?.id ?? null) : null,
  };

  function sentences(): string[] {
    if (judged.length === 0)
      return ['None of the queries works in any state: nothing can be said about the order.'];
    if (!hasBreak && !hasNew) return [sameEverywhere(judged)];
    const broken = `${listed(first)} ${first.length === 1 ? 'fails' : 'fail'}`;
    if (hasBreak && !hasNew) {
      return [
        `Deploy the application that no longer sends ${listed(breaking)} before ${step(firstBreak)}: the old one breaks there.`,
      ];
    }
    if (!hasBreak) {
      return [
        `Deploy the new application after ${step(newFrom)}, which ${listed(needing)} ${needing.length === 1 ? 'needs' : 'need'}; the old one works throughout.`,
      ];
    }
    if (newFrom < firstBreak) {
      return [
        `Deploy the new application after ${step(newFrom)}; the old one breaks at ${step(firstBreak)} (${broken}).`,
      ];
    }
    return [
      `No state serves both applications: the old one breaks at ${step(firstBreak)} (${broken}), the new one works only after ${step(newFrom)}.`,
      'Either the application stands still in between, or the change is made in two: first what the new one needs, then, once it is deployed, what the old one needs goes.',
    ];
  }

  function step(index: number): string {
    if (states.length === 2) return 'the migration';
    return `step ${states[index]?.id ?? '?'}`;
  }
}

function sameEverywhere(judged: readonly QueryResult[]): string {
  const changed = judged.filter(({ states }) => states.some(({ resultChanges }) => resultChanges.length > 0));
  const works =
    judged.length === 1
      ? 'The query works before, at every rollback point and after'
      : `All ${judged.length} queries work before, at every rollback point and after`;
  if (changed.length === 0) return `${works}: application and database can be deployed in either order.`;
  return `${works}; ${listed(changed)} ${changed.length === 1 ? 'gives' : 'give'} another result than before: see that the application takes either.`;
}

function heldSentence(queries: readonly QueryResult[], oneStep: boolean): string[] {
  const held = queries.filter(({ states }) => states.some((state) => state.held !== null));
  if (held.length === 0) return [];
  const at = [
    ...new Set(
      held.flatMap(({ states }) => states.filter((state) => state.held !== null).map(({ state }) => state)),
    ),
  ];
  return [
    `Sessions that hold ${listed(held)} as ${held.length === 1 ? 'a prepared statement' : 'prepared statements'} get one error each after ${oneStep ? 'the migration' : at.join(', ')}: have the pool reconnect, or the driver prepare anew.`,
  ];
}

function doubtSentence(queries: readonly QueryResult[]): string[] {
  const doubted = queries.filter(({ doubts }) => doubts.length > 0);
  if (doubted.length === 0) return [];
  const [first] = doubted.flatMap(({ doubts }) => doubts);
  const more = doubted.some(({ doubts }) => doubts.length > 1) || doubted.length > 1 ? ', for one' : '';
  return [
    `${capital(listed(doubted))} ${doubted.length === 1 ? 'is' : 'are'} likely to fail when run from ${first?.state ?? ''} on: ${first?.why ?? ''}${more}.`,
  ];
}

function passingSentence(passing: readonly QueryResult[]): string[] {
  return passing.length === 0
    ? []
    : [`${capital(listed(passing))} ${passing.length === 1 ? 'works' : 'work'} at some of the steps alone.`];
}

/** `q1`, `q1 and q2`, `q1, q2 and 3 more`. */
function listed(queries: readonly QueryResult[]): string {
  const names = queries.map(({ id, name }) => (name === null ? id : `${id} ${name}`));
  if (names.length <= 3)
    return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
