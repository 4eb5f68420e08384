/** DROP of every kind (manual: DROP …; locks: dependency.c, tablecmds.c). */
import type { TableProperties, TriggerProperties } from '../../catalog/model.ts';
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
import type { FactId } from '../facts/index.ts';
import { ON_TABLE } from '../known/drops.ts';
import { apply, applyTo } from './apply.ts';
import type { Describe, Family } from './family.ts';
import { referringTables, withPartitions } from './foreign-keys.ts';
import { describeDroppedPartition } from './partitions.ts';

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
const PARTS: Readonly<Record<string, FactId>> = {
  OBJECT_TRIGGER: 'trigger.drop-partitioned',
  OBJECT_RULE: 'rule.drop',
  OBJECT_POLICY: 'policy.drop',
};

const RELATIONS: Readonly<Record<string, FactId>> = {
  OBJECT_VIEW: 'view.drop',
  OBJECT_MATVIEW: 'matview.drop',
  OBJECT_SEQUENCE: 'sequence.drop',
};

export const dropFamily: Family = {
  DropStmt(statement, effect, context) {
    const { node } = statement;
    const type = text(node, 'removeType') ?? '';
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    if (type === 'OBJECT_TABLE' || type === 'OBJECT_FOREIGN_TABLE') {
      for (const name of namesFromLists(node, 'objects')) {
        const relation = context.resolve(name);
        if (relation !== null && !isMissing(statement, relation, context)) {
          dropTable(relation, cascade, effect, context);
        }
      }
      return;
    }
    effect.tag('changes-schema', 'alters');
    if (cascade && CASCADE_TAKES_DATA.has(type)) {
      effect.tag('destroys', 'irreversible');
      for (const object of droppedNames(statement)) {
        effect.lose(object, object, 'whatever depends on it, rows included');
      }
    }
    if (type === 'OBJECT_INDEX') {
      dropIndexes(statement, effect, context);
      return;
    }
    const relationFact = RELATIONS[type];
    if (relationFact !== undefined) {
      for (const name of namesFromLists(node, 'objects')) {
        dropRelation(relationFact, name, cascade, statement, effect, context);
      }
      return;
    }
    const partFact = PARTS[type];
    if (partFact !== undefined) {
      for (const { node: list } of children(node, 'objects')) {
        const parts = strings(list.items);
        const table = context.resolve(nameFromParts(parts.slice(0, -1)));
        if (table === null || isPartMissing(statement, type, table, parts.at(-1) ?? '', context)) continue;
        const partition = context.isPartitioned(table) ? context.descendants(table) : [];
        apply(partFact, { target: table, partition }, effect, context);
      }
      return;
    }
    if (type === 'OBJECT_STATISTIC_EXT') {
      for (const name of namesFromLists(node, 'objects')) dropStatistics(name, effect, context);
    }
    if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
      for (const { node: item } of children(node, 'objects')) {
        const name = nameFromParts(strings(item.names));
        if (name !== null) dropType(context.resolveType(name), cascade, effect, context);
      }
    }
    if (cascade) dropUsers(statement, type, effect, context);
    if (type === 'OBJECT_SCHEMA' && cascade) {
      for (const { node: item } of children(node, 'objects')) {
        dropSchema(text(item, 'sval') ?? '', effect, context);
      }
    }
  },
  DropdbStmt: outside('the whole database', 'dbname'),
  DropTableSpaceStmt: outside('the tablespace', 'tablespacename'),
  DropOwnedStmt({ node }, effect, context) {
    for (const { node: role } of children(node, 'roles')) {
      apply('owned.drop', { target: context.ownedBy(text(role, 'rolename') ?? '') }, effect, context);
    }
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

/** As `isMissing`, for what belongs to a table; the server looks it up before it locks the table (dropcmds.c, objectaddress.c). */
function isPartMissing(
  { node }: ParsedStatement,
  type: string,
  table: string,
  name: string,
  context: AssessContext,
): boolean {
  const kind = ON_TABLE[type];
  if (kind === undefined || !flag(node, 'missing_ok') || !context.known.complete) return false;
  return !context.known.has(kind, `${table}.${quoteIdent(name)}`);
}

/** IF EXISTS of what is known not to be there does nothing. */
function isMissing({ node }: ParsedStatement, relation: string, context: AssessContext): boolean {
  return flag(node, 'missing_ok') && context.known.complete && !context.isRelation(relation);
}

function dropTable(relation: string, cascade: boolean, effect: Effect, context: AssessContext): void {
  effect
    .lose(relation, relation, 'the table and its rows')
    .tagFor(relation, 'changes-schema', 'alters', 'table-dropped', cascade ? 'destroys' : 'takes-away');
  if (cascade) effect.tagFor(relation, 'irreversible');
  const partition = context.descendants(relation);
  apply('drop-partition.partitioned', { target: relation, partition }, effect, context);
  if (partition.length > 0) effect.tag('partitioning');
  const parent = context.table(relation)?.partitionOf ?? null;
  if (parent !== null) describeDroppedPartition(relation, parent, effect, context);
  else {
    // Its foreign keys have triggers on the tables that they refer to; a partition's belong to its parent.
    const referenced = context.referenced(relation).flatMap((table) => withPartitions(table, context));
    apply('drop-table.foreign-key', { referenced }, effect, context);
  }
  if (!cascade) return;
  const source = referringTables(relation, null, context);
  apply('drop-table.referenced', { source }, effect, context);
  apply('drop-table.viewed', { target: context.viewsUsing(relation, null) }, effect, context);
}

function dropRelation(
  fact: FactId,
  name: QualifiedName,
  cascade: boolean,
  statement: ParsedStatement,
  effect: Effect,
  context: AssessContext,
): void {
  const relation = context.resolve(name);
  if (relation === null || isMissing(statement, relation, context)) return;
  apply(fact, { target: relation, sequence: relation }, effect, context);
  if (fact === 'matview.drop') {
    effect.lose(relation, relation, 'the rows it had stored, which its query gives again');
  }
  if (!cascade) return;
  apply('view.drop-cascade', { target: context.viewsUsing(relation, null) }, effect, context);
  if (fact === 'sequence.drop') {
    apply('sequence.drop-cascade', { target: context.tablesDrawingFrom(relation) }, effect, context);
  }
}

function dropIndexes(statement: ParsedStatement, effect: Effect, context: AssessContext): void {
  for (const name of namesFromLists(statement.node, 'objects')) {
    const index = context.resolve(name);
    if (index === null || isMissing(statement, index, context)) continue;
    const table = context.tableOfIndex(index);
    const parts = context.indexPartitions(index);
    const tables = parts.map((part) => context.tableOfIndex(part));
    const concurrent = flag(statement.node, 'concurrent');
    apply(
      concurrent ? 'index.drop-concurrently' : 'index.drop-partitioned',
      { target: table, partition: tables, index: parts },
      effect,
      context,
    );
    applyTo(concurrent ? 'index.drop-concurrently' : 'index.drop', 'index', index, effect, context);
  }
}

function dropStatistics(name: QualifiedName, effect: Effect, context: AssessContext): void {
  const identity = context.resolve(name);
  const found = context.known.objects('statistics').find((object) => object.identity === identity);
  const { definition = '' } = (found?.properties ?? {}) as { readonly definition?: string };
  const table = / FROM ("[^"]+"\."[^"]+"|\S+?)(?:;|$|\s)/.exec(definition)?.[1] ?? null;
  apply('statistics.drop', { target: table }, effect, context);
}

function dropType(type: string, cascade: boolean, effect: Effect, context: AssessContext): void {
  if (context.known.has('composite', type)) {
    apply('type.drop-composite', { target: type }, effect, context);
  }
  if (!cascade) return;
  apply('type.drop-cascade', { target: context.tablesUsingType(type) }, effect, context);
}

/** Tables that CASCADE reaches through what is dropped: foreign tables of a server, tables with triggers of a function. */
function dropUsers({ node }: ParsedStatement, type: string, effect: Effect, context: AssessContext): void {
  if (type === 'OBJECT_FOREIGN_SERVER') {
    const servers = children(node, 'objects').map((item) => quoteIdent(text(item.node, 'sval') ?? ''));
    const target = context.known.objects('table').filter(({ properties }) => {
      const { foreignServer } = properties as TableProperties;
      return foreignServer !== null && servers.includes(quoteIdent(foreignServer));
    });
    apply('foreign.drop-server', { target: target.map(({ identity }) => identity) }, effect, context);
  }
  if (type !== 'OBJECT_FUNCTION' && type !== 'OBJECT_ROUTINE') return;
  for (const { node: item } of children(node, 'objects')) {
    const name = strings(item.objname).at(-1);
    const triggers = context.known.objects('trigger').filter(({ properties }) => {
      const { definition } = properties as TriggerProperties;
      return (
        name !== undefined &&
        new RegExp(`\\b(?:FUNCTION|PROCEDURE)\\s+\\S*\\b${name}\\(`, 'i').test(definition)
      );
    });
    const target = triggers.map(({ parent }) => parent?.replace(/^\w[a-z ]* (?=\S+$)/, '') ?? '');
    apply('function.drop-cascade', { target }, effect, context);
  }
}

function dropSchema(schema: string, effect: Effect, context: AssessContext): void {
  const prefix = `${quoteIdent(schema)}.`;
  const target = (['table', 'view', 'materialized view'] as const)
    .flatMap((kind) => context.known.objects(kind))
    .map(({ identity }) => identity)
    .filter((identity) => identity.startsWith(prefix));
  apply('drop-table.schema', { target }, effect, context);
  for (const table of target) {
    const outsideIt = (others: readonly string[]) => others.filter((one) => !one.startsWith(prefix));
    apply(
      'drop-table.referenced',
      { source: outsideIt(referringTables(table, null, context)) },
      effect,
      context,
    );
    apply('drop-table.foreign-key', { referenced: outsideIt(context.referenced(table)) }, effect, context);
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
