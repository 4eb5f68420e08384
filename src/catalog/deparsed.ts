/**
 * Text that the server printed from its own parse trees (`pg_get_viewdef`, `pg_get_constraintdef` …), in the one form
 * that it has after it was typed in again. PostgreSQL does not promise that printing, parsing and printing gives the
 * same text, and in four places it does not (`ruleutils.c`, `parse_expr.c`; 13 to 18):
 *
 * - AND within AND, and OR within OR (`BETWEEN … AND …` makes one): the parser flattens what it reads, so
 *   `((a AND b) AND c)` becomes `(a AND b AND c)`;
 * - an array that was cast as a whole: `s IN ('a', 'b')` of a varchar is printed as
 *   `((s)::text = ANY ((ARRAY['a'::character varying, …])::text[]))`; read again, the cast goes to each element;
 * - a join without a condition (NATURAL without a common column): `ON TRUE` becomes `ON (true)`;
 * - a view that is VALUES with names of its own: `FROM (VALUES …)`; read again, that is a subquery: `FROM ( VALUES …)`.
 *
 * A table's CHECK and its copy's would differ in no more than this; here both get the second form. All keep the
 * meaning: the first is associativity, the others are what the parser itself does.
 */

/** A bracket with what is in it, or a token: a quoted text, a word, a run of white space, a single sign, `::`. */
type Node = string | Group;
interface Group {
  readonly open: '(' | '[';
  readonly items: readonly Node[];
}

const WORD = /[A-Za-z0-9_$\u0080-\uffff]/;
const SPACE = /\s/;

/** Nothing to change is the rule; this tells it cheaply. */
export function mayBeRetyped(text: string): boolean {
  return (
    text.includes('( VALUES') ||
    text.includes(' ON TRUE') ||
    text.includes(']::') ||
    text.includes('])::') ||
    /\(\(.*\b(?:AND|OR)\b/s.test(text)
  );
}

/** The text as the server prints it once it was typed in again; text that is not the server's comes back as it is. */
export function retyped(text: string): string {
  if (!mayBeRetyped(text)) return text;
  const nodes = parse(text);
  return nodes === null ? text : print(canonical(nodes));
}

/** Null where brackets or quotes do not match. */
export function parse(text: string): readonly Node[] | null {
  const stack: { readonly open: '(' | '['; readonly items: Node[] }[] = [];
  let items: Node[] = [];
  const outer: Node[][] = [];
  let index = 0;
  while (index < text.length) {
    const char = text[index] ?? '';
    let end = index + 1;
    if (char === '(' || char === '[') {
      stack.push({ open: char, items: [] });
      outer.push(items);
      items = stack.at(-1)?.items ?? [];
      index = end;
      continue;
    }
    if (char === ')' || char === ']') {
      const group = stack.pop();
      const around = outer.pop();
      if (group === undefined || around === undefined || (group.open === '(') !== (char === ')')) return null;
      around.push(group);
      items = around;
      index = end;
      continue;
    }
    if (char === "'" || char === '"') {
      // The server doubles quotes, and in E'' strings backslashes too: a quote after a backslash ends the string.
      for (;;) {
        const quote = text.indexOf(char, end);
        if (quote === -1) return null;
        end = quote + 1;
        if (text[end] !== char) break;
        end++;
      }
    } else if (WORD.test(char)) while (end < text.length && WORD.test(text[end] ?? '')) end++;
    else if (SPACE.test(char)) while (end < text.length && SPACE.test(text[end] ?? '')) end++;
    else if (text.startsWith('::', index)) end++;
    items.push(text.slice(index, end));
    index = end;
  }
  return stack.length === 0 ? items : null;
}

export function print(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      if (typeof node === 'string') return node;
      return node.open === '(' ? `(${print(node.items)})` : `[${print(node.items)}]`;
    })
    .join('');
}

function canonical(nodes: readonly Node[]): readonly Node[] {
  const inner = nodes.map((node) =>
    typeof node === 'string' ? node : { open: node.open, items: flat(canonical(unspaced(node.items))) },
  );
  return retypedNodes(inner);
}

/** `( VALUES …)` as `(VALUES …)`. */
function unspaced(items: readonly Node[]): readonly Node[] {
  const [space, word] = items;
  return space === ' ' && word === 'VALUES' ? items.slice(1) : items;
}

type Connective = 'AND' | 'OR';

/** `a AND (b AND c)` as `a AND b AND c`; the content of one bracket. */
function flat(items: readonly Node[]): readonly Node[] {
  const operator = connective(items);
  if (operator === null) return items;
  return items.flatMap((item, index): readonly Node[] => {
    const isOperand =
      typeof item !== 'string' &&
      item.open === '(' &&
      isEdge(items, index - 1, operator) &&
      isEdge(items, index + 1, operator);
    return isOperand && connective(item.items) === operator ? item.items : [item];
  });
}

/** AND or OR, where the bracket holds operands of that one alone. */
function connective(items: readonly Node[]): Connective | null {
  let found: Connective | null = null;
  for (const item of items) {
    if (item !== 'AND' && item !== 'OR') continue;
    if (found !== null && found !== item) return null;
    found = item;
  }
  return found;
}

/** Whether an operand ends there: at the end of the bracket, or at a space with the operator behind it. */
function isEdge(items: readonly Node[], index: number, operator: Connective): boolean {
  const item = items[index];
  if (item === undefined) return true;
  if (typeof item !== 'string' || !SPACE.test(item)) return false;
  return items[index - 1] === operator || items[index + 1] === operator;
}

/** `(ARRAY[a, b])::text[]` as `ARRAY[(a)::text, (b)::text]`, `ON TRUE` as `ON (true)`. */
function retypedNodes(nodes: readonly Node[]): readonly Node[] {
  const result: Node[] = [];
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index];
    if (node === undefined) continue;
    const array = typeof node === 'string' ? null : arrayOf(node);
    const type = array === null || nodes[index + 1] !== '::' ? null : arrayType(nodes, index + 2);
    if (array !== null && type !== null) {
      result.push(...distributed(array, type.element));
      index = type.end;
      continue;
    }
    const bare = node === 'ARRAY' ? bareArray(nodes, index) : null;
    if (bare !== null) {
      result.push(...bare.nodes);
      index = bare.end;
      continue;
    }
    const isBareTrue = node === 'TRUE' && nodes[index - 1] === ' ' && nodes[index - 2] === 'ON';
    result.push(isBareTrue ? { open: '(', items: ['true'] } : node);
  }
  return result;
}

/** The elements' bracket of `(ARRAY[…])`. */
function arrayOf(group: Group): Group | null {
  const [word, elements, ...rest] = group.items;
  const isArray = group.open === '(' && word === 'ARRAY' && rest.length === 0;
  return isArray && typeof elements === 'object' && elements.open === '[' ? elements : null;
}

/** The name of a type up to its `[]`, from `start` on; null where there is none. */
function arrayType(
  nodes: readonly Node[],
  start: number,
): { readonly element: readonly Node[]; readonly end: number } | null {
  for (let index = start; index < nodes.length; index++) {
    const node = nodes[index];
    if (typeof node === 'object') {
      if (node.open === '(') continue; // a type modifier
      return node.items.length === 0 && index > start
        ? { element: nodes.slice(start, index), end: index }
        : null;
    }
    if (node === undefined || !(node === ' ' || node === '.' || /^["A-Za-z0-9_$\u0080-\uffff]/.test(node)))
      return null;
  }
  return null;
}

function distributed(elements: Group, type: readonly Node[]): readonly Node[] {
  const cast = separated(elements.items).map((element): readonly Node[] => {
    const [word, nested, ...rest] = element;
    return word === 'ARRAY' && typeof nested === 'object' && rest.length === 0
      ? distributed(nested, type)
      : [{ open: '(', items: element }, '::', ...type];
  });
  return ['ARRAY', { open: '[', items: joined(cast) }];
}

/**
 * Statistics objects are printed without the brackets that a reader does not need: `ARRAY['a'::character varying]::text[]`.
 * Literals, columns, calls and casts of them stand there without; what would need brackets stays as it is.
 */
function bareArray(
  nodes: readonly Node[],
  index: number,
): { readonly nodes: readonly Node[]; readonly end: number } | null {
  const elements = nodes[index + 1];
  if (typeof elements !== 'object' || elements.open !== '[' || elements.items.length === 0) return null;
  const type = nodes[index + 2] === '::' ? arrayType(nodes, index + 3) : null;
  if (type === null) return null;
  const values = separated(elements.items);
  if (!values.every((value) => value.every(isPlain))) return null;
  const cast = values.map((value): readonly Node[] => [...value, '::', ...type.element]);
  return { nodes: ['ARRAY', { open: '[', items: joined(cast) }], end: type.end };
}

const CLAUSES = new Set(['AND', 'AT', 'CASE', 'COLLATE', 'ILIKE', 'IS', 'LIKE', 'NOT', 'OR', 'SIMILAR']);

/** Part of a literal, a name, a call or a cast: no operator and no clause. */
function isPlain(node: Node): boolean {
  if (typeof node === 'object') return true;
  return node === '::' || (/^['".\sA-Za-z0-9_$\u0080-\uffff]/.test(node) && !CLAUSES.has(node));
}

/** The items between top-level commas, without the space behind these. */
function separated(items: readonly Node[]): readonly (readonly Node[])[] {
  const result: Node[][] = [[]];
  for (const item of items) {
    const last = result.at(-1);
    if (item === ',') result.push([]);
    else if (last !== undefined && !(item === ' ' && last.length === 0)) last.push(item);
  }
  return result;
}

function joined(lists: readonly (readonly Node[])[]): readonly Node[] {
  return lists.flatMap((list, index) => (index === 0 ? list : [',', ' ', ...list]));
}
