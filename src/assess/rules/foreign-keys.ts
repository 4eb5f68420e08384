/** The foreign keys that a statement makes: of CREATE TABLE, ADD COLUMN and ADD CONSTRAINT alike. */

import type { ParsedStatement } from '../../sql/model.ts';
import {
  child,
  children,
  flag,
  type Node,
  type QualifiedName,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { referencedBy } from './added-columns.ts';

export interface NewForeignKey {
  /** The table that refers: as the facts have it, and as it is written. */
  readonly table: string;
  readonly written: QualifiedName;
  readonly columns: readonly string[];
  readonly constraint: Node;
  /** As the facts have it. */
  readonly referenced: string;
  /** Columns of the other table; empty: its primary key. */
  readonly referencedColumns: readonly string[];
  /** The table is made by the same statement. */
  readonly withTable: boolean;
  /** The column is made by the same statement. */
  readonly withColumn: boolean;
  readonly validated: boolean;
}

export function foreignKeysOf(statement: ParsedStatement, context: AssessContext): readonly NewForeignKey[] {
  const { kind, node } = statement;
  const written = relationOf(node);
  const table = context.resolve(written);
  if (written === null || table === null) return [];
  if (kind === 'CreateStmt') {
    const range = child(node, 'relation');
    if (text(range, 'relpersistence') === 't') return [];
    return children(node, 'tableElts').flatMap((element) => elementKeys(element.kind, element.node, true));
  }
  if (kind !== 'AlterTableStmt') return [];
  return children(node, 'cmds').flatMap(({ node: command }) => {
    const definition = child(command, 'def');
    const subtype = text(command, 'subtype');
    const column = subtype === 'AT_AddColumn' ? child(definition, 'ColumnDef') : null;
    if (column !== null) return elementKeys('ColumnDef', column, false);
    const constraint = subtype === 'AT_AddConstraint' ? child(definition, 'Constraint') : null;
    return constraint === null ? [] : elementKeys('Constraint', constraint, false);
  });

  function elementKeys(elementKind: string, element: Node, withTable: boolean): readonly NewForeignKey[] {
    if (written === null || table === null) return [];
    const column = elementKind === 'ColumnDef' ? text(element, 'colname') : null;
    const constraints =
      column === null ? [element] : children(element, 'constraints').map((item) => item.node);
    return constraints.flatMap((constraint) => {
      if (text(constraint, 'contype') !== 'CONSTR_FOREIGN' || constraint.is_enforced === false) return [];
      const referenced = referencedBy(constraint, context);
      if (referenced === null) return [];
      return [
        {
          table,
          written,
          columns: column === null ? strings(constraint.fk_attrs) : [column],
          constraint,
          referenced,
          referencedColumns: strings(constraint.pk_attrs),
          withTable,
          withColumn: column !== null,
          validated: !flag(constraint, 'skip_validation'),
        },
      ];
    });
  }
}

/** The columns that a foreign key refers to: those that it names, or the primary key; empty where nobody knows. */
export function targetColumns(key: NewForeignKey, context: AssessContext): readonly string[] {
  if (key.referencedColumns.length > 0) return key.referencedColumns;
  return context.constraints(key.referenced).find(({ type }) => type === 'primary')?.columns ?? [];
}
