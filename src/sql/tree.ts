/** Safe steps through libpg-query's JSON, whose nodes are `{ Kind: { … } }` inside lists and plain objects elsewhere. */
import { quoteQualified } from './quote.ts';

export type Node = Readonly<Record<string, unknown>>;

export interface QualifiedName {
  /** Null: as written without one, found through the search_path of the moment. */
  readonly schema: string | null;
  readonly name: string;
}

export interface KindedNode {
  readonly kind: string;
  readonly node: Node;
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{ Kind: { … } }` taken apart; null for anything else. */
export function unwrap(value: unknown): KindedNode | null {
  if (!isNode(value)) return null;
  const kind = kindOf(value);
  return kind === null ? null : { kind, node: value[kind] as Node };
}

/** The only key, where it is a kind's name with a node under it. Asked of every node of every tree: no lists are made. */
function kindOf(value: Node): string | null {
  let kind: string | null = null;
  for (const key in value) {
    if (kind !== null) return null;
    kind = key;
  }
  if (kind === null) return null;
  const first = kind.charCodeAt(0);
  return first >= 65 && first <= 90 && isNode(value[kind]) ? kind : null;
}

export function child(node: Node | null | undefined, key: string): Node | null {
  const value = node?.[key];
  return isNode(value) ? value : null;
}

/** Lists that were taken apart: trees do not change, and many rules look into the same ones. */
const TAKEN_APART = new WeakMap<readonly unknown[], readonly KindedNode[]>();
const NONE: readonly KindedNode[] = [];

/** A list of wrapped nodes; empty where there is none. */
export function children(node: Node | null | undefined, key: string): readonly KindedNode[] {
  const value = node?.[key];
  if (!Array.isArray(value)) return NONE;
  const known = TAKEN_APART.get(value);
  if (known !== undefined) return known;
  const found = value.map(unwrap).filter((item) => item !== null);
  TAKEN_APART.set(value, found);
  return found;
}

export function text(node: Node | null | undefined, key: string): string | null {
  const value = node?.[key];
  return typeof value === 'string' ? value : null;
}

export function flag(node: Node | null | undefined, key: string): boolean {
  return node?.[key] === true;
}

/** The strings of a list of String nodes: a dotted name, or column names. */
export function strings(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => text(unwrap(item)?.node, 'sval')).filter((item) => item !== null);
}

/** A dotted name as a list of strings: the last two parts. Null for an empty one. */
export function nameFromParts(parts: readonly string[]): QualifiedName | null {
  const name = parts.at(-1);
  return name === undefined ? null : { schema: parts.at(-2) ?? null, name };
}

/** A RangeVar. */
export function nameFromRange(range: Node | null): QualifiedName | null {
  const name = text(range, 'relname');
  return name === null ? null : { schema: text(range, 'schemaname'), name };
}

/** The relation under `relation`, which most statements have. */
export function relationOf(node: Node, key = 'relation'): QualifiedName | null {
  return nameFromRange(child(node, key));
}

/** Names of the objects of a DROP, COMMENT …: lists of strings, each wrapped as List. */
export function namesFromLists(node: Node, key: string): readonly QualifiedName[] {
  return children(node, key)
    .map((item) =>
      item.kind === 'List' ? nameFromParts(strings(item.node.items)) : nameFromRange(item.node),
    )
    .filter((item) => item !== null);
}

/** `schema.name` as SQL, for messages and as a key. */
export function showName(name: QualifiedName): string {
  return quoteQualified(name.schema, name.name);
}

/**
 * Visits every wrapped node below (and not) `root`, parents first. `visit` returns false to leave out what lies below.
 */
export function walk(root: unknown, visit: (kind: string, node: Node) => boolean | undefined): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (Array.isArray(value)) {
      for (let n = value.length - 1; n >= 0; n--) stack.push(value[n]);
      continue;
    }
    if (!isNode(value)) continue;
    const kind = kindOf(value);
    if (kind === null) pushValues(stack, value);
    else {
      const node = value[kind] as Node;
      if (visit(kind, node) !== false) pushValues(stack, node);
    }
  }
}

function pushValues(stack: unknown[], node: Node): void {
  const first = stack.length;
  for (const key in node) if (typeof node[key] === 'object') stack.push(node[key]);
  // The last is taken first.
  for (let low = first, high = stack.length - 1; low < high; low++, high--) {
    const value = stack[low];
    stack[low] = stack[high];
    stack[high] = value;
  }
}
