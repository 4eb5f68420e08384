/** NOT NULL: a flag up to PostgreSQL 17, a named constraint from 18 on (manual, CREATE TABLE). */
import { dollarQuote, quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, ColumnProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { propertiesOf, withProperties } from '../context.ts';
import { chosenName, localName, localPart, nameOf, ownerRelation } from '../names.ts';
import { commentChange } from '../owned.ts';
import { notNullSource, sources } from '../rebinding.ts';
import { descendants, followed, tableOf } from './column-inheritance.ts';

/** The constraint's name, said or chosen by the server. */
export function notNullName(column: CatalogObject): string {
  const said = propertiesOf<ColumnProperties>(column).notNullName;
  if (said !== null) return said;
  return chosenName(nameOf(column).path.at(-2) ?? '', localPart(column), 'not_null');
}

/**
 * ` CONSTRAINT n NOT NULL` within a column definition. A partition has its parent's name, as PARTITION OF gives it: with
 * another one the parent's could not be renamed any more.
 */
export function notNullClause(column: CatalogObject, context: RenderContext): string {
  const wanted = propertiesOf<ColumnProperties>(column);
  const above = context.major < 18 ? null : nameAbove(column, context);
  const name = above ?? (isSaid(column) ? notNullName(column) : null);
  const clause = name === null ? '' : ` CONSTRAINT ${quoted(name)}`;
  return `${clause} NOT NULL${wanted.notNullNoInherit ? ' NO INHERIT' : ''}`;
}

/** The name of the NOT NULL that a partition's column has from above; null where it has none from there. */
function nameAbove(column: CatalogObject, context: RenderContext): string | null {
  if (tableOf(column, context)?.partitionOf == null || notNullSource(column, context.to) !== 'inherited') {
    return null;
  }
  const [above] = sources(column, context.to);
  return above === undefined ? null : (nameAbove(above, context) ?? notNullName(above));
}

/** Whether its name must be said: the server puts a number behind one of its choice that something else has. */
function isSaid(column: CatalogObject): boolean {
  return propertiesOf<ColumnProperties>(column).notNullName !== null || commentOf(column) !== null;
}

function quoted(name: string): string {
  return name.startsWith('"') ? name : quoteIdent(name);
}

function commentOf(column: CatalogObject): string | null {
  const comment = column.properties.notNullComment;
  return typeof comment === 'string' ? comment : null;
}

/**
 * COMMENT ON the constraint behind a NOT NULL, where it differs from `before`. One that is inherited may have any name: it
 * is looked up where the statement runs.
 */
export function notNullComment(column: CatalogObject, before: string | null): string[] {
  if (before === commentOf(column)) return [];
  if (propertiesOf<ColumnProperties>(column).inheritedFrom > 0) {
    const said = commentOf(column);
    const body = `
DECLARE
  present name;
BEGIN
  ${findName(column)}
  EXECUTE pg_catalog.format('COMMENT ON CONSTRAINT %I ON %s IS %s', present, ${quoteLiteral(ownerRelation(column))},
    ${said === null ? "'NULL'" : `pg_catalog.quote_literal(${quoteLiteral(said)})`});
END
`;
    return [`DO ${dollarQuote(body)}`];
  }
  const named = `CONSTRAINT ${quoted(notNullName(column))} ON ${ownerRelation(column)}`;
  return commentChange(named, before, commentOf(column));
}

/** NOT NULL for a column that has none. */
export function notNullAdded(column: CatalogObject): string[] {
  const wanted = propertiesOf<ColumnProperties>(column);
  const table = `ALTER TABLE ${ownerRelation(column)}`;
  if (!isSaid(column) && !wanted.notNullNoInherit && wanted.notNullValid) {
    return [`${table} ALTER COLUMN ${localName(column)} SET NOT NULL`, ...notNullComment(column, null)];
  }
  const name = isSaid(column) ? `CONSTRAINT ${quoted(notNullName(column))} ` : '';
  const inherit = wanted.notNullNoInherit ? ' NO INHERIT' : '';
  return [
    `${table} ADD ${name}NOT NULL ${localName(column)}${inherit}${wanted.notNullValid ? '' : ' NOT VALID'}`,
    ...notNullComment(column, null),
  ];
}

/**
 * The catalog does not tell the name of an inherited NOT NULL constraint, which the column keeps as its own, nor the number
 * that the server put behind a chosen name which was taken. `names`: the first that no other constraint of the table has.
 */
export function renamedWhatever(column: CatalogObject, names = [unquoted(notNullName(column))]): string {
  const table = ownerRelation(column);
  const body = `
DECLARE
  present name;
  wanted name;
BEGIN
  ${findName(column)}
  SELECT w.name INTO wanted
    FROM pg_catalog.unnest(ARRAY[${names.map(quoteLiteral).join(', ')}]::name[]) WITH ORDINALITY w (name, number)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o
      WHERE o.conrelid = ${quoteLiteral(table)}::pg_catalog.regclass AND o.conname = w.name AND o.conname <> present)
    ORDER BY w.number LIMIT 1;
  IF present <> wanted THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', ${quoteLiteral(table)}, present, wanted);
  END IF;
END
`;
  return `DO ${dollarQuote(body)}`;
}

/** Puts the name of the column's NOT NULL constraint into `present`. */
function findName(column: CatalogObject): string {
  return `SELECT n.conname INTO present FROM pg_catalog.pg_constraint n
    JOIN pg_catalog.pg_attribute a ON a.attrelid = n.conrelid AND a.attnum = n.conkey[1]
    WHERE n.contype = 'n' AND n.conrelid = ${quoteLiteral(ownerRelation(column))}::pg_catalog.regclass
      AND a.attname = ${quoteLiteral(localPart(column))};`;
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

/** Whether the server would choose the same name for the NOT NULL of another column, so that it adds a number to one. */
function isNumbered(column: CatalogObject, others: Iterable<CatalogObject>): boolean {
  if (propertiesOf<ColumnProperties>(column).notNullName !== null) return false;
  const schema = nameOf(column).path[0];
  const name = notNullName(column);
  for (const other of others) {
    if (other.identity === column.identity || nameOf(other).path[0] !== schema) continue;
    if (other.kind === 'constraint' ? localPart(other) === name : isNotNull(other) && said(other) === name)
      return true;
  }
  return false;
}

function isNotNull(object: CatalogObject): boolean {
  return object.kind === 'column' && object.properties.notNull === true;
}

function said(column: CatalogObject): string {
  return unquoted(notNullName(column));
}

/** Names that the server would try for the column's NOT NULL, as many as its table could need. */
function candidates(column: CatalogObject, siblings: readonly CatalogObject[]): string[] {
  const count = siblings.filter((one) => isNotNull(one) || one.kind === 'constraint').length;
  return ['', ...Array.from({ length: count }, (_, index) => String(index + 1))].map((number) =>
    chosenName(nameOf(column).path.at(-2) ?? '', localPart(column), `not_null${number}`),
  );
}

/** The column under the table and name that it had, by which the server chose the constraint's. */
function formerColumn(before: CatalogObject, after: CatalogObject, context: RenderContext): CatalogObject {
  return context.formerly(`column ${after.identity}`) ?? before;
}

function keepsNotNull(child: CatalogObject, parent: CatalogObject, context: RenderContext): boolean {
  const key = `column ${child.identity}.${localName(parent)}`;
  return (
    context.to.objects.get(key)?.properties.notNull === true &&
    context.formerly(key)?.properties.notNull === true
  );
}

function markedAgain(parent: CatalogObject, context: RenderContext): string[] {
  return descendants(parent, context).flatMap((child) => {
    if (child.properties.partitionOf === null) return [];
    const column = context.to.objects.get(`column ${child.identity}.${localName(parent)}`);
    if (column === undefined) return [];
    return keepsNotNull(child, parent, context) ? notNullAdded(column) : markedAgain(column, context);
  });
}

/** Whether another column of the table has a NOT NULL constraint of the name before anything is renamed. */
function isTaken(name: string, column: CatalogObject, context: RenderContext): boolean {
  return context.children(column.parent ?? '').some((other) => {
    if (other.kind !== 'column' || other.identity === column.identity) return false;
    const former = context.formerly(`column ${other.identity}`);
    if (former === undefined || !propertiesOf<ColumnProperties>(former).notNull) return false;
    return quoted(notNullName(former)) === quoted(name);
  });
}

/** `before` has its place under `after`'s names, but its NOT NULL constraint keeps the name it had. */
export function notNullChanges(
  before: CatalogObject,
  after: CatalogObject,
  context: RenderContext,
): { readonly loosen: readonly string[]; readonly tighten: readonly string[] } {
  const had = propertiesOf<ColumnProperties>(before);
  const wanted = propertiesOf<ColumnProperties>(after);
  const table = `ALTER TABLE ${ownerRelation(after)}`;
  if (!had.notNull && !wanted.notNull) return { loosen: [], tighten: [] };
  if (!had.notNull) return { loosen: [], tighten: notNullAdded(after) };
  if (!wanted.notNull) {
    // The children that keep theirs are left alone.
    const kept = descendants(after, context).some(
      (child) => child.properties.partitionOf === null && keepsNotNull(child, after, context),
    );
    const only = kept ? `ALTER TABLE ONLY ${ownerRelation(after)}` : table;
    const loosen = [`${only} ALTER COLUMN ${localName(after)} DROP NOT NULL`];
    // Up to PostgreSQL 17 there is but a mark, which goes from all partitions, those that have it as their own, too.
    return { loosen, tighten: context.major < 18 ? markedAgain(after, context) : [] };
  }
  const lost = followed(after, context).some(
    (parent) =>
      parent.properties.notNull === false &&
      context.formerly(`column ${parent.identity}`)?.properties.notNull === true,
  );
  const partition = tableOf(after, context)?.partitionOf !== null;
  // The partitioned table's DROP NOT NULL takes it from partitions that want their own.
  const again = lost && partition ? notNullAdded(after) : [];
  if (context.major < 18 || again.length > 0) return { loosen: [], tighten: again };
  const loosen: string[] = [];
  const tighten: string[] = [];
  const former = context.formerly(`column ${after.identity}`);
  const wasInherited =
    former !== undefined && had.inheritedFrom > 0 && notNullSource(former, context.from) === 'inherited';
  if (
    (had.inheritedFrom > 0 && wanted.inheritedFrom === 0) ||
    (wasInherited && notNullSource(after, context.to) === 'own')
  ) {
    return { loosen: [renamedWhatever(after), ...notNullComment(after, commentOf(before))], tighten: [] };
  }
  // One that is inherited alone may have any name, and cannot be given another.
  const inherited =
    wasInherited ||
    (wanted.inheritedFrom > 0 && wanted.notNullName === null && after.properties.notNullAlsoLocal !== true);
  const newName = notNullName(after);
  const oldName = inherited ? newName : notNullName(formerColumn(before, after, context));
  if (had.notNullValid && !wanted.notNullValid) {
    return {
      loosen: [`${table} ALTER COLUMN ${localName(after)} DROP NOT NULL`],
      tighten: notNullAdded(after),
    };
  }
  // Where another column's constraint still has the name, it comes by way of a free one.
  let current = newName;
  const finish: string[] = [];
  const siblings = context.children(after.parent ?? '');
  const numbered =
    quoted(oldName) !== quoted(newName) &&
    ((former !== undefined && isNumbered(former, context.from.objects.values())) ||
      isNumbered(after, siblings));
  if (numbered) {
    current = `ferrata_rename_${wanted.position}`;
    loosen.push(renamedWhatever(after, [current]));
    const names = wanted.notNullName === null ? candidates(after, siblings) : [unquoted(newName)];
    finish.push(renamedWhatever(after, names));
  } else if (quoted(oldName) !== quoted(newName)) {
    if (isTaken(newName, after, context)) {
      current = `ferrata_rename_${wanted.position}`;
      finish.push(`${table} RENAME CONSTRAINT ${quoted(current)} TO ${quoted(newName)}`);
    }
    loosen.push(`${table} RENAME CONSTRAINT ${quoted(oldName)} TO ${quoted(current)}`);
  }
  if (had.notNullNoInherit !== wanted.notNullNoInherit) {
    loosen.push(
      `${table} ALTER CONSTRAINT ${quoted(current)} ${wanted.notNullNoInherit ? 'NO INHERIT' : 'INHERIT'}`,
    );
  }
  if (!had.notNullValid && wanted.notNullValid) {
    tighten.push(`${table} VALIDATE CONSTRAINT ${quoted(current)}`);
  }
  const present = withProperties(after, { ...after.properties, notNullName: quoted(current) });
  (finish.length > 0 ? tighten : loosen).push(...notNullComment(present, commentOf(before)), ...finish);
  return { loosen, tighten };
}
