import { fingerprintCatalog } from '../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import type { Plan } from '../../src/plan/model.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import type { Migration } from '../../src/source/model.ts';
import { takeBaseline, type VerifyRequest, verify } from '../../src/verify/index.ts';
import type { CheckResult } from '../../src/verify/model.ts';
import { testServer } from '../support/servers.ts';

/** A database with `schema` in it. */
export async function database(
  schema: string,
  work: (c: Connection, connector: Connector) => Promise<void>,
  major = 18,
) {
  const server = await testServer(major);
  const connector = await server.createDatabase();
  const connection = await connector.connect('test');
  try {
    if (schema !== '') await connection.script(schema);
    await work(connection, connector);
  } finally {
    await connection.close();
  }
}

export function planOf(sql: readonly string[], extra: Partial<Plan['steps'][number]> = {}): Plan {
  return {
    ferrata: 1,
    migration: '20260101000000_x',
    checksum: '',
    pattern: 'direct',
    type: 'combined',
    risk: 'low',
    rollbackWindowHours: 24,
    serverMajor: 18,
    startFingerprint: null,
    endFingerprint: null,
    down: null,
    steps: sql.map((text, n) => ({
      id: `s${n + 1}`,
      kind: 'ddl',
      title: text,
      transactional: true,
      forward: [{ type: 'sql', sql: text, at: null }],
      inverse: null,
      inverseTransactional: true,
      inverseRefusals: [],
      captures: [],
      done: { type: 'ledger' },
      expects: [],
      fingerprintAfter: null,
      ...extra,
    })),
  };
}

export function migrationOf(verifySql: string | null): Migration {
  const file = (name: string, text: string) => ({ path: `migrations/x/${name}`, text });
  return {
    id: '20260101000000_x',
    name: 'x',
    up: file('up.sql', 'SELECT 1'),
    down: null,
    verify: verifySql === null ? null : file('verify.sql', verifySql),
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: '',
    folder: null,
  };
}

/** Baseline, run the plan's SQL and `meanwhile`, verify. */
export async function after(
  connection: Connection,
  plan: Plan,
  checks: NonNullable<VerifyRequest['checks']>,
  { meanwhile = '', ...extra }: Partial<VerifyRequest> & { meanwhile?: string } = {},
) {
  const catalogBefore = await readCatalog(connection);
  const baseline = await takeBaseline(connection, null);
  for (const step of plan.steps) {
    for (const action of step.forward) if (action.type === 'sql') await connection.script(action.sql);
  }
  const expectedFingerprint = fingerprintCatalog(await readCatalog(connection)).hash;
  if (meanwhile !== '') await connection.script(meanwhile);
  return verify({ connection, checks, plan, baseline, catalogBefore, expectedFingerprint, ...extra });
}

/** What is not well, shortly. */
export function problems(results: readonly CheckResult[]): string[] {
  return results.filter((one) => !one.ok).map((one) => `${one.severity} ${one.subject}: ${one.message}`);
}
