/**
 * Gives a scratch copy the target's statistics, and its tables the target's size: the planner takes the number of blocks
 * from the files themselves, so that statistics alone leave an empty table empty (PostgreSQL 18 source, plancat.c,
 * estimate_rel_size). On a server of our own the files of a copy are made as long as the target's, with holes that take
 * no space; elsewhere the rows that are there are counted as the target's.
 *
 * From PostgreSQL 18 on through `pg_restore_relation_stats` and `pg_restore_attribute_stats` (manual, 9.28.11); before,
 * a superuser writes `pg_class` and `pg_statistic`.
 */
import { chown, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import type { ColumnStatistics, DatabaseStatistics, RelationStatistics } from './statistics.ts';

/** Relations of the copy, before the first step, by the names that the statistics have: to find them again later. */
export interface StartNames {
  /** `schema NUL name` → OID. */
  readonly relations: ReadonlyMap<string, string>;
  /** `OID NUL column` → attnum. */
  readonly columns: ReadonlyMap<string, number>;
}

export interface CarriedOver {
  readonly tables: number;
  readonly columns: number;
  /** Whether the copy's tables are as large as the target's; false where only their numbers of rows are. */
  readonly sizes: boolean;
  /** False: the role may not, before PostgreSQL 18, and nothing was carried over. */
  readonly written: boolean;
}

interface Present {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly file: string | null;
  readonly pages: number;
  readonly table: string | null;
}

type ColumnRow = [oid: string, attnum: number, name: string, fixed: boolean];

export async function readStartNames(connection: Connection): Promise<StartNames> {
  const present = await readPresent(connection);
  const columns = await readColumnNumbers(connection);
  return {
    relations: new Map(present.map(({ oid, schema, name }) => [`${schema}\0${name}`, oid])),
    columns: new Map(columns.map(([oid, number, name]) => [`${oid}\0${name}`, number])),
  };
}

/**
 * Carries statistics over to a copy that stands at some step: what was renamed meanwhile is known by its OID, what was
 * made anew under the same name by its name. New indexes get the size that their table suggests.
 *
 * @param files the server's data directory where this process may write to it; null elsewhere
 */
export async function carryOver(
  connection: Connection,
  statistics: DatabaseStatistics,
  start: StartNames,
  files: string | null,
): Promise<CarriedOver> {
  const present = await readPresent(connection);
  const byOid = new Map(present.map((one) => [one.oid, one]));
  const byName = new Map(present.map((one) => [`${one.schema}\0${one.name}`, one]));
  const names = new Map(
    (await readColumnNumbers(connection)).map(([oid, number, name]) => [`${oid}\0${number}`, name]),
  );
  const placed: Placed[] = [];
  const done = new Set<string>();
  for (const from of statistics.relations) {
    const key = `${from.schema}\0${from.name}`;
    const oid = start.relations.get(key);
    const here = (oid === undefined ? undefined : byOid.get(oid)) ?? byName.get(key);
    if (here === undefined || done.has(here.oid)) continue;
    done.add(here.oid);
    const columns = from.columns.flatMap((column) => {
      const number = here.oid === oid ? start.columns.get(`${oid}\0${column.name}`) : undefined;
      const name = number === undefined ? column.name : names.get(`${here.oid}\0${number}`);
      return name === undefined ? [] : [{ ...column, name }];
    });
    placed.push({ here, from: { ...from, columns } });
  }
  placed.push(...newIndexes(present, placed, done));
  const sizes = files !== null && (await lengthen(files, placed));
  const written = await write(connection, placed, sizes);
  const tables = placed.filter(({ here }) => here.table === null);
  return {
    tables: tables.length,
    columns: tables.reduce((sum, { from }) => sum + from.columns.length, 0),
    sizes,
    written,
  };
}

interface Placed {
  readonly here: Present;
  readonly from: RelationStatistics;
}

/** An index that a step made: about a fifth of its table, which a key of ordinary width comes to. */
function newIndexes(
  present: readonly Present[],
  placed: readonly Placed[],
  done: ReadonlySet<string>,
): Placed[] {
  const tables = new Map(placed.map((one) => [one.here.oid, one.from]));
  return present.flatMap((here): Placed[] => {
    const table = here.table === null ? undefined : tables.get(here.table);
    if (table === undefined || done.has(here.oid) || here.kind !== 'i') return [];
    const pages = Math.max(1, Math.ceil(table.pages / 5));
    const from = {
      schema: here.schema,
      name: here.name,
      kind: 'i',
      pages,
      tuples: table.tuples,
      allVisible: 0,
      columns: [],
    };
    return [{ here, from }];
  });
}

async function readPresent(connection: Connection): Promise<readonly Present[]> {
  const rows = await connection.rows<[string, string, string, string, string | null, number, string | null]>(
    `SELECT c.oid::pg_catalog.text, n.nspname, c.relname, c.relkind::pg_catalog.text,
            CASE WHEN c.relkind IN ('r', 'm', 'i') THEN pg_catalog.pg_relation_filepath(c.oid) END,
            CASE WHEN c.relkind IN ('r', 'm', 'i') THEN (pg_catalog.pg_relation_size(c.oid)
              / pg_catalog.current_setting('block_size')::pg_catalog.int8)::pg_catalog.int4 ELSE 0 END,
            x.indrelid::pg_catalog.text
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.oid
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'i', 'I', 'f') AND n.nspname <> 'pg_toast'`,
  );
  return rows.map(([oid, schema, name, kind, file, pages, table]) => ({
    oid,
    schema,
    name,
    kind,
    file,
    pages,
    table,
  }));
}

async function readColumnNumbers(connection: Connection): Promise<readonly ColumnRow[]> {
  return await connection.rows<ColumnRow>(
    `SELECT attrelid::pg_catalog.text, attnum::pg_catalog.int4, attname, true FROM pg_catalog.pg_attribute
     WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped`,
  );
}

const BLOCK = 8192;
/** Blocks of a segment of 1 GB, as servers are built (manual, 73.1). */
const SEGMENT = 131_072;
/** A table of this many segments is as large as plans care for: 256 GB. */
const MOST_SEGMENTS = 256;

/** Makes the files as long as the target's. False where a file system refuses; the copy is then used as it is. */
async function lengthen(directory: string, placed: readonly Placed[]): Promise<boolean> {
  try {
    for (const { here, from } of placed) {
      if (here.file === null || from.pages <= here.pages) continue;
      const path = join(directory, here.file);
      const owner = await stat(path);
      const pages = Math.min(from.pages, MOST_SEGMENTS * SEGMENT);
      for (let segment = 0; segment * SEGMENT < pages; segment++) {
        const file = segment === 0 ? path : `${path}.${segment}`;
        if (segment > 0) await writeFile(file, '', { mode: 0o600 });
        await truncate(file, Math.min(SEGMENT, pages - segment * SEGMENT) * BLOCK);
        if (segment > 0) await chown(file, owner.uid, owner.gid);
      }
    }
    return true;
  } catch {
    return false;
  }
}

/** One message per relation: what the server refuses there is left out. */
async function write(connection: Connection, placed: readonly Placed[], sizes: boolean): Promise<boolean> {
  const restore = connection.server.major >= 18;
  if (!restore && !connection.server.superuser) return false;
  for (const { here, from } of placed) {
    if (here.kind === 'f') continue;
    // The planner multiplies the density by the blocks that the file has: with the file as it is, all rows are in those.
    const pages = here.file === null ? from.pages : sizes ? Math.max(from.pages, here.pages) : here.pages;
    const tuples = from.tuples < 0 ? (connection.server.major >= 14 ? -1 : 0) : from.tuples;
    const visible = sizes ? Math.min(from.allVisible, pages) : from.allVisible > 0 ? pages : 0;
    const known = from.tuples < 0 ? 0 : pages;
    await connection.script(
      restore ? restoreRelation(here, known, tuples, visible) : updateRelation(here, known, tuples, visible),
    );
    const write = restore ? restoreColumn : insertColumn;
    const all = from.columns.map((column) => write(here, column)).join(';\n');
    if (all !== '')
      await connection.script(all).catch(() => eachColumn(connection, here, from.columns, write));
  }
  return true;
}

/** One by one: what the server refuses of one column is no loss to the others. */
async function eachColumn(
  connection: Connection,
  here: Present,
  columns: readonly ColumnStatistics[],
  write: (here: Present, column: ColumnStatistics) => string,
): Promise<void> {
  for (const column of columns) {
    await connection.script(write(here, column)).catch(async () => {
      // The values may be none of the column's type any more.
      await connection.script(write(here, withoutValues(column))).catch(() => {});
    });
  }
}

function withoutValues(column: ColumnStatistics): ColumnStatistics {
  return {
    ...column,
    commonValues: null,
    commonFrequencies: null,
    histogram: null,
    commonElements: null,
    commonElementFrequencies: null,
    elementCounts: null,
  };
}

function restoreRelation(here: Present, pages: number, tuples: number, visible: number): string {
  return `SELECT pg_catalog.pg_restore_relation_stats('schemaname', ${quoteLiteral(here.schema)}, 'relname', ${quoteLiteral(here.name)},
    'relpages', ${pages}::integer, 'reltuples', ${tuples}::real, 'relallvisible', ${visible}::integer)`;
}

function updateRelation(here: Present, pages: number, tuples: number, visible: number): string {
  return `UPDATE pg_catalog.pg_class SET relpages = ${pages}, reltuples = ${tuples}, relallvisible = ${visible} WHERE oid = ${here.oid}`;
}

function restoreColumn(here: Present, column: ColumnStatistics): string {
  const optional: readonly (readonly [string, string | number | null, string])[] = [
    ['correlation', column.correlation, 'real'],
    ['most_common_vals', column.commonValues, 'text'],
    ['most_common_freqs', column.commonFrequencies, 'real[]'],
    ['histogram_bounds', column.histogram, 'text'],
    ['most_common_elems', column.commonElements, 'text'],
    ['most_common_elem_freqs', column.commonElementFrequencies, 'real[]'],
    ['elem_count_histogram', column.elementCounts, 'real[]'],
  ];
  const given = optional.flatMap(([name, value, type]) =>
    value === null ? [] : [`'${name}', ${quoteLiteral(String(value))}::${type}`],
  );
  return `SELECT pg_catalog.pg_restore_attribute_stats('schemaname', ${quoteLiteral(here.schema)}, 'relname', ${quoteLiteral(here.name)},
    'attname', ${quoteLiteral(column.name)}, 'inherited', ${column.inherited}, 'null_frac', ${column.nullFraction}::real,
    'avg_width', ${column.width}::integer, 'n_distinct', ${column.distinct}::real${given.map((one) => `, ${one}`).join('')})`;
}

/** `pg_statistic` has five slots; each says with its kind what it holds (PostgreSQL source, pg_statistic.h). */
function insertColumn(here: Present, column: ColumnStatistics): string {
  const element = 't.typelem';
  const slots: { kind: number; op: string; numbers: string; values: string }[] = [];
  const array = (text: string, type: string) =>
    `pg_catalog.array_in(${quoteLiteral(text)}::pg_catalog.cstring, ${type}, -1)`;
  const numbers = (text: string) => `${quoteLiteral(text)}::pg_catalog.float4[]`;
  const none = { numbers: 'NULL', values: 'NULL' };
  if (column.commonValues !== null && column.commonFrequencies !== null) {
    slots.push({
      kind: 1,
      op: 'o.eq',
      numbers: numbers(column.commonFrequencies),
      values: array(column.commonValues, 't.base'),
    });
  }
  if (column.histogram !== null)
    slots.push({ kind: 2, op: 'o.lt', ...none, values: array(column.histogram, 't.base') });
  if (column.correlation !== null)
    slots.push({ kind: 3, op: 'o.lt', ...none, numbers: numbers(`{${column.correlation}}`) });
  if (column.commonElements !== null && column.commonElementFrequencies !== null) {
    const values = array(column.commonElements, element);
    slots.push({ kind: 4, op: 'e.eq', numbers: numbers(column.commonElementFrequencies), values });
  }
  if (column.elementCounts !== null)
    slots.push({ kind: 5, op: 'e.eq', ...none, numbers: numbers(column.elementCounts) });
  const used = slots.slice(0, 5);
  const list = (pick: (slot: (typeof slots)[number], position: number) => string, empty: string) =>
    Array.from({ length: 5 }, (_, position) => {
      const slot = used[position];
      return slot === undefined ? empty : pick(slot, position);
    }).join(', ');
  const columns = ['stakind', 'staop', 'stacoll', 'stanumbers'].flatMap((name) =>
    [1, 2, 3, 4, 5].map((n) => `${name}${n}`),
  );
  // An anyarray takes no bare NULL: the columns of slots that hold no values are left out.
  const valued = used.flatMap((slot, position) =>
    slot.values === 'NULL' ? [] : [[`stavalues${position + 1}`, slot.values]],
  );
  return `DELETE FROM pg_catalog.pg_statistic s USING pg_catalog.pg_attribute a WHERE a.attrelid = ${here.oid} AND a.attname = ${quoteLiteral(column.name)}
      AND s.starelid = a.attrelid AND s.staattnum = a.attnum AND s.stainherit = ${column.inherited};
    INSERT INTO pg_catalog.pg_statistic (starelid, staattnum, stainherit, stanullfrac, stawidth, stadistinct, ${columns.join(', ')}${valued.map(([name]) => `, ${name}`).join('')})
    SELECT a.attrelid, a.attnum, ${column.inherited}, ${column.nullFraction}, ${column.width}, ${column.distinct},
      ${list(({ kind }) => String(kind), '0')}, ${list(({ op }) => `coalesce(${op}, 0)`, '0')}, ${list(() => 'a.attcollation', '0')},
      ${list((slot) => slot.numbers, 'NULL')}${valued.map(([, value]) => `, ${value}`).join('')}
    FROM pg_catalog.pg_attribute a
    CROSS JOIN LATERAL (SELECT CASE y.typtype WHEN 'd' THEN y.typbasetype ELSE y.oid END AS base,
        coalesce((SELECT d.typelem FROM pg_catalog.pg_type d WHERE d.oid = y.typbasetype), y.typelem) AS typelem
      FROM pg_catalog.pg_type y WHERE y.oid = a.atttypid) t
    CROSS JOIN LATERAL (${operators('t.base')}) o
    CROSS JOIN LATERAL (${operators('t.typelem')}) e
    WHERE a.attrelid = ${here.oid} AND a.attname = ${quoteLiteral(column.name)}`;
}

/** `=` and `<` of a type's default B-tree operator class, as ANALYZE notes them; of the class's own type where that is another. */
function operators(type: string): string {
  return `SELECT max(CASE m.amopstrategy WHEN 3 THEN m.amopopr::pg_catalog.int8 END)::pg_catalog.oid AS eq,
      max(CASE m.amopstrategy WHEN 1 THEN m.amopopr::pg_catalog.int8 END)::pg_catalog.oid AS lt
    FROM pg_catalog.pg_opclass k JOIN pg_catalog.pg_amop m ON m.amopfamily = k.opcfamily
      AND m.amoplefttype = k.opcintype AND m.amoprighttype = k.opcintype
    WHERE k.opcmethod = 403 AND k.opcdefault AND k.opcintype = (SELECT CASE
      WHEN b.oid = 'pg_catalog.varchar'::pg_catalog.regtype THEN 'pg_catalog.text'::pg_catalog.regtype
      WHEN b.typtype = 'e' THEN 'pg_catalog.anyenum'::pg_catalog.regtype
      WHEN b.typtype = 'r' THEN 'pg_catalog.anyrange'::pg_catalog.regtype
      WHEN b.typcategory = 'A' THEN 'pg_catalog.anyarray'::pg_catalog.regtype
      ELSE b.oid END FROM pg_catalog.pg_type b WHERE b.oid = ${type})`;
}
