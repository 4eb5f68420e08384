/** Which properties hold text that the server printed from a parse tree, and their canonical form. */
import { mayBeRetyped, retyped } from './deparsed.ts';
import type { Json, ObjectKind } from './model.ts';

const PRINTED: Readonly<Partial<Record<ObjectKind, readonly string[]>>> = {
  column: ['default', 'generationExpression'],
  constraint: ['definition'],
  domain: ['default'],
  function: ['definition', 'arguments'],
  index: ['definition'],
  'materialized view': ['definition'],
  policy: ['using', 'withCheck'],
  publication: ['definition'],
  rule: ['definition'],
  statistics: ['definition'],
  trigger: ['definition'],
  view: ['definition'],
};

/** The same properties where nothing changes. */
export function canonicalProperties<P extends object>(kind: ObjectKind, properties: P): P {
  const names = PRINTED[kind];
  if (names === undefined) return properties;
  let result: Record<string, Json> | null = null;
  for (const name of names) {
    const value = (properties as Readonly<Record<string, Json>>)[name];
    if (typeof value !== 'string' || !mayBeRetyped(value)) continue;
    const text = kind === 'function' ? retypedHead(value) : retyped(value);
    if (text === value) continue;
    result ??= { ...(properties as Readonly<Record<string, Json>>) };
    result[name] = text;
  }
  return result === null ? properties : (result as P);
}

/** A body in quotes is the user's own text; one in BEGIN ATOMIC, and the arguments' defaults, are the server's. */
function retypedHead(definition: string): string {
  const body = /^AS (?:\$(?:function|procedure)x*\$|'|E')/m.exec(definition);
  if (body === null) return retyped(definition);
  return retyped(definition.slice(0, body.index)) + definition.slice(body.index);
}
