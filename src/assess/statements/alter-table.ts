/** ALTER TABLE and its relatives, command by command; what each locks stands in the table of facts. */
import {
  child,
  children,
  flag,
  type Node,
  nameFromParts,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { FactId } from '../facts/index.ts';
import { apply } from './apply.ts';
import { describeColumnType } from './column-type.ts';
import {
  describeAddColumn,
  describeDropColumn,
  describeSetExpression,
  describeSetNotNull,
} from './columns.ts';
import {
  describeAddConstraint,
  describeAlterConstraint,
  describeDropConstraint,
  describeValidate,
} from './constraints.ts';
import type { Family } from './family.ts';
import { describeAttach, describeDetach, describeFinalize } from './partitions.ts';
import type { Scope } from './scope.ts';

export const alterTableFamily: Family = {
  AlterTableStmt({ node }, effect, context) {
    const relation = context.resolve(relationOf(node));
    if (relation === null) return;
    if (text(node, 'objtype') === 'OBJECT_TYPE') {
      alterComposite(node, effect, context);
      return;
    }
    effect.tagFor(relation, 'changes-schema');
    const partitioned = context.isPartitioned(relation);
    const allHeirs = context.descendants(relation);
    const heirs = flag(child(node, 'relation'), 'inh') ? allHeirs : [];
    const scope: Scope = { relation, partitioned, heirs, allHeirs, effect, context };
    for (const { node: command } of children(node, 'cmds')) {
      const subtype = text(command, 'subtype') ?? '';
      if (!ADDS.has(subtype)) effect.tagFor(relation, 'alters');
      const part = partOf(text(node, 'objtype') ?? '', relation, context);
      if (part !== null) describePart(subtype, command, part, scope);
      else describeCommand(subtype, command, scope);
    }
    if (partitioned) effect.tag('partitioning');
  },
  AlterTableMoveAllStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    const space = text(node, 'orig_tablespacename');
    const kinds = text(node, 'objtype') === 'OBJECT_TABLE' ? (['table'] as const) : [];
    const moved = kinds
      .flatMap((kind) => context.known.objects(kind))
      .filter(({ properties }) => (properties as { readonly tablespace?: string }).tablespace === space);
    apply('tablespace.all', { target: moved.map(({ identity }) => identity) }, effect, context);
  },
};

/** Commands that leave everything that was there as it was. */
const ADDS = new Set([
  'AT_AddColumn',
  'AT_AddConstraint',
  'AT_ValidateConstraint',
  'AT_AttachPartition',
  'AT_SetStatistics',
]);

type Command = (command: Node, scope: Scope) => void;

/** Rows of a command that only changes the catalog: for a table by itself, with heirs, partitioned. */
function settles(alone: FactId, inherited: FactId = alone, divided: FactId = inherited): Command {
  return (_command, { relation, partitioned, heirs, effect, context }) => {
    const fact = heirs.length === 0 ? alone : partitioned ? divided : inherited;
    apply(fact, { target: relation, partition: heirs }, effect, context);
  };
}

const COMMANDS: Readonly<Record<string, Command>> = {
  AT_AddColumn: describeAddColumn,
  AT_DropColumn: describeDropColumn,
  AT_AlterColumnType: describeColumnType,
  AT_ColumnDefault: settles('column-default.set', 'column-default.inherited', 'column-default.partitioned'),
  AT_DropNotNull: settles('not-null.drop', 'not-null.drop-inherited', 'not-null.drop-partitioned'),
  AT_SetNotNull: describeSetNotNull,
  AT_SetExpression: describeSetExpression,
  AT_DropExpression: settles('expression.drop', 'expression.drop-inherited', 'expression.drop-partitioned'),
  AT_SetStatistics: settles(
    'column-statistics.set',
    'column-statistics.inherited',
    'column-statistics.partitioned',
  ),
  AT_SetOptions: settles('column-options.set', 'column-options.inherited', 'column-options.set-partitioned'),
  AT_ResetOptions: settles('column-options.reset'),
  AT_SetStorage: settles('storage.set', 'storage.inherited', 'storage.partitioned'),
  AT_SetCompression: settles('compression.set', 'compression.inherited', 'compression.partitioned'),
  AT_AddIdentity: (command, scope) => {
    scope.effect.tagFor(scope.relation, 'not-null');
    settles('identity.add', 'identity.add-inherited', 'identity.add-partitioned')(command, scope);
  },
  AT_SetIdentity: settles('identity.set', 'identity.set', 'identity.set-partitioned'),
  AT_DropIdentity: settles('identity.drop', 'identity.drop', 'identity.drop-partitioned'),
  AT_AlterColumnGenericOptions: settles('foreign-options.options'),
  AT_GenericOptions: settles('foreign-options.table-options'),
  AT_AddConstraint: describeAddConstraint,
  AT_AlterConstraint: describeAlterConstraint,
  AT_ValidateConstraint: describeValidate,
  AT_DropConstraint: describeDropConstraint,
  AT_ChangeOwner: settles('owner.table'),
  AT_ClusterOn: settles('cluster-mark.on'),
  AT_DropCluster: settles('cluster-mark.drop'),
  AT_SetLogged: (command, scope) => {
    const same = scope.context.table(scope.relation)?.persistence === 'permanent';
    settles(same ? 'persistence.logged-already' : 'persistence.logged')(command, scope);
  },
  AT_SetUnLogged: (command, scope) => {
    const same = scope.context.table(scope.relation)?.persistence === 'unlogged';
    settles(same ? 'persistence.logged-already' : 'persistence.unlogged')(command, scope);
  },
  AT_DropOids: settles('oids.drop'),
  AT_SetAccessMethod: (command, scope) => {
    const same = scope.context.table(scope.relation)?.accessMethod === text(command, 'name');
    const fact = scope.partitioned ? 'access-method.partitioned' : 'access-method.other';
    settles(same ? 'access-method.same' : fact)(command, scope);
  },
  AT_SetTableSpace: (command, scope) => {
    const table = scope.context.table(scope.relation);
    const same = table !== null && (table.tablespace ?? 'pg_default') === text(command, 'name');
    const fact = scope.partitioned ? 'tablespace.partitioned' : 'tablespace.table';
    settles(same ? 'tablespace.same' : fact)(command, scope);
  },
  AT_SetRelOptions: describeOptions,
  AT_ResetRelOptions: describeOptions,
  AT_EnableTrig: settles('trigger-state.enable', 'trigger-state.enable', 'trigger-state.disable-part-one'),
  AT_EnableAlwaysTrig: settles(
    'trigger-state.always',
    'trigger-state.always',
    'trigger-state.disable-part-one',
  ),
  AT_EnableReplicaTrig: settles(
    'trigger-state.replica',
    'trigger-state.replica',
    'trigger-state.disable-part-one',
  ),
  AT_DisableTrig: settles('trigger-state.disable', 'trigger-state.disable', 'trigger-state.disable-part-one'),
  AT_EnableTrigAll: settles(
    'trigger-state.enable-all',
    'trigger-state.disable-heirs',
    'trigger-state.disable-part',
  ),
  AT_DisableTrigAll: settles(
    'trigger-state.disable-all',
    'trigger-state.disable-heirs',
    'trigger-state.disable-part',
  ),
  AT_EnableTrigUser: settles(
    'trigger-state.enable-user',
    'trigger-state.disable-heirs',
    'trigger-state.disable-part',
  ),
  AT_DisableTrigUser: settles(
    'trigger-state.disable-user',
    'trigger-state.disable-heirs',
    'trigger-state.disable-part',
  ),
  AT_EnableRule: settles('rule-state.enable'),
  AT_EnableAlwaysRule: settles('rule-state.always'),
  AT_EnableReplicaRule: settles('rule-state.replica'),
  AT_DisableRule: settles('rule-state.disable'),
  AT_AddInherit: inherits('inheritance.add'),
  AT_DropInherit: inherits('inheritance.drop'),
  AT_AddOf: (command, { relation, effect, context }) => {
    const name = nameFromParts(strings(child(child(command, 'def'), 'TypeName')?.names));
    const source = name === null ? null : context.resolveType(name);
    apply('typed-table.add', { target: relation, source }, effect, context);
  },
  AT_DropOf: settles('typed-table.drop'),
  AT_ReplicaIdentity: settles('replica-identity.full'),
  AT_EnableRowSecurity: settles('row-security.enable'),
  AT_DisableRowSecurity: settles('row-security.disable'),
  AT_ForceRowSecurity: settles('row-security.force'),
  AT_NoForceRowSecurity: settles('row-security.noforce'),
  AT_AttachPartition: describeAttach,
  AT_DetachPartition: describeDetach,
  AT_DetachPartitionFinalize: describeFinalize,
};

function describeCommand(subtype: string, command: Node, scope: Scope): void {
  const describe = COMMANDS[subtype];
  if (describe !== undefined) describe(command, scope);
  // A command that nobody knows yet is taken for a strong one.
  else scope.effect.lock(scope.relation, 'AccessExclusiveLock');
}

function inherits(fact: FactId): Command {
  return (command, { relation, effect, context }) => {
    const range = child(child(command, 'def'), 'RangeVar');
    const parent = range === null ? null : context.resolve(relationOf({ relation: range }));
    apply(fact, { target: relation, parent }, effect, context);
  };
}

/** Storage options whose change disturbs nobody (reloptions.c); every other one locks the table. */
const LIGHT_OPTION =
  /^(autovacuum_|fillfactor$|log_autovacuum|parallel_workers$|toast_tuple_target$|vacuum_|n_distinct|deduplicate_items$)/;

function isLight(command: Node): boolean {
  const options = child(child(command, 'def'), 'List');
  return children(options, 'items').every(({ node }) => LIGHT_OPTION.test(text(node, 'defname') ?? ''));
}

function describeOptions(command: Node, { relation, effect, context }: Scope): void {
  const light = isLight(command) && !context.known.has('view', relation);
  apply(
    light ? 'storage-options.fillfactor' : 'storage-options.usercat',
    { target: relation },
    effect,
    context,
  );
}

/** Indexes and sequences may be altered as if they were tables. */
function partOf(type: string, relation: string, context: AssessContext): 'index' | 'sequence' | null {
  if (type === 'OBJECT_INDEX' || context.tableOfIndex(relation) !== null) return 'index';
  return type === 'OBJECT_SEQUENCE' || context.known.has('sequence', relation) ? 'sequence' : null;
}

const PARTS: Readonly<Record<string, FactId>> = {
  'index AT_SetStatistics': 'column-statistics.index',
  'index AT_SetTableSpace': 'tablespace.index',
  'sequence AT_ChangeOwner': 'sequence.owner',
  'sequence AT_SetLogged': 'sequence.logged',
  'sequence AT_SetUnLogged': 'sequence.logged',
};

function describePart(
  subtype: string,
  command: Node,
  part: 'index' | 'sequence',
  { relation, effect, context }: Scope,
): void {
  if (subtype === 'AT_AttachPartition') {
    attachIndex(command, relation, effect, context);
    return;
  }
  const options = isLight(command) ? 'storage-options.index-fill' : 'storage-options.index-gin';
  const known = PARTS[`${part} ${subtype}`];
  const fact = known ?? (subtype.endsWith('RelOptions') ? options : null);
  if (fact !== null) apply(fact, { [part]: relation }, effect, context);
  else effect.lock(relation, 'AccessExclusiveLock', part);
}

function attachIndex(command: Node, index: string, effect: Effect, context: AssessContext): void {
  const range = child(child(child(command, 'def'), 'PartitionCmd'), 'name');
  const attached = range === null ? null : context.resolve(relationOf({ relation: range }));
  const tables = [index, attached ?? ''].map((one) => context.tableOfIndex(one));
  apply('partition.attach-index', { target: index, index: attached, source: tables }, effect, context);
}

const ATTRIBUTES: Readonly<Record<string, FactId>> = {
  AT_AddColumn: 'attribute.add',
  AT_DropColumn: 'attribute.drop',
  AT_AlterColumnType: 'attribute.type',
};

/** ALTER TYPE of a composite type, and with CASCADE of the tables that are of it. */
function alterComposite(node: Node, effect: Effect, context: AssessContext): void {
  const name = relationOf(node);
  const type = name === null ? null : context.resolveType(name);
  effect.tag('changes-schema', 'alters');
  for (const { node: command } of children(node, 'cmds')) {
    apply(ATTRIBUTES[text(command, 'subtype') ?? ''] ?? 'attribute.type', { target: type }, effect, context);
  }
}
