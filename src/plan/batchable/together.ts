/**
 * Whether a statement may leave the transaction that it shares with others: what holds only within that transaction, or
 * is to be seen only together, keeps it there.
 */
import type { ParsedStatement } from '../../sql/model.ts';
import { splitQualified } from '../../sql/quote.ts';
import { readRelations, writtenRelations } from '../../sql/relations.ts';
import { isSetting, sessionSetting } from '../../sql/session.ts';
import { transactionControl } from '../../sql/transactional.ts';
import {
  child,
  children,
  flag,
  nameFromParts,
  namesFromLists,
  type QualifiedName,
  relationOf,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';
import type { StatementGroup } from '../group.ts';
import { countMoments } from './moment.ts';
import type { RowLocal } from './row-local.ts';

/** Settings under which statements that Ferrata adds would mean something else, or need rights that are given up. */
const UNFIT = new Set([
  'role',
  'session_authorization',
  'standard_conforming_strings',
  'backslash_quote',
  'client_encoding',
  'escape_string_warning',
]);

export function settingsRefusal(settings: readonly ParsedStatement[]): string | null {
  const unfit = settings.find((statement) => UNFIT.has((sessionSetting(statement) ?? '').toLowerCase()));
  return unfit === undefined ? null : `line ${unfit.line} changes who runs it, or how text is read`;
}

/** @param asked whether `migration.yaml` asks for batches: then a transaction block is no reason to keep it together */
export function togetherRefusal(
  group: StatementGroup,
  statement: ParsedStatement,
  local: RowLocal,
  asked: boolean,
): string | null {
  const others = group.statements.filter((other) => other !== statement);
  const index = group.statements.indexOf(statement);
  const before = group.statements.slice(0, index);
  const after = group.statements.slice(index + 1);
  const { table } = local;
  if (!asked && group.explicit === true && others.some((other) => !isSetting(other))) {
    return 'it stands in a transaction block together with others (`pattern: batched` in migration.yaml takes it apart)';
  }
  const bound = others.find(holdsForTransaction);
  if (bound !== undefined) return `what line ${bound.line} does holds only for its transaction`;
  const block = before.find(({ kind }) => kind === 'DoStmt' || kind === 'CallStmt');
  if (block !== undefined) return `what line ${block.line} does is not seen, and both may belong together`;
  const copying = local.action.type === 'insert-select';
  const copy = copying ? undefined : before.find((other) => copiesFrom(other, table));
  if (copy !== undefined) return `line ${copy.line} reads the same rows, and both must see the same`;
  const changed = copying ? after.find((later) => isAbout(later, table)) : undefined;
  if (changed !== undefined) return `line ${changed.line} is about the same rows, and both must see the same`;
  const gap = gapAround(before, after, table);
  if (gap !== null) {
    return `line ${gap.taken.line} takes away what line ${gap.given.line} gives back: in batches the table would be without it for long`;
  }
  if (local.momentInWhere) {
    const timed = others.find(({ node }) => countMoments(node) > 0);
    if (timed !== undefined) return `it and line ${timed.line} ask for the time, and must get the same`;
  }
  const builds = after.find((later) => buildsOnEveryRow(later, table));
  if (builds === undefined) return null;
  const overlap = others.find((other) => assignsSame(other, local));
  if (!local.repeatable || local.undone === null || local.momentInWhere || overlap !== undefined) {
    return `line ${builds.line} builds on every row, and rows that come meanwhile could not be told from those that are done`;
  }
  return null;
}

function names(name: QualifiedName | null, table: string): boolean {
  if (name === null) return false;
  const [schema = null, last = ''] = splitQualified(table);
  return name.name === last && (name.schema === null || name.schema === schema);
}

function holdsForTransaction(statement: ParsedStatement): boolean {
  const { kind, node } = statement;
  if (
    kind === 'LockStmt' ||
    kind === 'ConstraintsSetStmt' ||
    kind === 'DeclareCursorStmt' ||
    kind === 'FetchStmt'
  )
    return true;
  if (transactionControl(statement) !== null) return true;
  if (kind === 'VariableSetStmt') return flag(node, 'is_local') || text(node, 'name') === 'TRANSACTION';
  if (kind === 'CreateStmt') return !['ONCOMMIT_NOOP', null].includes(text(node, 'oncommit'));
  if (kind === 'CreateTableAsStmt')
    return !['ONCOMMIT_NOOP', null].includes(text(child(node, 'into'), 'onCommit'));
  if (kind !== 'SelectStmt') return false;
  let found = false;
  walk({ [kind]: node }, (inner, value) => {
    if (inner === 'LockingClause') found = true;
    const called = inner === 'FuncCall' ? (strings(value.funcname).at(-1) ?? '') : '';
    if (/^pg_(try_)?advisory_xact_lock/.test(called)) found = true;
    if (called === 'set_config' && !isSetting(statement)) found = true;
    return undefined;
  });
  return found;
}

/** Rows of the table go somewhere else: what is done to the table afterwards is done to those rows. */
function copiesFrom(statement: ParsedStatement, table: string): boolean {
  const copies =
    statement.kind === 'CreateTableAsStmt' ||
    (statement.kind === 'SelectStmt' && child(statement.node, 'intoClause') !== null) ||
    writtenRelations(statement).some((name) => !names(name, table));
  return copies && readRelations(statement).some((name) => names(name, table));
}

/** Whether it writes the table's rows, or changes the table itself. */
function isAbout(statement: ParsedStatement, table: string): boolean {
  const named = [
    ...writtenRelations(statement),
    relationOf(statement.node),
    ...['objects', 'relations'].flatMap((key) => namesFromLists(statement.node, key)),
  ];
  return (
    statement.kind === 'DoStmt' || statement.kind === 'CallStmt' || named.some((name) => names(name, table))
  );
}

type Family = 'trigger' | 'constraint' | 'row security' | 'rule';

interface Gap {
  readonly taken: ParsedStatement;
  readonly given: ParsedStatement;
}

/** Something that is taken from the table before, and given back after. */
function gapAround(
  before: readonly ParsedStatement[],
  after: readonly ParsedStatement[],
  table: string,
): Gap | null {
  for (const taken of before) {
    const families = changesOf(taken, table, 'takes');
    const given = after.find((later) =>
      changesOf(later, table, 'gives').some((family) => families.includes(family)),
    );
    if (given !== undefined) return { taken, given };
  }
  return null;
}

const COMMANDS: Readonly<Record<string, readonly ['takes' | 'gives', Family]>> = {
  AT_DisableTrig: ['takes', 'trigger'],
  AT_DisableTrigAll: ['takes', 'trigger'],
  AT_DisableTrigUser: ['takes', 'trigger'],
  AT_EnableTrig: ['gives', 'trigger'],
  AT_EnableTrigAll: ['gives', 'trigger'],
  AT_EnableTrigUser: ['gives', 'trigger'],
  AT_EnableAlwaysTrig: ['gives', 'trigger'],
  AT_EnableReplicaTrig: ['gives', 'trigger'],
  AT_DropConstraint: ['takes', 'constraint'],
  AT_AddConstraint: ['gives', 'constraint'],
  AT_AlterConstraint: ['gives', 'constraint'],
  AT_DisableRowSecurity: ['takes', 'row security'],
  AT_EnableRowSecurity: ['gives', 'row security'],
  AT_ForceRowSecurity: ['gives', 'row security'],
  AT_NoForceRowSecurity: ['takes', 'row security'],
  AT_DisableRule: ['takes', 'rule'],
  AT_EnableRule: ['gives', 'rule'],
};

const DROPS: Readonly<Record<string, Family>> = {
  OBJECT_TRIGGER: 'trigger',
  OBJECT_POLICY: 'row security',
  OBJECT_RULE: 'rule',
};

function changesOf(
  { kind, node }: ParsedStatement,
  table: string,
  way: 'takes' | 'gives',
): readonly Family[] {
  if (kind === 'AlterTableStmt' && names(relationOf(node), table)) {
    return children(node, 'cmds').flatMap(({ node: command }) => {
      const change = COMMANDS[text(command, 'subtype') ?? ''];
      return change?.[0] === way ? [change[1]] : [];
    });
  }
  if (way === 'takes' && kind === 'DropStmt') {
    const type = text(node, 'removeType') ?? '';
    // Which table an index is on its name does not tell.
    if (type === 'OBJECT_INDEX') return ['constraint'];
    const family = DROPS[type];
    const on = children(node, 'objects').some(({ node: list }) =>
      names(nameFromParts(strings(list.items).slice(0, -1)), table),
    );
    return family !== undefined && on ? [family] : [];
  }
  if (way === 'gives' && kind === 'CreateTrigStmt' && names(relationOf(node), table)) return ['trigger'];
  if (way === 'gives' && kind === 'CreatePolicyStmt' && names(relationOf(node, 'table'), table))
    return ['row security'];
  if (way === 'gives' && kind === 'RuleStmt' && names(relationOf(node), table)) return ['rule'];
  if (way === 'gives' && kind === 'IndexStmt' && flag(node, 'unique') && names(relationOf(node), table))
    return ['constraint'];
  return [];
}

/** Commands that look at every row, or take something of every row away. */
const WHOLE = new Set([
  'AT_SetNotNull',
  'AT_AddConstraint',
  'AT_ValidateConstraint',
  'AT_DropColumn',
  'AT_AlterColumnType',
  'AT_SetExpression',
  'AT_AttachPartition',
]);

/** Whether the statement, on this table, looks at every row, so that one that was not done would be in its way. */
export function buildsOnEveryRow({ kind, node }: ParsedStatement, table: string): boolean {
  if (kind === 'AlterTableStmt' && names(relationOf(node), table)) {
    return children(node, 'cmds').some(({ node: command }) => WHOLE.has(text(command, 'subtype') ?? ''));
  }
  if (kind === 'IndexStmt') return flag(node, 'unique') && names(relationOf(node), table);
  if (kind === 'DropStmt') return namesFromLists(node, 'objects').some((name) => names(name, table));
  return false;
}

/** Another UPDATE of the same columns: whose value a row should have is then told by their order alone. */
function assignsSame({ kind, node }: ParsedStatement, { table, action }: RowLocal): boolean {
  if (kind !== 'UpdateStmt' || action.type !== 'update' || !names(relationOf(node), table)) return false;
  return children(node, 'targetList').some(({ node: target }) =>
    action.columns.includes(text(target, 'name') ?? ''),
  );
}
