import { splitAlterTable } from '../sql/alter-table.ts';
import { locate } from '../sql/locate.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';
import { children, flag, type Node, namesFromLists, relationOf, showName, text } from '../sql/tree.ts';
import type { MadeHere } from './made-here.ts';
import type { Action } from './model.ts';

/** Commands that ALTER TABLE does before all others, in the order written (tablecmds.c: AT_PASS_DROP). */
const DROP_PASS = new Set([
  'AT_DropColumn',
  'AT_DropConstraint',
  'AT_DropNotNull',
  'AT_DropExpression',
  'AT_DropIdentity',
]);

function isDropPass(node: Node): boolean {
  const subtype = text(node, 'subtype') ?? '';
  return DROP_PASS.has(subtype) || (subtype === 'AT_ColumnDefault' && node.def === undefined);
}

export function plainAction(statement: ParsedStatement): Action {
  return { type: 'sql', sql: statement.text, at: { line: statement.line, column: statement.column } };
}

/**
 * The actions of one statement: what destroys tables or columns parks them instead, everything else runs as written.
 *
 * @param nextParkId gives each parked thing its id
 */
export async function actionsOf(
  statement: ParsedStatement,
  script: Script,
  made: MadeHere,
  nextParkId: () => string,
): Promise<readonly Action[]> {
  const { kind, node } = statement;
  if (kind === 'DropStmt' && text(node, 'removeType') === 'OBJECT_TABLE') {
    const tables = namesFromLists(node, 'objects');
    const names = tables.map(showName);
    if (names.every((name) => made.hasTable(name)) || names.some((name) => made.hasTemporary(name))) {
      return [plainAction(statement)];
    }
    return [
      {
        type: 'park-table',
        parkId: nextParkId(),
        tables,
        ifExists: flag(node, 'missing_ok'),
        cascade: text(node, 'behavior') === 'DROP_CASCADE',
        sql: statement.text,
        at: { line: statement.line, column: statement.column },
      },
    ];
  }
  if (kind === 'AlterTableStmt' && text(node, 'objtype') === 'OBJECT_TABLE') {
    return alterTableActions(statement, script, made, nextParkId);
  }
  return [plainAction(statement)];
}

async function alterTableActions(
  statement: ParsedStatement,
  script: Script,
  made: MadeHere,
  nextParkId: () => string,
): Promise<readonly Action[]> {
  const table = relationOf(statement.node);
  const nodes = children(statement.node, 'cmds').map((command) => command.node);
  if (table === null) return [plainAction(statement)];
  const parks = (node: Node): boolean =>
    text(node, 'subtype') === 'AT_DropColumn' && !made.hasColumn(showName(table), text(node, 'name') ?? '');
  if (!nodes.some(parks)) return [plainAction(statement)];

  const park = (node: Node, sql: string, at: Action & { type: 'sql' }): Action => ({
    type: 'park-column',
    parkId: nextParkId(),
    table,
    column: text(node, 'name') ?? '',
    ifExists: flag(node, 'missing_ok'),
    cascade: text(node, 'behavior') === 'DROP_CASCADE',
    sql,
    at: at.at,
  });
  const whole = plainAction(statement) as Action & { type: 'sql' };
  const [only] = nodes;
  if (nodes.length === 1 && only !== undefined) return [park(only, statement.text, whole)];

  const parts = await splitAlterTable(statement);
  if (parts === null) return [whole];
  const sqlAt = (start: number, sql: string): Action & { type: 'sql' } => {
    const { line, column } = locate(script.file, script.text, start);
    return { type: 'sql', sql, at: { line, column } };
  };
  const actions: Action[] = [];
  let pending: { readonly start: number; readonly texts: string[] } | null = null;
  const flush = (): void => {
    if (pending !== null) actions.push(sqlAt(pending.start, parts.prefix + pending.texts.join(', ')));
    pending = null;
  };
  const first = parts.commands.filter((command) => isDropPass(command.node));
  const rest = parts.commands.filter((command) => !first.includes(command));
  for (const command of first) {
    if (parks(command.node)) {
      flush();
      const sql = parts.prefix + command.text;
      actions.push(park(command.node, sql, sqlAt(command.start, sql)));
    } else if (pending === null) pending = { start: command.start, texts: [command.text] };
    else (pending as { texts: string[] }).texts.push(command.text);
  }
  flush();
  const [head] = rest;
  if (head !== undefined) {
    actions.push(sqlAt(head.start, parts.prefix + rest.map((command) => command.text).join(', ')));
  }
  return actions;
}
