/** Values that only the new shape allows: one row for each way in which the change lets more in. */
import type { Catalog, EnumProperties } from '../../catalog/model.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from '../synthetic/attempts.ts';
import { solveChecks } from '../synthetic/checks.ts';
import { type Cell, defaultValue, type RowContext } from '../synthetic/context.ts';
import { factsOf, mergeFacts } from '../synthetic/facts.ts';
import { checkExpression, type TableShape } from '../synthetic/schema.ts';
import { arrayText } from '../synthetic/values.ts';
import { variantsOf } from '../synthetic/variants.ts';
import { type ColumnPair, newName, renamed, renamedLabels, type TablePair, usesType } from './pairs.ts';

/** What a late row must hold; the other columns are ordinary. */
export interface Special {
  readonly what: string;
  /** By new column name. */
  readonly cells: ReadonlyMap<string, Cell>;
}

/** The number whose values no row has: what refers to it dangles. */
const NOWHERE = 987_654;
const PER_COLUMN = 2;

export async function specialsFor(
  context: RowContext,
  before: Catalog,
  after: Catalog,
  pair: TablePair,
): Promise<readonly Special[]> {
  return [
    ...nullsAllowed(pair),
    ...(await newLabels(before, after, pair)),
    ...(await widerTypes(context, pair)),
    ...(await domainsRelaxed(context, before, pair)),
    ...(await checksRelaxed(context, pair)),
    ...(await keysDropped(context, pair)),
    ...referencesDropped(context, pair),
    ...generationDropped(context, pair),
  ];
}

function one(name: string, cell: Cell): ReadonlyMap<string, Cell> {
  return new Map([[name, cell]]);
}

function nullsAllowed(pair: TablePair): Special[] {
  return pair.columns
    .filter(({ before, after }) => before.notNull && !after.notNull && after.generation === null)
    .map(({ after }) => ({ what: `NULL in ${after.name}`, cells: one(after.name, null) }));
}

async function newLabels(before: Catalog, after: Catalog, pair: TablePair): Promise<Special[]> {
  const old = new Map([...before.objects.values()].map((object) => [object.physical, object]));
  const result: Special[] = [];
  for (const object of after.objects.values()) {
    if (object.kind !== 'enum') continue;
    const was = old.get(object.physical) ?? before.objects.get(`enum ${object.identity}`);
    if (was === undefined || was.kind !== 'enum') continue;
    const names = renamedLabels(was, object);
    const known = [...(was.properties as unknown as EnumProperties).labels, ...names.keys()];
    const labels = (object.properties as unknown as EnumProperties).labels.filter(
      (label) => !known.includes(label),
    );
    for (const { after: column } of pair.columns) {
      if (!usesType(column.type, object.identity) || column.generation !== null) continue;
      for (const label of labels.slice(0, 3)) {
        const cell = column.type.endsWith('[]') ? arrayText([label]) : label;
        result.push({ what: `new label ${label} in ${column.name}`, cells: one(column.name, cell) });
      }
    }
  }
  return result;
}

/** Probes: what some type can hold and a narrower one can't. Which serves for two given types, the server says. */
const PROBES: readonly string[] = [
  '40000',
  '3000000000',
  '9223372036854775807',
  '123456789012345678901234567890',
  '0.123456789',
  '1234.5678',
  '99999999.99',
  '1e300',
  '2024-03-04 05:06:07.123456',
  '2024-03-04 05:06:07.123456+05:30',
  '2924-03-04',
  '05:06:07.123456',
  '1 year 2 mons 3 days 04:05:06.789',
  'a',
  'ab',
  'abcdef',
  'something else',
  '{"b": 1,  "a": 2, "a": 3}',
  '[1, 2, 3]',
  '{}',
  '10.1.2.3/8',
  '2001:db8::1',
  '{"x y",z}',
  '{1,2,3}',
  'ffffffff-ffff-4fff-8fff-ffffffffffff',
  '10101010101010101010',
  '$1234567.89',
];

async function widerTypes(context: RowContext, pair: TablePair): Promise<Special[]> {
  const changed = pair.columns.filter(
    ({ before, after }) => before.type !== after.type && after.generation === null,
  );
  const asked: { readonly columns: ColumnPair; readonly probe: string }[] = [];
  const attempts: Attempt[] = [];
  for (const columns of changed) {
    const limit = Number(/\((\d+)/.exec(columns.before.type)?.[1] ?? 0);
    const own = defaultValue(context, columns.after, 950);
    const probes = [
      ...(limit > 0 && limit < 100_000 ? ['x'.repeat(limit + 1), '9'.repeat(Math.min(limit + 1, 60))] : []),
      ...PROBES,
      'x'.repeat(300),
      ...(own === null ? [] : [own]),
    ];
    for (const probe of probes) {
      asked.push({ columns, probe });
      const held = `(${quoteLiteral(probe)}::${columns.after.type})::text`;
      attempts.push({ sql: `SELECT ${held}`, value: true });
      attempts.push({
        sql: `SELECT ((${held}::${columns.before.type})::text::${columns.after.type})::text IS NOT DISTINCT FROM ${held}`,
        value: true,
      });
    }
  }
  const outcomes = await runAttempts(context.connection, attempts);
  const result: Special[] = [];
  const counts = new Map<ColumnPair, number>();
  const seen = new Set<string>();
  asked.forEach(({ columns }, index) => {
    const accepted = outcomes[index * 2];
    const held = outcomes[index * 2 + 1];
    if (accepted?.ok !== true || accepted.value === null || held?.value === 'true') return;
    const { before, after } = columns;
    const count = counts.get(columns) ?? 0;
    const key = `${after.name} ${accepted.value}`;
    if (count >= PER_COLUMN || seen.has(key)) return;
    seen.add(key);
    counts.set(columns, count + 1);
    result.push({
      what: `${shown(accepted.value)} in ${after.name}, which was ${before.type}`,
      cells: one(after.name, accepted.value),
    });
  });
  return result;
}

function shown(value: string): string {
  return value.length <= 40 ? value : `${value.length} characters`;
}

/** Values that a domain's CHECK forbade: the domain was relaxed, or the column is no longer of it. */
async function domainsRelaxed(context: RowContext, before: Catalog, pair: TablePair): Promise<Special[]> {
  const asked: { readonly column: ColumnPair; readonly domain: string; readonly text: string }[] = [];
  const attempts: Attempt[] = [];
  for (const [group, column] of pair.columns.entries()) {
    const domain = before.objects.get(`domain ${column.before.type}`);
    if (domain === undefined || column.after.generation !== null) continue;
    const checks = [...before.objects.values()]
      .filter(({ kind, parent }) => kind === 'constraint' && parent === `domain ${domain.identity}`)
      .map(({ properties }) => checkExpression(String(properties.definition)));
    const base = String(domain.properties.type);
    const type = context.types.get(column.after.type);
    if (checks.length === 0 || type === undefined) continue;
    const facts = mergeFacts(checks.map(factsOf));
    const variants = variantsOf(type, facts, { castable: false, column: column.after.name }, context.chosen);
    for (const text of variants.map((variant) => variant(950))) {
      if (typeof text !== 'string') continue;
      const value = `(${quoteLiteral(text)}::${base})`;
      const broken = checks
        .map((check) => `(${check.replace(/\bVALUE\b/g, () => value)}) IS FALSE`)
        .join(' OR ');
      asked.push({ column, domain: domain.identity, text });
      // Division by zero: an attempt that holds under the old CHECKs is no success.
      attempts.push({
        sql: `SELECT ${quoteLiteral(text)}::${column.after.type}, 1 / (CASE WHEN ${broken} THEN 1 ELSE 0 END)`,
        group,
      });
    }
  }
  const outcomes = await runAttempts(context.connection, attempts);
  return asked.flatMap(({ column, domain, text }, index) =>
    outcomes[index]?.ok === true
      ? [
          {
            what: `${shown(text)} in ${column.after.name}, which ${domain} forbade`,
            cells: one(column.after.name, text),
          },
        ]
      : [],
  );
}

async function checksRelaxed(context: RowContext, pair: TablePair): Promise<Special[]> {
  const kept = new Set(pair.after.checks.map(({ expression }) => expression));
  const result: Special[] = [];
  for (const check of pair.before.checks) {
    const columns = check.columns.map((name) => newName(pair, name));
    const expression = renamed(pair, check.expression);
    if (columns.length === 0 || columns.some((name) => name === null) || kept.has(expression)) continue;
    const names = columns.filter((name) => name !== null);
    const negation = { name: check.name, expression: `((${expression}) IS FALSE)`, columns: names };
    // A number of its own: solutions are per row number, and this one is for this row alone.
    const table: TableShape = { ...pair.after, checks: [...pair.after.checks, negation] };
    const solutions = (await solveChecks(context, [table], [950, 951])).get(table.identity) ?? [];
    const solution = solutions.find((s) => names.some((name) => s.columns.includes(name)));
    const values = solution?.values(950, false) ?? null;
    if (solution === undefined || values === null) continue;
    result.push({
      what: `a row that ${check.name} forbade`,
      cells: new Map(solution.columns.map((name, index) => [name, values[index] ?? null])),
    });
  }
  return result;
}

/** A unique or exclusion constraint that is gone: a row with the values of one that is there. */
async function keysDropped(context: RowContext, pair: TablePair): Promise<Special[]> {
  const now = [...pair.after.keys, ...pair.after.exclusions].map(({ columns }) =>
    [...columns].sort().join('\0'),
  );
  const result: Special[] = [];
  for (const key of [...pair.before.keys, ...pair.before.exclusions]) {
    const columns = key.columns.map((name) => newName(pair, name)).filter((name) => name !== null);
    if (columns.length === 0 || columns.length !== key.columns.length) continue;
    if (now.includes([...columns].sort().join('\0'))) continue;
    const list = columns.map(quoteIdent);
    const [row] = await context.connection.rows<(string | null)[]>(
      `SELECT ${list.map((name) => `${name}::text`).join(', ')} FROM ${pair.after.identity}
       WHERE ${list.map((name) => `${name} IS NOT NULL`).join(' AND ')} ORDER BY 1 LIMIT 1`,
    );
    if (row === undefined) continue;
    result.push({
      what: `a second row with the same ${columns.join(', ')}`,
      cells: new Map(columns.map((name, index) => [name, row[index] ?? null])),
    });
  }
  return result;
}

function referencesDropped(context: RowContext, pair: TablePair): Special[] {
  const result: Special[] = [];
  for (const key of pair.before.foreignKeys) {
    const columns = key.columns.map((name) => newName(pair, name)).filter((name) => name !== null);
    const still = pair.after.foreignKeys.some((other) => other.columns.join('\0') === columns.join('\0'));
    if (still || columns.length !== key.columns.length) continue;
    const cells = new Map<string, Cell>();
    for (const name of columns) {
      const column = pair.after.columns.find((candidate) => candidate.name === name);
      if (column === undefined || column.generation !== null) continue;
      cells.set(name, defaultValue(context, column, NOWHERE));
    }
    result.push({ what: `${columns.join(', ')} without a row in ${key.references}`, cells });
  }
  return result;
}

/** A column that was computed and now holds what it is given. */
function generationDropped(context: RowContext, pair: TablePair): Special[] {
  return pair.columns
    .filter(({ before, after }) => before.generation !== null && after.generation === null)
    .map(({ after }) => ({
      what: `a value of its own in ${after.name}, which was computed`,
      cells: one(after.name, defaultValue(context, after, 950)),
    }));
}
