/** Statements that read and write rows (manual, 13.3.1). */

import { tokens } from '../../sql/lexer.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { writtenRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  nameFromRange,
  type QualifiedName,
  relationOf,
  showName,
  text,
  walk,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { LOCK_MODES } from '../model.ts';
import type { Describe, Family } from './family.ts';
import { lockSources } from './tables.ts';

const writes: Describe = (statement, effect, context) => {
  effect.class = 'dml';
  lockWritten(statement, effect, context);
  lockSources(statement, effect, context);
};

const reads: Describe = (statement, effect, context) => {
  const written = writtenRelations(statement);
  effect.class = written.length > 0 ? 'dml' : 'other';
  lockWritten(statement, effect, context);
  const locking = new Set<string>();
  walk(statement.node, (kind) => {
    if (kind === 'LockingClause') locking.add('rows');
    return undefined;
  });
  lockSources(statement, effect, context);
  if (locking.size > 0) {
    for (const { node } of children(statement.node, 'fromClause')) {
      effect.lock(context.resolve(nameFromRange(node)), 'RowShareLock', 'source');
    }
  }
};

export const dataFamily: Family = {
  InsertStmt: writes,
  UpdateStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    const table = context.resolve(relationOf(statement.node));
    effect.tagFor(table, 'alters');
    if (table !== null) effect.scan(table);
  },
  DeleteStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    const table = context.resolve(relationOf(statement.node));
    if (table === null) return;
    effect.tagFor(table, 'alters').scan(table).lose(table, table, 'the deleted rows');
  },
  MergeStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    effect.tagFor(context.resolve(relationOf(statement.node)), 'alters');
  },
  SelectStmt: (statement, effect, context) => {
    reads(statement, effect, context);
    // SELECT … INTO makes a table.
    if (child(statement.node, 'intoClause') !== null) {
      effect.class = 'ddl';
      effect.tag('changes-schema');
    }
  },
  ExplainStmt: reads,
  DeclareCursorStmt: reads,
  PrepareStmt: (_statement, effect) => {
    effect.class = 'other';
  },
  CopyStmt(statement, effect, context) {
    if (flag(statement.node, 'is_from')) writes(statement, effect, context);
    else {
      effect.class = 'other';
      effect.lock(context.resolve(relationOf(statement.node)), 'AccessShareLock', 'source');
      lockSources(statement, effect, context);
    }
  },
  TruncateStmt(statement, effect, context) {
    effect.class = 'dml';
    for (const { node: range } of children(statement.node, 'relations')) {
      const table = context.resolve(nameFromRange(range));
      if (table === null) continue;
      const heirs = flag(range, 'inh') ? context.descendants(table) : [];
      for (const heir of heirs) effect.lock(heir, 'AccessExclusiveLock', 'partition');
      effect
        .lock(table, 'AccessExclusiveLock')
        .lose(table, table, 'all rows')
        .tagFor(table, 'writes-rows', 'alters', 'destroys');
      if (text(statement.node, 'behavior') !== 'DROP_CASCADE') continue;
      for (const other of context.referencing(table)) {
        effect.lock(other, 'AccessExclusiveLock', 'source').lose(other, other, 'all rows, by CASCADE');
      }
    }
  },
  LockStmt(statement, effect, context) {
    effect.class = 'other';
    const mode = LOCK_MODES[Number(statement.node.mode ?? 8) - 1] ?? 'AccessExclusiveLock';
    for (const { node } of children(statement.node, 'relations')) {
      const relation = context.resolve(nameFromRange(node));
      effect.lock(relation, mode);
      if (relation === null || !flag(node, 'inh')) continue;
      for (const heir of context.descendants(relation)) effect.lock(heir, mode, 'partition');
    }
  },
  DoStmt(statement, effect) {
    const words = wordsOfBlock(statement);
    const schema = ['create', 'alter', 'drop'].some((word) => words.has(word));
    const data = ['insert', 'update', 'delete', 'merge', 'truncate'].some((word) => words.has(word));
    // What a block does is seen by the rehearsal; its words tell what it is likely to.
    effect.class = schema || !data ? 'ddl' : 'dml';
    if (schema || !data) effect.tag('changes-schema', 'alters');
    if (data) effect.tag('writes-rows', 'alters');
  },
  CallStmt(_statement, effect) {
    effect.class = 'dml';
    effect.tag('writes-rows', 'alters');
  },
};

function lockWritten(statement: ParsedStatement, effect: Effect, context: AssessContext): void {
  for (const name of writtenRelations(statement)) {
    const relation = context.resolve(name);
    effect.lock(relation, 'RowExclusiveLock').tagFor(relation, 'writes-rows');
    if (relation === null || context.isNew(relation)) continue;
    // Foreign keys look the other row up and lock it.
    for (const other of context.referenced(relation)) effect.lock(other, 'RowShareLock', 'referenced');
    if (!reachesHeirs(statement, name, relation, context)) continue;
    for (const heir of context.descendants(relation)) effect.lock(heir, 'RowExclusiveLock', 'partition');
  }
}

/** Rows of partitions and heirs are written through their parent, unless it is named with ONLY; new rows in partitions alone. */
function reachesHeirs(
  { kind, node }: ParsedStatement,
  name: QualifiedName,
  relation: string,
  context: AssessContext,
): boolean {
  if (context.isPartitioned(relation)) return true;
  if (kind === 'InsertStmt' || kind === 'CopyStmt') return false;
  const target = relationOf(node);
  const isTarget = target !== null && showName(target) === showName(name);
  return !isTarget || flag(child(node, 'relation'), 'inh');
}

function wordsOfBlock(statement: ParsedStatement): ReadonlySet<string> {
  const body = children(statement.node, 'args').find((item) => text(item.node, 'defname') === 'as');
  const source = text(child(child(body?.node, 'arg'), 'String'), 'sval') ?? '';
  const words = new Set<string>();
  for (const token of tokens(source)) {
    const piece = source.slice(token.start, token.end).toLowerCase();
    // EXECUTE takes its statement as a string: look inside too.
    if (token.kind === 'word') words.add(piece);
    else if (token.kind === 'string') for (const word of piece.match(/[a-z_]+/g) ?? []) words.add(word);
  }
  return words;
}
