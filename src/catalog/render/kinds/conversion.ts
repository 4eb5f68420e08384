/** ALTER COLUMN … TYPE, with the USING that keeps values or fails loudly. */
import type { ColumnProperties } from '../../model.ts';
import type { Draft } from '../graph.ts';

type Family = 'string' | 'number' | 'time' | 'other';

function base(type: string): string {
  return type.replace(/\(.*?\)/, '').trim();
}

function family(type: string): Family {
  if (type.endsWith('[]')) return 'other';
  switch (base(type)) {
    case 'text':
    case 'character varying':
    case 'character':
    case 'name':
    case '"char"':
      return 'string';
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'real':
    case 'double precision':
      return 'number';
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return 'time';
    default:
      return 'other';
  }
}

const WIDTH: Readonly<Record<string, number>> = {
  smallint: 1,
  integer: 2,
  bigint: 3,
  numeric: 4,
  real: 0,
  'double precision': 0,
};

/** Whether values can silently change: fractions rounded, times of day cut off. Overflow and length fail by themselves. */
function loses(had: string, wanted: string): boolean {
  const from = base(had);
  const to = base(wanted);
  if (family(had) === 'number' && family(wanted) === 'number') {
    if (to === 'numeric') return from !== 'numeric' ? (WIDTH[from] ?? 0) === 0 : scale(wanted) < scale(had);
    if (to === 'real' || to === 'double precision') return from !== to && !(from === 'real');
    return (WIDTH[from] ?? 0) === 0 || from === 'numeric';
  }
  if (family(had) === 'time' && to === 'date') return from !== 'date';
  if (family(had) === 'time' && family(wanted) === 'time') return seconds(wanted) < seconds(had);
  return false;
}

/** Digits behind the point: as many as there are where the type does not say; none where it says only how many in all. */
function scale(type: string): number {
  const modifier = /\((\d+)(?:,(-?\d+))?\)/.exec(type);
  return modifier === null ? Number.POSITIVE_INFINITY : Number(modifier[2] ?? 0);
}

/** Digits of the fraction of a second. */
function seconds(type: string): number {
  if (base(type) === 'date') return 0;
  return Number(/\((\d)\)/.exec(type)?.[1] ?? 6);
}

/**
 * An explicit cast to varchar(n) cuts text off; the assignment without USING refuses it (manual, CREATE CAST, 4.2.9).
 * So USING stands only where there is no assignment cast; enums and other user types go by way of text.
 */
export function conversion(
  alter: string,
  column: string,
  had: ColumnProperties,
  wanted: ColumnProperties,
  isForeign = false,
): Draft {
  let sql = `${alter} TYPE ${wanted.type}`;
  if (wanted.collation !== null) sql += ` COLLATE ${wanted.collation}`;
  const generated = wanted.generated !== null;
  if (!generated && !isForeign && !assigned(had.type, wanted.type)) {
    sql += ` USING ${cast(column, had.type, wanted.type)}`;
  }
  return { sql, destroysData: !generated && !isForeign && loses(had.type, wanted.type) };
}

/** Whether ALTER TYPE works without USING, which a generated column cannot have. */
export function assigned(had: string, wanted: string): boolean {
  if (had === wanted && isBuiltIn(had)) return true;
  if (family(wanted) === 'string') return true;
  return family(had) !== 'other' && family(had) === family(wanted);
}

/** A user's type is schema-qualified under `search_path = pg_catalog`. */
function isBuiltIn(type: string): boolean {
  return !/[."]/.test(type.replace(/\(.*?\)/g, ''));
}

/** Built-in types that have casts of their own among each other, which are not the way through text. */
const RELATED: readonly (readonly string[])[] = [
  ['boolean', 'integer'],
  ['bit', 'bit varying', 'integer', 'bigint'],
  ['money', 'numeric', 'integer', 'bigint'],
  [
    'time without time zone',
    'time with time zone',
    'interval',
    'timestamp without time zone',
    'timestamp with time zone',
  ],
  ['point', 'lseg', 'box', 'path', 'polygon', 'circle'],
  ['inet', 'cidr'],
  ['macaddr', 'macaddr8'],
];

function cast(column: string, had: string, wanted: string): string {
  const related = RELATED.some((group) => group.includes(base(had)) && group.includes(base(wanted)));
  if (related) return `${column}::${wanted}`;
  const [from, to] = [elementType(had), elementType(wanted)];
  if (from !== null && to !== null) {
    return family(from) !== 'other' && family(from) === family(to)
      ? `${column}::${wanted}`
      : `${column}::text[]::${wanted}`;
  }
  if (family(had) === 'string') return `${column}::${wanted}`;
  return `${column}::text::${wanted}`;
}

function elementType(type: string): string | null {
  return type.endsWith('[]') ? type.replace(/(?:\[\])+$/, '') : null;
}
