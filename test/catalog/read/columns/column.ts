/**
 * What `coverage.test.ts` knows about one column of a system catalog: how a change of it alone shows in what
 * `readCatalog` gives, or why it is left out on purpose.
 */
export interface Shown {
  /** SQL for the new value: the row's column is updated in the catalog itself, and nothing else. */
  readonly to?: string;
  /** Where a value alone would make no sense: SQL that changes the column. */
  readonly by?: string;
  /** What else of the same catalog `by` changes; `row` where the row as a whole comes or goes. */
  readonly also?: readonly string[] | 'row';
  /** In place of the catalog's own. */
  readonly setup?: string;
  readonly row?: string;
  /** The oldest major that lets every role read it; before that it is left out. */
  readonly since?: number;
}

export interface Ignored {
  readonly ignored: string;
}

export interface CatalogCoverage {
  readonly catalog: string;
  /** Makes the row, in schema `s`, which is the first on the search path. */
  readonly setup?: string;
  /** Condition that is true for the row alone. */
  readonly row?: string;
  readonly columns: Readonly<Record<string, Shown | Ignored>>;
}

export function to(value: string, more: Omit<Shown, 'to' | 'by'> = {}): Shown {
  return { ...more, to: value };
}

export function by(change: string, more: Omit<Shown, 'to' | 'by'> = {}): Shown {
  return { ...more, by: change };
}

/** A row comes or goes with its object: presence shows that the column is read. */
export function comes(change: string, more: Omit<Shown, 'to' | 'by'> = {}): Shown {
  return { also: 'row', ...more, by: change };
}

export function ignored(reason: string): Ignored {
  return { ignored: reason };
}

/** A role that is there everywhere and owns nothing. */
export const ROLE = 'pg_monitor';
export const OWNER = to(`'${ROLE}'::regrole`);
export const acl = (letters: string): Shown => to(`'{${ROLE}=${letters}/${ROLE}}'::aclitem[]`);
export const SCHEMA = to(`'public'::regnamespace`);

export const OID = ignored('tells who an object is inside one database: never compared');
export const COUNT = ignored('the length of the list that is read');
export const STATISTIC = ignored("what ANALYZE and VACUUM note; it's data");
export const HINT = ignored('follows from other catalogs, and may be out of date');

/** The value that another row of the same catalog has: for trees, which have no text form. */
export function of(column: string, catalog: string, row: string): Shown {
  return to(`(SELECT o.${column} FROM ${catalog} o WHERE ${row})`);
}
