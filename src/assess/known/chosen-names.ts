/** Names that the server chooses for what is not named (indexcmds.c, ChooseRelationName; pg_constraint.c; makeObjectName). */
import type { ObjectKey } from '../../catalog/model.ts';
import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import { type Node, strings, unwrap } from '../../sql/tree.ts';
import { lastName } from './make.ts';
import type { KnownSchema } from './schema.ts';

/** NAMEDATALEN - 1. */
const LONGEST = 63;

/** `table_columns_label`, the parts shortened so that it fits. Counts characters: names of other than ASCII may differ. */
export function joinedName(first: string, second: string | null, label: string): string {
  let a = first;
  let b = second ?? '';
  const overhead = label.length + 1 + (second === null ? 0 : 1);
  while (a.length + b.length > LONGEST - overhead) {
    if (a.length > b.length) a = a.slice(0, -1);
    else b = b.slice(0, -1);
  }
  return [a, ...(second === null ? [] : [b]), label].join('_');
}

/** A name for a constraint with an index, or an index: no other relation of the schema may have it. */
export function relationName(
  known: KnownSchema,
  table: string,
  columns: readonly string[],
  label: string,
): string {
  const [schema = ''] = splitQualified(table);
  const taken = (name: string): boolean => {
    const identity = quoteQualified(schema, name);
    return (
      (['table', 'index', 'view', 'materialized view', 'sequence'] as const).some((kind) =>
        known.has(kind, identity),
      ) || known.has('constraint', `${table}.${quoteQualified(null, name)}`)
    );
  };
  return firstFree((n) => joinedName(lastName(table), addition(columns), `${label}${n}`), taken);
}

/** A name for a CHECK, a foreign key, a NOT NULL. */
export function constraintName(
  known: KnownSchema,
  parent: ObjectKey,
  columns: readonly string[],
  label: string,
): string {
  const above = parent.slice(parent.indexOf(' ') + 1);
  const taken = (name: string): boolean => known.has('constraint', `${above}.${quoteQualified(null, name)}`);
  const second = columns.length === 0 ? null : addition(columns);
  return firstFree((n) => joinedName(lastName(above), second, `${label}${n}`), taken);
}

/** The names of the columns of CREATE INDEX, included ones too. */
export function namesInIndex(index: Node): readonly string[] {
  const lists = [index.indexParams, index.indexIncludingParams];
  return indexColumnNames(lists.flatMap((list) => (Array.isArray(list) ? list : [])));
}

/** What an index calls its columns: their own names, a function's, or `expr`; each once. */
export function indexColumnNames(elements: readonly unknown[]): readonly string[] {
  const names: string[] = [];
  for (const element of elements) {
    const node = unwrap(element)?.node ?? {};
    const call = unwrap(node.expr);
    const base =
      typeof node.name === 'string'
        ? node.name
        : ((call?.kind === 'FuncCall' ? strings(call.node.funcname).at(-1) : undefined) ?? 'expr');
    let name = base;
    for (let n = 1; names.includes(name); n++) name = `${base}${n}`;
    names.push(name);
  }
  return names;
}

function addition(columns: readonly string[]): string {
  let joined = '';
  for (const column of columns) {
    joined = joined === '' ? column : `${joined}_${column}`;
    if (joined.length >= LONGEST + 1) break;
  }
  return joined.slice(0, LONGEST);
}

function firstFree(name: (suffix: string) => string, taken: (name: string) => boolean): string {
  for (let n = 0; ; n++) {
    const candidate = name(n === 0 ? '' : String(n));
    if (!taken(candidate)) return candidate;
  }
}
