/**
 * Which rows of the system catalogs were written or went away since an earlier look.
 *
 * Written: every row carries the transaction that wrote it (`xmin`, manual 5.6, "System Columns"). A transaction that
 * began before the boundary and had ended by then is older than the boundary; whatever was written since is not. The
 * server updates some counters of `pg_class` in place, without a new `xmin`: nothing that a catalog holds.
 *
 * Gone: rows are counted by ranges of OIDs, with a sum of hashes of what names them. Where the older rows of a range are
 * no longer those that were there, something in that range is gone (or was replaced).
 */
import { type TextRow, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';

/** What the OID in a row stands for. */
export type Place = 'relation' | 'routine' | 'type' | 'address' | 'guard';

interface Tracked {
  readonly catalog: string;
  readonly place: Place;
  /** The OID by which rows are grouped: of what they belong to. */
  readonly oid: string;
  /** An int8 that names the row within its catalog; null: rows go only together with something that is tracked. */
  readonly name: string | null;
  /** For `address`: the catalog of what it is about. */
  readonly class?: string;
  readonly where?: string;
}

function of(place: Place, catalog: string, oid: string, name: string | null = 'oid::int8'): Tracked {
  return { catalog, place, oid, name };
}

const GUARDS = [
  'pg_am',
  'pg_collation',
  'pg_extension',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_amop',
  'pg_amproc',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
];

/**
 * Catalogs whose rows show in the objects that are read by name (see `Kind.scope`), or in the text of their definitions.
 * Guards are those that hardly ever change and may show anywhere: where one did, all is read. Kinds that are always read
 * whole need none.
 */
export const TRACKED: readonly Tracked[] = [
  of('relation', 'pg_class', 'oid'),
  // Rows of these go with the relation's own: a dropped column stays, marked.
  of('relation', 'pg_attribute', 'attrelid', null),
  of('relation', 'pg_attrdef', 'adrelid', null),
  of('relation', 'pg_sequence', 'seqrelid', null),
  of('relation', 'pg_partitioned_table', 'partrelid', null),
  of('relation', 'pg_foreign_table', 'ftrelid', null),
  of('relation', 'pg_index', 'indrelid', 'indexrelid::int8'),
  of('relation', 'pg_inherits', 'inhrelid', '(inhrelid::int8 << 31) + inhparent::int8'),
  of('relation', 'pg_constraint', 'conrelid'),
  of('relation', 'pg_trigger', 'tgrelid'),
  // Triggers of a foreign key lie on both tables; that they are switched off shows in the constraint.
  of('relation', 'pg_trigger', 'tgconstrrelid'),
  of('relation', 'pg_rewrite', 'ev_class'),
  of('relation', 'pg_policy', 'polrelid'),
  of('relation', 'pg_statistic_ext', 'stxrelid'),
  of('routine', 'pg_proc', 'oid'),
  // Kinds of types are read whole; here it is what mentions them that counts, and what goes is mentioned by nobody.
  of('type', 'pg_type', 'oid', null),
  of('type', 'pg_enum', 'enumtypid', null),
  of('type', 'pg_range', 'rngtypid', null),
  {
    ...of('address', 'pg_description', 'objoid', '(objoid::int8 << 31) + classoid::int8 * 2048 + objsubid'),
    class: 'classoid',
  },
  { ...of('address', 'pg_depend', 'objid', '0'), class: 'classid' },
  ...GUARDS.map((catalog) => of('guard', catalog, 'oid')),
  of('guard', 'pg_seclabel', 'objoid', '(objoid::int8 << 31) + hashtext(provider || label)'),
  {
    ...of('guard', 'pg_depend', 'objid', '(objid::int8 << 31) + refobjid::int8'),
    where: "refclassid = 'pg_extension'::regclass AND deptype = 'e'",
  },
];

/** Names that other objects' texts hold and that are in no tracked catalog: one text each, `<oid> <name>`. */
export const NAMES_QUERY = `SELECT 'role', concat(oid, ' ', rolname) FROM pg_roles
  UNION ALL SELECT 'schema', concat(oid, ' ', nspname) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_t%'
  UNION ALL SELECT 'tablespace', concat(oid, ' ', spcname) FROM pg_tablespace`;

/** A 32-bit transaction number as the 64-bit one nearest to `s.next`. */
function whole(xid: string): string {
  const distance = `(int8in(xidout(${xid})) - (s.next & 4294967295))`;
  return `s.next + ${distance} - CASE WHEN ${distance} > 2147483648 THEN 4294967296 WHEN ${distance} < -2147483648 THEN -4294967296 ELSE 0 END`;
}

/**
 * Identifies the server process and gives the boundary for the next look: every transaction that began before it and
 * could have written into this database is visible from now on. Asked before the transaction that reads. Transactions
 * in other databases write nothing here; where the role may not see who runs what, they count all the same.
 */
export const BOUNDARY_QUERY = `SELECT pg_postmaster_start_time(),
  CASE WHEN pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') THEN least(s.next,
      (SELECT min(${whole('backend_xid')}) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL),
      (SELECT min(${whole('transaction')}) FROM pg_prepared_xacts WHERE database = current_database()))
    ELSE s.oldest END
  FROM (SELECT int8in(xid8out(pg_snapshot_xmax(pg_current_snapshot()))) AS next, int8in(xid8out(pg_snapshot_xmin(pg_current_snapshot()))) AS oldest) s`;

/** Rows of one range of OIDs. */
interface Count {
  readonly rows: string;
  readonly hash: string;
}

/** What was there at a look: per catalog and range. */
export interface Tally {
  /** Of the server process: its transaction numbers mean nothing to another one. */
  readonly server: string;
  /** A 64-bit transaction number. */
  readonly boundary: string;
  /** Ranges hold 2^shift OIDs. */
  readonly shift: number;
  readonly counts: ReadonlyMap<string, Count>;
  readonly names: ReadonlySet<string>;
}

export interface Address {
  /** OID of the system catalog. */
  readonly class: string;
  readonly oid: string;
}

/** OIDs, first and last. */
export type Range = readonly [number, number];

export interface Changes {
  readonly relations: readonly string[];
  readonly routines: readonly string[];
  readonly types: readonly string[];
  /** What a comment or a dependency was written for. */
  readonly addresses: readonly Address[];
  readonly relationRanges: readonly Range[];
  readonly routineRanges: readonly Range[];
  readonly addressRanges: readonly Range[];
}

/** For each tracked catalog a statement that counts, and one that names what was written; and one for the names. */
export function tallyQueries(shift: number, boundary: string): string[] {
  // Compared by age, which knows about the turn-over of 32-bit numbers.
  const limit = `(SELECT age('${BigInt(boundary) & 0xffffffffn}'::xid))`;
  const isOld = `age(xmin) > ${limit}`;
  const queries = TRACKED.flatMap(({ place, catalog, oid, name, class: about, where = 'true' }) => {
    const key = about === undefined ? oid : `${about}, ${oid}`;
    const written =
      place === 'guard' ? NO_ROWS : `SELECT DISTINCT ${key} FROM ${catalog} WHERE NOT (${isOld})`;
    if (name === null) return [NO_ROWS, written];
    const hash = name === '0' ? '0' : `sum(hashint8extended(${name}, 0))`;
    return [
      `SELECT ${place === 'guard' ? '0' : `${oid}::int8 >> ${shift}`}, count(*), ${hash}, count(*) FILTER (WHERE ${isOld}),
      ${name === '0' ? '0' : `${hash} FILTER (WHERE ${isOld})`} FROM ${catalog} WHERE ${where} GROUP BY 1`,
      written,
    ];
  });
  return [...queries, NAMES_QUERY];
}

const NO_ROWS = 'SELECT WHERE false';

/** How wide the ranges are to be for catalogs with that highest OID: a few hundred of them, whatever there is. */
export function shiftFor(highestOid: number): number {
  const RANGES = 256;
  return Math.max(5, Math.ceil(Math.log2(Math.max(1, highestOid - FIRST_USER_OID) / RANGES)));
}

function position(index: number, bucket: string): string {
  return `${index} ${bucket}`;
}

export function tallyOf(
  results: readonly (readonly TextRow[])[],
  boundary: { readonly server: string; readonly boundary: string },
  shift: number,
): Tally {
  const counts = new Map<string, Count>();
  for (const index of TRACKED.keys()) {
    for (const [bucket, rows, hash] of results[index * 2] ?? []) {
      counts.set(position(index, text(bucket)), { rows: text(rows), hash: text(hash) });
    }
  }
  const names = new Set((results[TRACKED.length * 2] ?? []).map(([kind, name]) => `${kind} ${name}`));
  return { ...boundary, shift, counts, names };
}

/** What changed since `before`; null where it may be anything. `results` are those of `tallyQueries` for its boundary. */
export function changesSince(before: Tally, results: readonly (readonly TextRow[])[]): Changes | null {
  const now = tallyOf(results, before, before.shift);
  for (const name of before.names) if (!now.names.has(name)) return null;
  const oids = { relation: new Set<string>(), routine: new Set<string>(), type: new Set<string>() };
  const ranges = { relation: new Set<number>(), routine: new Set<number>(), address: new Set<number>() };
  const addresses = new Map<string, Address>();
  const met = new Set<string>();
  for (const [index, { place, name }] of TRACKED.entries()) {
    for (const [first, second] of results[index * 2 + 1] ?? []) {
      if (place === 'address') {
        addresses.set(`${first} ${second}`, { class: text(first), oid: text(second) });
      } else if (place !== 'guard' && first !== '0') {
        // The server's own objects may show anywhere.
        if (Number(first) < FIRST_USER_OID) return null;
        oids[place].add(text(first));
      }
    }
    for (const [bucketText, rows, hash, oldRows, oldHash] of results[index * 2] ?? []) {
      const bucket = text(bucketText);
      met.add(position(index, bucket));
      const was = before.counts.get(position(index, bucket)) ?? { rows: '0', hash: '0' };
      const same = (count: Count) => count.rows === was.rows && count.hash === was.hash;
      const isUntouched = same({ rows: text(oldRows), hash: oldHash ?? '0' });
      if (place === 'guard') {
        if (!isUntouched || rows !== oldRows) return null;
        continue;
      }
      // All that is not as it was is there under its old name.
      const isUpdated = name !== '0' && same({ rows: text(rows), hash: text(hash) });
      if (!isUntouched && !isUpdated && place !== 'type') ranges[place].add(Number(bucket));
    }
  }
  for (const key of before.counts.keys()) {
    if (met.has(key)) continue;
    // Nothing is left there.
    const [index, bucket] = key.split(' ');
    const place = TRACKED[Number(index)]?.place;
    if (place === undefined || place === 'guard') return null;
    if (place !== 'type') ranges[place].add(Number(bucket));
  }
  const wide = (buckets: ReadonlySet<number>): Range[] =>
    [...buckets].map((bucket) => [bucket * 2 ** before.shift, (bucket + 1) * 2 ** before.shift - 1]);
  return {
    relations: [...oids.relation],
    routines: [...oids.routine],
    types: [...oids.type],
    addresses: [...addresses.values()],
    relationRanges: wide(ranges.relation),
    routineRanges: wide(ranges.routine),
    addressRanges: wide(ranges.address),
  };
}

export function isNothing(changes: Changes): boolean {
  return Object.values(changes).every((list) => list.length === 0);
}
