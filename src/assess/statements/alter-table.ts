/** ALTER TABLE and its relatives. Lock levels: tablecmds.c, AlterTableGetLockLevel, PostgreSQL 13 to 18. */
import { quoteIdent } from '../../sql/quote.ts';
import {
  child,
  children,
  flag,
  type Node,
  nameFromRange,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { LockMode } from '../model.ts';
import { boundOf, partitionColumn, provesBound } from '../partition-bounds.ts';
import {
  constraintLabel,
  describeAddColumn,
  describeColumnType,
  describeDropColumn,
  describeSetNotNull,
  rewriteTable,
} from './columns.ts';
import type { Family } from './family.ts';

const WEAKER: Readonly<Record<string, LockMode>> = {
  AT_SetStatistics: 'ShareUpdateExclusiveLock',
  AT_ClusterOn: 'ShareUpdateExclusiveLock',
  AT_DropCluster: 'ShareUpdateExclusiveLock',
  AT_SetOptions: 'ShareUpdateExclusiveLock',
  AT_ResetOptions: 'ShareUpdateExclusiveLock',
  AT_ValidateConstraint: 'ShareUpdateExclusiveLock',
  AT_AttachPartition: 'ShareUpdateExclusiveLock',
  AT_DetachPartitionFinalize: 'ShareUpdateExclusiveLock',
  AT_EnableTrig: 'ShareRowExclusiveLock',
  AT_EnableAlwaysTrig: 'ShareRowExclusiveLock',
  AT_EnableReplicaTrig: 'ShareRowExclusiveLock',
  AT_EnableTrigAll: 'ShareRowExclusiveLock',
  AT_EnableTrigUser: 'ShareRowExclusiveLock',
  AT_DisableTrig: 'ShareRowExclusiveLock',
  AT_DisableTrigAll: 'ShareRowExclusiveLock',
  AT_DisableTrigUser: 'ShareRowExclusiveLock',
};

/** Storage options whose change disturbs nobody (reloptions.c); every other one locks the table. */
const LIGHT_OPTION =
  /^(autovacuum_|fillfactor$|log_autovacuum|parallel_workers$|toast_tuple_target$|vacuum_|n_distinct)/;

export const alterTableFamily: Family = {
  AlterTableStmt(statement, effect, context) {
    const relation = context.resolve(relationOf(statement.node));
    if (relation === null) return;
    effect.tagFor(relation, 'changes-schema');
    const kind = text(statement.node, 'objtype');
    const role = kind === 'OBJECT_INDEX' ? 'index' : kind === 'OBJECT_SEQUENCE' ? 'sequence' : 'target';
    for (const { node } of children(statement.node, 'cmds')) {
      effect.lock(relation, commandLock(node), role);
      describeCommand(node, relation, effect, context);
    }
    if (context.isPartitioned(relation)) effect.tag('partitioning');
    // Most changes of a table reach its partitions and heirs, unless it says ONLY.
    if (!flag(child(statement.node, 'relation'), 'inh')) return;
    for (const { node } of children(statement.node, 'cmds')) {
      if (!recurses(node) || staysWithParent(node, relation, context)) continue;
      for (const heir of context.descendants(relation)) {
        effect.lock(heir, heirLock(node, context), 'partition');
      }
    }
  },
  AlterTableMoveAllStmt(_statement, effect) {
    effect.tag('changes-schema');
  },
};

export function commandLock(command: Node): LockMode {
  const subtype = text(command, 'subtype') ?? '';
  if (subtype === 'AT_AddConstraint') {
    const constraint = child(child(command, 'def'), 'Constraint');
    return text(constraint, 'contype') === 'CONSTR_FOREIGN' ? 'ShareRowExclusiveLock' : 'AccessExclusiveLock';
  }
  if (subtype === 'AT_DetachPartition') {
    return flag(partitionCommand(command), 'concurrent') ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock';
  }
  if (
    subtype === 'AT_SetRelOptions' ||
    subtype === 'AT_ResetRelOptions' ||
    subtype === 'AT_ReplaceRelOptions'
  ) {
    const options = children({ list: listItems(command.def) }, 'list');
    const light = options.every((option) => LIGHT_OPTION.test(text(option.node, 'defname') ?? ''));
    return light ? 'ShareUpdateExclusiveLock' : 'AccessExclusiveLock';
  }
  return WEAKER[subtype] ?? 'AccessExclusiveLock';
}

function listItems(value: unknown): unknown {
  const list = (value as { readonly List?: { readonly items?: unknown } } | undefined)?.List;
  return list?.items ?? [];
}

function partitionCommand(command: Node): Node | null {
  return child(child(command, 'def'), 'PartitionCmd');
}

/** Commands that stay with the table itself (ATPrepCmd, ATSimpleRecursion). */
function recurses(command: Node): boolean {
  const subtype = text(command, 'subtype') ?? '';
  return !/Partition|RelOptions|Owner|Cluster|Tablespace|TableSpace|Logged|Inherit|Of$|ReplicaIdentity|RowSecurity|Rule|AccessMethod/.test(
    subtype,
  );
}

/** Keys and triggers of a table are not inherited, unless it is partitioned (manual, 5.11.1). */
function staysWithParent(command: Node, relation: string, context: AssessContext): boolean {
  if (context.isPartitioned(relation)) return false;
  const subtype = text(command, 'subtype') ?? '';
  if (/^AT_(En|Dis)able.*Trig/.test(subtype)) return true;
  if (subtype === 'AT_AddConstraint') {
    // Newer servers lock the heirs nevertheless: measured on 18, not on 15.
    const locksAll = context.catalog === null || context.catalog.major > 15;
    return !locksAll && text(addedConstraint(command), 'contype') !== 'CONSTR_CHECK';
  }
  if (subtype !== 'AT_DropConstraint' && subtype !== 'AT_ValidateConstraint') return false;
  const known = context.constraint(relation, text(command, 'name') ?? '');
  return known !== null && known.type !== 'check';
}

/** On partitions older servers only build the index of a new key: measured on 15, not on 18. */
function heirLock(command: Node, context: AssessContext): LockMode {
  const type = text(addedConstraint(command), 'contype');
  const builds = type === 'CONSTR_UNIQUE' || type === 'CONSTR_PRIMARY';
  const major = context.catalog?.major ?? null;
  return builds && major !== null && major <= 15 ? 'ShareLock' : commandLock(command);
}

function addedConstraint(command: Node): Node | null {
  return text(command, 'subtype') === 'AT_AddConstraint' ? child(child(command, 'def'), 'Constraint') : null;
}

type DescribeCommand = (command: Node, relation: string, effect: Effect, context: AssessContext) => void;

const describeRewrite: DescribeCommand = (_command, relation, effect, context) =>
  rewriteTable(relation, effect, context);

const describeInherit: DescribeCommand = (command, _relation, effect, context) => {
  const parent = nameFromRange(child(child(command, 'def'), 'RangeVar'));
  effect.lock(context.resolve(parent), 'ShareUpdateExclusiveLock', 'parent');
};

const describeDetach: DescribeCommand = (command, _relation, effect, context) => {
  const partition = context.resolve(nameFromRange(child(partitionCommand(command), 'name')));
  effect.lock(partition, 'AccessExclusiveLock', 'partition').tag('partitioning');
};

/** Commands that do more than change the catalog under their lock. */
const COMMANDS: Readonly<Record<string, DescribeCommand>> = {
  AT_AddColumn: describeAddColumn,
  AT_DropColumn: describeDropColumn,
  AT_AlterColumnType: describeColumnType,
  AT_SetNotNull: describeSetNotNull,
  AT_AddConstraint: describeAddConstraint,
  AT_ValidateConstraint: describeValidate,
  AT_DropConstraint: (command, relation, effect, context) => {
    const known = context.constraint(relation, text(command, 'name') ?? '');
    if (known?.type !== 'foreign') return;
    effect.lock(known.references, 'AccessExclusiveLock', 'referenced').tagFor(relation, 'foreign-key');
  },
  AT_SetExpression: describeRewrite,
  AT_SetAccessMethod: (command, relation, effect, context) => {
    const known = context.table(relation)?.accessMethod ?? null;
    if (known === null || known !== text(command, 'name')) rewriteTable(relation, effect, context);
  },
  AT_SetTableSpace: describeRewrite,
  AT_SetLogged: describeRewrite,
  AT_SetUnLogged: describeRewrite,
  AT_AddInherit: describeInherit,
  AT_DropInherit: describeInherit,
  AT_AttachPartition: (command, relation, effect, context) => {
    const partition = context.resolve(nameFromRange(child(partitionCommand(command), 'name')));
    effect.lock(partition, 'AccessExclusiveLock', 'partition').tag('partitioning');
    // Unless a CHECK proves the bound, the partition is read whole.
    const bound = boundOf(child(partitionCommand(command), 'bound'));
    const column = partitionColumn(context.table(relation)?.partitionKey ?? null);
    const proved = bound !== null && column !== null && partition !== null;
    if (partition === null || (proved && provesBound(context, partition, column, bound))) return;
    effect.validate(partition, `${partition} partition bound`);
  },
  AT_DetachPartition: describeDetach,
  AT_DetachPartitionFinalize: describeDetach,
  AT_AddIdentity: (_command, relation, effect) => {
    effect.tagFor(relation, 'not-null');
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

function describeCommand(command: Node, relation: string, effect: Effect, context: AssessContext): void {
  const subtype = text(command, 'subtype') ?? '';
  if (!ADDS.has(subtype)) effect.tagFor(relation, 'alters');
  COMMANDS[subtype]?.(command, relation, effect, context);
}

function describeAddConstraint(
  command: Node,
  relation: string,
  effect: Effect,
  context: AssessContext,
): void {
  const constraint = child(child(command, 'def'), 'Constraint');
  if (constraint === null) return;
  const label = constraintLabel(relation, constraint);
  const validates = !flag(constraint, 'skip_validation');
  switch (text(constraint, 'contype')) {
    case 'CONSTR_CHECK':
      if (validates && constraint.is_enforced !== false) effect.validate(relation, label);
      return;
    case 'CONSTR_NOTNULL': {
      const column = strings(constraint.keys)[0] ?? '';
      effect.tagFor(relation, 'not-null');
      if (validates && !context.isCheckedNotNull(relation, column)) effect.validate(relation, label);
      return;
    }
    case 'CONSTR_FOREIGN': {
      const referenced = context.resolve(nameFromRange(child(constraint, 'pktable')));
      effect.lock(referenced, 'ShareRowExclusiveLock', 'referenced').tagFor(relation, 'foreign-key');
      if (validates && constraint.is_enforced !== false) {
        effect.validate(relation, label);
        if (referenced !== null && !context.isNew(relation)) effect.scan(referenced);
      }
      return;
    }
    case 'CONSTR_PRIMARY':
      effect.tagFor(relation, 'not-null');
      for (const column of strings(constraint.keys)) {
        const known = context.column(relation, column)?.notNull === true;
        if (!known && !context.isCheckedNotNull(relation, column)) {
          effect.validate(relation, `${relation}.${quoteIdent(column)} IS NOT NULL`);
        }
      }
      if (text(constraint, 'indexname') === null) effect.build(relation, label).scan(relation);
      return;
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      if (text(constraint, 'indexname') === null) effect.build(relation, label).scan(relation);
      return;
    default:
      return;
  }
}

function describeValidate(command: Node, relation: string, effect: Effect, context: AssessContext): void {
  const name = text(command, 'name') ?? '';
  const known = context.constraint(relation, name);
  if (known?.references != null) effect.lock(known.references, 'RowShareLock', 'referenced');
  if (known?.validated !== true) effect.validate(relation, `${relation}.${quoteIdent(name)}`);
}
