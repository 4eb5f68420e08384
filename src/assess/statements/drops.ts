/** DROP of every kind (manual: DROP …; locks: dependency.c, tablecmds.c). */

import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent, quoteQualified } from '../../sql/quote.ts';
import {
  children,
  flag,
  nameFromParts,
  namesFromLists,
  type QualifiedName,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { Describe, Family } from './family.ts';

/** Kinds whose CASCADE can take tables, columns or rows along. */
const CASCADE_TAKES_DATA = new Set([
  'OBJECT_TABLE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SCHEMA',
  'OBJECT_TYPE',
  'OBJECT_DOMAIN',
  'OBJECT_EXTENSION',
  'OBJECT_FOREIGN_SERVER',
  'OBJECT_FDW',
  'OBJECT_COLLATION',
]);

/** Kinds that belong to a table: the name's last part is theirs, the rest the table's. */
const ON_TABLE = new Set(['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY']);

export const dropFamily: Family = {
  DropStmt(statement, effect, context) {
    const { node } = statement;
    const type = text(node, 'removeType') ?? '';
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    if (type === 'OBJECT_TABLE' || type === 'OBJECT_FOREIGN_TABLE') {
      for (const name of namesFromLists(node, 'objects')) dropTable(name, cascade, effect, context);
      return;
    }
    effect.tag('changes-schema', 'alters');
    if (cascade && CASCADE_TAKES_DATA.has(type)) {
      effect.tag('destroys', 'irreversible');
      for (const object of droppedNames(statement)) {
        effect.lose(object, object, 'whatever depends on it, rows included');
      }
    }
    if (type === 'OBJECT_INDEX') dropIndexes(statement, effect, context);
    if (type === 'OBJECT_VIEW' || type === 'OBJECT_MATVIEW' || type === 'OBJECT_SEQUENCE') {
      for (const name of namesFromLists(node, 'objects')) {
        const relation = context.resolve(name);
        effect.lock(relation, 'AccessExclusiveLock', type === 'OBJECT_SEQUENCE' ? 'sequence' : 'target');
        if (relation !== null && type === 'OBJECT_MATVIEW') {
          effect.lose(relation, relation, 'the rows it had stored, which its query gives again');
        }
      }
    }
    if (ON_TABLE.has(type)) {
      for (const { node: list } of children(node, 'objects')) {
        const table = nameFromParts(strings(list.items).slice(0, -1));
        effect.lock(context.resolve(table), 'AccessExclusiveLock');
      }
    }
  },
  DropdbStmt: outside('the whole database', 'dbname'),
  DropTableSpaceStmt: outside('the tablespace', 'tablespacename'),
  DropOwnedStmt(_statement, effect) {
    effect.tag('destroys', 'irreversible', 'changes-schema', 'alters');
    effect.lose('DROP OWNED', 'DROP OWNED', 'everything that the role owns');
  },
  DropSubscriptionStmt(_statement, effect) {
    effect.tag('irreversible', 'changes-schema', 'alters');
  },
  DropRoleStmt(_statement, effect) {
    effect.tag('irreversible', 'alters');
  },
  DropUserMappingStmt(_statement, effect) {
    effect.tag('changes-schema', 'alters');
  },
};

function outside(what: string, key: string): Describe {
  return (statement, effect) => {
    const name = quoteIdent(text(statement.node, key) ?? '');
    effect.tag('destroys', 'irreversible', 'alters').lose(name, name, what);
  };
}

function dropTable(name: QualifiedName, cascade: boolean, effect: Effect, context: AssessContext): void {
  const relation = context.resolve(name);
  if (relation === null) return;
  effect
    .lock(relation, 'AccessExclusiveLock')
    .lose(relation, relation, 'the table and its rows')
    .tagFor(relation, 'changes-schema', 'alters', 'table-dropped', cascade ? 'destroys' : 'takes-away');
  if (cascade) effect.tagFor(relation, 'irreversible');
  // Its foreign keys have triggers on the tables that they refer to.
  for (const other of context.referenced(relation)) effect.lock(other, 'AccessExclusiveLock', 'referenced');
  if (cascade) {
    for (const other of context.referencing(relation)) effect.lock(other, 'AccessExclusiveLock', 'source');
  }
  for (const partition of context.descendants(relation)) {
    effect.lock(partition, 'AccessExclusiveLock', 'partition').tag('partitioning');
  }
  const parent = context.table(relation)?.partitionOf ?? null;
  if (parent !== null) effect.lock(parent, 'AccessExclusiveLock', 'parent').tag('partitioning');
}

function dropIndexes(statement: ParsedStatement, effect: Effect, context: AssessContext): void {
  const mode = flag(statement.node, 'concurrent') ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock';
  for (const name of namesFromLists(statement.node, 'objects')) {
    const index = context.resolve(name);
    if (index === null) continue;
    effect.lock(context.index(index)?.table ?? null, mode).lock(index, mode, 'index');
  }
}

function droppedNames(statement: ParsedStatement): readonly string[] {
  return children(statement.node, 'objects').map(({ kind, node }) => {
    if (kind === 'String') return quoteIdent(text(node, 'sval') ?? '');
    const parts = kind === 'TypeName' ? strings(node.names) : strings(node.items);
    const name = nameFromParts(parts);
    return name === null ? statement.text.slice(0, 60) : quoteQualified(name.schema, name.name);
  });
}
