/** Rules of the database that would see a part of a statement's rows where they are meant to see all. */
import type { AssessContext } from '../../assess/context.ts';
import type { TableProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children, type Node, text } from '../../sql/tree.ts';
import { uniqueKeys } from './join.ts';
import { columnNames } from './reads.ts';

/** Rules of the database that are checked at the end of a statement or transaction see what a batch leaves open. */
export function updateRefusal(
  node: Node,
  table: string,
  assigned: ReadonlySet<string>,
  properties: TableProperties,
  context: AssessContext,
): string | null {
  const tables = [table, ...context.descendants(table)];
  for (const relation of tables) {
    const partitionKey = context.table(relation)?.partitionKey ?? null;
    const moved = [...assigned].find((column) => partitionKey !== null && mentions(partitionKey, column));
    if (moved !== undefined) return `it assigns ${moved}, and so may move rows from one partition to another`;
    for (const constraint of context.constraints(relation)) {
      const touched = constraint.columns.find((column) => assigned.has(column));
      if (constraint.deferrable && touched !== undefined) {
        return `it assigns ${touched}, and ${constraint.name} is checked at the end of a transaction`;
      }
      if (constraint.type !== 'foreign' || !tables.includes(constraint.references ?? '')) continue;
      const referenced = [...assigned].find((column) => mentions(constraint.definition, column));
      if (referenced !== undefined)
        return `it assigns ${referenced}, and ${constraint.name} ties rows of the table to each other`;
    }
  }
  return defaultRefusal(node, table, properties, context);
}

/** SET … = DEFAULT: a constant is the same in every batch; and a partition may have another one than the table. */
function defaultRefusal(
  node: Node,
  table: string,
  properties: TableProperties,
  context: AssessContext,
): string | null {
  for (const { node: target } of children(node, 'targetList')) {
    if ((target.val as Node | undefined)?.SetToDefault === undefined) continue;
    const name = text(target, 'name') ?? '';
    const value = context.column(table, name)?.default ?? null;
    const constant =
      value === null || /^('[^']*'|-?\d+(\.\d+)?|true|false|NULL)(::[\w\s".,()[\]]+)?$/i.test(value);
    if (!constant || properties.partitionKey !== null) return `it assigns the DEFAULT of ${name}`;
  }
  return null;
}

export function deleteRefusal(table: string, context: AssessContext): string | null {
  const tables = [table, ...context.descendants(table)];
  for (const relation of [...tables, ...context.referencing(table)]) {
    for (const constraint of context.constraints(relation)) {
      if (constraint.type !== 'foreign' || !tables.includes(constraint.references ?? '')) continue;
      if (tables.includes(relation)) return `${constraint.name} ties rows of the table to each other`;
      if (constraint.deferrable) return `${constraint.name} is checked at the end of a transaction`;
    }
  }
  return null;
}

/** A unique column that counts on from itself: whether one row makes room for the next depends on their order. */
export async function shiftsUnique(
  node: Node,
  table: string,
  assigned: ReadonlySet<string>,
  context: AssessContext,
): Promise<string | null> {
  const unique = new Set((await uniqueKeys(table, context)).flat());
  for (const { node: target } of children(node, 'targetList')) {
    const name = text(target, 'name') ?? '';
    const type = context.column(table, name)?.type ?? '';
    const counts = /^(smallint|integer|bigint|numeric|real|double|date|time)/.test(type);
    if (unique.has(name) && assigned.has(name) && counts && columnNames(target.val).has(name)) return name;
  }
  return null;
}

function mentions(sql: string, column: string): boolean {
  const word = quoteIdent(column).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w$"])${word}($|[^\\w$"])`).test(sql);
}
