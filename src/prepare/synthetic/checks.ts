/**
 * Solves CHECK constraints by trial: candidate values for the columns of each CHECK, evaluated by the server with the
 * constraint's own expression.
 */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from './attempts.ts';
import { defaultValue, type RowContext, styleFor } from './context.ts';
import { factsOf, mergeFacts } from './facts.ts';
import { type CheckShape, type ColumnShape, lastName, type TableShape } from './schema.ts';
import type { Variant } from './variant.ts';
import { variantsOf } from './variants.ts';

/** Columns that CHECKs tie together, with what each row may hold in them. */
export interface Solution {
  readonly columns: readonly string[];
  /** Values in the order of `columns`: with as few NULLs as possible, or as many. Null: none was found. */
  values(n: number, sparse: boolean): readonly (string | null)[] | null;
}

interface Problem {
  readonly table: TableShape;
  readonly checks: readonly CheckShape[];
  readonly columns: readonly ColumnShape[];
  /** By column; filtered as the search goes on. */
  variants: readonly (readonly Variant[])[];
  /** Combinations that hold for some row number. */
  combinations: readonly (readonly Variant[])[];
  readonly found: Map<number, (readonly (string | null)[])[]>;
}

type Tuple = readonly (string | null)[];

const MAX_COMBINATIONS = 1500;
const KEPT_COMBINATIONS = 24;
/** Combinations tried one by one where evaluating them together is refused. */
const MAX_SINGLY = 200;

/** The solutions of each table's CHECKs, by table identity, for the row numbers given. Four round trips at most. */
export async function solveChecks(
  context: RowContext,
  tables: readonly TableShape[],
  numbers: readonly number[],
): Promise<ReadonlyMap<string, readonly Solution[]>> {
  const problems = tables.flatMap((table) => problemsOf(context, table));
  await filterColumns(context, problems);
  for (const problem of problems) problem.combinations = combine(problem.variants);
  await filterCombinations(context, problems, numbers.slice(0, 2));
  await findValues(context, problems, numbers);
  const result = new Map<string, Solution[]>();
  for (const problem of problems) {
    const solutions = result.get(problem.table.identity) ?? [];
    solutions.push(solutionOf(problem));
    result.set(problem.table.identity, solutions);
  }
  return result;
}

function problemsOf(context: RowContext, table: TableShape): Problem[] {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    const above = parent.get(name) ?? name;
    return above === name ? name : find(above);
  };
  const tied = table.checks.filter(({ columns }) => columns.length > 0);
  for (const { columns } of tied) {
    const [first = '', ...rest] = columns;
    for (const name of rest) parent.set(find(name), find(first));
  }
  const groups = new Map<string, CheckShape[]>();
  for (const check of tied) {
    const root = find(check.columns[0] ?? '');
    groups.set(root, [...(groups.get(root) ?? []), check]);
  }
  return [...groups.values()].map((checks) => {
    const names = new Set(checks.flatMap(({ columns }) => columns));
    for (const name of generationInputs(table, names)) names.add(name);
    const columns = table.columns.filter(({ name, generation }) => names.has(name) && generation === null);
    return {
      table,
      checks,
      columns,
      variants: columns.map((column) => columnVariants(context, table, column, checks)),
      combinations: [],
      found: new Map(),
    };
  });
}

/** Columns that a generated column in a CHECK is computed from. */
function generationInputs(table: TableShape, names: ReadonlySet<string>): string[] {
  const generated = table.columns.filter(({ name, generation }) => generation !== null && names.has(name));
  return table.columns
    .filter(({ name }) =>
      generated.some(({ generation }) => generation !== null && mentions(generation, name)),
    )
    .map(({ name }) => name);
}

function mentions(expression: string, name: string): boolean {
  const quoted = quoteIdent(name);
  const escaped = quoted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w"])${escaped}($|[^\\w"])`).test(expression);
}

/** Candidates of one column: by the literals of the CHECKs it is in and of its default, NULL last but one. */
export function columnVariants(
  context: RowContext,
  table: TableShape,
  column: ColumnShape,
  checks: readonly CheckShape[],
): readonly Variant[] {
  const type = context.types.get(column.type);
  if (type === undefined) return [() => null];
  const nothing: readonly Variant[] = column.notNull ? [] : [() => null];
  const [first, ...rest] = referring(table, column)
    ? // Values that the referenced table has: those of other row numbers.
      [0, 1, 2, 3].map(
        (by): Variant =>
          (n) =>
            defaultValue(context, column, Math.max(1, n + by)),
      )
    : variantsOf(type, factsFor(checks, column), styleFor(context, column), context.chosen);
  const all = [...(first === undefined ? [] : [first]), ...nothing, ...rest];
  return isKey(table, column) ? distinctFirst(all) : all;
}

function factsFor(checks: readonly CheckShape[], column: ColumnShape): ReturnType<typeof factsOf> {
  const own = checks
    .filter(({ columns }) => columns.includes(column.name))
    .map(({ expression }) => expression);
  return mergeFacts([...own, ...(column.default === null ? [] : [column.default])].map(factsOf));
}

function referring(table: TableShape, column: ColumnShape): boolean {
  return table.foreignKeys.some(({ columns }) => columns.includes(column.name));
}

function isKey(table: TableShape, column: ColumnShape): boolean {
  return table.keys.some(({ columns }) => columns.length === 1 && columns[0] === column.name);
}

/** In a unique column what differs from row to row comes first. */
function distinctFirst(variants: readonly Variant[]): Variant[] {
  const differs = (variant: Variant) => new Set([1, 2, 3, 4, 5, 6].map((n) => variant(n))).size === 6;
  return [...variants.filter(differs), ...variants.filter((variant) => !differs(variant))];
}

/** CHECKs of one column leave few of its candidates: they are asked first. */
async function filterColumns(context: RowContext, problems: readonly Problem[]): Promise<void> {
  const asked: { readonly problem: Problem; readonly index: number }[] = [];
  const questions: Question[] = [];
  for (const problem of problems) {
    problem.columns.forEach((column, index) => {
      const checks = problem.checks.filter(
        ({ columns }) => columns.length === 1 && columns[0] === column.name,
      );
      if (checks.length === 0) return;
      const variants = problem.variants[index] ?? [];
      asked.push({ problem, index });
      questions.push({
        table: problem.table,
        checks,
        columns: [column],
        tuples: variants.flatMap((variant) => [1, 2, 3].map((n) => [variant(n) ?? null])),
      });
    });
  }
  const answers = await evaluate(context.connection, questions);
  answers.forEach((holds, at) => {
    const one = asked[at];
    if (one === undefined) return;
    const variants = one.problem.variants[one.index] ?? [];
    const kept = variants.filter((variant, k) =>
      [0, 1, 2].some((j) => holds.has(k * 3 + j) && variant(j + 1) !== undefined),
    );
    one.problem.variants = one.problem.variants.map((all, k) =>
      k === one.index && kept.length > 0 ? kept : all,
    );
  });
}

/** Combinations by rising distance from the defaults; the ones with a single value, or none, come early too. */
function combine(variants: readonly (readonly Variant[])[]): readonly (readonly Variant[])[] {
  if (variants.length === 1) return (variants[0] ?? []).map((variant) => [variant]);
  const result: Variant[][] = [];
  const seen = new Set<string>();
  const add = (indexes: readonly number[]) => {
    const key = indexes.join();
    if (seen.has(key)) return;
    seen.add(key);
    const tuple = indexes.map((index, column) => variants[column]?.[index]);
    if (tuple.every((variant) => variant !== undefined)) result.push(tuple);
  };
  const nullAt = variants.map((all) =>
    all.findIndex((variant) => variant(1) === null && variant(2) === null),
  );
  const valueAt = variants.map((all) =>
    Math.max(
      0,
      all.findIndex((variant) => typeof variant(1) === 'string'),
    ),
  );
  const sparse = nullAt.map((index, column) => (index === -1 ? (valueAt[column] ?? 0) : index));
  add(valueAt);
  add(sparse);
  for (let column = 0; column < variants.length; column++) {
    add(sparse.map((index, k) => (k === column ? (valueAt[k] ?? 0) : index)));
    add(valueAt.map((index, k) => (k === column ? (sparse[k] ?? 0) : index)));
  }
  for (let sum = 0; result.length < MAX_COMBINATIONS && sum < 400; sum++) {
    for (const indexes of indexesWithSum(
      variants.map((all) => all.length),
      sum,
    )) {
      add(indexes);
      if (result.length >= MAX_COMBINATIONS) break;
    }
  }
  return result;
}

function* indexesWithSum(sizes: readonly number[], sum: number): Generator<readonly number[]> {
  const [size = 0, ...rest] = sizes;
  if (rest.length === 0) {
    if (sum < size) yield [sum];
    return;
  }
  for (let index = 0; index < size && index <= sum; index++) {
    for (const others of indexesWithSum(rest, sum - index)) yield [index, ...others];
  }
}

async function filterCombinations(
  context: RowContext,
  problems: readonly Problem[],
  numbers: readonly number[],
): Promise<void> {
  const asked = problems.filter(({ columns }) => columns.length > 1);
  const questions = asked.map((problem) => ({
    ...problem,
    tuples: problem.combinations.flatMap((combination) => numbers.map((n) => tupleOf(combination, n))),
  }));
  const answers = await evaluate(context.connection, questions);
  answers.forEach((holds, at) => {
    const problem = asked[at];
    if (problem === undefined) return;
    const good = problem.combinations.filter((combination, k) =>
      numbers.some((n, j) => holds.has(k * numbers.length + j) && isWhole(combination, n)),
    );
    // Rows with every pattern of NULLs that is allowed: a branch that no row takes proves nothing.
    const patterns = new Map<string, (readonly Variant[])[]>();
    for (const combination of good) {
      const pattern = nullPattern(tupleOf(combination, numbers[0] ?? 1));
      patterns.set(pattern, [...(patterns.get(pattern) ?? []), combination]);
    }
    problem.combinations = roundRobin([...patterns.values()]).slice(0, KEPT_COMBINATIONS);
  });
}

async function findValues(
  context: RowContext,
  problems: readonly Problem[],
  numbers: readonly number[],
): Promise<void> {
  const questions = problems.map((problem) => ({
    ...problem,
    tuples: problem.combinations
      .slice(0, KEPT_COMBINATIONS)
      .flatMap((combination) => numbers.map((n) => tupleOf(combination, n))),
  }));
  const answers = await evaluate(context.connection, questions);
  answers.forEach((holds, at) => {
    const problem = problems[at];
    problem?.combinations.slice(0, KEPT_COMBINATIONS).forEach((combination, k) => {
      numbers.forEach((n, j) => {
        if (!holds.has(k * numbers.length + j) || !isWhole(combination, n)) return;
        const list = problem.found.get(n) ?? [];
        list.push(tupleOf(combination, n));
        problem.found.set(n, list);
      });
    });
  });
}

function solutionOf(problem: Problem): Solution {
  const nulls = (tuple: Tuple) => tuple.filter((value) => value === null).length;
  return {
    columns: problem.columns.map(({ name }) => name),
    values(n, sparse) {
      const all = problem.found.get(n) ?? [...problem.found.values()][0] ?? [];
      const wanted = sparse ? Math.max(...all.map(nulls)) : Math.min(...all.map(nulls));
      const best = all.filter((tuple) => nulls(tuple) === wanted);
      const patterns = [...new Set(best.map(nullPattern))];
      const pattern = patterns[(n - 1) % patterns.length];
      return best.find((tuple) => nullPattern(tuple) === pattern) ?? null;
    },
  };
}

function tupleOf(combination: readonly Variant[], n: number): (string | null)[] {
  return combination.map((variant) => variant(n) ?? null);
}

function isWhole(combination: readonly Variant[], n: number): boolean {
  return combination.every((variant) => variant(n) !== undefined);
}

function nullPattern(tuple: Tuple): string {
  return tuple.map((value) => (value === null ? '0' : '1')).join('');
}

function roundRobin<T>(lists: readonly (readonly T[])[]): T[] {
  const result: T[] = [];
  for (let index = 0; lists.some((list) => index < list.length); index++) {
    for (const list of lists) {
      const item = list[index];
      if (item !== undefined) result.push(item);
    }
  }
  return result;
}

interface Question {
  readonly table: TableShape;
  readonly checks: readonly CheckShape[];
  readonly columns: readonly ColumnShape[];
  readonly tuples: readonly Tuple[];
}

/** For each question the indexes of its tuples for which every CHECK is not false. */
async function evaluate(
  connection: Connection,
  questions: readonly Question[],
): Promise<readonly ReadonlySet<number>[]> {
  const together = await runAttempts(
    connection,
    questions.map((question): Attempt => ({ sql: evaluation(question, null), value: true })),
  );
  const answers = together.map((outcome) => numbersIn(outcome.value));
  // One tuple that the types refuse spoils the whole statement: then each is asked alone.
  const singly = questions.flatMap((question, index) =>
    together[index]?.ok === true
      ? []
      : question.tuples.slice(0, MAX_SINGLY).map((_, tuple) => ({ index, tuple })),
  );
  const outcomes = await runAttempts(
    connection,
    singly.map(({ index, tuple }): Attempt => {
      const question = questions[index];
      return { sql: question === undefined ? '' : evaluation(question, tuple), value: true };
    }),
  );
  outcomes.forEach((outcome, at) => {
    const one = singly[at];
    if (outcome.ok && one !== undefined && outcome.value !== null) answers[one.index]?.add(one.tuple);
  });
  return answers;
}

function evaluation({ table, checks, columns, tuples }: Question, only: number | null): string {
  const rows = tuples
    .map((tuple, index) => ({ tuple, index }))
    .filter(({ index }) => only === null || index === only)
    .map(({ tuple, index }) => `(${[index, ...tuple.map(textLiteral)].join(', ')})`);
  if (rows.length === 0) return 'SELECT NULL::text WHERE false';
  const names = columns.map((_, index) => `c${index}`);
  const inner = columns.map(({ name, type }, index) => `CAST(v.c${index} AS ${type}) AS ${quoteIdent(name)}`);
  const generated = table.columns
    .filter(
      ({ name, generation }) => generation !== null && checks.some((check) => check.columns.includes(name)),
    )
    .map(({ name, generation, type }) => `CAST((${generation}) AS ${type}) AS ${quoteIdent(name)}`);
  const given = `SELECT ${['v.ferrata_k', ...inner].join(', ')} FROM (VALUES ${rows.join(', ')}) AS v(${['ferrata_k', ...names].join(', ')})`;
  const source = generated.length === 0 ? given : `SELECT g.*, ${generated.join(', ')} FROM (${given}) g`;
  const conditions = checks.map(({ expression }) => `(${expression}) IS NOT FALSE`);
  const alias = quoteIdent(lastName(table.identity));
  return `SELECT string_agg(ferrata_k::text, ',') FROM (${source}) AS ${alias} WHERE ${conditions.join(' AND ')}`;
}

function textLiteral(value: string | null): string {
  return value === null ? 'NULL::text' : `${quoteLiteral(value)}::text`;
}

function numbersIn(text: string | null): Set<number> {
  return new Set(text === null || text === '' ? [] : text.split(',').map(Number));
}
