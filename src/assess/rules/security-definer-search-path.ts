import { deparse } from '../../sql/deparse.ts';
import { child, children, flag, type Node, nameFromParts, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

export const securityDefinerSearchPath = scriptRule({
  id: 'security-definer-search-path',
  severity: 'warning',
  title: 'A SECURITY DEFINER function finds its tables by the caller’s search_path',
  on: ['CreateFunctionStmt', 'AlterFunctionStmt'],
  read: () => {
    const open = new Map<string, ScriptHit>();
    return {
      see: (analysis, context) => {
        const { kind, node } = analysis.statement;
        if (kind === 'CreateFunctionStmt') {
          const name = nameFromParts(strings(node.funcname));
          if (name === null) return [];
          const options = children(node, 'options').map((option) => option.node);
          if (!isDefiner(options) || setsPath(options) || bindsNames(node, options))
            open.delete(showName(name));
          else {
            const path = [...context.searchPath, 'pg_temp'];
            open.set(
              showName(name),
              hit(analysis, showName(name), () => withPath(node, path)),
            );
          }
        }
        if (kind === 'AlterFunctionStmt') {
          const name = nameFromParts(strings(child(node, 'func')?.objname));
          const actions = children(node, 'actions').map((action) => action.node);
          if (name === null) return [];
          if (setsPath(actions)) open.delete(showName(name));
          else if (isDefiner(actions)) open.set(showName(name), hit(analysis, showName(name), []));
        }
        return [];
      },
      end: () => [...open.values()],
    };
  },
  why: 'The function runs with its owner’s rights, but names without a schema are looked up in the caller’s search_path, the caller’s temporary tables first: whoever may call it can put a table, function or operator of their own in the place of the one that is meant (PostgreSQL manual, CREATE FUNCTION, writing SECURITY DEFINER functions safely).',
  instead:
    'SET search_path on the function, trusted schemas alone and pg_temp last; and REVOKE EXECUTE from PUBLIC where not everybody is meant.',
  manual: 'sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY',
  example: {
    schema:
      'CREATE TABLE admins (name name); CREATE SCHEMA evil; CREATE TABLE evil.admins AS SELECT current_user AS name; SET search_path = evil, public;',
    bad: "CREATE FUNCTION public.is_admin() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS 'SELECT EXISTS (SELECT FROM admins WHERE name = session_user)';",
    danger: { kind: 'shows', query: 'SELECT 1 WHERE public.is_admin()' },
  },
});

function hit({ statement }: Analysis, name: string, safeSql: ScriptHit['safeSql']): ScriptHit {
  return {
    statement,
    message: `Whoever may call ${name}() decides what the names in it mean, and it does that with its owner’s rights.`,
    safeSql,
  };
}

function isDefiner(options: readonly Node[]): boolean {
  return options.some(
    (option) =>
      text(option, 'defname') === 'security' && flag(child(child(option, 'arg'), 'Boolean'), 'boolval'),
  );
}

function setsPath(options: readonly Node[]): boolean {
  return options.some(
    (option) =>
      text(option, 'defname') === 'set' &&
      text(child(child(option, 'arg'), 'VariableSetStmt'), 'name') === 'search_path',
  );
}

/** A body that was taken apart when the function was made, or that is not SQL at all. */
function bindsNames(node: Node, options: readonly Node[]): boolean {
  const language = options.find((option) => text(option, 'defname') === 'language');
  const name = text(child(child(language, 'arg'), 'String'), 'sval')?.toLowerCase();
  return node.sql_body !== undefined || name === 'c' || name === 'internal';
}

async function withPath(node: Node, path: readonly string[]): Promise<readonly (string | null)[]> {
  const args = [...new Set(path)].map((sval) => ({ A_Const: { sval: { sval } } }));
  const set = {
    DefElem: {
      defname: 'set',
      arg: { VariableSetStmt: { kind: 'VAR_SET_VALUE', name: 'search_path', args } },
      defaction: 'DEFELEM_UNSPEC',
    },
  };
  const options = Array.isArray(node.options) ? node.options : [];
  // Behind LANGUAGE and SECURITY, in front of AS, as one writes it.
  const body = options.findIndex((option) => text(child(option, 'DefElem'), 'defname') === 'as');
  const at = body === -1 ? options.length : body;
  return [
    await deparse('CreateFunctionStmt', {
      ...node,
      options: [...options.slice(0, at), set, ...options.slice(at)],
    }),
  ];
}
