import { randomBytes } from 'node:crypto';
import type { FerrataEvent } from '../../src/events.ts';
import { executeDown } from '../../src/execute/rollback.ts';
import { executeUp, type UpOptions } from '../../src/execute/runner.ts';
import { acquireLease, type Lease, type LeaseTiming } from '../../src/ledger/lease.ts';
import { type Ledger, openLedger } from '../../src/ledger/ledger.ts';
import type { RunRecord } from '../../src/ledger/model.ts';
import type { Plan } from '../../src/plan/model.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { testServer } from '../support/servers.ts';
import { POLICY, testFingerprint } from './policy.ts';

export { POLICY, testFingerprint } from './policy.ts';

/** A database with a ledger and a lease on it, and what happened there. */
export class Stage {
  readonly events: FerrataEvent[] = [];
  readonly connector: Connector;
  readonly connection: Connection;
  readonly ledger: Ledger;
  readonly lease: Lease;

  private constructor(connector: Connector, connection: Connection, ledger: Ledger, lease: Lease) {
    this.connector = connector;
    this.connection = connection;
    this.ledger = ledger;
    this.lease = lease;
  }

  static async open(major: number, timing: Partial<LeaseTiming> = {}): Promise<Stage> {
    return Stage.at(await (await testServer(major)).createDatabase(), timing);
  }

  static async at(connector: Connector, timing: Partial<LeaseTiming> = {}): Promise<Stage> {
    const connection = await connector.connect('test');
    const ledger = await openLedger(connection, { create: true });
    const owner = `test@here ${randomBytes(3).toString('hex')}`;
    const lease = await acquireLease({ connector, connection, owner, purpose: 'up', wait: true, timing });
    return new Stage(connector, connection, ledger, lease);
  }

  up(plan: Plan, more: Partial<UpOptions> = {}) {
    return executeUp({
      connector: this.connector,
      lease: this.lease,
      plan,
      proof: null,
      policy: POLICY,
      environment: 'test',
      reporter: (event) => this.events.push(event),
      source: null,
      validate: false,
      readFingerprint: testFingerprint,
      ...more,
    });
  }

  async down(run: RunRecord | string, more: Partial<Parameters<typeof executeDown>[0]> = {}) {
    const record = typeof run === 'string' ? await this.ledger.run(run) : run;
    if (record === null) throw new Error('no such run');
    return executeDown({
      connector: this.connector,
      lease: this.lease,
      run: record,
      policy: POLICY,
      reporter: (event) => this.events.push(event),
      source: null,
      readFingerprint: testFingerprint,
      ...more,
    });
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  async value(sql: string): Promise<unknown> {
    return (await this.connection.rows(sql))[0]?.[0];
  }

  async close(): Promise<void> {
    await this.lease.release(this.connection);
    await this.connection.close();
  }
}
