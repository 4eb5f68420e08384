/** Foreign keys from both sides: what a change of one locks at the other end. */
import type { ConstraintProperties } from '../../catalog/model.ts';
import type { AssessContext } from '../context.ts';
import { type ForeignKey, foreignKey } from '../known/foreign-keys.ts';
import type { Scope } from './scope.ts';

/** The roles of a foreign key of the scope's table. A table that refers to itself is locked as what it is anyway. */
export function foreignKeyCast(
  referenced: string | null,
  { relation, heirs, partitioned, context }: Scope,
): {
  readonly target: string;
  readonly partition: readonly string[];
  readonly referenced: readonly string[];
} {
  return {
    target: relation,
    // Keys are inherited by partitions alone (manual, 5.11.1).
    partition: partitioned ? heirs : [],
    referenced: withPartitions(referenced, context).filter((table) => table !== relation),
  };
}

/** A key to a partitioned table concerns each of its partitions. */
export function withPartitions(table: string | null, context: AssessContext): readonly string[] {
  if (table === null) return [];
  return context.isPartitioned(table) ? [table, ...context.descendants(table)] : [table];
}

export interface ReferringKey {
  readonly table: string;
  readonly name: string;
  readonly properties: ConstraintProperties;
  readonly key: ForeignKey;
}

/** Foreign keys of other tables to this one; where a column is given, those that refer to it. */
export function referringKeys(
  relation: string,
  column: string | null,
  context: AssessContext,
): readonly ReferringKey[] {
  return context.known.foreignKeysTo(relation).flatMap((object) => {
    const properties = object.properties as ConstraintProperties;
    const key = foreignKey(properties);
    const table = object.parent?.replace(/^table /, '');
    if (table === undefined || table === relation) return [];
    if (column !== null && key.referenced !== null && !key.referenced.includes(column)) return [];
    return [{ table, name: object.identity, properties, key }];
  });
}

/** Tables that refer to the table, and those that refer to these: what TRUNCATE … CASCADE empties. */
export function referringAll(relation: string, context: AssessContext): readonly string[] {
  const found = new Set<string>();
  const look = (table: string): void => {
    for (const other of referringTables(table, null, context)) {
      if (other === relation || found.has(other)) continue;
      found.add(other);
      look(other);
    }
  };
  look(relation);
  return [...found];
}

export function referringTables(
  relation: string,
  column: string | null,
  context: AssessContext,
): readonly string[] {
  return [...new Set(referringKeys(relation, column, context).map(({ table }) => table))];
}
