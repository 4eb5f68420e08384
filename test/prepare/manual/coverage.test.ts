/**
 * No page of the manual is forgotten: every ALTER, CREATE and DROP command of the reference (PostgreSQL 18, part VI) has
 * an example. The list is checked against what the parser and psql know.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { parseScript } from '../../../src/sql/parse.ts';
import { testServer } from '../../support/servers.ts';
import { PAGES } from './pages/index.ts';

const NOUNS: Readonly<Record<'ALTER' | 'CREATE' | 'DROP', readonly string[]>> = {
  ALTER: [
    'AGGREGATE',
    'COLLATION',
    'CONVERSION',
    'DATABASE',
    'DEFAULT PRIVILEGES',
    'DOMAIN',
    'EVENT TRIGGER',
    'EXTENSION',
    'FOREIGN DATA WRAPPER',
    'FOREIGN TABLE',
    'FUNCTION',
    'GROUP',
    'INDEX',
    'LANGUAGE',
    'LARGE OBJECT',
    'MATERIALIZED VIEW',
    'OPERATOR',
    'OPERATOR CLASS',
    'OPERATOR FAMILY',
    'POLICY',
    'PROCEDURE',
    'PUBLICATION',
    'ROLE',
    'ROUTINE',
    'RULE',
    'SCHEMA',
    'SEQUENCE',
    'SERVER',
    'STATISTICS',
    'SUBSCRIPTION',
    'SYSTEM',
    'TABLE',
    'TABLESPACE',
    'TEXT SEARCH CONFIGURATION',
    'TEXT SEARCH DICTIONARY',
    'TEXT SEARCH PARSER',
    'TEXT SEARCH TEMPLATE',
    'TRIGGER',
    'TYPE',
    'USER',
    'USER MAPPING',
    'VIEW',
  ],
  CREATE: [
    'ACCESS METHOD',
    'AGGREGATE',
    'CAST',
    'COLLATION',
    'CONVERSION',
    'DATABASE',
    'DOMAIN',
    'EVENT TRIGGER',
    'EXTENSION',
    'FOREIGN DATA WRAPPER',
    'FOREIGN TABLE',
    'FUNCTION',
    'GROUP',
    'INDEX',
    'LANGUAGE',
    'MATERIALIZED VIEW',
    'OPERATOR',
    'OPERATOR CLASS',
    'OPERATOR FAMILY',
    'POLICY',
    'PROCEDURE',
    'PUBLICATION',
    'ROLE',
    'RULE',
    'SCHEMA',
    'SEQUENCE',
    'SERVER',
    'STATISTICS',
    'SUBSCRIPTION',
    'TABLE',
    'TABLE AS',
    'TABLESPACE',
    'TEXT SEARCH CONFIGURATION',
    'TEXT SEARCH DICTIONARY',
    'TEXT SEARCH PARSER',
    'TEXT SEARCH TEMPLATE',
    'TRANSFORM',
    'TRIGGER',
    'TYPE',
    'USER',
    'USER MAPPING',
    'VIEW',
  ],
  DROP: [
    'ACCESS METHOD',
    'AGGREGATE',
    'CAST',
    'COLLATION',
    'CONVERSION',
    'DATABASE',
    'DOMAIN',
    'EVENT TRIGGER',
    'EXTENSION',
    'FOREIGN DATA WRAPPER',
    'FOREIGN TABLE',
    'FUNCTION',
    'GROUP',
    'INDEX',
    'LANGUAGE',
    'MATERIALIZED VIEW',
    'OPERATOR',
    'OPERATOR CLASS',
    'OPERATOR FAMILY',
    'OWNED',
    'POLICY',
    'PROCEDURE',
    'PUBLICATION',
    'ROLE',
    'ROUTINE',
    'RULE',
    'SCHEMA',
    'SEQUENCE',
    'SERVER',
    'STATISTICS',
    'SUBSCRIPTION',
    'TABLE',
    'TABLESPACE',
    'TEXT SEARCH CONFIGURATION',
    'TEXT SEARCH DICTIONARY',
    'TEXT SEARCH PARSER',
    'TEXT SEARCH TEMPLATE',
    'TRANSFORM',
    'TRIGGER',
    'TYPE',
    'USER',
    'USER MAPPING',
    'VIEW',
  ],
};
/** Other commands that change a schema, rows, or how they are kept. */
const OTHERS = [
  'CLUSTER',
  'COMMENT',
  'GRANT',
  'IMPORT FOREIGN SCHEMA',
  'REASSIGN OWNED',
  'REFRESH MATERIALIZED VIEW',
  'REINDEX',
  'REVOKE',
  'SECURITY LABEL',
  'SELECT INTO',
  'TRUNCATE',
];
const COMMANDS = [
  ...Object.entries(NOUNS).flatMap(([verb, nouns]) => nouns.map((noun) => `${verb} ${noun}`)),
  ...OTHERS,
];

describe('every page', () => {
  test('is there once, and no other', () => {
    expect(PAGES.map(({ page }) => page).sort()).toEqual([...COMMANDS].sort());
  });

  test.each(PAGES.map(({ page, examples }) => [page, examples] as const))('%s', (page, examples) => {
    expect(examples.length).toBeGreaterThan(0);
    const names = examples.map(({ name }) => name);
    expect(new Set(names).size, 'names tell examples apart').toBe(names.length);
    for (const { name, expect: exception, level, why } of examples) {
      if (exception !== undefined || level !== undefined)
        expect(why, `${page}: ${name} gives its reason`).toBeTruthy();
    }
    // The command itself is in the example, whatever goes before it.
    const words = page
      .replace(/^CREATE TABLE AS$/, 'CREATE TABLE')
      .replace(/^SELECT INTO$/, 'SELECT')
      .split(' ');
    const command = new RegExp(`\\b${words[0]}\\b[\\s\\S]*\\b${words.slice(1).join('\\s+')}`, 'i');
    for (const { name, up } of examples) expect(up, `${page}: ${name}`).toMatch(command);
  });
});

test('psql knows no ALTER, CREATE or DROP that is not in the list', async ({ skip }) => {
  const psql = '/usr/lib/postgresql/15/bin/psql';
  if (!existsSync(psql)) skip(`${psql} is not here: its \\help can not be asked`);
  const { url } = await testServer(15);
  const help = execFileSync(psql, ['-X', '-c', '\\help', url('postgres')], { encoding: 'utf8' });
  // Two columns, 33 wide: psql's help.c counts on 80 when it writes to no terminal.
  const listed = help
    .split('\n')
    .flatMap((line) => [line.slice(2, 35).trim(), line.slice(35).trim()])
    .filter((command) => /^(ALTER|CREATE|DROP) /.test(command));
  expect(listed.length).toBe(Object.values(NOUNS).flat().length);
  expect(listed.filter((command) => !COMMANDS.includes(command))).toEqual([]);
});

test('every kind of statement that the grammar has is in some example, or left out for a reason', async () => {
  const used = new Set<string>();
  for (const { examples } of PAGES) {
    for (const { up, schema } of examples) {
      for (const text of [up, schema ?? '']) {
        for (const { kind } of (await parseScript(text, 'example.sql')).statements) used.add(kind);
      }
    }
  }
  const types = readFileSync(createRequire(import.meta.url).resolve('@pgsql/types/types.d.ts'), 'utf8');
  const kinds = [...types.matchAll(/^export interface (\w+Stmt) /gm)].map(([, kind]) => kind ?? '');
  expect(kinds.length).toBeGreaterThan(100);
  expect(kinds.filter((kind) => !used.has(kind) && !(kind in LEFT_OUT)).sort()).toEqual([]);
  expect(Object.keys(LEFT_OUT).filter((kind) => used.has(kind) || !kinds.includes(kind))).toEqual([]);
});

/** Statements that no page of the list is about. */
const NOT_DDL = 'it defines nothing';
const ROWS =
  'it writes rows, which test/execute/undo*.test.ts and the cases of test/prepare/rehearse are about';
const LEFT_OUT: Readonly<Record<string, string>> = {
  CheckPointStmt: NOT_DDL,
  ClosePortalStmt: NOT_DDL,
  ConstraintsSetStmt: NOT_DDL,
  CopyStmt: ROWS,
  DeallocateStmt: NOT_DDL,
  DeclareCursorStmt: NOT_DDL,
  DeleteStmt: ROWS,
  DiscardStmt: NOT_DDL,
  DoStmt: 'it is what it executes',
  ExecuteStmt: 'part of CREATE TABLE AS here',
  ExplainStmt: NOT_DDL,
  FetchStmt: NOT_DDL,
  ListenStmt: NOT_DDL,
  LoadStmt: NOT_DDL,
  LockStmt: NOT_DDL,
  MergeStmt: ROWS,
  NotifyStmt: NOT_DDL,
  PLAssignStmt: 'a part of a PL/pgSQL body',
  RawStmt: 'what the parser wraps each statement in',
  ReplicaIdentityStmt: 'a part of ALTER TABLE',
  ReturnStmt: 'a part of a function body',
  SetOperationStmt: 'a part of a query',
  UnlistenStmt: NOT_DDL,
  UpdateStmt: ROWS,
  VariableShowStmt: NOT_DDL,
};
