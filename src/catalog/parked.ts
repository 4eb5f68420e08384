/**
 * What lies parked: tables moved to the attic and columns renamed in place, each told by the memo in its comment
 * (model.ts, `ParkMemo`). They are read like everything else, but under the names that they get back, and kept apart.
 */
import { quoteIdent, quoteLiteral, quoteQualified } from '../sql/quote.ts';
import {
  ATTIC_SCHEMA,
  type CatalogObject,
  type ObjectKey,
  PARK_COMMENT_PREFIX,
  PARKED_PREFIX,
  type ParkMemo,
} from './model.ts';

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nullableString(value: unknown): string | null | undefined {
  return value === null || value === undefined ? null : typeof value === 'string' ? value : undefined;
}

/**
 * The memo in a comment; null where the comment is none. A comment that was edited by hand is no memo either: what it
 * belongs to is then an object like any other, so that nothing vanishes from sight by a slip of the pen.
 */
export function parkMemo(comment: string): ParkMemo | null {
  if (!comment.startsWith(PARK_COMMENT_PREFIX)) return null;
  let value: unknown;
  try {
    value = JSON.parse(comment.slice(PARK_COMMENT_PREFIX.length));
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const { v, parkId, kind, schema, table } = value;
  const column = nullableString(value.column);
  const oldComment = nullableString(value.comment);
  if (v !== 1 || (kind !== 'table' && kind !== 'column')) return null;
  if (typeof parkId !== 'string' || typeof schema !== 'string' || typeof table !== 'string') return null;
  if (column === undefined || oldComment === undefined || (kind === 'column') === (column === null))
    return null;
  const relations: ParkMemo['relations'][number][] = [];
  for (const relation of Array.isArray(value.relations) ? value.relations : []) {
    if (!isRecord(relation)) return null;
    const { kind: relationKind, parked, name } = relation;
    if (relationKind !== 'index' && relationKind !== 'sequence') return null;
    if (typeof parked !== 'string' || typeof name !== 'string') return null;
    relations.push({ kind: relationKind, parked, name });
  }
  return { v, parkId, kind, schema, table, column, comment: oldComment, relations };
}

/** Where a parked thing lies now. */
export interface ParkedPlace {
  /** Unquoted schema and name of the table: in the attic, or where the column's table is. */
  readonly schema: string;
  readonly table: string;
  /** `TABLE` or `FOREIGN TABLE`, as COMMENT ON needs it. */
  readonly word: string;
  /** Unquoted name of the parked column. */
  readonly column: string | null;
}

/** A parked table or column while its objects are being read. */
export class ParkedDraft {
  readonly memo: ParkMemo;
  readonly root: ObjectKey;
  readonly physical: string;
  readonly unpark: readonly string[];
  readonly objects: CatalogObject[] = [];
  readonly #names: ReadonlyMap<string, string>;
  readonly #qualified: ReadonlyMap<string, string>;
  readonly #pattern: RegExp | null;

  constructor(memo: ParkMemo, place: ParkedPlace, root: ObjectKey, physical: string) {
    this.memo = memo;
    this.root = root;
    this.physical = physical;
    this.unpark = unparkStatements(memo, place);
    const names = new Map(memo.relations.map(({ parked, name }) => [parked, name]));
    if (memo.kind === 'table') names.set(place.table, memo.table);
    else if (place.column !== null && memo.column !== null) names.set(place.column, memo.column);
    this.#names = names;
    const qualified = new Map<string, string>();
    for (const [parked, name] of names) {
      if (memo.kind === 'table') {
        qualified.set(quoteQualified(ATTIC_SCHEMA, parked), quoteQualified(memo.schema, name));
      }
      // A bare name is replaced only where it is unmistakable: nobody else's name holds the park's id.
      if (parked.startsWith(PARKED_PREFIX) || parked.includes(memo.parkId)) {
        qualified.set(quoteIdent(parked), quoteIdent(name));
      }
    }
    this.#qualified = qualified;
    const alternatives = [...qualified.keys()]
      .sort((a, b) => b.length - a.length)
      .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    this.#pattern =
      alternatives.length === 0
        ? null
        : new RegExp(`(?<![\\w$"])(?:${alternatives.join('|')})(?![\\w$"])`, 'g');
  }

  /** The name that a relation or column gets back; both unquoted. */
  name(parked: string): string {
    return this.#names.get(parked) ?? parked;
  }

  /** SQL text of the server, with the names that the parked things get back. */
  text(sql: string): string {
    if (this.#pattern === null) return sql;
    return sql.replace(this.#pattern, (name) => this.#qualified.get(name) ?? name);
  }
}

function unparkStatements(memo: ParkMemo, place: ParkedPlace): string[] {
  const comment = memo.comment === null ? 'NULL' : quoteLiteral(memo.comment);
  if (memo.kind === 'column') {
    const table = quoteQualified(place.schema, place.table);
    const column = quoteIdent(memo.column ?? '');
    return [
      `ALTER ${place.word} ${table} RENAME COLUMN ${quoteIdent(place.column ?? '')} TO ${column}`,
      ...memo.relations.map(
        ({ kind, parked, name }) =>
          `ALTER ${kind.toUpperCase()} ${quoteQualified(place.schema, parked)} RENAME TO ${quoteIdent(name)}`,
      ),
      `COMMENT ON COLUMN ${table}.${column} IS ${comment}`,
    ];
  }
  const moved = quoteQualified(memo.schema, place.table);
  const table = quoteQualified(memo.schema, memo.table);
  return [
    `ALTER ${place.word} ${quoteQualified(place.schema, place.table)} SET SCHEMA ${quoteIdent(memo.schema)}`,
    ...(place.table === memo.table
      ? []
      : [`ALTER ${place.word} ${moved} RENAME TO ${quoteIdent(memo.table)}`]),
    ...memo.relations
      .filter(({ parked, name }) => parked !== name)
      .map(
        ({ kind, parked, name }) =>
          `ALTER ${kind.toUpperCase()} ${quoteQualified(memo.schema, parked)} RENAME TO ${quoteIdent(name)}`,
      ),
    `COMMENT ON ${place.word} ${table} IS ${comment}`,
  ];
}
