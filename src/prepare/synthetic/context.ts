/** What the makers of rows share: the tables, their types, and the values found by trial. */
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { type ColumnShape, type TableShape, tableShapes } from './schema.ts';
import { chooseValues } from './trial-types.ts';
import { readTypes, type TypeShape } from './type-shapes.ts';
import { type ChosenValues, type Style, valueFor } from './values.ts';

/** A column's value in a row to be written: a text, NULL, or left out so that its default speaks. */
export type Cell = string | null | undefined;
export type Cells = ReadonlyMap<string, Cell>;

export interface RowContext {
  readonly connection: Connection;
  readonly tables: ReadonlyMap<string, TableShape>;
  readonly types: ReadonlyMap<string, TypeShape>;
  readonly chosen: ChosenValues;
  readonly castable: boolean;
}

/** `numbers`: the row numbers that values will be asked for. */
export async function rowContext(
  connection: Connection,
  catalog: Catalog,
  numbers: readonly number[],
  castable: boolean,
): Promise<RowContext> {
  const shapes = tableShapes(catalog);
  const texts = [...shapes.values()].flatMap(({ columns }) => columns.map(({ type }) => type));
  const types = await readTypes(connection, texts);
  const tables = new Map(
    [...shapes].map(([identity, table]) => [identity, withDomains(table, types)] as const),
  );
  const chosen = await chooseValues(connection, types.values(), numbers, { castable, column: '' });
  return { connection, tables, types, chosen, castable };
}

/** A column of a domain that is NOT NULL is NOT NULL itself, whatever it says. */
function withDomains(table: TableShape, types: ReadonlyMap<string, TypeShape>): TableShape {
  const refuses = (type: TypeShape | null | undefined): boolean =>
    type?.kind === 'domain' && (type.notNull || refuses(type.inner));
  const columns = table.columns.map((column) =>
    refuses(types.get(column.type)) ? { ...column, notNull: true } : column,
  );
  return { ...table, columns };
}

export function styleFor(context: RowContext, column: ColumnShape): Style {
  return { castable: context.castable, column: column.name };
}

/** The default value of a column in row number `n`; null where none is known. */
export function defaultValue(context: RowContext, column: ColumnShape, n: number): string | null {
  const type = context.types.get(column.type);
  return type === undefined ? null : valueFor(type, n, styleFor(context, column), context.chosen);
}

/** Columns that a row gives values for. */
export function writableColumns(table: TableShape): readonly ColumnShape[] {
  return table.columns.filter(({ generation }) => generation === null);
}
