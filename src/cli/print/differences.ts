/**
 * Differences between two schemas for a terminal: grouped by object, one line a property, long texts as a diff of
 * their lines, counts at the end. `diff`, `drift` and `schema repair` print with it.
 */
import type { Difference, Json, ObjectKey } from '../../catalog/model.ts';
import { parsePrivilege, withOwner } from '../../catalog/render/privileges.ts';
import { count, visibleLength, wrap } from './layout.ts';
import { type DiffLine, diffLines } from './line-diff.ts';
import type { Palette } from './palette.ts';

export interface DifferencesView {
  readonly palette: Palette;
  /** Columns of the terminal. */
  readonly width: number;
  /** What the two sides are called, e.g. `recorded` and `live`, or `staging` and `production`. */
  readonly before: string;
  readonly after: string;
  /** Everything, however long. Default: so much that it is still read. */
  readonly all?: boolean;
  /** Lines to put under an object's own differences, e.g. who made them; indented by the printer. */
  readonly beside?: (differences: readonly Difference[]) => readonly string[];
}

/** Without `all`: so many objects, so many of what belongs to one, and so many lines of one property. */
const OBJECTS = 60;
const CHILDREN = 40;
const LINES = 30;

interface Group {
  readonly key: ObjectKey;
  readonly kind: string;
  readonly identity: string;
  /** Of the object itself. */
  readonly own: Difference[];
  /** Of what belongs to it, by key. */
  readonly children: Map<ObjectKey, Group>;
}

/** The whole: a legend, one paragraph per object, the counts. Empty text where there are no differences. */
export function printDifferences(differences: readonly Difference[], view: DifferencesView): string {
  if (differences.length === 0) return '';
  const groups = grouped(differences);
  const shown = view.all === true ? groups : groups.slice(0, OBJECTS);
  const lines = [
    ...legend(differences, view),
    '',
    ...shown.flatMap((group) => [...printGroup(group, view, 0, null)]),
  ];
  const hidden = groups.length - shown.length;
  if (hidden > 0) {
    lines.push(
      view.palette.dim(`… and ${hidden} more ${hidden === 1 ? 'object' : 'objects'} (--all shows them)`),
    );
  }
  return [...lines, '', ...hung(printCounts(differences, view), view.width, 0)].join('\n');
}

/** `3 objects differ: 1 only in staging, 2 changed (5 differences, 1 of them cosmetic)`. */
export function printCounts(
  differences: readonly Difference[],
  { before, after }: Pick<DifferencesView, 'before' | 'after'>,
): string {
  const objects = new Map<string, Difference>();
  for (const difference of differences) {
    // Columns that stand elsewhere are one thing: their table's order.
    const key = isPosition(difference)
      ? `order of ${difference.parent}`
      : `${difference.kind} ${difference.object}`;
    // A change that counts outweighs one that does not.
    if (objects.get(key)?.cosmetic !== false) objects.set(key, difference);
  }
  const all = [...objects.values()];
  const gone = all.filter((d) => d.property === 'presence' && d.after === 'absent').length;
  const come = all.filter((d) => d.property === 'presence' && d.after === 'present').length;
  const cosmetic = all.filter((d) => d.cosmetic).length;
  const changed = all.length - gone - come - cosmetic;
  const parts = [
    gone === 0 ? '' : `${gone} only in ${before}`,
    come === 0 ? '' : `${come} only in ${after}`,
    changed === 0 ? '' : `${changed} changed`,
    cosmetic === 0 ? '' : `${cosmetic} cosmetic`,
  ].filter((part) => part !== '');
  return `${count(all.length, 'object')} ${all.length === 1 ? 'differs' : 'differ'}: ${parts.join(', ')}`;
}

function legend(
  differences: readonly Difference[],
  { palette: p, before, after, width }: DifferencesView,
): string[] {
  const changed = differences.some((d) => d.property !== 'presence');
  const gone = differences.some((d) => d.property === 'presence' && d.after === 'absent');
  const come = differences.some((d) => d.property === 'presence' && d.after === 'present');
  const parts = [
    gone ? `${p.red('-')} only in ${before}` : '',
    come ? `${p.green('+')} only in ${after}` : '',
    changed ? `${p.yellow('~')} differs: ${before} → ${after}` : '',
  ].filter((part) => part !== '');
  const line = parts.join(p.dim(' | '));
  return visibleLength(line) <= width ? [line] : parts.flatMap((part) => hung(part, width, 0));
}

function grouped(differences: readonly Difference[]): Group[] {
  const groups = new Map<ObjectKey, Group>();
  const group = (into: Map<ObjectKey, Group>, key: ObjectKey, kind: string, identity: string): Group => {
    const known = into.get(key) ?? { key, kind, identity, own: [], children: new Map<ObjectKey, Group>() };
    into.set(key, known);
    return known;
  };
  for (const difference of differences) {
    const key = `${difference.kind} ${difference.object}`;
    if (difference.parent === undefined) {
      group(groups, key, difference.kind, difference.object).own.push(difference);
      continue;
    }
    const { parent } = difference;
    const kind = PARENTS.find((word) => parent.startsWith(`${word} `)) ?? '';
    const root = group(groups, parent, kind, parent.slice(kind.length + 1));
    group(root.children, key, difference.kind, difference.object).own.push(difference);
  }
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Kinds that others belong to; a longer word before one that it begins with. */
const PARENTS: readonly string[] = ['materialized view', 'table', 'view', 'domain'];

function* printGroup(
  group: Group,
  view: DifferencesView,
  indent: number,
  parent: Group | null,
): Generator<string> {
  const { palette: p, width } = view;
  const presence = group.own.find((d) => d.property === 'presence');
  const renamed = group.own.find((d) => d.property === 'name');
  const name = `${group.kind} ${p.bold(shortName(group.identity, parent))}`;
  if (presence !== undefined) {
    const mark = presence.after === 'absent' ? p.red('-') : p.green('+');
    const summary = presence.summary === undefined ? '' : `  ${p.dim(presence.summary.replace(/\s+/g, ' '))}`;
    yield* hung(`${mark} ${name}${summary}`, width, indent, 4);
  } else {
    const to =
      renamed === undefined
        ? ''
        : ` → ${p.bold(shortName(String(renamed.after), parent))} ${p.dim('(renamed)')}`;
    yield* hung(`${p.yellow('~')} ${name}${to}`, width, indent, 4);
  }
  if (presence?.note !== undefined) yield* hung(p.dim(`(${presence.note})`), width, indent + 4);
  const properties = told(group.own.filter((d) => d !== presence && d !== renamed));
  const pad = Math.min(20, Math.max(0, ...properties.map((d) => words(d.property).length)));
  for (const [index, difference] of properties.entries()) {
    yield* printProperty(difference, pad, view, indent + 4);
    const { note } = difference;
    // One reason for several properties is said once, behind the last of them.
    if (note !== undefined && properties[index + 1]?.note !== note) {
      yield* hung(p.dim(`(${note})`), width, indent + 4);
    }
  }
  for (const line of view.beside?.(group.own) ?? []) yield* hung(line, width, indent + 4);
  const children = [...group.children.values()];
  yield* columnOrder(children, view, indent + 2);
  const telling = children.filter((child) => !child.own.every(isPosition));
  const shown = view.all === true ? telling : telling.slice(0, CHILDREN);
  for (const child of shown) {
    yield* printGroup({ ...child, own: child.own.filter((d) => !isPosition(d)) }, view, indent + 2, group);
  }
  const hidden = telling.length - shown.length;
  if (hidden > 0) yield p.dim(`${' '.repeat(indent + 2)}… and ${hidden} more (--all shows them)`);
}

/**
 * Without what only follows from another property: the statement that drops an object changes with the one that makes
 * it, both change with what they say of the database, and what the owner may do comes to the new one.
 */
function told(properties: readonly Difference[]): readonly Difference[] {
  const owner = properties.find((d) => d.property === 'owner');
  const privileges = properties.find((d) => d.property === 'privileges');
  const names = [
    'drop',
    ...(properties[0]?.kind === 'database' ? ['definition'] : []),
    ...(owner !== undefined && privileges !== undefined && onlyOwnersOwn(owner, privileges)
      ? ['privileges']
      : []),
  ];
  const rest = properties.filter((d) => !names.includes(d.property));
  return rest.length === 0 ? properties : rest;
}

/** Whether the privileges differ in nothing but that they are the new owner's. */
function onlyOwnersOwn(owner: Difference, privileges: Difference): boolean {
  const { before, after } = privileges;
  if (typeof owner.before !== 'string' || typeof owner.after !== 'string') return false;
  const moved = withOwner(before, owner.before, owner.after);
  return (
    Array.isArray(moved) && Array.isArray(after) && [...moved].sort().join() === [...after].sort().join()
  );
}

function isPosition(difference: Difference): boolean {
  return difference.kind === 'column' && difference.property === 'position';
}

/** All columns that stand elsewhere, in one line. */
function columnOrder(children: readonly Group[], view: DifferencesView, indent: number): string[] {
  const moved = children.flatMap((child) =>
    child.own
      .filter(isPosition)
      .map((d) => `${shortName(child.identity, null, true)} ${String(d.before)} → ${String(d.after)}`),
  );
  if (moved.length === 0) return [];
  const p = view.palette;
  return hung(
    `${p.dim('~')} column order ${p.dim(`(cosmetic)  ${moved.join(', ')}`)}`,
    view.width,
    indent,
    4,
  );
}

/** The name without its parent's in front; with `last`, the last part alone. */
function shortName(identity: string, parent: Group | null, last = false): string {
  if (parent !== null && identity.startsWith(`${parent.identity}.`)) {
    return identity.slice(parent.identity.length + 1);
  }
  return last ? (/(?:"(?:[^"]|"")*"|[^."]+)$/.exec(identity)?.[0] ?? identity) : identity;
}

function* printProperty(
  difference: Difference,
  pad: number,
  view: DifferencesView,
  indent: number,
): Generator<string> {
  const { palette: p, width } = view;
  const { before, after } = difference;
  const label = words(difference.property).padEnd(pad);
  const note = difference.cosmetic ? p.dim(' (cosmetic)') : '';
  const old = asLines(before, difference.property);
  const current = asLines(after, difference.property);
  if (old.length === 1 && current.length === 1 && !Array.isArray(before) && !Array.isArray(after)) {
    const line = `${p.dim(label)}  ${old[0]} ${p.dim('→')} ${current[0]}${note}`;
    if (visibleLength(line) + indent <= width) {
      yield ' '.repeat(indent) + line;
      return;
    }
  }
  yield ' '.repeat(indent) + p.dim(label.trimEnd()) + note;
  const isList = Array.isArray(before) || Array.isArray(after);
  const ordered = !isList || ORDERED.has(difference.property);
  const lines = diffLines(empty(before) ? [] : old, empty(after) ? [] : current, ordered ? 2 : 0);
  const changes = lines.filter((line) => ordered || line.mark !== 'gap');
  const edges = /(^|\.)privileges$/.test(difference.property) ? byGrantee(changes) : changes;
  const shown = view.all === true ? edges : edges.slice(0, LINES);
  for (const { mark, text } of shown) {
    const margin = ' '.repeat(indent + 2);
    const room = Math.max(24, width - indent - 4);
    const [sign, colour]: readonly [string, (line: string) => string] =
      mark === 'removed' ? ['-', p.red] : mark === 'added' ? ['+', p.green] : [' ', p.dim];
    if (mark === 'gap') yield p.dim(`${margin}  …`);
    else
      for (const [n, line] of folded(text, room).entries())
        yield margin + colour(`${n === 0 ? sign : ' '} ${line}`.trimEnd());
  }
  const hidden = edges.length - shown.length;
  if (hidden > 0) yield p.dim(`${' '.repeat(indent + 2)}… and ${hidden} more lines (--all shows them)`);
}

/** `app: SELECT, INSERT (by owner)` in place of one line for each privilege. */
function byGrantee(lines: readonly DiffLine[]): DiffLine[] {
  const groups = new Map<string, { readonly line: DiffLine; readonly words: string[] }>();
  for (const line of lines) {
    const { grantee, privilege, grantable, grantor } = parsePrivilege(line.text);
    const key = `${line.mark} ${grantee} ${grantor}`;
    const group = groups.get(key) ?? { line: { ...line, text: `${grantee}: % (by ${grantor})` }, words: [] };
    groups.set(key, group);
    group.words.push(grantable ? `${privilege}*` : privilege);
  }
  return [...groups.values()].map(({ line, words: list }) => ({
    ...line,
    text: line.text.replace(': % (by', () => `: ${list.join(', ')} (by`),
  }));
}

/** Lists whose order means something; every other one is a set. */
const ORDERED: ReadonlySet<string> = new Set(['labels', 'columns', 'attributes', 'inherits']);

function empty(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** `forceRowSecurity` → `force row security`. */
function words(property: string): string {
  return property.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

function asLines(value: Json, property: string): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? ['none'] : (value as readonly Json[]).map((item) => inline(item));
  }
  return (property === 'presence' ? String(value) : inline(value)).split('\n');
}

/** A value as one would write it: objects without what is not set. */
function inline(value: Json): string {
  if (value === null) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value === '' ? "''" : value;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => inline(item)).join(', ');
  return Object.entries(value)
    .filter(([, item]) => !empty(item))
    .map(([key, item]) => (key === 'name' || key === 'type' ? inline(item) : `${words(key)} ${inline(item)}`))
    .join(' ');
}

/** As `wrap`, behind a margin; what follows the first line stands `further` columns in. */
function hung(text: string, width: number, indent: number, further = 2): string[] {
  const [first = '', ...rest] = wrap(text, Math.max(24, width - indent - further));
  return [' '.repeat(indent) + first, ...rest.map((line) => ' '.repeat(indent + further) + line.trimStart())];
}

/** A line of code, broken at spaces where it is too long; its own indentation is kept. */
function folded(line: string, room: number): string[] {
  const text = line.replaceAll('\t', '  ').trimEnd();
  if (text.length <= room) return [text];
  const margin = /^ */.exec(text)?.[0] ?? '';
  const deep = margin.length > room / 2 ? '' : margin;
  const [first = '', ...rest] = wrap(text.trimStart(), Math.max(16, room - deep.length - 4));
  return [deep + first, ...rest.map((part) => `${deep}    ${part}`)];
}
