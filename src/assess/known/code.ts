/** The code that a statement runs beside what it says: the body of a block, those of functions and procedures. */
import type { FunctionProperties } from '../../catalog/model.ts';
import {
  child,
  children,
  type KindedNode,
  type Node,
  nameFromParts,
  type QualifiedName,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';
import { functionKnown } from '../expressions.ts';
import type { KnownSchema } from './schema.ts';

/** Code that calls code: deeper than this nobody looks. */
export const DEEPEST = 5;

export interface Code {
  readonly bodies: readonly string[];
  /** Calls of functions that nobody knows. */
  readonly strangers: readonly Node[];
}

/** @param made a name as it is made: schema-qualified */
export function codeRunBy(
  { kind, node }: KindedNode,
  known: KnownSchema,
  made: (name: QualifiedName) => string,
): Code {
  const bodies: string[] = [];
  const strangers: Node[] = [];
  const run = (call: Node): void => {
    const name = nameFromParts(strings(call.funcname));
    if (name === null || name.schema === 'pg_catalog') return;
    const found = bodiesOf(made(name), known);
    bodies.push(...found);
    if (found.length === 0 && functionKnown(name.name) === null) strangers.push(call);
  };
  if (kind === 'DoStmt') {
    const body = children(node, 'args').find((item) => text(item.node, 'defname') === 'as');
    bodies.push(text(child(child(body?.node, 'arg'), 'String'), 'sval') ?? '');
  }
  if (kind === 'CallStmt') run(child(node, 'funccall') ?? {});
  // What a SELECT of the script itself calls may be called for what it does.
  if (kind === 'SelectStmt') {
    const targets = children(node, 'targetList').map((item) => item.node.val);
    walk(targets, (inner, call) => {
      if (inner === 'SelectStmt') return false;
      if (inner === 'FuncCall') run(call);
      return undefined;
    });
  }
  return { bodies, strangers };
}

/** The bodies of the functions and procedures of this name; empty where it is not known. */
function bodiesOf(name: string, known: KnownSchema): readonly string[] {
  return known.objects('function').flatMap(({ identity, properties }) => {
    if (!identity.startsWith(`${name}(`)) return [];
    const { definition } = properties as FunctionProperties;
    const at = definition.search(/^AS\b/m);
    // pg_get_functiondef quotes the body with dollars; a body of BEGIN ATOMIC stands as it is.
    return [
      at === -1
        ? definition.slice(Math.max(0, definition.search(/\b(?:BEGIN ATOMIC|RETURN)\b/)))
        : definition.slice(at + 2).replace(/^\s*\$\w*\$|\$\w*\$\s*;?\s*$/g, ''),
    ];
  });
}
