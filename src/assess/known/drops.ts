/** DROP, DISCARD of temporary tables, and what CASCADE takes along. */
import type { ObjectKind } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { children, nameFromParts, namesFromLists, strings, text } from '../../sql/tree.ts';
import type { Names, Replays } from './replay.ts';
import type { KnownSchema } from './schema.ts';

const RELATIONS: Readonly<Record<string, ObjectKind>> = {
  OBJECT_TABLE: 'table',
  OBJECT_FOREIGN_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_INDEX: 'index',
};

/** What belongs to a table, by the grammar's word for it. */
export const ON_TABLE: Readonly<Record<string, 'trigger' | 'rule' | 'policy'>> = {
  OBJECT_TRIGGER: 'trigger',
  OBJECT_RULE: 'rule',
  OBJECT_POLICY: 'policy',
};

const TYPES: readonly ObjectKind[] = ['domain', 'enum', 'composite', 'range', 'base type'];

/** What CASCADE takes along with these is not told by their names: columns, tables, whole schemas of objects. */
const CASCADES_FAR = new Set([
  'OBJECT_EXTENSION',
  'OBJECT_FOREIGN_SERVER',
  'OBJECT_FDW',
  'OBJECT_COLLATION',
  'OBJECT_FUNCTION',
  'OBJECT_ROUTINE',
  'OBJECT_PROCEDURE',
  'OBJECT_AGGREGATE',
  'OBJECT_OPERATOR',
  'OBJECT_OPCLASS',
  'OBJECT_OPFAMILY',
]);

export const dropReplays: Replays = {
  DropStmt({ node }, known, names) {
    const type = text(node, 'removeType') ?? '';
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    const kind = RELATIONS[type];
    if (kind !== undefined) {
      for (const name of namesFromLists(node, 'objects')) {
        const relation = names.relation(name);
        if (relation !== null) dropRelation(kind, relation, known);
      }
      return;
    }
    const part = ON_TABLE[type];
    if (part !== undefined) {
      for (const { node: list } of children(node, 'objects')) {
        const parts = strings(list.items);
        const table = names.relation(nameFromParts(parts.slice(0, -1)));
        if (table !== null) known.drop(part, `${table}.${quoteIdent(parts.at(-1) ?? '')}`);
      }
      return;
    }
    if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
      for (const { node: item } of children(node, 'objects')) {
        const name = nameFromParts(strings(item.names));
        if (name !== null) dropType(names.typeName(name), cascade, known);
      }
      return;
    }
    if (type === 'OBJECT_SCHEMA') {
      for (const { node: item } of children(node, 'objects')) dropSchema(text(item, 'sval') ?? '', known);
      return;
    }
    if (type === 'OBJECT_FUNCTION' || type === 'OBJECT_PROCEDURE' || type === 'OBJECT_ROUTINE') {
      dropFunctions(node, known, names);
    }
    if (cascade && CASCADES_FAR.has(type)) known.forgetAll();
  },
  DropOwnedStmt(_statement, known) {
    known.forgetAll();
  },
};

function dropRelation(kind: ObjectKind, relation: string, known: KnownSchema): void {
  if (kind === 'index') {
    known.drop('index', relation);
    return;
  }
  if (kind === 'table') {
    for (const heir of known.heirs(relation)) dropRelation('table', heir.identity, known);
    for (const key of known.foreignKeysTo(relation)) known.drop('constraint', key.identity);
    for (const sequence of known.objects('sequence')) {
      const { ownedBy } = sequence.properties as { readonly ownedBy?: string | null };
      if (ownedBy?.startsWith(`${relation}.`) === true) known.drop('sequence', sequence.identity);
    }
  }
  known.drop(kind, relation);
}

function dropType(type: string, cascade: boolean, known: KnownSchema): void {
  for (const kind of TYPES) known.drop(kind, type);
  if (!cascade) return;
  for (const suffix of ['', '[]']) {
    for (const column of known.columnsOfType(type + suffix)) known.drop('column', column.identity);
  }
}

function dropSchema(schema: string, known: KnownSchema): void {
  const prefix = `${quoteIdent(schema)}.`;
  known.drop('schema', quoteIdent(schema));
  for (const kind of new Set(Object.values(RELATIONS))) {
    for (const object of known.objects(kind)) {
      if (object.identity.startsWith(prefix)) dropRelation(kind, object.identity, known);
    }
  }
  for (const kind of TYPES) {
    for (const object of known.objects(kind)) {
      if (object.identity.startsWith(prefix)) dropType(object.identity, true, known);
    }
  }
  for (const object of known.objects('function')) {
    if (object.identity.startsWith(prefix)) known.drop('function', object.identity);
  }
}

function dropFunctions(node: Parameters<typeof children>[0], known: KnownSchema, names: Names): void {
  for (const { node: item } of children(node, 'objects')) {
    const name = nameFromParts(strings(item.objname));
    if (name === null) continue;
    const prefix = `${names.made(name)}(`;
    for (const object of known.objects('function')) {
      if (object.identity.startsWith(prefix)) known.drop('function', object.identity);
    }
  }
}
