/** Columns that a statement makes, and the statement with those columns changed: for matters of taste. */
import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { child, children, type Node, strings, text, unwrap } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';

/** The kinds of statements that make columns. */
export const MAKES_COLUMNS: readonly string[] = ['CreateStmt', 'AlterTableStmt'];

export interface NewColumn {
  readonly name: string;
  readonly node: Node;
  /** The last part of the type's name: `int4`, `varchar`, `bpchar`, `serial` … */
  readonly type: string;
}

export function newColumns({ kind, node }: ParsedStatement): readonly NewColumn[] {
  const definitions =
    kind === 'CreateStmt'
      ? children(node, 'tableElts')
          .filter((element) => element.kind === 'ColumnDef')
          .map((element) => element.node)
      : children(node, 'cmds')
          .filter((command) => text(command.node, 'subtype') === 'AT_AddColumn')
          .map((command) => child(child(command.node, 'def'), 'ColumnDef'))
          .filter((column) => column !== null);
  return definitions.map((column) => ({
    name: text(column, 'colname') ?? '',
    node: column,
    type: strings(typeNameOf(column)?.names).at(-1) ?? '',
  }));
}

/** The statement as SQL with each column as `change` makes it; null where it cannot be written down safely. */
export async function withColumns(
  { kind, node }: ParsedStatement,
  change: (column: Node) => Node,
): Promise<string | null> {
  const changed = (item: unknown): unknown => {
    const kinded = unwrap(item);
    return kinded?.kind === 'ColumnDef' ? { ColumnDef: change(kinded.node) } : item;
  };
  if (kind === 'CreateStmt') {
    return deparse(kind, { ...node, tableElts: list(node.tableElts).map(changed) });
  }
  const cmds = list(node.cmds).map((item) => {
    const command = unwrap(item)?.node ?? {};
    return { AlterTableCmd: 'def' in command ? { ...command, def: changed(command.def) } : command };
  });
  return deparse(kind, { ...node, cmds });
}

/** The column with a type of another name; its length and the like stay only where `modifiers` says so. */
export function retyped(column: Node, names: readonly string[], modifiers = false): Node {
  const { typmods, ...typeName } = typeNameOf(column) ?? {};
  const kept = modifiers && typmods !== undefined ? { typmods } : {};
  return {
    ...column,
    typeName: { ...typeName, ...kept, names: names.map((sval) => ({ String: { sval } })) },
  };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
