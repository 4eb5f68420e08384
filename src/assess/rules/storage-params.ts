import { child, children, type Node, relationOf, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { commands, type ScriptHit, scriptRule } from './rule.ts';

export const storageParams = scriptRule({
  id: 'storage-params',
  severity: 'warning',
  title: 'Autovacuum is switched off for a table, and stays off',
  on: ['AlterTableStmt', 'CreateStmt'],
  read: () => {
    const off = new Map<string, ScriptHit>();
    return {
      see: (analysis, context) => {
        const table = context.resolve(relationOf(analysis.statement.node));
        const state = table === null ? null : stateOf(analysis);
        if (table === null || state === null) return [];
        if (state === 'on' || isOff(table, context)) off.delete(table);
        else {
          off.set(table, {
            statement: analysis.statement,
            message: `From here on nothing cleans ${table} up: dead rows pile up in it and in its indexes, its statistics grow old, and the pages that index-only scans rely on are never marked.`,
            safeSql: [],
          });
        }
        return [];
      },
      end: () => [...off.values()],
    };
  },
  why: 'Dead rows are only made free again by VACUUM, and plans rest on what ANALYZE has seen; without autovacuum neither runs unless somebody says so, but for the day when transaction numbers run out (PostgreSQL manual, 24.1; CREATE TABLE, storage parameters). To set such a parameter takes a ShareUpdateExclusiveLock and blocks nobody.',
  instead: 'Where it is off for a bulk load, RESET it behind the load, and VACUUM (ANALYZE).',
  manual: 'sql-createtable.html#RELOPTION-AUTOVACUUM-ENABLED',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int);',
    bad: 'ALTER TABLE t SET (autovacuum_enabled = false);',
    danger: {
      kind: 'shows',
      query: "SELECT relname FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions)",
    },
    good: ['ALTER TABLE t SET (autovacuum_enabled = false)', 'ALTER TABLE t RESET (autovacuum_enabled)'],
  },
});

/** What the statement makes of autovacuum for its table; null where it says nothing of it. */
function stateOf(analysis: Analysis): 'on' | 'off' | null {
  const { kind, node } = analysis.statement;
  if (kind === 'CreateStmt') return valueIn(children(node, 'options'));
  if (kind !== 'AlterTableStmt') return null;
  const reset = commands(analysis, 'AT_ResetRelOptions').some((command) => names(command).length > 0);
  const set = commands(analysis, 'AT_SetRelOptions').map((command) => valueIn(options(command)));
  return reset ? 'on' : (set.find((state) => state !== null) ?? null);
}

function options(command: Node): readonly { readonly node: Node }[] {
  const list = child(child(command, 'def'), 'List');
  return children(list, 'items');
}

function names(command: Node): readonly string[] {
  return options(command)
    .map(({ node }) => text(node, 'defname') ?? '')
    .filter((name) => name === 'autovacuum_enabled');
}

function valueIn(list: readonly { readonly node: Node }[]): 'on' | 'off' | null {
  const option = list.find(
    ({ node }) => text(node, 'defname') === 'autovacuum_enabled' && text(node, 'defnamespace') === null,
  );
  if (option === undefined) return null;
  const arg = child(option.node, 'arg');
  const word =
    text(child(arg, 'String'), 'sval') ??
    strings(child(arg, 'TypeName')?.names).at(-1) ??
    (arg !== null && 'Integer' in arg ? String(child(arg, 'Integer')?.ival ?? 0) : 'true');
  return /^(f|false|off|no?|0)$/i.test(word) ? 'off' : 'on';
}

function isOff(table: string, context: AssessContext): boolean {
  return (
    context.table(table)?.options.some((option) => /^autovacuum_enabled=(f|off|no|0)/i.test(option)) === true
  );
}
