/**
 * Columns whose values no cast brings back: the step turns them into something else (ALTER COLUMN … TYPE … USING, a
 * narrower type) or they go with their type (DROP TYPE … CASCADE). Their values are kept by the row's key
 * (execute/attic/keep-column.ts), and the rendered way back is told to take them from there.
 */
import type { Catalog, CatalogObject } from '../../catalog/model.ts';
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import { keptStore } from '../../execute/attic/keep-column.ts';
import type { Action, Step } from '../../plan/model.ts';
import { dollarQuote, quoteIdent, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { textOf } from '../../sql/text-of.ts';

interface Kept {
  readonly ordinal: number;
  readonly table: string;
  readonly tableAfter: string;
  /** Unquoted, as are those of the key. */
  readonly column: string;
  /** Null: it is gone. */
  readonly columnAfter: string | null;
  readonly key: readonly string[];
  readonly keyTypes: readonly string[];
  readonly type: string;
  readonly typeAfter: string | null;
}

/**
 * The step with the actions that keep, or null where there is nothing to keep. `before`, `after`: the catalog around
 * the step, run without them.
 */
export function withKeptColumns(step: Step, before: Catalog, after: Catalog): Step | null {
  if (!step.transactional || step.forward.some((action) => action.type === 'keep-column')) return null;
  const columns = keptColumns(step, before, after);
  if (columns.length === 0) return null;
  const common = ({ ordinal, key }: Kept) => ({ type: 'keep-column' as const, ordinal, key });
  const first = columns.map(
    (kept): Action => ({ ...common(kept), when: 'before', table: kept.table, column: kept.column }),
  );
  const last = columns.flatMap((kept): Action[] =>
    kept.columnAfter === null
      ? []
      : [{ ...common(kept), when: 'after', table: kept.tableAfter, column: kept.columnAfter }],
  );
  return { ...step, forward: [...first, ...step.forward, ...last] };
}

/** Whether the words of a step leave any doubt that it leaves all values where they are. */
export function mayTakeAway(step: Step): boolean {
  return step.forward.some(
    (action) =>
      action.type === 'sql' && /\b(type|cascade|owned|do|call|select|perform|execute)\b/i.test(action.sql),
  );
}

function keptColumns(step: Step, before: Catalog, after: Catalog): readonly Kept[] {
  const sql = step.forward.map((action) => ('sql' in action ? action.sql : '')).join('\n');
  const converts = /\busing\b/i.test(sql) || /\bdo\b/i.test(sql);
  const byPhysical = new Map([...after.objects.values()].map((object) => [object.physical, object]));
  const renamed = renamedTypes(before, byPhysical);
  const found: Kept[] = [];
  for (const object of before.objects.values()) {
    if (object.kind !== 'column' || object.properties.generated !== null) continue;
    const table = before.objects.get(object.parent ?? 'table ');
    if (table === undefined || !holdsRows(table, before)) continue;
    const tableNow = byPhysical.get(table.physical);
    if (tableNow === undefined) continue;
    const now = byPhysical.get(object.physical);
    const type = String(object.properties.type);
    const typeAfter = now === undefined ? null : String(now.properties.type);
    if (typeAfter === type || (typeAfter !== null && !converts && widens(type, typeAfter))) continue;
    if (typeAfter !== null && renamed.get(type) === typeAfter) continue;
    if (now === undefined && isParked(object, after)) continue;
    const key = keyOf(table, before, tableNow, after, nameOf(object));
    if (key === null) continue;
    found.push({
      ordinal: found.length + 1,
      table: table.identity,
      tableAfter: tableNow.identity,
      column: nameOf(object),
      columnAfter: now === undefined ? null : nameOf(now),
      ...key,
      type,
      typeAfter,
    });
  }
  return found;
}

/** Types that have another name now, and their arrays: what is in their columns is what it was. */
function renamedTypes(
  before: Catalog,
  byPhysical: ReadonlyMap<string, CatalogObject>,
): ReadonlyMap<string, string> {
  const renamed = new Map<string, string>();
  for (const { physical, identity } of before.objects.values()) {
    if (!physical.startsWith('pg_type:')) continue;
    const now = byPhysical.get(physical);
    if (now === undefined || now.identity === identity) continue;
    renamed.set(identity, now.identity).set(`${identity}[]`, `${now.identity}[]`);
  }
  return renamed;
}

/** A table whose rows one key tells apart: not one of a tree of INHERITS; of partitions the whole. */
function holdsRows(table: CatalogObject, catalog: Catalog): boolean {
  const { properties } = table;
  if (table.kind !== 'table' || properties.partitionOf != null || properties.foreignServer != null)
    return false;
  if (Array.isArray(properties.inherits) && properties.inherits.length > 0) return false;
  return ![...catalog.objects.values()].some(
    (other) =>
      other.kind === 'table' &&
      Array.isArray(other.properties.inherits) &&
      other.properties.inherits.includes(table.identity),
  );
}

function isParked(column: CatalogObject, after: Catalog): boolean {
  return after.parked.some(({ physical }) => physical === column.physical);
}

/** The primary key, or a key without NULLs, that the step leaves as it is; null where there is none. */
function keyOf(
  table: CatalogObject,
  before: Catalog,
  tableNow: CatalogObject,
  after: Catalog,
  column: string,
): { readonly key: readonly string[]; readonly keyTypes: readonly string[] } | null {
  const constraints = [...before.objects.values()].filter(
    (object) =>
      object.kind === 'constraint' &&
      object.parent === `table ${table.identity}` &&
      (object.properties.type === 'primary' || object.properties.type === 'unique') &&
      object.properties.deferrable !== true,
  );
  constraints.sort((a, b) => rank(a) - rank(b));
  for (const { properties } of constraints) {
    const key = Array.isArray(properties.columns) ? properties.columns.map(String) : [];
    if (key.length === 0 || key.includes(column)) continue;
    const types = key.map((name) => {
      const had = before.objects.get(`column ${table.identity}.${quoteIdent(name)}`)?.properties;
      const has = after.objects.get(`column ${tableNow.identity}.${quoteIdent(name)}`)?.properties;
      return had?.notNull === true && had.type === has?.type ? String(had.type) : null;
    });
    if (types.every((type) => type !== null)) return { key, keyTypes: types };
  }
  return null;
}

function rank(constraint: CatalogObject): number {
  return constraint.properties.type === 'primary' ? 0 : 1;
}

function nameOf(column: CatalogObject): string {
  const name = column.identity.slice((column.parent ?? '').length - 'table '.length + 1);
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** Types into which every value goes, and out of which a cast brings it back. */
function widens(from: string, to: string): boolean {
  const numbers = ['smallint', 'integer', 'bigint', 'numeric'];
  const [a, b] = [numbers.indexOf(from), numbers.indexOf(to)];
  if (a >= 0 && b >= 0) return a <= b;
  const [had, has] = [
    /^(character varying|numeric)\((\d+)(?:,(\d+))?\)$/.exec(from),
    /^(character varying|numeric)\((\d+)(?:,(\d+))?\)$/.exec(to),
  ];
  if (from.startsWith('character varying') && (to === 'text' || to === 'character varying')) return true;
  if (from === 'text' && to === 'character varying') return true;
  if (had?.[1] === 'numeric' && to === 'numeric') return true;
  if (had === null || has === null || had[1] !== has[1]) return false;
  const [scaleHad, scaleHas] = [Number(had[3] ?? 0), Number(has[3] ?? 0)];
  return scaleHas >= scaleHad && Number(has[2]) - scaleHas >= Number(had[2]) - scaleHad;
}

/** A statement of the way back, with the values from where they are kept. */
export function takingKept(
  sql: string,
  step: Step,
  capture: string,
  before: Catalog,
  after: Catalog,
): readonly string[] {
  const kept = step.forward.some((action) => action.type === 'keep-column')
    ? keptColumns(
        { ...step, forward: step.forward.filter(({ type }) => type !== 'keep-column') },
        before,
        after,
      )
    : [];
  for (const one of kept) {
    const names = [one.column, ...(one.columnAfter === null ? [] : [one.columnAfter])].map(quoteIdent);
    for (const table of new Set([one.table, one.tableAfter])) {
      for (const column of names) {
        const retype = `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE `;
        if (one.columnAfter !== null && sql.startsWith(retype)) {
          return retyped(sql, table, column, one, capture);
        }
        if (one.columnAfter === null && sql.startsWith(`ALTER TABLE ${table} ADD COLUMN ${column} `)) {
          return [sql, ...filled(table, column, one, capture)];
        }
      }
    }
  }
  return [sql];
}

function retyped(sql: string, table: string, column: string, kept: Kept, capture: string): readonly string[] {
  const [head = sql, using] = sql.split(/ USING (.*)$/s);
  // `column::text::type`: what follows the column is how the server would go back by itself.
  // Without a USING it assigns, which refuses what a cast would cut off.
  const casts = using === undefined ? '' : using.slice(column.length);
  if (using !== undefined && !using.startsWith(`${column}::`)) return [sql];
  const name = functionName(capture, kept.ordinal);
  return [
    definition(name, table, kept, capture, kept.typeAfter ?? kept.type, `now_is${casts}`),
    `${head} USING ${name}(${[...kept.key.map(quoteIdent), column].join(', ')})`,
    `DROP FUNCTION ${name}`,
  ];
}

function filled(table: string, column: string, kept: Kept, capture: string): readonly string[] {
  const name = functionName(capture, kept.ordinal);
  return [
    definition(name, table, kept, capture, kept.type, 'now_is'),
    `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE ${kept.type} USING ${name}(${[...kept.key.map(quoteIdent), column].join(', ')})`,
    `DROP FUNCTION ${name}`,
  ];
}

function functionName(capture: string, ordinal: number): string {
  return quoteQualified(ATTIC_SCHEMA, `u${capture}_k${ordinal}`);
}

/** Looks one row's value up; a row that is new, or was changed since, goes back by the cast or is named. */
function definition(
  name: string,
  table: string,
  kept: Kept,
  capture: string,
  now: string,
  natural: string,
): string {
  const keys = kept.keyTypes.map((type, index) => `key_${index + 1} ${type}`);
  const found = kept.key.map((_, index) => `s.k${index + 1} = key_${index + 1}`);
  if (kept.columnAfter !== null) found.push(`${textOf('s.n')} IS NOT DISTINCT FROM ${textOf('now_is')}`);
  const which = kept.key.map(
    (column, index) => `${quoteLiteral(`${quoteIdent(column)}=`)} || ${textOf(`key_${index + 1}`)}`,
  );
  return `CREATE FUNCTION ${name}(${[...keys, `now_is ${now}`].join(', ')}) RETURNS ${kept.type} LANGUAGE plpgsql AS ${dollarQuote(`
DECLARE
  was pg_catalog.text;
BEGIN
  SELECT ${textOf('s.o')} INTO was FROM ${keptStore(capture, kept.ordinal)} s WHERE ${found.join(' AND ')};
  IF FOUND THEN RETURN was::${kept.type}; END IF;
  RETURN ${natural};
EXCEPTION WHEN data_exception OR cannot_coerce THEN
  RAISE EXCEPTION 'the row of % with % was written after the change, and its % has no value that was possible before: %',
    ${quoteLiteral(table)}, ${which.join(` || ', ' || `)}, ${quoteLiteral(kept.column)}, SQLERRM USING ERRCODE = SQLSTATE;
END`)}`;
}
