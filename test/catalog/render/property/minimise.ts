/** Makes a failing script small, statement by statement, as long as it fails in the same way. */
import type { Outcome, Script } from './trial.ts';

/** What two failures have in common that have one cause, most likely: the message without the names in it. */
export function signature(problem: string): string {
  const [first = '', ...rest] = problem.split('\n');
  const what = first.slice(0, first.indexOf(':'));
  if (first.endsWith('refused:')) {
    const reason = rest.find((line) => line.includes('REFUSED ')) ?? '';
    return `${what}: ${reason.replace(/REFUSED (\w+) .*?: /, '$1 · ').trim()}`;
  }
  const difference = /^([\w ]+): ([a-z ]+) .* · ([\w.]+): /.exec(first);
  if (difference !== null) return `${difference[1]}: ${difference[2]} · ${difference[3]}`;
  return first.replace(/"(?:[^"]|"")*"|\d+/g, '…').slice(0, 120);
}

const MOST_TRIES = 150;

/** The smallest that is found in a bounded number of tries. */
export async function minimise(
  script: Script,
  wanted: string,
  attempt: (script: Script) => Promise<Outcome>,
): Promise<Script> {
  let tries = 0;
  let best = script;
  const fails = async (candidate: Script): Promise<boolean> => {
    if (tries++ > MOST_TRIES) return false;
    const outcome = await attempt(candidate).catch(() => null);
    return outcome?.problems.some((problem) => signature(problem) === wanted) ?? false;
  };
  for (let size = Math.max(best.base.length, best.change.length); size >= 1; size = Math.floor(size / 2)) {
    for (const part of ['change', 'base'] as const) {
      for (let from = 0; from < best[part].length; ) {
        const without = [...best[part].slice(0, from), ...best[part].slice(from + size)];
        const candidate = { ...best, [part]: without };
        if (without.length < best[part].length && (await fails(candidate))) best = candidate;
        else from += size;
      }
    }
  }
  return best;
}
