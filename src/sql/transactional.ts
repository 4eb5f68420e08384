/**
 * What a statement means for the transaction around it: the callers of `PreventInTransactionBlock` in PostgreSQL 13 to
 * 18 (manual: each command's page, "cannot be executed inside a transaction block"), and transaction control itself.
 */
import { tokens } from './lexer.ts';
import { child, children, flag, type KindedNode, type Node, strings, text } from './tree.ts';

/** Facts that the text alone does not tell. */
export interface TransactionContext {
  /** Whether a relation is partitioned; without a catalog nothing is. */
  readonly isPartitioned?: (name: { readonly schema: string | null; readonly name: string }) => boolean;
}

/** Why the statement cannot run inside a transaction block; null where it can. */
export function outsideTransaction(statement: KindedNode, context: TransactionContext = {}): string | null {
  const { kind, node } = statement;
  const partitioned = (range: Node | null): boolean => {
    const name = text(range, 'relname');
    return name !== null && context.isPartitioned?.({ schema: text(range, 'schemaname'), name }) === true;
  };
  switch (kind) {
    case 'IndexStmt':
      return flag(node, 'concurrent') ? 'CREATE INDEX CONCURRENTLY' : null;
    case 'DropStmt':
      return flag(node, 'concurrent') ? 'DROP INDEX CONCURRENTLY' : null;
    case 'ReindexStmt': {
      if (hasOption(node, 'params', 'concurrently')) return 'REINDEX CONCURRENTLY';
      const whole = REINDEX_WHOLE.get(text(node, 'kind') ?? '');
      if (whole !== undefined) return whole;
      return partitioned(child(node, 'relation')) ? 'REINDEX of a partitioned relation' : null;
    }
    case 'VacuumStmt':
      return flag(node, 'is_vacuumcmd') ? 'VACUUM' : null;
    case 'ClusterStmt':
      if (child(node, 'relation') === null) return 'CLUSTER without a table';
      return partitioned(child(node, 'relation')) ? 'CLUSTER of a partitioned table' : null;
    case 'AlterTableStmt':
      return children(node, 'cmds').some(detachesConcurrently) ? 'DETACH PARTITION CONCURRENTLY' : null;
    case 'CreatedbStmt':
      return 'CREATE DATABASE';
    case 'DropdbStmt':
      return 'DROP DATABASE';
    case 'AlterDatabaseStmt':
      return hasOption(node, 'options', 'tablespace') ? 'ALTER DATABASE … SET TABLESPACE' : null;
    case 'CreateTableSpaceStmt':
      return 'CREATE TABLESPACE';
    case 'DropTableSpaceStmt':
      return 'DROP TABLESPACE';
    case 'AlterSystemStmt':
      return 'ALTER SYSTEM';
    case 'DiscardStmt':
      return text(node, 'target') === 'DISCARD_ALL' ? 'DISCARD ALL' : null;
    case 'CreateSubscriptionStmt':
      return isOff(node, 'create_slot') || isOff(node, 'connect') ? null : 'CREATE SUBSCRIPTION with a slot';
    case 'DropSubscriptionStmt':
      return 'DROP SUBSCRIPTION with a slot';
    case 'AlterSubscriptionStmt': {
      const alter = text(node, 'kind') ?? '';
      if (alter === 'ALTER_SUBSCRIPTION_REFRESH') return 'ALTER SUBSCRIPTION … REFRESH';
      return /_(SET|ADD|DROP)_PUBLICATION$/.test(alter) && !isOff(node, 'refresh')
        ? 'ALTER SUBSCRIPTION … PUBLICATION with refresh'
        : null;
    }
    case 'DoStmt':
      return commitsInside(node) ? 'a DO block that commits' : null;
    default:
      return null;
  }
}

const REINDEX_WHOLE: ReadonlyMap<string, string> = new Map([
  ['REINDEX_OBJECT_SCHEMA', 'REINDEX SCHEMA'],
  ['REINDEX_OBJECT_SYSTEM', 'REINDEX SYSTEM'],
  ['REINDEX_OBJECT_DATABASE', 'REINDEX DATABASE'],
]);

function detachesConcurrently(command: KindedNode): boolean {
  const partition = child(child(command.node, 'def'), 'PartitionCmd');
  return text(command.node, 'subtype') === 'AT_DetachPartition' && flag(partition, 'concurrent');
}

/** A boolean option without a value is on (manual: define.c, defGetBoolean). */
function hasOption(node: Node, list: string, name: string): boolean {
  return children(node, list).some((item) => text(item.node, 'defname') === name && !valueIsOff(item.node));
}

function isOff(node: Node, name: string): boolean {
  return children(node, 'options').some(
    (item) => text(item.node, 'defname') === name && valueIsOff(item.node),
  );
}

function valueIsOff(option: Node): boolean {
  const arg = child(option, 'arg');
  const word = text(child(arg, 'String'), 'sval') ?? strings(child(arg, 'TypeName')?.names).at(-1);
  if (word !== undefined && word !== null) return /^(false|off|no|0)$/i.test(word);
  if (arg !== null && 'Boolean' in arg) return !flag(child(arg, 'Boolean'), 'boolval');
  return arg !== null && 'Integer' in arg && (child(arg, 'Integer')?.ival ?? 0) === 0;
}

/** COMMIT or ROLLBACK as a statement of the block's body: it must then not run inside a transaction (PL/pgSQL, 41.8). */
function commitsInside(node: Node): boolean {
  const body = children(node, 'args').find((item) => text(item.node, 'defname') === 'as');
  const source = text(child(child(body?.node, 'arg'), 'String'), 'sval');
  if (source === null || !/\b(commit|rollback)\b/i.test(source)) return false;
  let previous = ';';
  for (const token of tokens(source)) {
    if (token.kind === 'comment') continue;
    const word = source.slice(token.start, token.end).toLowerCase();
    if ((word === 'commit' || word === 'rollback') && STATEMENT_STARTS.has(previous)) return true;
    previous = token.kind === 'string' ? "'" : word;
  }
  return false;
}

const STATEMENT_STARTS = new Set([';', 'begin', 'then', 'else', 'loop', '>']);

export type TransactionControl = 'begin' | 'commit' | 'savepoint' | 'rollback' | 'prepared';

/** What a transaction statement does; null for every other statement. */
export function transactionControl(statement: KindedNode): TransactionControl | null {
  if (statement.kind !== 'TransactionStmt') return null;
  switch (text(statement.node, 'kind')) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'begin';
    case 'TRANS_STMT_COMMIT':
      return 'commit';
    case 'TRANS_STMT_ROLLBACK':
      return 'rollback';
    case 'TRANS_STMT_SAVEPOINT':
    case 'TRANS_STMT_RELEASE':
    case 'TRANS_STMT_ROLLBACK_TO':
      return 'savepoint';
    default:
      return 'prepared';
  }
}
