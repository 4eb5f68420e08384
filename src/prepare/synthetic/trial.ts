/**
 * Row by row for the tables that refuse: what the server says about a row leads to the values that are tried next.
 */
import { quoteIdent } from '../../sql/quote.ts';
import { type Attempt, type Outcome, runAttempts } from './attempts.ts';
import { columnVariants } from './checks.ts';
import { type Cell, type Cells, defaultValue, type RowContext, writableColumns } from './context.ts';
import { namesIn } from './facts.ts';
import { insertSql } from './insert.ts';
import { type ColumnShape, lastName, type TableShape } from './schema.ts';

export interface TrialRow {
  readonly n: number;
  readonly cells: Cells;
  /** Columns whose values are what the row is about: they are not changed. */
  readonly fixed?: ReadonlySet<string>;
}

export interface TrialOptions {
  /** SQL of one text to give back for each row that was written. */
  readonly returning?: string;
  /** Switch the table's triggers off where nothing else helps. */
  readonly triggersOff: boolean;
  readonly setup?: string;
}

export interface TrialResult {
  readonly ok: boolean;
  readonly value: string | null;
  /** The cells that were written, or tried last. */
  readonly cells: Cells;
  /** What the server said last; empty where it worked. */
  readonly message: string;
}

const MAX_ROUNDS = 6;
const MAX_ALTERNATIVES = 120;
/** Rows that are searched for in full; when none of them gets in, the table is given up. */
const PILOTS = 3;

interface Searching {
  readonly row: TrialRow;
  cells: Cells;
  alternatives: readonly Cells[];
  readonly seen: Set<string>;
  result: TrialResult | null;
  last: Outcome | null;
}

/** Tries to write each of the rows, on its own. The rows that worked stay. */
export async function tryRows(
  context: RowContext,
  table: TableShape,
  rows: readonly TrialRow[],
  options: TrialOptions,
): Promise<readonly TrialResult[]> {
  const pilots = rows.slice(0, PILOTS);
  const first = await search(context, table, pilots, options);
  const rest = rows.slice(PILOTS);
  if (first.every(({ ok }) => !ok)) {
    const message = first[0]?.message ?? '';
    return [...first, ...rest.map(({ cells }) => ({ ok: false, value: null, cells, message }))];
  }
  return [...first, ...(await search(context, table, rest, options))];
}

async function search(
  context: RowContext,
  table: TableShape,
  rows: readonly TrialRow[],
  options: TrialOptions,
): Promise<readonly TrialResult[]> {
  const searches = rows.map(
    (row): Searching => ({
      row,
      cells: row.cells,
      alternatives: [row.cells],
      seen: new Set(),
      result: null,
      last: null,
    }),
  );
  const parents = new Map<string, readonly (readonly string[])[]>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const open = searches.filter(({ result, alternatives }) => result === null && alternatives.length > 0);
    if (open.length === 0) break;
    await runRound(context, table, open, options, false);
    // What is no constraint's refusal comes from a trigger, where there is one.
    const suspects = open.filter(
      ({ result, last }) => result === null && last?.state?.startsWith('23') !== true,
    );
    if (round === 0 && options.triggersOff && suspects.length > 0 && table.triggers.length > 0) {
      const again = suspects.map(({ alternatives, last }) => ({ alternatives, last }));
      await runRound(context, table, suspects, options, true);
      // Without the trigger another error may show: the search goes on from the first one.
      suspects.forEach((one, index) => {
        if (one.result === null) one.last = again[index]?.last ?? one.last;
      });
    }
    for (const one of open) {
      if (one.result !== null || one.last === null) continue;
      const next = await alternativesFor(context, table, one, parents);
      one.alternatives = next.slice(0, MAX_ALTERNATIVES);
    }
  }
  const stuck = searches.filter(({ result }) => result === null);
  if (options.triggersOff && stuck.length > 0 && table.triggers.length > 0) {
    for (const one of stuck) one.alternatives = [one.row.cells, one.cells];
    await runRound(context, table, stuck, options, true);
  }
  return searches.map(
    ({ result, cells, last }) => result ?? { ok: false, value: null, cells, message: last?.message ?? '' },
  );
}

/** One round trip: every alternative of every row, of each row the first that works. */
async function runRound(
  context: RowContext,
  table: TableShape,
  open: readonly Searching[],
  options: TrialOptions,
  withoutTriggers: boolean,
): Promise<void> {
  const attempts: Attempt[] = [];
  const asked: { readonly one: Searching; readonly cells: Cells }[] = [];
  open.forEach((one, group) => {
    for (const cells of one.alternatives) {
      asked.push({ one, cells });
      attempts.push(attemptFor(table, cells, group, options, withoutTriggers));
    }
  });
  const setup = options.setup === undefined ? {} : { setup: options.setup };
  const outcomes = await runAttempts(context.connection, attempts, setup);
  const advanced = new Set<Searching>();
  outcomes.forEach((outcome, index) => {
    const answer = asked[index];
    if (answer === undefined || outcome.skipped) return;
    const { one, cells } = answer;
    if (outcome.ok) {
      one.result = { ok: true, value: outcome.value, cells, message: '' };
      return;
    }
    // The first alternative that fails at something new has come further than the others.
    // A value that its type refuses leads nowhere.
    const progress = outcome.state?.startsWith('22') !== true && !one.seen.has(signatureOf(outcome));
    if (one.last === null || (!advanced.has(one) && progress)) {
      one.cells = cells;
      one.last = outcome;
      advanced.add(one);
    }
  });
  for (const one of open) {
    if (!advanced.has(one)) one.alternatives = [];
    const { last } = one;
    if (last !== null) one.seen.add(signatureOf(last));
  }
}

/** The same refusal, whatever the values in its message. */
function signatureOf({ state, constraint, column, message }: Outcome): string {
  return `${state} ${constraint} ${column} ${message.replace(/"[^"]*"|\d+/g, '')}`;
}

function attemptFor(
  table: TableShape,
  cells: Cells,
  group: number,
  options: TrialOptions,
  withoutTriggers: boolean,
): Attempt {
  const insert = insertSql({ ...table, deferrableKeys: true }, [cells], options.returning ?? null);
  if (!withoutTriggers) {
    // A trigger or rule may swallow the row without an error.
    const checked =
      options.returning !== undefined || table.hasRules
        ? insert
        : `WITH written AS (${insert} RETURNING 1) SELECT 1 / count(*) FROM written`;
    return { sql: checked, group, value: options.returning !== undefined };
  }
  const enable = table.triggers.map(
    ({ name, enable: clause }) => `ALTER TABLE ${table.identity} ${clause} TRIGGER ${quoteIdent(name)}`,
  );
  return {
    sql: [`ALTER TABLE ${table.identity} DISABLE TRIGGER USER`, insert, ...enable].join('; '),
    group,
  };
}

/** What to try next, by what the server refused (SQLSTATEs: PostgreSQL manual, appendix A). */
async function alternativesFor(
  context: RowContext,
  table: TableShape,
  one: Searching,
  parents: Map<string, readonly (readonly string[])[]>,
): Promise<readonly Cells[]> {
  const { last, cells, row } = one;
  if (last === null) return [];
  const free = (name: string) => row.fixed?.has(name) !== true;
  const columns = writableColumns(table).filter(({ name }) => free(name));
  switch (last.state) {
    case '23503':
      return await otherParents(context, table, one, parents);
    case '23505':
    case '23P01': {
      const key = [...table.keys, ...table.exclusions].find(
        ({ identity }) => lastName(identity) === last.constraint,
      );
      const names = key?.columns ?? columns.map(({ name }) => name);
      return otherKeys(
        context,
        table,
        one,
        columns.filter(({ name }) => names.includes(name)),
        parents,
      );
    }
    case '23502': {
      const column = columns.find(({ name }) => name === last.column);
      if (column === undefined) return [];
      const value = defaultValue(context, column, row.n);
      return [value, undefined].flatMap((cell) =>
        cells.get(column.name) === cell ? [] : [changed(cells, column, cell)],
      );
    }
    case '23514': {
      const check = table.checks.find(({ name }) => name === last.constraint);
      const names = check === undefined ? namesIn(table.partitionKey ?? '') : new Set(check.columns);
      const involved = columns.filter(({ name }) => names.has(name));
      return otherValues(context, table, one, involved.length > 0 ? involved : columns);
    }
    default:
      return otherValues(context, table, one, columns);
  }
}

/** Keys that rows of the referenced table really have; NULL where it has none. */
async function otherParents(
  context: RowContext,
  table: TableShape,
  one: Searching,
  parents: Map<string, readonly (readonly string[])[]>,
): Promise<readonly Cells[]> {
  const key = table.foreignKeys.find(({ name }) => name === one.last?.constraint);
  if (key === undefined) return [];
  const found = await existingKeys(context, key.references, key.referencedColumns, parents);
  const { n, fixed } = one.row;
  const agreeing = found.filter((tuple) =>
    key.columns.every((name, index) => fixed?.has(name) !== true || one.cells.get(name) === tuple[index]),
  );
  const rotated = agreeing.map((_, index) => agreeing[(index + n - 1) % agreeing.length] ?? []);
  const cells = rotated.slice(0, 20).map((tuple) => {
    const next = new Map(one.cells);
    for (const [index, name] of key.columns.entries()) next.set(name, tuple[index]);
    return next;
  });
  const nullable = table.columns.filter(
    ({ name, notNull }) => key.columns.includes(name) && !notNull && fixed?.has(name) !== true,
  );
  if (nullable.length > 0) {
    const next = new Map(one.cells);
    for (const { name } of nullable) next.set(name, null);
    cells.push(next);
  }
  return cells;
}

async function existingKeys(
  context: RowContext,
  table: string,
  columns: readonly string[],
  parents: Map<string, readonly (readonly string[])[]>,
): Promise<readonly (readonly string[])[]> {
  const cacheKey = JSON.stringify([table, columns]);
  const known = parents.get(cacheKey);
  if (known !== undefined) return known;
  const list = columns.map((name) => `${quoteIdent(name)}::text`).join(', ');
  const filled = columns.map((name) => `${quoteIdent(name)} IS NOT NULL`).join(' AND ');
  const rows = await context.connection.rows<string[]>(
    `SELECT ${list} FROM ${table} WHERE ${filled} ORDER BY ${columns.map((_, index) => index + 1).join(', ')} LIMIT 200`,
  );
  parents.set(cacheKey, rows);
  return rows;
}

/** Values of other row numbers, far from those of the plan; of keys that refer elsewhere, other referenced rows. */
async function otherKeys(
  context: RowContext,
  table: TableShape,
  one: Searching,
  columns: readonly ColumnShape[],
  parents: Map<string, readonly (readonly string[])[]>,
): Promise<readonly Cells[]> {
  const result: Cells[] = [];
  const references = table.foreignKeys.filter((key) =>
    key.columns.some((name) => columns.some((column) => column.name === name)),
  );
  const own = columns.filter(({ name }) => !references.some((key) => key.columns.includes(name)));
  for (const step of [100, 200, 300, 1000, 100_000, 10_000_000, 5, 7]) {
    if (own.length === 0) break;
    const next = new Map(one.cells);
    for (const column of own) {
      const variants = columnVariants(context, table, column, table.checks);
      const value = variants[0]?.(one.row.n + step) ?? defaultValue(context, column, one.row.n + step);
      if (value !== null) next.set(column.name, value);
    }
    result.push(next);
  }
  for (const key of references) {
    const found = await existingKeys(context, key.references, key.referencedColumns, parents);
    for (const tuple of found.slice(0, 60)) {
      const next = new Map(one.cells);
      key.columns.forEach((name, index) => {
        if (one.row.fixed?.has(name) !== true) next.set(name, tuple[index]);
      });
      result.push(next);
    }
  }
  for (const column of columns) if (!column.notNull) result.push(changed(one.cells, column, null));
  return result;
}

/** Each column by itself: its other candidates, NULL, its default; then two at a time. */
function otherValues(
  context: RowContext,
  table: TableShape,
  one: Searching,
  columns: readonly ColumnShape[],
): readonly Cells[] {
  const candidates = columns.map((column) => {
    const values: Cell[] = [];
    if (column.default !== null || column.identity) values.push(undefined);
    if (!column.notNull) values.push(null);
    for (const variant of columnVariants(context, table, column, table.checks)) {
      const value = variant(one.row.n);
      if (value !== undefined) values.push(value);
    }
    return { column, values: values.filter((value) => value !== one.cells.get(column.name)) };
  });
  const result: Cells[] = [];
  for (let index = 0; result.length < MAX_ALTERNATIVES / 2; index++) {
    const before = result.length;
    for (const { column, values } of candidates) {
      if (index < values.length) result.push(changed(one.cells, column, values[index]));
    }
    if (result.length === before) break;
  }
  for (const [x, y] of pairs(candidates)) {
    if (result.length >= MAX_ALTERNATIVES) break;
    result.push(changed(changed(one.cells, x.column, x.value), y.column, y.value));
  }
  return result;
}

interface Choice {
  readonly column: ColumnShape;
  readonly value: Cell;
}

function* pairs(
  candidates: readonly { readonly column: ColumnShape; readonly values: readonly Cell[] }[],
): Generator<readonly [Choice, Choice]> {
  for (const [index, { column, values }] of candidates.entries()) {
    for (const other of candidates.slice(index + 1)) {
      for (const value of values.slice(0, 6)) {
        for (const otherValue of other.values.slice(0, 6)) {
          yield [
            { column, value },
            { column: other.column, value: otherValue },
          ];
        }
      }
    }
  }
}

function changed(cells: Cells, column: ColumnShape, cell: Cell): Cells {
  return new Map(cells).set(column.name, cell);
}
