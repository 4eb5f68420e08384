/** Resolves the type of each column on the server: what it is made of, down to built-in types. */
import type { Connection } from '../../postgres/connection.ts';

export type TypeKind = 'base' | 'array' | 'enum' | 'domain' | 'composite' | 'range' | 'multirange';

export interface TypeShape {
  /** As `format_type` writes it, with modifiers. */
  readonly text: string;
  /** `pg_type.typname`. */
  readonly name: string;
  /** Whether it lies in pg_catalog. */
  readonly builtin: boolean;
  readonly kind: TypeKind;
  /** Length, or precision and scale; empty without. */
  readonly modifiers: readonly number[];
  /** Of an array its element, of a domain its base, of a range its subtype, of a multirange its range. */
  readonly inner: TypeShape | null;
  readonly attributes: readonly TypeShape[];
  readonly labels: readonly string[];
  /** Definitions of a domain's CHECKs. */
  readonly checks: readonly string[];
  readonly notNull: boolean;
}

interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly builtin: boolean;
  readonly type: string;
  readonly inner: number | null;
  readonly innerName: string | null;
  readonly attributes: readonly (readonly [number, string])[];
  readonly labels: readonly string[];
  readonly checks: readonly string[];
  readonly notNull: boolean;
}

/** Types by their `format_type` text. A type that the server does not know (any more) is missing in the answer. */
export async function readTypes(
  connection: Connection,
  texts: Iterable<string>,
): Promise<ReadonlyMap<string, TypeShape>> {
  const wanted = [...new Set(texts)];
  if (wanted.length === 0) return new Map();
  const multirange = connection.server.major >= 14;
  const [answer] = await connection.rows<
    [readonly TypeRow[] | null, Readonly<Record<string, number>> | null]
  >(
    `WITH RECURSIVE wanted AS (SELECT t AS text, to_regtype(t)::oid AS oid FROM unnest($1::text[]) t),
       closure(oid) AS (
         SELECT oid FROM wanted WHERE oid IS NOT NULL
         UNION
         SELECT r.oid FROM closure c JOIN pg_type ty ON ty.oid = c.oid, LATERAL (
           SELECT ty.typelem WHERE ty.typcategory = 'A' AND ty.typelem <> 0
           UNION ALL SELECT ty.typbasetype WHERE ty.typbasetype <> 0
           UNION ALL SELECT a.atttypid FROM pg_attribute a
                     WHERE ty.typtype = 'c' AND a.attrelid = ty.typrelid AND a.attnum > 0 AND NOT a.attisdropped
           UNION ALL SELECT g.rngsubtype FROM pg_range g WHERE g.rngtypid = ty.oid
           ${multirange ? 'UNION ALL SELECT g.rngtypid FROM pg_range g WHERE g.rngmultitypid = ty.oid' : ''}
         ) r(oid))
     SELECT (SELECT json_agg(json_build_object(
         'oid', ty.oid::int8, 'name', ty.typname, 'builtin', n.nspname = 'pg_catalog',
         'type', CASE WHEN ty.typcategory = 'A' AND ty.typelem <> 0 THEN 'a' ELSE ty.typtype END,
         'inner', CASE WHEN ty.typcategory = 'A' AND ty.typelem <> 0 THEN ty.typelem::int8
                       WHEN ty.typtype = 'd' THEN ty.typbasetype::int8
                       ${multirange ? "WHEN ty.typtype = 'm' THEN (SELECT g.rngtypid::int8 FROM pg_range g WHERE g.rngmultitypid = ty.oid)" : ''}
                       ELSE (SELECT g.rngsubtype::int8 FROM pg_range g WHERE g.rngtypid = ty.oid) END,
         'innerName', CASE WHEN ty.typcategory = 'A' AND ty.typelem <> 0 THEN format_type(ty.typelem, -1)
                       WHEN ty.typtype = 'd' THEN format_type(ty.typbasetype, ty.typtypmod)
                       ${multirange ? "WHEN ty.typtype = 'm' THEN (SELECT format_type(g.rngtypid, -1) FROM pg_range g WHERE g.rngmultitypid = ty.oid)" : ''}
                       ELSE (SELECT format_type(g.rngsubtype, -1) FROM pg_range g WHERE g.rngtypid = ty.oid) END,
         'attributes', coalesce((SELECT json_agg(json_build_array(a.atttypid::int8, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
            FROM pg_attribute a WHERE ty.typtype = 'c' AND a.attrelid = ty.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
         'labels', coalesce((SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = ty.oid), '[]'),
         'checks', coalesce((SELECT json_agg(pg_get_constraintdef(k.oid) ORDER BY k.conname) FROM pg_constraint k
            WHERE k.contypid = ty.oid AND k.contype = 'c'), '[]'),
         'notNull', ty.typnotnull))
       FROM pg_type ty JOIN pg_namespace n ON n.oid = ty.typnamespace WHERE ty.oid IN (SELECT oid FROM closure)),
       (SELECT json_object_agg(text, oid::int8) FROM wanted WHERE oid IS NOT NULL)`,
    [wanted],
  );
  const rows = new Map((answer?.[0] ?? []).map((row) => [row.oid, row]));
  const oids = answer?.[1] ?? {};
  const result = new Map<string, TypeShape>();
  for (const text of wanted) {
    const oid = oids[text];
    const shape = oid === undefined ? null : shapeOf(oid, text, rows, 0);
    if (shape !== null) result.set(text, shape);
  }
  return result;
}

const KINDS: Readonly<Record<string, TypeKind>> = {
  a: 'array',
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  m: 'multirange',
  r: 'range',
};

function shapeOf(
  oid: number,
  text: string,
  rows: ReadonlyMap<number, TypeRow>,
  depth: number,
): TypeShape | null {
  const row = rows.get(oid);
  // A composite may hold an array of itself; nobody needs values that deep.
  if (row === undefined || depth > 6) return null;
  const kind = KINDS[row.type] ?? 'base';
  // An array's modifiers are its element's: varchar(20)[].
  const innerName = kind === 'array' && text.endsWith('[]') ? text.slice(0, -2) : row.innerName;
  return {
    text,
    name: row.name,
    builtin: row.builtin,
    kind,
    modifiers: modifiersOf(text),
    inner:
      row.inner === null || innerName === null
        ? null
        : shapeOf(Number(row.inner), innerName, rows, depth + 1),
    attributes: row.attributes.flatMap(([type, name]) => {
      const attribute = shapeOf(Number(type), name, rows, depth + 1);
      return attribute === null ? [] : [attribute];
    }),
    labels: row.labels,
    checks: row.checks,
    notNull: row.notNull,
  };
}

/** The numbers in parentheses behind a type's name: `numeric(10,2)` → [10, 2]. */
function modifiersOf(text: string): number[] {
  const match = /\(([-\d, ]+)\)/.exec(text.replace(/"(?:[^"]|"")*"/g, '""'));
  return match?.[1] === undefined ? [] : match[1].split(',').map(Number);
}
