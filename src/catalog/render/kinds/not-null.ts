/** NOT NULL: a flag up to PostgreSQL 17, a named constraint from 18 on (manual, CREATE TABLE). */
import { quoteIdent } from '../../../sql/quote.ts';
import type { CatalogObject, ColumnProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { propertiesOf } from '../context.ts';
import { chosenName, localName, localPart, nameOf, ownerRelation } from '../names.ts';

/** The constraint's name, said or chosen by the server. */
export function notNullName(column: CatalogObject): string {
  const said = propertiesOf<ColumnProperties>(column).notNullName;
  if (said !== null) return said;
  return chosenName(nameOf(column).path.at(-2) ?? '', localPart(column), 'not_null');
}

/** ` CONSTRAINT n NOT NULL` within a column definition. */
export function notNullClause(column: CatalogObject): string {
  const wanted = propertiesOf<ColumnProperties>(column);
  const name = wanted.notNullName === null ? '' : ` CONSTRAINT ${quoted(wanted.notNullName)}`;
  return `${name} NOT NULL${wanted.notNullNoInherit ? ' NO INHERIT' : ''}`;
}

function quoted(name: string): string {
  return name.startsWith('"') ? name : quoteIdent(name);
}

/** NOT NULL for a column that has none. */
export function notNullAdded(column: CatalogObject): string[] {
  const wanted = propertiesOf<ColumnProperties>(column);
  const table = `ALTER TABLE ${ownerRelation(column)}`;
  if (wanted.notNullName === null && !wanted.notNullNoInherit && wanted.notNullValid) {
    return [`${table} ALTER COLUMN ${localName(column)} SET NOT NULL`];
  }
  const name = wanted.notNullName === null ? '' : `CONSTRAINT ${quoted(wanted.notNullName)} `;
  const inherit = wanted.notNullNoInherit ? ' NO INHERIT' : '';
  return [
    `${table} ADD ${name}NOT NULL ${localName(column)}${inherit}${wanted.notNullValid ? '' : ' NOT VALID'}`,
  ];
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
    return { loosen: [`${table} ALTER COLUMN ${localName(after)} DROP NOT NULL`], tighten: [] };
  }
  if (context.major < 18) return { loosen: [], tighten: [] };
  const loosen: string[] = [];
  const tighten: string[] = [];
  const oldName = notNullName(before);
  const newName = notNullName(after);
  if (had.notNullValid && !wanted.notNullValid) {
    return {
      loosen: [`${table} ALTER COLUMN ${localName(after)} DROP NOT NULL`],
      tighten: notNullAdded(after),
    };
  }
  if (quoted(oldName) !== quoted(newName)) {
    loosen.push(`${table} RENAME CONSTRAINT ${quoted(oldName)} TO ${quoted(newName)}`);
  }
  if (had.notNullNoInherit !== wanted.notNullNoInherit) {
    loosen.push(
      `${table} ALTER CONSTRAINT ${quoted(newName)} ${wanted.notNullNoInherit ? 'NO INHERIT' : 'INHERIT'}`,
    );
  }
  if (!had.notNullValid && wanted.notNullValid) {
    tighten.push(`${table} VALIDATE CONSTRAINT ${quoted(newName)}`);
  }
  return { loosen, tighten };
}
