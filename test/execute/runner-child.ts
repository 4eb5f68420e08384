/**
 * A runner in a process of its own, to be killed. Arguments: URL, `up` or `down`, the number of the moment at which it
 * kills itself (-1: never), a file with another plan than the usual one, and what a moment is: an `event` of the run or a
 * batch of it, or a `message` to the server that was answered. Prints each moment.
 */
import { readFileSync } from 'node:fs';
import { executeDown } from '../../src/execute/rollback.ts';
import { executeUp } from '../../src/execute/runner.ts';
import { acquireLease } from '../../src/ledger/lease.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { Plan } from '../../src/plan/model.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import type { Proof } from '../../src/prepare/model.ts';
import { readFingerprint } from '../../src/workflow/run.ts';
import { EVERY_KIND_POLICY } from './every-kind.ts';
import { killPlan } from './kill-plan.ts';
import { POLICY, testFingerprint } from './policy.ts';

interface Given {
  readonly plan: Plan;
  readonly proof: Proof | null;
}

const [url = '', direction = 'up', at = '-1', file = '', unit = 'event'] = process.argv.slice(2);
const given: Given | null = file === '' ? null : (JSON.parse(readFileSync(file, 'utf8')) as Given);
const plan = given?.plan ?? killPlan;

let seen = 0;
function moment(name: string): void {
  process.stdout.write(`${name}\n`);
  if (seen++ === Number(at)) process.kill(process.pid, 'SIGKILL');
}

/** Of the connections that steps go over, each answer is a moment. */
function counted(connector: Connector): Connector {
  if (unit !== 'message') return connector;
  return {
    ...connector,
    label: connector.label,
    connect: async (purpose) => {
      const connection = await connector.connect(purpose);
      return purpose === 'run' ? countedConnection(connection) : connection;
    },
  };
}

function countedConnection(connection: Connection): Connection {
  const after = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer;
    moment('message');
    return value;
  };
  return new Proxy(connection, {
    get: (target, name) => {
      switch (name) {
        case 'query':
          return (sql: string, values?: readonly unknown[]) => after(target.query(sql, values));
        case 'rows':
          return (sql: string, values?: readonly unknown[]) => after(target.rows(sql, values));
        case 'script':
          return (sql: string) => after(target.script(sql));
        default: {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
      }
    },
  });
}

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
const MOMENTS = ['run-started', 'step-started', 'step-finished', 'step-resumed', 'run-finished'];
let last = '';
const shared = {
  connector: counted(connector),
  lease,
  policy: given === null ? POLICY : EVERY_KIND_POLICY,
  source: null,
  readFingerprint: given === null ? testFingerprint : readFingerprint,
  reporter: ({ type }: { type: string }) => {
    if (unit !== 'event' || (given !== null && !MOMENTS.includes(type))) return;
    last = type;
    moment(type);
  },
  // Instead of the monitors: asked before every step, where an event has just been, and before every batch.
  ...(given !== null && {
    throttle: {
      wait: async () => {
        if (unit === 'event' && last === 'step-started') moment('batch');
        return { kind: 'go', factor: 1 } as const;
      },
    },
  }),
};
const open = await ledger.unfinished();
if (direction === 'up') {
  await executeUp({
    ...shared,
    plan,
    proof: given?.proof ?? null,
    environment: 'test',
    validate: false,
    resume: open,
  });
} else {
  const run = open ?? (await ledger.runOf(plan.migration));
  if (run === null) throw new Error('nothing to take back');
  await executeDown({ ...shared, run });
}
await lease.release(connection);
await connection.close();
process.stdout.write('end\n');
