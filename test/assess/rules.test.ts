/** Every rule: its example is found, runs on a real server, and so does the SQL that it offers instead. */
import { describe, expect, it } from 'vitest';
import { RULES, SCRIPT_RULES } from '../../src/assess/rules/index.ts';
import { renderPage } from '../../src/assess/rules/page.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { outsideTransaction } from '../../src/sql/transactional.ts';
import { testServer } from '../support/servers.ts';
import { assess } from './support.ts';

const ALL = [...RULES, ...SCRIPT_RULES];

describe.each(ALL.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  it('finds its example, and offers SQL that runs', async () => {
    const server = await testServer(18);
    const connector = await server.createDatabase();
    const connection = await connector.connect();
    try {
      await connection.script(rule.example.schema);
      const catalog = await readCatalog(connection);
      const finding = (await assess(rule.example.bad, { catalog })).findings.find((found) => found.id === id);
      expect(finding).toBeDefined();
      expect(finding?.docs).toBe(`docs/findings/${id}.md`);
      for (const sql of finding?.safeSql ?? []) {
        const [statement] = (await parseScript(sql, 'safe.sql')).statements;
        if (statement?.kind === 'TransactionStmt') continue;
        // CONCURRENTLY must run alone; everything else as it stands.
        expect(statement, sql).toBeDefined();
        // Without CASCADE the server refuses as long as something depends: that is the point.
        if (id === 'drop-cascade') await expect(connection.script(sql)).rejects.toThrow('depend');
        else await connection.script(sql);
      }
      const again = (await assess((finding?.safeSql ?? []).join(';\n'), { catalog }).catch(() => null))
        ?.findings;
      if (id !== 'rename-table') expect((again ?? []).map((found) => found.id)).not.toContain(id);
    } finally {
      await connection.close();
    }
    const other = await (await server.createDatabase()).connect();
    try {
      await other.script(rule.example.schema);
      await other.script(rule.example.bad);
    } finally {
      await other.close();
    }
  });

  // `npx vitest run test/assess/rules.test.ts -u` writes the pages.
  it('has its page', async () => {
    await expect(renderPage(rule)).toMatchFileSnapshot(`../../docs/findings/${id}.md`);
  });
});

it('finds nothing in what the migration made itself', async () => {
  const { findings } = await assess(`
    CREATE TABLE n (id int PRIMARY KEY, a int);
    CREATE INDEX n_a ON n (a);
    ALTER TABLE n ADD CONSTRAINT k CHECK (a > 0);
    ALTER TABLE n ALTER COLUMN a SET NOT NULL;
    ALTER TABLE n ALTER COLUMN a TYPE bigint;
    ALTER TABLE n ADD COLUMN s serial;
    UPDATE n SET a = 1;
    ALTER TABLE n DROP COLUMN s;
    ALTER TABLE n RENAME TO o;
    TRUNCATE o;
    DROP TABLE o;`);
  expect(findings).toEqual([]);
});

it('knows what cannot run in a transaction', async () => {
  const { statements } = await parseScript(
    'CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX j ON t (a)',
    'x',
  );
  expect(statements.map((statement) => outsideTransaction(statement) !== null)).toEqual([true, false]);
});

it('is content with SET NOT NULL behind a validated CHECK', async () => {
  const { findings } = await assess(`
    ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;
    COMMIT;
    ALTER TABLE t VALIDATE CONSTRAINT c;
    COMMIT;
    ALTER TABLE t ALTER COLUMN a SET NOT NULL;`);
  expect(findings.map((finding) => finding.id)).toEqual([]);
});
