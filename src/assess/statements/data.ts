/** Statements that read and write rows (manual, 13.3.1). */
import { tokens } from '../../sql/lexer.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { writtenRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  isNode,
  type KindedNode,
  type Node,
  nameFromRange,
  relationOf,
  text,
  unwrap,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { LOCK_MODES } from '../model.ts';
import { apply } from './apply.ts';
import type { Describe, Family } from './family.ts';
import { referringAll } from './foreign-keys.ts';
import { describeReads } from './reads.ts';
import { describeWrites } from './writes.ts';

const writes: Describe = (statement, effect, context) => {
  effect.class = 'dml';
  describeWrites(statement, effect, context, true);
  describeReads(statement, effect, context, { runs: true });
};

/** EXPLAIN, PREPARE, DECLARE: a query that is planned, and perhaps run. */
function planned(statement: KindedNode, runs: boolean, effect: Effect, context: AssessContext): void {
  const written = writtenRelations(statement);
  effect.class = runs && written.length > 0 ? 'dml' : 'other';
  describeWrites(statement, effect, context, runs);
  describeReads(statement, effect, context, { runs });
}

function inner(node: Node): KindedNode | null {
  return isNode(node.query) ? unwrap(node.query) : null;
}

export const dataFamily: Family = {
  InsertStmt: writes,
  UpdateStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    effect.tagFor(context.resolve(relationOf(statement.node)), 'alters');
  },
  DeleteStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    const table = context.resolve(relationOf(statement.node));
    if (table !== null) effect.tagFor(table, 'alters').lose(table, table, 'the deleted rows');
  },
  MergeStmt: (statement, effect, context) => {
    writes(statement, effect, context);
    effect.tagFor(context.resolve(relationOf(statement.node)), 'alters');
  },
  SelectStmt: (statement, effect, context) => {
    const { node } = statement;
    effect.class = writtenRelations(statement).length > 0 ? 'dml' : 'other';
    describeWrites(statement, effect, context, true);
    const made = context.resolve(nameFromRange(child(child(node, 'intoClause'), 'rel')));
    describeReads(statement, effect, context, { runs: true, except: made });
    lockRows(node, effect, context);
    // SELECT … INTO makes a table.
    if (made !== null) {
      effect.class = 'ddl';
      effect.tag('changes-schema');
    }
  },
  ExplainStmt: ({ node }, effect, context) => {
    const query = inner(node);
    const runs = children(node, 'options').some((option) => text(option.node, 'defname') === 'analyze');
    if (query !== null) planned(query, runs, effect, context);
  },
  DeclareCursorStmt: ({ node }, effect, context) => {
    const query = inner(node);
    if (query !== null) planned(query, false, effect, context);
  },
  PrepareStmt: ({ node }, effect, context) => {
    const query = inner(node);
    if (query !== null) planned(query, false, effect, context);
    effect.class = 'other';
  },
  CopyStmt(statement, effect, context) {
    if (flag(statement.node, 'is_from')) {
      writes(statement, effect, context);
      return;
    }
    effect.class = 'other';
    const source = context.resolve(relationOf(statement.node));
    apply('data.copy-to', { source }, effect, context);
    if (source === null) describeReads(statement, effect, context, { runs: true });
  },
  TruncateStmt({ node }, effect, context) {
    effect.class = 'dml';
    for (const { node: range } of children(node, 'relations')) {
      const table = context.resolve(nameFromRange(range));
      if (table === null) continue;
      const partition = flag(range, 'inh') ? context.descendants(table) : [];
      apply('truncate.inherited', { target: table, partition }, effect, context);
      effect.lose(table, table, 'all rows').tagFor(table, 'writes-rows', 'alters', 'destroys');
      if (text(node, 'behavior') !== 'DROP_CASCADE') continue;
      const source = referringAll(table, context);
      apply('truncate.cascade', { source }, effect, context);
      for (const other of source) effect.lose(other, other, 'all rows, by CASCADE');
    }
  },
  LockStmt({ node }, effect, context) {
    effect.class = 'other';
    // The mode is the statement's own: the table of facts knows which relations it is taken on.
    const mode = LOCK_MODES[Number(node.mode ?? 8) - 1] ?? 'AccessExclusiveLock';
    for (const { node: range } of children(node, 'relations')) {
      const relation = context.resolve(nameFromRange(range));
      if (relation === null) continue;
      effect.lock(relation, mode);
      for (const read of context.known.has('view', relation) ? context.readBy(relation) : []) {
        effect.lock(read, mode);
      }
      if (!flag(range, 'inh')) continue;
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

/** FOR UPDATE and its like lock the rows of what they name, or of all that the query reads. */
function lockRows(node: Node, effect: Effect, context: AssessContext): void {
  for (const { node: clause } of children(node, 'lockingClause')) {
    const named = children(clause, 'lockedRels').map((item) => nameFromRange(item.node)?.name);
    for (const range of rangesIn(node)) {
      const alias = text(child(range, 'alias'), 'aliasname');
      const name = nameFromRange(range);
      if (named.length > 0 && !named.includes(alias ?? name?.name)) continue;
      const relation = context.resolve(name);
      effect.relock(relation);
      apply('data.select-update', { target: relation }, effect, context);
    }
  }
}

/** The tables of a FROM clause, those inside its joins too. */
function rangesIn(node: Node): readonly Node[] {
  const ranges = (item: KindedNode): readonly Node[] => {
    if (item.kind === 'RangeVar') return [item.node];
    if (item.kind !== 'JoinExpr') return [];
    return [item.node.larg, item.node.rarg].flatMap((side) => {
      const inside = unwrap(side);
      return inside === null ? [] : ranges(inside);
    });
  };
  return children(node, 'fromClause').flatMap(ranges);
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
