import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FerrataError } from '../../src/errors.ts';
import { runActions } from '../../src/execute/action.ts';
import type { Action } from '../../src/plan/model.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { caretLines } from '../../src/sql/locate.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { testServer } from '../support/servers.ts';

describe.each([18, 15])('runActions on PostgreSQL %i', (major) => {
  let connector: Connector;
  let connection: Connection;

  beforeEach(async () => {
    connector = await (await testServer(major)).createDatabase();
    connection = await connector.connect('test');
  });
  afterEach(async () => {
    await connection.close();
  });

  async function actionsOf(text: string): Promise<Action[]> {
    const script = await parseScript(text, 'up.sql');
    return script.statements.map((statement) => ({
      type: 'sql',
      sql: statement.text,
      at: { line: statement.line, column: statement.column },
    }));
  }

  async function run(text: string) {
    const actions = await actionsOf(text);
    return await connection.transaction(() =>
      runActions(actions, { connection, source: { file: 'up.sql', text }, capture: 'c', captures: [] }),
    );
  }

  async function failure(text: string): Promise<FerrataError> {
    return await run(text).then(
      () => {
        throw new Error('it did not fail');
      },
      (error: FerrataError) => error,
    );
  }

  it('leads an error with a position to its line, among joined statements and wide characters', async () => {
    const error = await failure(
      `CREATE TABLE "tä😀" (id int); -- 😀\nINSERT INTO "tä😀" VALUES (1);\n\n  SELECT '😀',\n\tnothing FROM "tä😀";\nSELECT 1`,
    );
    expect(error.code).toBe('sql-failed');
    expect(error.details.location).toEqual({
      file: 'up.sql',
      line: 5,
      column: 2,
      text: '\tnothing FROM "tä😀";',
    });
    expect(caretLines(error.details.location ?? { file: '', line: 0, column: 0 })[1]).toBe('\t^');
  });

  it('finds the statement of an error without a position', async () => {
    const error = await failure(
      'CREATE TABLE t (id int PRIMARY KEY);\nINSERT INTO t VALUES (1);\n\n INSERT INTO t VALUES (1);\nSELECT 1',
    );
    expect(error.details).toMatchObject({ sqlState: '23505', location: { line: 4, column: 2 } });
    expect(await connection.rows(`SELECT to_regclass('t')`)).toEqual([[null]]);
  });

  it('quotes a derived statement that fails', async () => {
    const actions: Action[] = [{ type: 'sql', sql: 'ALTER TABLE missing ADD x int', at: null }];
    await expect(
      connection.transaction(() =>
        runActions(actions, { connection, source: null, capture: '', captures: [] }),
      ),
    ).rejects.toMatchObject({
      code: 'sql-failed',
      details: { why: expect.stringContaining('ALTER TABLE missing ADD x int') },
    });
  });

  it('counts rows per table that was there, partitions under their root', async () => {
    await connection.script(
      `CREATE TABLE "T 1" (id int); CREATE TABLE m (id int) PARTITION BY LIST (id); CREATE TABLE m1 PARTITION OF m DEFAULT;
       INSERT INTO "T 1" VALUES (1)`,
    );
    const outcome = await run(
      `INSERT INTO "T 1" VALUES (2), (3); UPDATE "T 1" SET id = 9 WHERE id = 1; CREATE TABLE made AS SELECT 1; INSERT INTO m VALUES (1)`,
    );
    expect(outcome.writes).toEqual([
      { table: 'public."T 1"', rows: 3 },
      { table: 'public.m', rows: 1 },
    ]);
  });

  it('does not count a rewrite, an index or an empty table as writing', async () => {
    await connection.script('CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE TABLE e (id int)');
    const outcome = await run(
      'ALTER TABLE t ALTER id TYPE bigint; CREATE INDEX ON t (id); TRUNCATE e; SELECT 1',
    );
    expect(outcome.writes).toEqual([]);
  });

  it('runs outside a transaction, one statement at a time', async () => {
    await connection.script('CREATE TABLE t (id int)');
    const actions = await actionsOf(
      'INSERT INTO t VALUES (1); CREATE INDEX CONCURRENTLY i ON t (id); VACUUM t',
    );
    const outcome = await runActions(actions, { connection, source: null, capture: '', captures: [] });
    expect(outcome.writes).toEqual([]);
    expect(await connection.rows(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass`)).toEqual(
      [[true]],
    );
  });

  it('captures and takes back outside a transaction', async () => {
    await connection.script('CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)');
    const actions = await actionsOf(
      'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = 2; COMMIT; INSERT INTO t VALUES (2, 2); END $$; CALL p()',
    );
    await runActions(actions, { connection, source: null, capture: 'c', captures: ['t'] });
    const back = await runActions([{ type: 'undo', capture: 'c' }], {
      connection,
      source: null,
      capture: '',
      captures: [],
    });
    expect(back).toMatchObject({ restored: 2, conflicts: [] });
    expect(await connection.rows('SELECT * FROM t')).toEqual([[1, 1]]);
  });

  it('keeps a lock timeout a lock timeout', async () => {
    await connection.script('CREATE TABLE t (id int)');
    const other = await connector.connect('other');
    try {
      await other.script('BEGIN; LOCK TABLE t');
      const error = await connection
        .transaction(async () => {
          await connection.script(`SET LOCAL lock_timeout = '50ms'`);
          await runActions(await actionsOf('SELECT 1; ALTER TABLE t ADD x int'), {
            connection,
            source: null,
            capture: '',
            captures: [],
          });
        })
        .catch((caught: FerrataError) => caught);
      expect(error).toMatchObject({ code: 'lock-timeout' });
    } finally {
      await other.close();
    }
  });
});
