/** Writes the rows that an application could write after a change (TRAPS 34). */
import { VALUE_SETTINGS } from '../../catalog/data/session.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from '../synthetic/attempts.ts';
import { type Cell, type RowContext, rowContext, writableColumns } from '../synthetic/context.ts';
import { components } from '../synthetic/order.ts';
import { leavesOf } from '../synthetic/partitions.ts';
import { tryRows } from '../synthetic/trial.ts';
import { readTypes } from '../synthetic/type-shapes.ts';
import type { WrittenLateRow } from './model.ts';
import { FIRST, NUMBERS, type Ordinary, ordinaryCells, references, solveBoth } from './ordinary.ts';
import { newName, renamedLabels, type TablePair, touchedPairs } from './pairs.ts';
import { specialsFor } from './special.ts';

export interface LateRowOptions {
  /** Tables that the change wrote data into (identities after it), beside those whose shape it touched. */
  readonly written?: readonly string[];
  /** Only these, by id. */
  readonly only?: (row: { readonly id: string }) => boolean;
}

interface Wanted {
  readonly id: string;
  readonly what: string;
  readonly n: number;
  readonly cells: Map<string, Cell>;
  readonly fixed: ReadonlySet<string>;
}

/** With the labels that were renamed, by old column name: the old label by the new one. */
interface LabelledPair extends TablePair {
  readonly oldLabels: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The number of the row whose values the late UPDATE writes. */
const UPDATED = 940;

/**
 * Writes late rows into every table that the change touched and that was there before: ordinary ones that should suit
 * both shapes, one for each thing that only the new shape allows, and one UPDATE of a row that was there. Each is tried
 * by itself; what the new shape refuses is left out. `connection`: to a fork of the state after the change, not in a
 * transaction. `before` and `after` must have been read from databases with the same object ids (a fork and its
 * template), so that renamed things are recognised.
 */
export async function writeLateRows(
  connection: Connection,
  before: Catalog,
  after: Catalog,
  options: LateRowOptions = {},
): Promise<readonly WrittenLateRow[]> {
  const pairs = inOrder(touchedPairs(before, after, options.written ?? []));
  if (pairs.length === 0) return [];
  const context = await rowContext(connection, after, NUMBERS, false);
  const oldTypes = await readTypes(
    connection,
    pairs.flatMap(({ columns }) => columns.map((column) => column.before.type)),
  );
  const solutions = await solveBoth(context, before, pairs);
  const result: WrittenLateRow[] = [];
  for (const pair of pairs) {
    const shaped: LabelledPair = {
      ...pair,
      after: context.tables.get(pair.after.identity) ?? pair.after,
      oldLabels: oldLabels(before, after, pair),
    };
    const links = await references(context, before, shaped);
    const ordinary = (n: number, sparse: boolean) =>
      ordinaryCells(context, { before, oldTypes, solutions, links }, shaped, n, sparse);
    const wanted = [
      ...ordinaryRows(context, shaped, ordinary, before),
      ...(await specialRows(context, before, after, shaped, ordinary)),
    ].filter((row) => options.only === undefined || options.only(row));
    // Chosen before any late row is written: it is to be a row that was there.
    const update = await lateUpdate(context, shaped, ordinary);
    result.push(...(await insertRows(context, shaped, wanted)));
    if (update !== null) {
      const allowed = options.only === undefined || options.only(update);
      if (allowed) result.push(...(await runUpdate(context, shaped, update)));
    }
  }
  return result;
}

/** A renamed label is the same value: the row is known by what the old shape calls it. */
function oldLabels(before: Catalog, after: Catalog, pair: TablePair): LabelledPair['oldLabels'] {
  const result = new Map<string, ReadonlyMap<string, string>>();
  for (const column of pair.columns) {
    const was = before.objects.get(`enum ${column.before.type}`);
    const now = after.objects.get(`enum ${column.after.type}`);
    if (was !== undefined && now?.physical === was.physical) {
      result.set(column.before.name, renamedLabels(was, now));
    }
  }
  return result;
}

/** Referenced tables first: a late row may refer to one. */
function inOrder(pairs: readonly TablePair[]): readonly TablePair[] {
  const byIdentity = new Map(pairs.map((pair) => [pair.after.identity, pair]));
  const sorted = components([...byIdentity.keys()], (identity) =>
    (byIdentity.get(identity)?.after.foreignKeys ?? []).map(({ references }) => references),
  );
  return sorted.flat().flatMap((identity) => byIdentity.get(identity) ?? []);
}

function ordinaryRows(
  context: RowContext,
  pair: TablePair,
  ordinary: Ordinary,
  before: Catalog,
): readonly Wanted[] {
  const nothing = new Set<string>();
  const id = (name: string) => `${pair.after.identity} ${name}`;
  const rows: Wanted[] = [
    { id: id('ordinary 1'), what: 'ordinary', n: FIRST, cells: ordinary(FIRST, false), fixed: nothing },
    {
      id: id('ordinary 2'),
      what: 'ordinary',
      n: FIRST + 1,
      cells: ordinary(FIRST + 1, false),
      fixed: nothing,
    },
    {
      id: id('sparse'),
      what: 'ordinary, with nothing but what is asked for',
      n: FIRST + 2,
      cells: ordinary(FIRST + 2, true),
      fixed: nothing,
    },
  ];
  const defaulted = writableColumns(pair.after).filter((column) => column.default !== null);
  if (defaulted.length > 0) {
    const cells = ordinary(FIRST + 3, false);
    for (const column of defaulted) cells.set(column.name, undefined);
    rows.push({
      id: id('defaults'),
      what: 'ordinary, with its defaults',
      n: FIRST + 3,
      cells,
      fixed: nothing,
    });
  }
  const known = new Set([...before.objects.values()].map(({ physical }) => physical));
  if (pair.after.partitionKey !== null) {
    for (const leaf of leavesOf(pair.after, context.tables)) {
      if (known.has(leaf.table.physical)) continue;
      const cells = ordinary(FIRST + 4, false);
      const own = leaf.cells(FIRST + 4);
      for (const [name, cell] of own) cells.set(name, cell);
      rows.push({
        id: id(`partition ${leaf.table.identity}`),
        what: `a row for the new partition ${leaf.table.identity}`,
        n: FIRST + 4,
        cells,
        fixed: new Set(own.keys()),
      });
    }
  }
  return rows;
}

async function specialRows(
  context: RowContext,
  before: Catalog,
  after: Catalog,
  pair: TablePair,
  ordinary: Ordinary,
): Promise<readonly Wanted[]> {
  const specials = await specialsFor(context, before, after, pair);
  return specials.map(({ what, cells: own }, index) => {
    const n = FIRST + 8 + (index % 30);
    const cells = ordinary(n, false);
    for (const [name, cell] of own) cells.set(name, cell);
    return { id: `${pair.after.identity} ${what}`, what, n, cells, fixed: new Set(own.keys()) };
  });
}

async function insertRows(
  context: RowContext,
  pair: LabelledPair,
  wanted: readonly Wanted[],
): Promise<readonly WrittenLateRow[]> {
  const result: WrittenLateRow[] = [];
  // Each by itself: that one is refused says nothing about the others.
  const answers = await Promise.all(
    wanted.map(
      async (row) =>
        (
          await tryRows(context, pair.after, [row], {
            returning: returningShared(pair),
            triggersOff: false,
            setup: VALUE_SETTINGS,
          })
        )[0],
    ),
  );
  wanted.forEach((row, index) => {
    const answer = answers[index];
    if (answer?.ok !== true || answer.value === null) return;
    result.push(writtenRow(pair, row, 'insert', answer.value, []));
  });
  return result;
}

function shared(pair: TablePair): TablePair['columns'] {
  return pair.columns.filter(({ before }) => before.generation === null);
}

function returningShared(pair: TablePair): string {
  const texts = shared(pair).map(({ after }) => `${quoteIdent(after.name)}::text`);
  return `array_to_json(ARRAY[${texts.join(', ')}]::text[])::text`;
}

function writtenRow(
  pair: LabelledPair,
  row: { readonly id: string; readonly what: string },
  kind: WrittenLateRow['kind'],
  returned: string,
  changed: readonly string[],
): WrittenLateRow {
  const texts = JSON.parse(returned) as (string | null)[];
  const columns = shared(pair);
  const values = Object.fromEntries(
    columns.map(({ before }, index) => {
      const text = texts[index] ?? null;
      return [before.name, text === null ? null : (pair.oldLabels.get(before.name)?.get(text) ?? text)];
    }),
  );
  const primary = pair.before.keys.find((key) => key.primary)?.columns ?? [];
  return {
    id: row.id,
    kind,
    table: pair.after.identity,
    oldTable: pair.before.identity,
    what: row.what,
    values,
    types: Object.fromEntries(columns.map(({ before, after }) => [before.name, after.type])),
    key: primary.every((name) => typeof values[name] === 'string') ? primary : [],
    changed,
  };
}

interface Update {
  readonly id: string;
  readonly what: string;
  readonly where: string;
  readonly choices: readonly { readonly column: string; readonly old: string; readonly cell: string }[];
}

/** An UPDATE of a row that was there: in a column without keys, references and CHECKs, of both shapes. */
async function lateUpdate(context: RowContext, pair: TablePair, ordinary: Ordinary): Promise<Update | null> {
  const primary = pair.before.keys.find((key) => key.primary)?.columns ?? [];
  const key = primary.map((name) => newName(pair, name)).filter((name) => name !== null);
  if (key.length === 0 || key.length !== primary.length) return null;
  const list = key.map(quoteIdent);
  const [row] = await context.connection.rows<(string | null)[]>(
    `SELECT ${list.map((name) => `${name}::text`).join(', ')} FROM ${pair.after.identity} ORDER BY ${list.join(', ')} LIMIT 1`,
  );
  if (row === undefined) return null;
  const bound = new Set(
    [pair.before, pair.after].flatMap((table) => [
      ...table.keys.flatMap(({ columns }) => columns),
      ...table.foreignKeys.flatMap(({ columns }) => columns),
      ...table.exclusions.flatMap(({ columns }) => columns),
    ]),
  );
  const cells = ordinary(UPDATED, false);
  const choices = pair.columns.flatMap(({ before, after }) => {
    const cell = cells.get(after.name);
    if (before.generation !== null || after.generation !== null || typeof cell !== 'string') return [];
    if (bound.has(before.name) || bound.has(after.name)) return [];
    return [{ column: after.name, old: before.name, cell, same: before.type === after.type }];
  });
  if (choices.length === 0) return null;
  const where = key
    .map((name, index) => `${quoteIdent(name)} = ${quoteLiteral(row[index] ?? '')}`)
    .join(' AND ');
  return {
    id: `${pair.after.identity} update`,
    what: 'ordinary, an UPDATE of a row that was there',
    where,
    choices: [...choices].sort((a, b) => Number(b.same) - Number(a.same)),
  };
}

async function runUpdate(
  context: RowContext,
  pair: LabelledPair,
  update: Update,
): Promise<readonly WrittenLateRow[]> {
  const attempts = update.choices.map(
    ({ column, cell }): Attempt => ({
      sql: `UPDATE ${pair.after.identity} SET ${quoteIdent(column)} = ${quoteLiteral(cell)} WHERE ${update.where} RETURNING ${returningShared(pair)}`,
      value: true,
      group: 1,
    }),
  );
  const outcomes = await runAttempts(context.connection, attempts, { setup: VALUE_SETTINGS });
  const index = outcomes.findIndex(({ ok, value }) => ok && value !== null);
  const choice = update.choices[index];
  const value = outcomes[index]?.value;
  if (choice === undefined || value === undefined || value === null) return [];
  return [writtenRow(pair, update, 'update', value, [choice.old])];
}
