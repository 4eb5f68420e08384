import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { child, children, type Node, text } from '../../sql/tree.ts';

/** The statement with another type of the column that it makes; null where it does not make it. */
export async function retyped(
  { kind, node }: ParsedStatement,
  column: string,
  type: string,
): Promise<string | null> {
  let found = false;
  const typed = (definition: Node): Node => {
    if (text(definition, 'colname') !== column) return definition;
    found = true;
    const names = [{ String: { sval: 'pg_catalog' } }, { String: { sval: type } }];
    return { ...definition, typeName: { ...child(definition, 'typeName'), names } };
  };
  const changed =
    kind === 'CreateStmt'
      ? {
          ...node,
          tableElts: children(node, 'tableElts').map((item) => ({
            [item.kind]: item.kind === 'ColumnDef' ? typed(item.node) : item.node,
          })),
        }
      : {
          ...node,
          cmds: children(node, 'cmds').map(({ node: command }) => {
            const definition = child(child(command, 'def'), 'ColumnDef');
            return {
              AlterTableCmd:
                definition === null ? command : { ...command, def: { ColumnDef: typed(definition) } },
            };
          }),
        };
  const sql = await deparse(kind, changed);
  return found ? sql : null;
}
