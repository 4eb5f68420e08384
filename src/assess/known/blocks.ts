/**
 * DO, CALL and functions that are called for what they do. Their bodies are read; what one of their statements may have
 * changed is forgotten, and where they may run anything, everything is: what is known stays true.
 */
import type { DomainProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import {
  child,
  children,
  type KindedNode,
  type Node,
  nameFromParts,
  nameFromRange,
  namesFromLists,
  relationOf,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { ANYTHING, readBody } from './bodies.ts';
import { codeRunBy, DEEPEST } from './code.ts';
import { changed, column, object, table, UNREAD } from './make.ts';
import type { Names } from './replay.ts';
import type { KnownSchema } from './schema.ts';
import { joinedConstraints } from './tables.ts';

/** Forgets what the statement may have changed through code of its own or of functions. */
export function replayCode(statement: KindedNode, known: KnownSchema, names: Names, depth = 0): void {
  const { bodies, strangers } = codeRunBy(statement, known, (name) => names.made(name));
  for (const body of bodies) doubtBody(body, known, names, depth);
  for (const call of strangers) {
    // Somebody else's function: what it is told to work on, or else anything.
    const told = relationsTold(call, known, names);
    if (told.length === 0) known.forgetAll();
    for (const relation of told) known.forget(relation);
  }
}

/** Relations whose names a call is given as texts. */
function relationsTold(call: Node, known: KnownSchema, names: Names): readonly string[] {
  const found: string[] = [];
  walk(call.args, (kind, node) => {
    const value = kind === 'A_Const' ? text(child(node, 'sval'), 'sval') : null;
    const name = value === null ? null : nameFromParts(value.split('.'));
    const relation = name === null ? null : names.relation(name);
    if (relation !== null && (known.has('table', relation) || known.has('view', relation)))
      found.push(relation);
    return undefined;
  });
  return found;
}

function doubtBody(source: string, known: KnownSchema, names: Names, depth: number): void {
  const { statements, open } = readBody(source);
  if (open || depth > DEEPEST) {
    known.forgetAll();
    return;
  }
  for (const statement of statements) {
    doubt(statement, known, names);
    replayCode(statement, known, names, depth + 1);
  }
}

/** The statement may have run, or not. */
function doubt({ kind, node }: KindedNode, known: KnownSchema, names: Names): void {
  switch (kind) {
    case 'AlterTableStmt':
      doubtAlterTable(node, known, names);
      return;
    case 'RenameStmt': {
      const relation = names.relation(relationOf(node));
      const column = text(node, 'subname');
      if (relation === null || isAny(relation)) {
        known.forgetAll();
        return;
      }
      if (column === null) {
        known.forget(relation);
        return;
      }
      for (const name of [column, text(node, 'newname') ?? '']) {
        known.forgetPart(relation, quoteIdent(name));
      }
      return;
    }
    case 'DropStmt':
      doubtDrop(node, known, names);
      return;
    case 'CreateStmt': {
      const name = nameFromRange(child(node, 'relation'));
      const relation =
        name === null ? '' : names.made(name, text(child(node, 'relation'), 'relpersistence') === 't');
      if (isAny(relation)) {
        known.notWhole();
        return;
      }
      if (!known.has('table', relation)) known.put(table(relation));
      return;
    }
    case 'CreateEnumStmt': {
      const name = nameFromParts(strings(node.typeName));
      const identity = name === null ? '' : names.made(name);
      if (!known.has('enum', identity)) known.put(object('enum', identity, { labels: [] }));
      return;
    }
    case 'CreateDomainStmt':
    case 'AlterDomainStmt': {
      const name = nameFromParts(strings(node.domainname ?? node.typeName));
      const identity = name === null ? '' : names.typeName(name);
      const type = child(node, 'typeName');
      const old = known.get('domain', identity);
      // It may have constraints: that is the safe side.
      if (old !== null) known.put(changed<DomainProperties>(old, { notNull: true }));
      else if (type !== null)
        known.put(object('domain', identity, { type: names.type(type), notNull: true }));
      return;
    }
    case 'CreateFunctionStmt': {
      const name = nameFromParts(strings(node.funcname));
      const prefix = name === null ? '' : `${names.made(name)}(`;
      for (const { identity } of known.objects('function')) {
        if (identity.startsWith(prefix)) known.drop('function', identity);
      }
      return;
    }
    case 'AlterObjectSchemaStmt':
    case 'DropOwnedStmt':
    case 'ReassignOwnedStmt':
    case 'ImportForeignSchemaStmt':
      known.forgetAll();
      return;
    default:
      return;
  }
}

function isAny(name: string): boolean {
  return name.includes(ANYTHING);
}

/** Only what the commands are about: the rest of the table is as it was. */
function doubtAlterTable(node: Node, known: KnownSchema, names: Names): void {
  const relation = names.relation(relationOf(node));
  if (relation === null) return;
  const tables = isAny(relation) ? known.objects('table').map(({ identity }) => identity) : [relation];
  const reached = tables.flatMap((one) => [one, ...known.heirs(one).map(({ identity }) => identity)]);
  for (const { node: command } of children(node, 'cmds')) {
    const subtype = text(command, 'subtype') ?? '';
    const definition = child(child(command, 'def'), 'ColumnDef');
    const constraint = child(child(command, 'def'), 'Constraint');
    const name = text(definition, 'colname') ?? text(constraint, 'conname') ?? text(command, 'name') ?? '';
    for (const one of reached) {
      for (const key of strings(constraint?.keys)) known.forgetPart(one, quoteIdent(key));
      if (isAny(name) || /Partition|Inherit/.test(subtype)) known.forget(one);
      else if (subtype === 'AT_AddColumn') doubtColumn(one, name, definition, known, names);
      else if (
        !/^AT_(ChangeOwner|(En|Dis)able|NoForce|Force|SetStatistics|SetOptions|ReplicaIdentity)/.test(subtype)
      ) {
        known.forgetPart(one, quoteIdent(name));
      }
    }
  }
}

/** A column that is added where it is missing has its type either way, as a rule; nothing else of it is known. */
function doubtColumn(
  relation: string,
  name: string,
  definition: Node | null,
  known: KnownSchema,
  names: Names,
): void {
  const identity = `${relation}.${quoteIdent(name)}`;
  if (known.has('column', identity) || !known.isWhole(relation)) {
    known.forgetPart(relation, quoteIdent(name));
    return;
  }
  // It was not there: it has come as it is written, or not at all.
  const types = joinedConstraints(definition).map((constraint) => text(constraint, 'contype'));
  const notNull = types.some((type) => type === 'CONSTR_NOTNULL' || type === 'CONSTR_PRIMARY');
  known.forgetPart(relation, quoteIdent(name));
  known.put(column(relation, name, { type: names.type(typeNameOf(definition)), notNull, default: UNREAD }));
}

function doubtDrop(node: Node, known: KnownSchema, names: Names): void {
  const type = text(node, 'removeType') ?? '';
  const cascade = text(node, 'behavior') === 'DROP_CASCADE';
  if (type === 'OBJECT_SCHEMA' || (cascade && type !== 'OBJECT_TABLE' && type !== 'OBJECT_VIEW')) {
    known.forgetAll();
    return;
  }
  for (const name of namesFromLists(node, 'objects')) {
    const relation = names.relation(name);
    if (relation === null) continue;
    if (isAny(relation)) {
      known.forgetAll();
      return;
    }
    if (type === 'OBJECT_TABLE' || type === 'OBJECT_FOREIGN_TABLE') known.forget(relation);
    else if (type === 'OBJECT_INDEX') known.drop('index', relation);
  }
  if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
    for (const { node: item } of children(node, 'objects')) {
      const name = nameFromParts(strings(item.names));
      if (name !== null) known.drop('domain', names.typeName(name));
    }
  }
}
