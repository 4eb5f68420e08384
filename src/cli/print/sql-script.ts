/** Rendered statements as a script that runs as it is, in psql or as one message. */
import type { Refusal, RenderedStatement } from '../../catalog/model.ts';

/** What render puts in front of function bodies; it belongs to the transaction and is no change. */
export const BODIES_UNCHECKED = 'SET LOCAL check_function_bodies = off';

/**
 * What may run in a transaction runs in one; what may not stands between. Statements that destroy data are marked;
 * refusals stand at the end as comments, because the statements alone then do not lead to the goal.
 */
export function sqlScript(
  statements: readonly RenderedStatement[],
  refusals: readonly Refusal[],
  heading: readonly string[],
): string {
  const lines = heading.flatMap((line) => comment(line));
  const unchecked = statements.some(({ sql }) => sql === BODIES_UNCHECKED);
  let open = false;
  for (const { sql, transactional, destroysData, object } of statements) {
    if (sql === BODIES_UNCHECKED) continue;
    if (transactional && !open) {
      lines.push('', 'BEGIN;');
      // Made anew in every transaction: SET LOCAL ends with it.
      if (unchecked) lines.push(`${BODIES_UNCHECKED};`);
    }
    if (!transactional && open) lines.push('COMMIT;', '');
    open = transactional;
    if (destroysData) lines.push(...comment(`destroys data: ${object}`));
    lines.push(`${sql};`);
  }
  if (open) lines.push('COMMIT;');
  if (refusals.length > 0) {
    lines.push('', ...comment('Not all of the difference can be written as SQL. Left out:'));
    for (const { object, reason } of refusals) lines.push(...comment(`refused: ${object}: ${reason}`));
  }
  return lines.join('\n');
}

/** However many lines the text has: no line of it is left outside of the comment. */
function comment(text: string): string[] {
  return text.split(/\r\n|\r|\n/).map((line) => `-- ${line}`.trimEnd());
}
