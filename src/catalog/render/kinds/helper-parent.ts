/** The statements of a rebinding (see `rebinding.ts`): a helper stands in as a child's parent for the while. */
import { quoteIdent } from '../../../sql/quote.ts';
import type { CatalogObject, ColumnProperties, TableProperties, TriggerProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { partId, propertiesOf } from '../context.ts';
import { chosenName, formatName, keyOf, localName, localPart, nameOf } from '../names.ts';
import { isInheritable, isOwn, notNullSource, type Rebinding, sources } from '../rebinding.ts';
import { mentions } from '../tokens.ts';

/** The helper's name, in the child's schema. */
function helperOf(table: Pick<CatalogObject, 'kind' | 'identity'>): string {
  const { path } = nameOf(table);
  return formatName({ path: [path[0] ?? '', clipped(`ferrata_parent_${path.at(-1)}`)], suffix: '' });
}

/** The same, once schemas were renamed: the helper is named by the table's former name and stays where that was. */
function helperNow(after: CatalogObject, context: RenderContext): string {
  const former = context.formerly(keyOf('table', after.identity)) ?? after;
  const { path } = nameOf({ kind: 'table', identity: helperOf(former) });
  const schema = context.later(keyOf('schema', quoteIdent(path[0] ?? '')));
  return `${schema?.identity ?? quoteIdent(path[0] ?? '')}.${quoteIdent(path[1] ?? '')}`;
}

function clipped(name: string): string {
  let result = name;
  while (Buffer.byteLength(result) > 63) result = [...result].slice(0, -1).join('');
  return result;
}

/** A helper that is a copy of the child holds all that the child has; else it has the given columns. */
export function heldBy(table: CatalogObject, columns: 'all' | readonly string[]): string[] {
  const helper = helperOf(table);
  const like = `(LIKE ${table.identity} INCLUDING CONSTRAINTS INCLUDING GENERATED)`;
  const body = columns === 'all' ? like : `(${columns.join(', ')})`;
  const word = propertiesOf<TableProperties>(table).foreignServer === null ? 'TABLE' : 'FOREIGN TABLE';
  return [`CREATE TABLE ${helper} ${body}`, `ALTER ${word} ${table.identity} INHERIT ${helper}`];
}

/** A column that the helper holds, as it is in `from`. */
export function heldColumn(column: CatalogObject, notNull: boolean): string {
  return `${bare(column)}${notNull ? ' NOT NULL' : ''}`;
}

export interface Helped {
  /** Before anything about the child's columns is altered. */
  readonly first: readonly string[];
  /** When the child's columns are as they shall be, before it inherits. */
  readonly last: readonly string[];
  /** After it inherits. */
  readonly end: readonly string[];
  readonly needs: readonly string[];
}

/** What the helper does for a child that is not merely held. `after` is `to`'s table. */
export function helped(after: CatalogObject, rebinding: Rebinding, context: RenderContext): Helped {
  const { carried, held } = rebinding;
  const name = after.identity;
  const key = keyOf('table', name);
  const helper = helperNow(after, context);
  const children = context.children(key);
  const columns = children.filter((one) => one.kind === 'column');
  const there = new Set<string>();
  const first: string[] = [];
  const last: string[] = [];
  const needs: string[] = [];
  const word = propertiesOf<TableProperties>(after).foreignServer === null ? 'TABLE' : 'FOREIGN TABLE';
  const add = (column: CatalogObject, drafts: string[]): void => {
    if (there.has(column.identity)) return;
    there.add(column.identity);
    drafts.push(`ALTER TABLE ${helper} ADD COLUMN ${bare(column)}`);
    for (const other of context.needs(keyOf('column', column.identity))) needs.push(partId('make', other));
  };
  for (const column of columns) {
    const former = context.formerly(keyOf('column', column.identity));
    if (former !== undefined && held.has(keyOf('column', former.identity))) there.add(column.identity);
  }
  const copies: string[] = [];
  const old: string[] = [];
  for (const column of columns) {
    if (isOwn(column)) continue;
    const wanted = propertiesOf<ColumnProperties>(column);
    const former = context.formerly(keyOf('column', column.identity));
    const isCarried = former !== undefined && carried.has(keyOf('column', former.identity));
    if (former !== undefined && !isCarried) continue;
    if (isCarried && wanted.generated !== null) {
      first.push(`ALTER ${word} ${name} DROP COLUMN ${localName(column)}`);
    } else if (isCarried) {
      const aside = quoteIdent(`ferrata_own_${wanted.position}`);
      first.push(`ALTER ${word} ${name} RENAME COLUMN ${localName(column)} TO ${aside}`);
      copies.push(`${localName(column)} = ${aside}`);
      old.push(aside);
    }
    if (wanted.generated !== null) {
      for (const base of columns) {
        const isBase =
          base.properties.generated === null && mentions(wanted.generationExpression ?? '', localName(base));
        if (isBase) add(base, first);
      }
    }
    add(column, first);
  }
  if (copies.length > 0 && word === 'TABLE')
    first.push(...undisturbed(after, `UPDATE ONLY ${name} SET ${copies.join(', ')}`, context));
  for (const column of old) first.push(`ALTER ${word} ${name} DROP COLUMN ${column}`);
  for (const column of columns) {
    if (context.major < 18 || notNullSource(column, context.to) !== 'inherited') continue;
    const former = context.formerly(keyOf('column', column.identity));
    if (former !== undefined && isNotNullHeld(former, column, rebinding, context)) continue;
    add(column, last);
    const above = sources(column, context.to).find(({ properties }) => properties.notNull === true);
    const said = above?.properties.notNullName;
    const constraint = typeof said === 'string' ? said : quoteIdent(chosen(above ?? column));
    const has = former?.properties.notNull === true && !carried.has(keyOf('column', former.identity));
    if (has) last.push(`ALTER ${word} ${name} ALTER COLUMN ${localName(column)} DROP NOT NULL`);
    const valid = column.properties.notNullValid === false ? ' NOT VALID' : '';
    last.push(`ALTER TABLE ${helper} ADD CONSTRAINT ${constraint} NOT NULL ${localName(column)}${valid}`);
  }
  for (const check of children) {
    if (check.kind !== 'constraint' || !isInheritable(check) || isOwn(check)) continue;
    const isNew = sources(check, context.to).every((one) => comesLater(one, context));
    if (isNew) continue;
    const definition = String(check.properties.definition);
    for (const column of columns) if (mentions(definition, localName(column))) add(column, last);
    const valid = check.properties.validated === false ? ' NOT VALID' : '';
    last.push(`ALTER TABLE ${helper} ADD CONSTRAINT ${localName(check)} ${definition}${valid}`);
  }
  if (held.size + first.length + last.length === 0) return { first: [], last: [], end: [], needs: [] };
  const start = held.size > 0 ? [] : [`CREATE TABLE ${helper} ()`, `ALTER ${word} ${name} INHERIT ${helper}`];
  return { first: [...start, ...first], last, end: released(after, context), needs };
}

/** Whether it was, and shall be, merely inherited, on a column that the helper holds. */
export function isNotNullHeld(
  before: CatalogObject,
  after: CatalogObject,
  { held }: Rebinding,
  { from, to }: Pick<RenderContext, 'from' | 'to'>,
): boolean {
  return (
    held.has(keyOf('column', before.identity)) &&
    notNullSource(before, from) === 'inherited' &&
    notNullSource(after, to) === 'inherited' &&
    before.properties.notNullValid === true
  );
}

/** Whether a parent's CHECK is made when its children are there already, so that it goes down to them. */
function comesLater(check: CatalogObject, context: RenderContext): boolean {
  if (!context.isCreated(keyOf('constraint', check.identity))) return false;
  return isOwn(check) || sources(check, context.to).every((one) => comesLater(one, context));
}

/** The helper's end. */
export function released(after: CatalogObject, context: RenderContext): string[] {
  const word = propertiesOf<TableProperties>(after).foreignServer === null ? 'TABLE' : 'FOREIGN TABLE';
  const helper = helperNow(after, context);
  return [`ALTER ${word} ${after.identity} NO INHERIT ${helper}`, `DROP TABLE ${helper}`];
}

/** The name that the server chose for the NOT NULL of a parent's column. */
function chosen(column: CatalogObject): string {
  return chosenName(nameOf(column).path.at(-2) ?? '', localPart(column), 'not_null');
}

/** Type, collation and expression: what a parent's column and its child's have in common. */
function bare(column: CatalogObject): string {
  const wanted = propertiesOf<ColumnProperties>(column);
  const collation = wanted.collation === null ? '' : ` COLLATE ${wanted.collation}`;
  const generated =
    wanted.generated === null
      ? ''
      : ` GENERATED ALWAYS AS (${wanted.generationExpression}) ${wanted.generated.toUpperCase()}`;
  return `${localName(column)} ${wanted.type}${collation}${generated}`;
}

/** An UPDATE of all rows that means nothing to anybody: no trigger and no rule sees it. */
function undisturbed(table: CatalogObject, update: string, context: RenderContext): string[] {
  const quiet: string[] = [];
  const loud: string[] = [];
  for (const one of context.children(keyOf('table', table.identity))) {
    if (one.kind !== 'trigger' && one.kind !== 'rule') continue;
    const former = context.formerly(keyOf(one.kind, one.identity));
    if (former === undefined) continue;
    const state = propertiesOf<TriggerProperties>(former).enabled;
    if (state === 'disabled' || !/\bUPDATE\b/.test(String(former.properties.definition))) continue;
    const word = `${one.kind.toUpperCase()} ${localName(one)}`;
    const enable = { origin: 'ENABLE', replica: 'ENABLE REPLICA', always: 'ENABLE ALWAYS' }[state];
    quiet.push(`ALTER TABLE ${table.identity} DISABLE ${word}`);
    loud.push(`ALTER TABLE ${table.identity} ${enable} ${word}`);
  }
  const before = context.formerly(keyOf('table', table.identity));
  if (before?.properties.rowSecurity === true) {
    // Fails where a policy would hide rows (manual, row_security).
    return [...quiet, 'SET LOCAL row_security = off', update, 'SET LOCAL row_security = on', ...loud];
  }
  return [...quiet, update, ...loud];
}
