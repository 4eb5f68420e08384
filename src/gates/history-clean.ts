import { checkHistory } from '../source/history.ts';
import { type Gate, holds, refuses } from './model.ts';

/** What is applied is what is in the folder: nothing edited, missing, late or in doubt. */
export const historyClean: Gate = async ({ ledger, migrations }) => {
  const open = await ledger.unfinished();
  if (open !== null) {
    return refuses(
      'run-unfinished',
      `Run ${open.id} of ${open.migration} is ${open.state}.`,
      '`ferrata up` goes on with it, `ferrata down` takes it back.',
    );
  }
  if (migrations === undefined) return holds('No run is open.');
  const problem = checkHistory(migrations, await ledger.applied()).find((p) => p.severity === 'error');
  if (problem === undefined) return holds('The migrations are those that were applied.');
  const code = problem.code === 'branches-touch-table' ? 'migration-late' : problem.code;
  return refuses(code, problem.message, problem.hint);
};
