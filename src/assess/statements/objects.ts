/** Everything else: triggers, policies, rules, types, sequences, privileges, functions. */
import { quoteIdent } from '../../sql/quote.ts';
import { readRelations, writtenRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  isNode,
  type Node,
  nameFromParts,
  nameFromRange,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { FactId } from '../facts/index.ts';
import { apply, hasRows } from './apply.ts';
import type { Describe, Family } from './family.ts';
import { describeReads, isSystems } from './reads.ts';
import { describeCreate } from './tables.ts';

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

function onTable(fact: FactId): Describe {
  return (statement, effect, context) => {
    const table = context.resolve(relationOf(statement.node, 'table'));
    apply(fact, { target: table }, effect, context);
    effect.tagFor(table, 'changes-schema');
    describeReads(statement, effect, context, { runs: false, through: false, except: table });
  };
}

/** May be a replacement of what is there. */
const replaces: Describe = (statement, effect, context) => {
  effect.tag('changes-schema');
  if (flag(statement.node, 'replace') || flag(statement.node, 'is_replace')) effect.tag('alters');
  // A body of BEGIN ATOMIC is read as it is written down; one in a string is text.
  const { sql_body: body } = statement.node;
  if (isNode(body)) {
    const [kind = '', node] = Object.entries(body)[0] ?? [];
    const query = { kind, node: isNode(node) ? node : {} };
    describeReads(query, effect, context, { runs: false, through: false });
  }
};

export const objectFamily: Family = {
  CreateTrigStmt({ node }, effect, context) {
    const table = context.resolve(relationOf(node));
    effect.tagFor(table, 'changes-schema');
    const partition = table !== null && flag(node, 'row') ? partitionsOf(table, context) : [];
    const source = context.resolve(nameFromRange(child(node, 'constrrel')));
    apply('trigger.create-partitioned', { target: table, partition }, effect, context);
    apply('trigger.create-constraint', { source, referenced: source }, effect, context);
  },
  CreatePolicyStmt: onTable('policy.create'),
  AlterPolicyStmt: onTable('policy.alter'),
  RuleStmt(statement, effect, context) {
    const { node } = statement;
    const table = context.resolve(relationOf(node));
    effect.tagFor(table, 'changes-schema');
    apply('rule.create', { target: table }, effect, context);
    for (const action of children(node, 'actions')) {
      const source = writtenRelations(action).map((name) => context.resolve(name));
      apply('rule.create-other', { source: source.filter((one) => one !== table) }, effect, context);
      for (const name of readRelations(action)) {
        const read = isSystems(name, context) ? null : context.resolve(name);
        if (read !== table) apply('policy.create-sub', { source: read }, effect, context);
      }
    }
  },
  CreateSeqStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    apply('sequence.create-owned', { source: ownerOf(node, context) }, effect, context);
  },
  AlterSeqStmt({ node }, effect, context) {
    const sequence = context.resolve(nameFromRange(child(node, 'sequence')));
    effect.tagFor(sequence, 'changes-schema', 'alters');
    apply('sequence.owned', { sequence, source: ownerOf(node, context) }, effect, context);
  },
  CreateSchemaStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    for (const { kind, node: element } of children(node, 'schemaElts')) {
      if (kind === 'CreateStmt') describeCreate(inSchema(element, node), effect, context);
    }
  },
  CreateFunctionStmt: replaces,
  AlterFunctionStmt: alters,
  CreateExtensionStmt: adds,
  AlterExtensionStmt: alters,
  AlterExtensionContentsStmt({ node }, effect, context) {
    effect.tag('changes-schema', 'alters');
    if (text(node, 'objtype') !== 'OBJECT_TABLE') return;
    const parts = strings(child(child(node, 'object'), 'List')?.items);
    apply('extension.add-table', { target: context.resolve(nameFromParts(parts)) }, effect, context);
  },
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
  CreatePublicationStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    lockPublished(node, [], effect, context);
  },
  AlterPublicationStmt({ node }, effect, context) {
    effect.tag('changes-schema', 'alters');
    // SET takes away what is not named any more.
    const before = text(node, 'action') === 'AP_SetObjects' ? published(text(node, 'pubname'), context) : [];
    lockPublished(node, before, effect, context);
  },
  CreateSubscriptionStmt: outside,
  AlterSubscriptionStmt: outside,
  AlterEnumStmt(statement, effect) {
    effect.tag('changes-schema');
    if (text(statement.node, 'oldVal') !== null) effect.tag('alters', 'rename');
  },
  AlterDomainStmt({ node }, effect, context) {
    const name = nameFromParts(strings(node.typeName));
    effect.tag('changes-schema', 'alters');
    const subtype = text(node, 'subtype');
    const added = child(child(node, 'def'), 'Constraint');
    const validates =
      (subtype === 'C' && !flag(added, 'skip_validation')) || subtype === 'V' || subtype === 'O';
    if (name === null || !validates) return;
    const target = context
      .tablesUsingDomain(context.resolveType(name))
      .filter((table) => hasRows(table, context));
    apply('domain.check', { target }, effect, context);
  },
  AlterTypeStmt: alters,
  AlterOwnerStmt: alters,
  AlterObjectDependsStmt({ node }, effect, context) {
    effect.tag('changes-schema', 'alters');
    const relation = context.resolve(relationOf(node));
    const facts: Readonly<Record<string, FactId>> = {
      OBJECT_TRIGGER: 'trigger.depends',
      OBJECT_INDEX: 'index.depends',
      OBJECT_MATVIEW: 'matview.depends',
    };
    const fact = facts[text(node, 'objectType') ?? ''];
    if (fact !== undefined)
      apply(fact, { target: relation, index: relation, source: relation }, effect, context);
  },
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
  GrantStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    if (!flag(node, 'is_grant')) effect.tag('alters');
    if (text(node, 'targtype') !== 'ACL_TARGET_OBJECT' || text(node, 'objtype') !== 'OBJECT_TABLE') return;
    const target = children(node, 'objects').map((item) => context.resolve(nameFromRange(item.node)));
    apply('privileges.table', { target }, effect, context);
  },
  GrantRoleStmt: outside,
  SecLabelStmt: adds,
  ReassignOwnedStmt({ node }, effect, context) {
    effect.tag('changes-schema', 'alters');
    for (const { node: role } of children(node, 'roles')) {
      apply('owned.reassign', { target: context.ownedBy(text(role, 'rolename') ?? '') }, effect, context);
    }
  },
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

function partitionsOf(table: string, context: AssessContext): readonly string[] {
  return context.isPartitioned(table) ? context.descendants(table) : [];
}

/** The table of OWNED BY table.column. */
function ownerOf(node: Node, context: AssessContext): string | null {
  const option = children(node, 'options').find((item) => text(item.node, 'defname') === 'owned_by');
  const parts = strings(child(child(option?.node, 'arg'), 'List')?.items);
  return parts.length < 2 ? null : context.resolve(nameFromParts(parts.slice(0, -1)));
}

/** A table inside CREATE SCHEMA lies in that schema. */
function inSchema(element: Node, node: Node): Node {
  const range = child(element, 'relation');
  const schema = text(node, 'schemaname');
  return schema === null ? element : { ...element, relation: { ...range, schemaname: schema } };
}

function lockPublished(node: Node, before: readonly string[], effect: Effect, context: AssessContext): void {
  const heirs: string[] = [];
  const target: string[] = [...before];
  for (const { node: object } of children(node, 'pubobjects')) {
    const range = child(child(object, 'pubtable'), 'relation');
    const table = context.resolve(nameFromRange(range));
    if (table === null) continue;
    target.push(table);
    // A table brings its heirs along, a partitioned one stands for its partitions.
    if (flag(range, 'inh') && !context.isPartitioned(table)) heirs.push(...context.descendants(table));
  }
  apply('publication.create-inherited', { target, partition: heirs }, effect, context);
}

/** The tables that a publication is known to have. */
function published(name: string | null, context: AssessContext): readonly string[] {
  const object = name === null ? null : context.known.get('publication', quoteIdent(name));
  const { definition = null } = (object?.properties ?? {}) as { readonly definition?: string | null };
  const list = / FOR TABLE (.*?)(?: WITH \(|;?$)/s.exec(definition ?? '')?.[1] ?? '';
  return list
    .split(/,\s*/)
    .map((item) => item.replace(/^ONLY /, '').split(/[\s(]/)[0] ?? '')
    .filter((table) => context.known.has('table', table));
}
