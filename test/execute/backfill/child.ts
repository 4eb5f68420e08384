/**
 * A backfill in a process of its own, to be killed. Arguments: URL, `up` or `down`, the number of the batch before which
 * it kills itself (-1: never), the kind of plan. Prints `batch` before each, and `end`.
 */
import { executeDown } from '../../../src/execute/rollback.ts';
import { executeUp } from '../../../src/execute/runner.ts';
import { acquireLease } from '../../../src/ledger/lease.ts';
import { openLedger } from '../../../src/ledger/ledger.ts';
import { createConnector } from '../../../src/postgres/connect.ts';
import { POLICY, testFingerprint } from '../policy.ts';
import { CRASH_POLICY, crashPlan } from './crash-plan.ts';

const [url = '', direction = 'up', at = '-1', kind = 'alone'] = process.argv.slice(2);
const connector = createConnector(url);
const connection = await connector.connect('child');
const ledger = await openLedger(connection, { create: true });
const lease = await acquireLease({
  connector,
  connection,
  owner: `child@here ${process.pid}`,
  purpose: direction,
  wait: true,
  timing: { ttlMs: 500, heartbeatMs: 100, pollMs: 50 },
});
let seen = 0;
const beat = (): void => {
  process.stdout.write('batch\n');
  if (seen++ === Number(at)) process.kill(process.pid, 'SIGKILL');
};
const plan = crashPlan(kind);
const shared = {
  connector,
  lease,
  policy: { ...POLICY, ...CRASH_POLICY },
  source: null,
  readFingerprint: testFingerprint,
  reporter: ({ type }: { type: string }) => {
    // On the way back nothing is asked between the batches: each transaction is told of here.
    if (direction === 'down' && type !== 'backfill-progress') beat();
  },
};
const open = await ledger.unfinished();
if (direction === 'up') {
  await executeUp({
    ...shared,
    plan,
    proof: null,
    environment: 'test',
    validate: false,
    resume: open,
    throttle: {
      wait: async () => {
        beat();
        return { kind: 'go', factor: 1 };
      },
    },
  });
} else {
  const run = open ?? (await ledger.runOf(plan.migration));
  if (run === null) throw new Error('nothing to take back');
  await executeDown({ ...shared, run });
}
await lease.release(connection);
await connection.close();
process.stdout.write('end\n');
