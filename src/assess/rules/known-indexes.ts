/** The indexes that a table is known to have, those of its constraints too, with their keys. */
import type { IndexProperties } from '../../catalog/model.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { children, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { isWhole } from './steps.ts';

export interface KnownIndex {
  /** `schema.index` */
  readonly name: string;
  readonly method: string;
  /** Columns quoted where needed, expressions and whatever stands behind a column as the server prints it. */
  readonly keys: readonly string[];
  readonly unique: boolean;
  readonly valid: boolean;
  /** The predicate of a partial index. */
  readonly where: string | null;
  /** As pg_get_indexdef has it; null for the index of a constraint, or where it was not told in full. */
  readonly definition: string | null;
  /** `primary`, `unique` or `exclusion`; null for an index of its own. */
  readonly constraint: string | null;
}

export function knownIndexes(context: AssessContext, table: string): readonly KnownIndex[] {
  const [schema = null] = splitQualified(table);
  const own = ['table', 'materialized view'].flatMap((kind) =>
    context.known
      .children(`${kind} ${table}`)
      .filter((object) => object.kind === 'index')
      .map((object) => fromDefinition(object.identity, object.properties as IndexProperties)),
  );
  const keys = context.constraints(table).flatMap((constraint): readonly KnownIndex[] => {
    const { type, columns, definition, index } = constraint;
    if (type !== 'primary' && type !== 'unique' && type !== 'exclusion') return [];
    return [
      {
        name: quoteQualified(schema, constraint.name),
        method: /\bUSING (\w+)/.exec(definition)?.[1] ?? 'btree',
        keys: columns.map(quoteIdent),
        unique: type !== 'exclusion',
        valid: index?.valid ?? true,
        where: null,
        definition: null,
        constraint: type,
      },
    ];
  });
  return [...own, ...keys];
}

function fromDefinition(name: string, properties: IndexProperties): KnownIndex {
  const { definition, unique, valid } = properties;
  const method = /\bUSING (\w+) \(/.exec(definition)?.[1] ?? 'btree';
  const list = parenthesised(definition, definition.indexOf('(', definition.indexOf(' ON ')));
  return {
    name,
    method,
    keys: list === null ? [] : splitList(list),
    unique,
    valid,
    where: /\bWHERE (.*)$/s.exec(definition)?.[1] ?? null,
    definition: isWhole(definition) ? definition : null,
    constraint: null,
  };
}

/** The column of a key; null for an expression. `plain`: in the default order, with the column's own operators. */
export function columnOf(key: string): { readonly column: string | null; readonly plain: boolean } {
  const name = /^(?:"(?:[^"]|"")*"|[a-z_][a-z0-9_$]*)(?=$| )/.exec(key)?.[0];
  return name === undefined
    ? { column: null, plain: false }
    : { column: splitQualified(name)[0] ?? name, plain: key === name };
}

/** What stands between the parenthesis at `open` and its counterpart. */
function parenthesised(sql: string, open: number): string | null {
  let depth = 0;
  for (let at = open; at >= 0 && at < sql.length; at++) {
    at = behindQuotes(sql, at);
    if (sql[at] === '(') depth++;
    if (sql[at] === ')' && --depth === 0) return sql.slice(open + 1, at);
  }
  return null;
}

function splitList(list: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < list.length; at++) {
    at = behindQuotes(list, at);
    if (list[at] === '(') depth++;
    if (list[at] === ')') depth--;
    if (list[at] !== ',' || depth > 0) continue;
    parts.push(list.slice(start, at).trim());
    start = at + 1;
  }
  return [...parts, list.slice(start).trim()];
}

/** At a quotation mark, the place of the last character of what is quoted; else the same place. */
function behindQuotes(sql: string, at: number): number {
  const quote = sql[at];
  if (quote !== "'" && quote !== '"') return at;
  const end = sql.indexOf(quote, at + 1);
  return end === -1 ? sql.length : end;
}

/** The elements of CREATE INDEX, as `KnownIndex.keys` has them; null for an expression or what is not plain. */
export function newKeys({ node }: ParsedStatement): readonly (string | null)[] {
  return children(node, 'indexParams').map(({ node: element }) => {
    const name = text(element, 'name');
    const plain =
      element.opclass === undefined &&
      element.collation === undefined &&
      (element.ordering ?? 'SORTBY_DEFAULT') === 'SORTBY_DEFAULT' &&
      (element.nulls_ordering ?? 'SORTBY_NULLS_DEFAULT') === 'SORTBY_NULLS_DEFAULT';
    return name !== null && plain ? quoteIdent(name) : null;
  });
}
