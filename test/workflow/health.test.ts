import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { checkHealth, type HealthReport } from '../../src/workflow/health.ts';
import { testMajors, testServer } from '../support/servers.ts';

const settingsFor = (url: string) => loadSettings({ cwd: '/', config: null, env: null, url, processEnv: {} });

describe.each(testMajors().map((major) => [major]))('health on PostgreSQL %i', (major) => {
  let connector: Connector;
  let connection: Connection;
  let url: string;

  beforeAll(async () => {
    const server = await testServer(major);
    connector = await server.createDatabase();
    connection = await connector.connect();
    url = server.url(connection.server.database);
  });
  afterAll(() => connection?.close());

  const check = (report: HealthReport, name: string) => report.checks.find((found) => found.check === name);

  it('is fit where nothing is wrong', async () => {
    const report = await checkHealth(await settingsFor(url), () => {});
    expect(check(report, 'connectivity')).toMatchObject({ state: 'ok' });
    expect(check(report, 'privileges')).toMatchObject({ state: 'ok', hint: null });
    expect(check(report, 'indexes')).toMatchObject({ state: 'ok', message: 'all are valid' });
    expect(report.verdict).not.toBe('failed');
  });

  it('finds an invalid index and says how to mend it', async () => {
    await connection.script('CREATE TABLE "T t" (a int); INSERT INTO "T t" VALUES (1), (1)');
    await connection.script('CREATE UNIQUE INDEX CONCURRENTLY "I i" ON "T t" (a)').catch(() => {});
    const report = await checkHealth(await settingsFor(url), () => {});
    expect(check(report, 'indexes')).toMatchObject({
      state: 'warning',
      message: 'not valid: public."I i"',
      hint: 'REINDEX INDEX CONCURRENTLY public."I i"; or DROP INDEX CONCURRENTLY public."I i";',
    });
    await connection.script('DROP TABLE "T t"');
  });

  it('names the GRANT that a user lacks', async () => {
    const role = `plain_${connection.server.database}`;
    await connection.script(`CREATE ROLE ${role} LOGIN PASSWORD 'plain-secret-1'`);
    try {
      const plain = new URL(url);
      plain.username = role;
      plain.password = 'plain-secret-1';
      const report = await checkHealth(await settingsFor(plain.href), () => {});
      expect(report.verdict).toBe('failed');
      expect(check(report, 'privileges')).toMatchObject({
        state: 'failed',
        hint: `GRANT CREATE ON DATABASE ${connection.server.database} TO ${role};`,
      });
      await connection.script(`GRANT CREATE ON DATABASE ${connection.server.database} TO ${role}`);
      const granted = await checkHealth(await settingsFor(plain.href), () => {});
      expect(check(granted, 'privileges')).toMatchObject({
        state: 'warning',
        hint: `GRANT pg_monitor TO ${role};`,
      });
    } finally {
      await connection.script(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('fails, and does not throw, where there is no server', async () => {
    const report = await checkHealth(await settingsFor('postgres://a:b@127.0.0.1:1/x'), () => {});
    expect(report).toMatchObject({ verdict: 'failed', checks: [{ check: 'connectivity', state: 'failed' }] });
  });
});
