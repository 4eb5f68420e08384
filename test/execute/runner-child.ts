/**
 * A runner in a process of its own, to be killed. Arguments: URL, `up` or `down`, the number of the event at which it
 * kills itself (-1: never). Prints each event's type.
 */
import { executeDown } from '../../src/execute/rollback.ts';
import { executeUp } from '../../src/execute/runner.ts';
import { acquireLease } from '../../src/ledger/lease.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import { killPlan } from './kill-plan.ts';
import { POLICY, testFingerprint } from './policy.ts';

const [url = '', direction = 'up', at = '-1'] = process.argv.slice(2);
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
const shared = {
  connector,
  lease,
  policy: POLICY,
  source: null,
  readFingerprint: testFingerprint,
  reporter: ({ type }: { type: string }) => {
    process.stdout.write(`${type}\n`);
    if (seen++ === Number(at)) process.kill(process.pid, 'SIGKILL');
  },
};
const open = await ledger.unfinished();
if (direction === 'up') {
  await executeUp({
    ...shared,
    plan: killPlan,
    proof: null,
    environment: 'test',
    validate: false,
    resume: open,
  });
} else {
  const run = open ?? (await ledger.runOf(killPlan.migration));
  if (run === null) throw new Error('nothing to take back');
  await executeDown({ ...shared, run });
}
await lease.release(connection);
await connection.close();
process.stdout.write('end\n');
