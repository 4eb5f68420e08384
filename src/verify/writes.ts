/** What a plan writes, as far as its SQL tells: which columns its UPDATEs set, and where rows come and go. */
import type { Plan } from '../plan/model.ts';
import { parseScript } from '../sql/parse.ts';
import { writtenRelations } from '../sql/relations.ts';
import type { Node } from '../sql/tree.ts';
import { children, type KindedNode, type QualifiedName, relationOf, text, walk } from '../sql/tree.ts';

export interface Update {
  readonly table: QualifiedName;
  readonly columns: readonly string[];
  readonly node: Node;
}

export interface PlannedWrites {
  readonly updates: readonly Update[];
  /** Tables that are written by anything but an UPDATE. */
  readonly otherwise: readonly QualifiedName[];
  /** Whether there is a statement whose writes its text does not tell: DO, CALL, a function in a SELECT. */
  readonly opaque: boolean;
}

/** Reads the forward SQL of every step. What can't be parsed counts as opaque. */
export async function plannedWrites(plan: Plan): Promise<PlannedWrites> {
  const updates: Update[] = [];
  const otherwise: QualifiedName[] = [];
  let opaque = false;
  for (const action of plan.steps.flatMap((step) => step.forward)) {
    const sql = action.type === 'sql' ? action.sql : action.type === 'backfill' ? action.spec.sql : null;
    if (sql === null) continue;
    // A transform has no statement: which rows it changes its module alone knows.
    opaque ||= sql === '';
    const statements = await parse(sql);
    if (statements === null) opaque = true;
    for (const statement of statements ?? []) {
      const written = writtenRelations(statement);
      const update = statement.kind === 'UpdateStmt' ? relationOf(statement.node) : null;
      if (update !== null) {
        updates.push({ table: update, columns: setColumns(statement.node), node: statement.node });
      }
      otherwise.push(...written.filter((name) => update === null || !sameName(name, update)));
      opaque ||= ['DoStmt', 'CallStmt'].includes(statement.kind) || callsFunctions(statement);
    }
  }
  return { updates, otherwise, opaque };
}

async function parse(sql: string): Promise<readonly KindedNode[] | null> {
  try {
    return (await parseScript(sql, '<plan>')).statements;
  } catch {
    return null;
  }
}

function setColumns(node: Node): string[] {
  return children(node, 'targetList')
    .map((target) => text(target.node, 'name'))
    .filter((name) => name !== null);
}

function callsFunctions({ kind, node }: KindedNode): boolean {
  if (kind !== 'SelectStmt') return false;
  let found = false;
  walk({ [kind]: node }, (inner) => {
    found ||= inner === 'FuncCall';
    return undefined;
  });
  return found;
}

export function sameName(a: QualifiedName, b: QualifiedName): boolean {
  return a.name === b.name && (a.schema === null || b.schema === null || a.schema === b.schema);
}
