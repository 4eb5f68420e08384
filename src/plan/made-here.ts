import type { ParsedStatement } from '../sql/model.ts';
import { splitQualified } from '../sql/quote.ts';
import { madeRelation } from '../sql/relations.ts';
import { setsSearchPath } from '../sql/session.ts';
import { children, flag, type Node, namesFromLists, relationOf, showName, text } from '../sql/tree.ts';

/** What a group has made itself: dropping that takes nothing away from the state before the group. */
export class MadeHere {
  readonly #relations = new Set<string>();
  readonly #temporary = new Set<string>();
  readonly #columns = new Set<string>();

  note(statement: ParsedStatement): void {
    if (setsSearchPath(statement)) this.#forgetUnqualified();
    const made = madeRelation(statement);
    if (made?.temporary) this.#temporary.add(showName(made.name));
    else if (made?.maybe === false) this.#relations.add(showName(made.name));
    if (statement.kind === 'RenameStmt') this.#noteRename(statement.node);
    if (statement.kind === 'DropStmt') {
      for (const name of namesFromLists(statement.node, 'objects')) this.#relations.delete(showName(name));
    }
    if (statement.kind !== 'AlterTableStmt') return;
    const table = relationOf(statement.node);
    for (const { node } of children(statement.node, 'cmds')) {
      if (table === null || text(node, 'subtype') !== 'AT_AddColumn' || flag(node, 'missing_ok')) continue;
      const column = text(children({ def: [node.def] }, 'def')[0]?.node, 'colname');
      if (column !== null) this.#columns.add(columnKey(showName(table), column));
    }
  }

  hasTable(name: string): boolean {
    return this.#relations.has(name) || this.#temporary.has(name);
  }

  hasTemporary(name: string): boolean {
    return this.#temporary.has(name);
  }

  hasColumn(table: string, column: string): boolean {
    return this.hasTable(table) || this.#columns.has(columnKey(table, column));
  }

  /** Under another search_path the same name may be another table. */
  #forgetUnqualified(): void {
    for (const key of [...this.#relations]) if (splitQualified(key).length === 1) this.#relations.delete(key);
    for (const key of [...this.#columns]) {
      if (splitQualified(key.slice(0, key.indexOf('\0'))).length === 1) this.#columns.delete(key);
    }
  }

  #noteRename(node: Node): void {
    const from = relationOf(node);
    const to = text(node, 'newname');
    if (from === null || to === null) return;
    if (text(node, 'renameType') === 'OBJECT_TABLE') {
      const target = showName({ schema: from.schema, name: to });
      for (const names of [this.#relations, this.#temporary]) {
        if (names.delete(showName(from))) names.add(target);
      }
      // The old name may now mean another table, the new one a table that was there before.
      for (const key of [...this.#columns])
        if (key.startsWith(`${showName(from)}\0`)) this.#columns.delete(key);
    } else if (text(node, 'renameType') === 'OBJECT_COLUMN') {
      const column = text(node, 'subname') ?? '';
      if (this.#columns.delete(columnKey(showName(from), column)))
        this.#columns.add(columnKey(showName(from), to));
    }
  }
}

function columnKey(table: string, column: string): string {
  return `${table}\0${column}`;
}
