/** Everything else: renames, triggers, policies, types, privileges, functions. */

import { quoteQualified } from '../../sql/quote.ts';
import {
  child,
  children,
  flag,
  nameFromParts,
  nameFromRange,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { LockMode } from '../model.ts';
import type { Describe, Family } from './family.ts';

/** Something new that takes nothing away. */
const adds: Describe = (_statement, effect) => {
  effect.tag('changes-schema');
};

const alters: Describe = (_statement, effect) => {
  effect.tag('changes-schema', 'alters');
};

/** Outside the database, or in no fingerprint: nothing derives the way back. */
const outside: Describe = (_statement, effect) => {
  effect.tag('irreversible', 'alters');
};

const nothing: Describe = (_statement, effect) => {
  effect.class = 'other';
};

function onRelation(mode: LockMode, key = 'relation'): Describe {
  return (statement, effect, context) => {
    const relation = context.resolve(nameFromRange(child(statement.node, key)));
    effect.lock(relation, mode).tagFor(relation, 'changes-schema');
  };
}

/** May be a replacement of what is there. */
const replaces: Describe = (statement, effect) => {
  effect.tag('changes-schema');
  if (flag(statement.node, 'replace') || flag(statement.node, 'is_replace')) effect.tag('alters');
};

export const objectFamily: Family = {
  RenameStmt(statement, effect, context) {
    const { node } = statement;
    const relation = context.resolve(relationOf(node));
    const type = text(node, 'renameType') ?? '';
    const index = type === 'OBJECT_INDEX';
    effect
      .lock(relation, index ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock', index ? 'index' : 'target')
      .tagFor(relation, 'changes-schema', 'alters');
    const recurses = type === 'OBJECT_COLUMN' || type === 'OBJECT_ATTRIBUTE';
    if (relation !== null && recurses && flag(child(node, 'relation'), 'inh')) {
      for (const heir of context.descendants(relation)) effect.lock(heir, 'AccessExclusiveLock', 'partition');
    }
    // Who uses the object by its name breaks; of an index or constraint nobody does.
    const usedByName = !['OBJECT_INDEX', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY'].includes(
      type,
    );
    if (usedByName) effect.tagFor(relation, 'rename');
  },
  AlterObjectSchemaStmt(statement, effect, context) {
    const relation = context.resolve(relationOf(statement.node));
    effect.lock(relation, 'AccessExclusiveLock').tagFor(relation, 'changes-schema', 'alters', 'rename');
  },
  CommentStmt(statement, effect, context) {
    const type = text(statement.node, 'objtype') ?? '';
    const parts = strings(child(child(statement.node, 'object'), 'List')?.items);
    const name = nameFromParts(type === 'OBJECT_COLUMN' ? parts.slice(0, -1) : parts);
    if (type === 'OBJECT_COLUMN' || RELATIONS.has(type)) {
      effect.lock(context.resolve(name), 'ShareUpdateExclusiveLock');
    }
    effect.tag('changes-schema');
  },
  CreateTrigStmt: onRelation('ShareRowExclusiveLock'),
  CreatePolicyStmt: onRelation('AccessExclusiveLock', 'table'),
  AlterPolicyStmt: onRelation('AccessExclusiveLock', 'table'),
  RuleStmt: onRelation('AccessExclusiveLock'),
  CreateSeqStmt: adds,
  AlterSeqStmt(statement, effect, context) {
    const sequence = context.resolve(nameFromRange(child(statement.node, 'sequence')));
    effect.lock(sequence, 'ShareRowExclusiveLock', 'sequence').tagFor(sequence, 'changes-schema', 'alters');
  },
  CreateFunctionStmt: replaces,
  AlterFunctionStmt: alters,
  CreateSchemaStmt: adds,
  CreateExtensionStmt: adds,
  AlterExtensionStmt: alters,
  AlterExtensionContentsStmt: alters,
  CreateEnumStmt: adds,
  CreateRangeStmt: adds,
  CompositeTypeStmt: adds,
  CreateDomainStmt: adds,
  DefineStmt: replaces,
  CreateCastStmt: adds,
  CreateConversionStmt: adds,
  CreateOpClassStmt: adds,
  CreateOpFamilyStmt: adds,
  CreatePLangStmt: adds,
  CreateTransformStmt: adds,
  CreateAmStmt: adds,
  CreateEventTrigStmt: adds,
  AlterEventTrigStmt: alters,
  CreateFdwStmt: adds,
  CreateForeignServerStmt: adds,
  CreateUserMappingStmt: adds,
  ImportForeignSchemaStmt: adds,
  CreatePublicationStmt(statement, effect, context) {
    effect.tag('changes-schema');
    lockPublished(statement.node, effect, context);
  },
  AlterPublicationStmt(statement, effect, context) {
    effect.tag('changes-schema', 'alters');
    lockPublished(statement.node, effect, context);
  },
  CreateSubscriptionStmt: outside,
  AlterSubscriptionStmt: outside,
  AlterEnumStmt(statement, effect) {
    effect.tag('changes-schema');
    if (text(statement.node, 'oldVal') !== null) effect.tag('alters', 'rename');
  },
  AlterDomainStmt(statement, effect, context) {
    const name = nameFromParts(strings(statement.node.typeName));
    effect.tag('changes-schema', 'alters');
    const subtype = text(statement.node, 'subtype');
    const validates =
      (subtype === 'C' && !flag(child(child(statement.node, 'def'), 'Constraint'), 'skip_validation')) ||
      subtype === 'V' ||
      subtype === 'O';
    if (name === null || !validates) return;
    const types = [
      quoteQualified(name.schema, name.name),
      quoteQualified(name.schema ?? 'public', name.name),
    ];
    for (const type of types) {
      for (const table of context.tablesUsingType(type)) {
        effect.lock(table, 'ShareLock').validate(table, `${table}, columns of ${type}`);
      }
    }
  },
  AlterTypeStmt: alters,
  AlterOwnerStmt: alters,
  AlterObjectDependsStmt: alters,
  AlterOperatorStmt: alters,
  AlterOpFamilyStmt: alters,
  AlterTSConfigurationStmt: alters,
  AlterTSDictionaryStmt: alters,
  AlterCollationStmt: alters,
  AlterStatsStmt: alters,
  AlterForeignServerStmt: alters,
  AlterFdwStmt: alters,
  AlterUserMappingStmt: alters,
  AlterDefaultPrivilegesStmt: alters,
  GrantStmt: replacesPrivileges,
  GrantRoleStmt: outside,
  SecLabelStmt: adds,
  ReassignOwnedStmt: alters,
  CreateRoleStmt: outside,
  AlterRoleStmt: outside,
  AlterRoleSetStmt: outside,
  CreatedbStmt: outside,
  AlterDatabaseStmt: outside,
  AlterDatabaseSetStmt: alters,
  AlterDatabaseRefreshCollStmt: outside,
  AlterSystemStmt: outside,
  CreateTableSpaceStmt: outside,
  AlterTableSpaceOptionsStmt: outside,
  VariableSetStmt: nothing,
  VariableShowStmt: nothing,
  TransactionStmt: nothing,
  ConstraintsSetStmt: nothing,
  DiscardStmt: nothing,
  CheckPointStmt: nothing,
  LoadStmt: nothing,
  ListenStmt: nothing,
  UnlistenStmt: nothing,
  NotifyStmt: nothing,
  DeallocateStmt: nothing,
  ClosePortalStmt: nothing,
  FetchStmt: nothing,
  ExecuteStmt: nothing,
};

const RELATIONS = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
  'OBJECT_INDEX',
]);

function replacesPrivileges(...[statement, effect]: Parameters<Describe>): void {
  effect.tag('changes-schema');
  if (!flag(statement.node, 'is_grant')) effect.tag('alters');
}

function lockPublished(
  ...[node, effect, context]: [
    Parameters<typeof relationOf>[0],
    Parameters<Describe>[1],
    Parameters<Describe>[2],
  ]
): void {
  for (const { node: object } of children(node, 'pubobjects')) {
    const table = nameFromRange(child(child(object, 'pubtable'), 'relation'));
    effect.lock(context.resolve(table), 'ShareUpdateExclusiveLock');
  }
}
