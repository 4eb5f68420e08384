import { describe, expect, it } from 'vitest';
import { splitAlterTable } from '../../src/sql/alter-table.ts';
import { deparse, meansTheSame, sameTree } from '../../src/sql/deparse.ts';
import type { ParsedStatement } from '../../src/sql/model.ts';
import { parseScript } from '../../src/sql/parse.ts';

async function one(sql: string): Promise<ParsedStatement> {
  const [statement] = (await parseScript(sql, 'x')).statements;
  if (statement === undefined) throw new Error('no statement');
  return statement;
}

describe('deparse', () => {
  it.each([
    'ALTER TABLE a DROP COLUMN b, ADD COLUMN c numeric(10,2) DEFAULT 5 NOT NULL',
    'CREATE INDEX CONCURRENTLY IF NOT EXISTS "I" ON s.a USING gin (b jsonb_path_ops) INCLUDE (c) WHERE d > 0',
    "SELECT interval '1 day' + x FROM t WHERE a = 'it''s'",
    'REFRESH MATERIALIZED VIEW m',
  ])('%s', async (sql) => {
    const { kind, node } = await one(sql);
    const text = await deparse(kind, node);
    expect(text).not.toBeNull();
    expect(await meansTheSame(text ?? '', kind, node)).toBe(true);
  });

  it('gives nothing for what it cannot write down', async () => {
    expect(await deparse('NoSuchStmt', {})).toBeNull();
  });

  it('sees another constant as another tree', async () => {
    const [a, b, c] = await Promise.all([one('SELECT 1'), one('SELECT 2'), one('SELECT  /* x */ 1')]);
    expect(sameTree(a.node, b.node)).toBe(false);
    expect(sameTree(a.node, c.node)).toBe(true);
  });

  it('does not take the directory of a tablespace for a place in the text', async () => {
    const [a, b] = await Promise.all([
      one("CREATE TABLESPACE x LOCATION '/a'"),
      one("CREATE TABLESPACE x LOCATION '/b'"),
    ]);
    expect(sameTree(a.node, b.node)).toBe(false);
  });
});

describe('splitAlterTable', () => {
  it.each([
    ['ALTER TABLE t ADD a int, DROP b', ['ADD a int', 'DROP b']],
    [
      `ALTER TABLE IF EXISTS ONLY "S t".t -- a, b
         ADD COLUMN n numeric(1,2) DEFAULT ('a,b')::text, /* c, d */
         DROP COLUMN "x,y" CASCADE -- e`,
      [`ADD COLUMN n numeric(1,2) DEFAULT ('a,b')::text`, 'DROP COLUMN "x,y" CASCADE'],
    ],
    [
      "ALTER TABLE t ALTER a SET DEFAULT ARRAY[1,2], ADD CHECK (b IN ('x', $$,$$)), ADD UNIQUE (c, d)",
      ['ALTER a SET DEFAULT ARRAY[1,2]', "ADD CHECK (b IN ('x', $$,$$))", 'ADD UNIQUE (c, d)'],
    ],
    ['ALTER TABLE t *\n ADD a int,ADD b int', ['ADD a int', 'ADD b int']],
    ['ALTER TABLE ONLY (t) ADD a int, ADD b int', ['ADD a int', 'ADD b int']],
  ])('%s', async (sql, commands) => {
    const parts = await splitAlterTable(await one(`-- front\n${sql};`));
    expect(parts?.commands.map((command) => command.text)).toEqual(commands);
    const script = await parseScript(`-- front\n${sql};`, 'x');
    for (const command of parts?.commands ?? []) {
      expect(script.text.slice(command.start, command.start + command.text.length)).toBe(command.text);
    }
  });

  it('is null for other statements', async () => {
    expect(await splitAlterTable(await one('SELECT 1'))).toBeNull();
  });
});
