/** The table of facts against the grammar's own enumerations: nothing that a script can hold is without a row. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { FAMILIES } from '../../../src/assess/facts/index.ts';
import { NO_COMMANDS, NO_STATEMENTS } from '../../../src/assess/facts/without-rows.ts';
import { describedKinds } from '../../../src/assess/statements/index.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { children, text } from '../../../src/sql/tree.ts';

const ROWS = FAMILIES.flatMap(({ rows }) => rows);

const read = (file: string) => readFile(`node_modules/@pgsql/types/${file}`, 'utf8');

/** The members of a union of string literals. */
async function members(name: string): Promise<readonly string[]> {
  const union = new RegExp(`export type ${name} = ([^;]+);`).exec(await read('enums.d.ts'))?.[1] ?? '';
  return [...union.matchAll(/"(\w+)"/g)].map(([, member = '']) => member);
}

async function statementNodes(): Promise<readonly string[]> {
  const declared = (await read('types.d.ts')).matchAll(/^export interface (\w+Stmt) /gm);
  return [...declared].map(([, node = '']) => node);
}

function commandsIn(row: (typeof ROWS)[number]): readonly string[] {
  return row.of === undefined ? [] : typeof row.of === 'string' ? [row.of] : row.of;
}

it('has a row for every statement of the grammar, or says why there is none', async () => {
  const nodes = await statementNodes();
  expect(nodes.length).toBeGreaterThan(110);
  const covered = new Set(ROWS.map(({ node }) => node));
  expect(nodes.filter((node) => !covered.has(node) && NO_STATEMENTS[node] === undefined)).toEqual([]);
  expect(Object.keys(NO_STATEMENTS).filter((node) => covered.has(node) || !nodes.includes(node))).toEqual([]);
});

it('has a row for every command of ALTER TABLE, or says why there is none', async () => {
  const commands = await members('AlterTableType');
  expect(commands.length).toBeGreaterThan(60);
  const covered = new Set(ROWS.filter(({ node }) => node === 'AlterTableStmt').flatMap(commandsIn));
  expect(commands.filter((name) => !covered.has(name) && NO_COMMANDS[name] === undefined)).toEqual([]);
  expect(Object.keys(NO_COMMANDS).filter((name) => covered.has(name) || !commands.includes(name))).toEqual(
    [],
  );
});

it('has a row for every mode of LOCK, REINDEX, and kind of DROP that the grammar knows', async () => {
  const reindexed = ROWS.filter(({ node }) => node === 'ReindexStmt').flatMap(commandsIn);
  expect(await members('ReindexObjectType')).toEqual(expect.arrayContaining(reindexed));
  expect(new Set(reindexed)).toEqual(new Set(await members('ReindexObjectType')));
  const dropped = new Set(ROWS.filter(({ node }) => node === 'DropStmt').flatMap(commandsIn));
  const objects = await members('ObjectType');
  const missing: string[] = [];
  for (const object of objects) {
    if (!dropped.has(object) && (await canDrop(object))) missing.push(object);
  }
  expect(missing).toEqual([]);
});

/** Kinds that SQL calls by other words. */
const WORDS: Readonly<Record<string, string>> = {
  OBJECT_FDW: 'FOREIGN DATA WRAPPER',
  OBJECT_FOREIGN_SERVER: 'SERVER',
  OBJECT_MATVIEW: 'MATERIALIZED VIEW',
  OBJECT_OPCLASS: 'OPERATOR CLASS',
  OBJECT_OPFAMILY: 'OPERATOR FAMILY',
  OBJECT_STATISTIC_EXT: 'STATISTICS',
  OBJECT_TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  OBJECT_TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  OBJECT_TSPARSER: 'TEXT SEARCH PARSER',
  OBJECT_TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
};

/** Whether some DROP of the grammar gives this kind of object. */
async function canDrop(object: string): Promise<boolean> {
  const words = WORDS[object] ?? object.replace('OBJECT_', '').replaceAll('_', ' ');
  for (const form of ['x', 'x ON y', 'x USING y', 'x()', '+ (int, int)', '(a AS b)', 'FOR a LANGUAGE b']) {
    const script = await parseScript(`DROP ${words} ${form}`, 'x').catch(() => null);
    if (text(script?.statements[0]?.node, 'removeType') === object) return true;
  }
  return false;
}

it('gives ids once, and rows that say what they are of', async () => {
  const ids = ROWS.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  const wrong: string[] = [];
  for (const row of ROWS) {
    for (const example of row.examples) {
      const sql = (typeof example === 'string' ? example : example.sql).replaceAll(/%\w+%/g, 'x');
      const [statement] = (await parseScript(sql, row.id)).statements;
      const commands = children(statement?.node, 'cmds').map(({ node }) => text(node, 'subtype') ?? '');
      const of = commandsIn(row);
      const isOf = row.node !== 'AlterTableStmt' || of.some((command) => commands.includes(command));
      if (statement?.kind !== row.node || !isOf)
        wrong.push(`${row.id}: ${sql} is ${statement?.kind} ${commands}`);
    }
  }
  expect(wrong).toEqual([]);
});

it('describes every statement that a script can hold', async () => {
  const nodes = (await statementNodes()).filter((node) => NO_STATEMENTS[node] === undefined);
  const described = new Set(describedKinds());
  expect(nodes.filter((node) => !described.has(node))).toEqual([]);
});
