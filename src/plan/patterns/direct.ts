import type { Assessment, LockMode, StatementFacts } from '../../assess/model.ts';
import { LOCK_MODES } from '../../assess/model.ts';
import type { ParsedStatement, Script } from '../../sql/model.ts';
import { writtenRelations } from '../../sql/relations.ts';
import { serverWide } from '../../sql/server-wide.ts';
import { child, flag, namesFromLists, relationOf, showName, text } from '../../sql/tree.ts';
import { unseenChange } from '../../sql/unseen.ts';
import { actionsOf, plainAction } from '../actions.ts';
import type { BackfillSpec } from '../backfill.ts';
import type { StatementGroup } from '../group.ts';
import { MadeHere } from '../made-here.ts';
import type { Action, ExpectedLock, Probe, Step } from '../model.ts';
import { parkIdOf } from '../park-id.ts';
import { type BatchedGroup, placeKey } from './batched.ts';

const TITLE = 72;

/** The statements as they were written, one step per group; a backfill where one took a statement's place. */
export async function directSteps(
  migration: string,
  script: Script,
  groups: readonly BatchedGroup[],
  assessment: Assessment,
): Promise<readonly Step[]> {
  let parked = 0;
  const nextParkId = (): string => parkIdOf(migration, ++parked);
  const facts = new Map(assessment.statements.map((fact) => [placeKey(fact), fact]));
  const rolesMade = new Set<string>();
  const steps: Step[] = [];
  for (const [index, group] of groups.entries()) {
    const made = new MadeHere();
    const forward: Action[] = group.settings.map(plainAction);
    for (const statement of group.backfill === null ? group.statements : []) {
      forward.push(...(await actionsOf(statement, script, made, nextParkId)));
      made.note(statement);
    }
    const id = `s${index + 1}`;
    const notes = group.notes.length === 0 ? {} : { notes: group.notes };
    if (group.backfill !== null) {
      steps.push({
        ...backfillStep(id, group.backfill, titleOf(group.written)),
        expects: expectedLocks(group.statements.map((statement) => facts.get(placeKey(statement)))),
        ...notes,
      });
      continue;
    }
    steps.push({
      id,
      kind: kindOf(group, forward),
      title: titleOf(group.written),
      transactional: group.transactional,
      forward,
      inverse: null,
      inverseTransactional: true,
      inverseRefusals: refusals(group.statements, rolesMade),
      captures: group.transactional ? capturesOf(group.statements) : [],
      done: group.transactional ? { type: 'ledger' } : probeOf(group.statements[0]),
      expects: expectedLocks(group.statements.map((statement) => facts.get(placeKey(statement)))),
      fingerprintAfter: null,
      ...notes,
    });
  }
  return steps;
}

/** Before-images of what it writes lead back; what triggers and cascades write beside that, the rehearsal finds. */
function backfillStep(id: string, spec: BackfillSpec, title: string): Step {
  const written = spec.action.type === 'insert-select' ? spec.action.target : spec.table;
  return {
    id,
    kind: 'backfill',
    title,
    transactional: false,
    forward: [{ type: 'backfill', spec }],
    inverse: null,
    inverseTransactional: true,
    inverseRefusals: [],
    captures: [written],
    done: { type: 'ledger' },
    expects: [],
    fingerprintAfter: null,
  };
}

/**
 * Tables that the statements write, without those which they make themselves: with their making undone, their rows are
 * gone too. Names as written, quoted where needed; in order of first use.
 */
export function capturesOf(statements: readonly ParsedStatement[]): readonly string[] {
  const made = new MadeHere();
  const captured = new Set<string>();
  for (const statement of statements) {
    for (const name of writtenRelations(statement)) {
      if (!made.hasTable(showName(name)) && name.schema !== 'pg_temp') captured.add(showName(name));
    }
    made.note(statement);
  }
  return [...captured];
}

/**
 * What no copy of the database shows, and so no comparison can undo. A role that the migration makes goes again with
 * all that was done to it: it is noted in `made`.
 */
function refusals(statements: readonly ParsedStatement[], made: Set<string>): readonly string[] {
  return statements.flatMap((statement) => {
    const unseen = unseenChange(statement);
    if (unseen !== null) return [`line ${statement.line}: ${unseen}`];
    const found = serverWide(statement);
    if (found === null) return [];
    if (found.makes !== null) made.add(found.makes);
    if (found.roles.length > 0 && found.roles.every((role) => made.has(role))) return [];
    return [
      `line ${statement.line}: ${found.command} changes the server, and a copy of the database does not show what was there before`,
    ];
  });
}

function kindOf(group: StatementGroup, forward: readonly Action[]): Step['kind'] {
  const parks = forward.filter((action) => action.type === 'park-table' || action.type === 'park-column');
  if (parks.length > 0 && parks.length === forward.length) return 'park';
  const validates = group.statements.every(
    (statement) => statement.kind === 'AlterTableStmt' && onlyValidates(statement),
  );
  return validates ? 'validate' : 'ddl';
}

function onlyValidates(statement: ParsedStatement): boolean {
  const commands = statement.node.cmds;
  return (
    Array.isArray(commands) &&
    commands.every((command) => text(child(command, 'AlterTableCmd'), 'subtype') === 'AT_ValidateConstraint')
  );
}

function titleOf(statements: readonly ParsedStatement[]): string {
  const [first] = statements;
  if (first === undefined) return '';
  const words = first.text.slice(0, 4 * TITLE).replace(/\s+/g, ' ');
  const short = words.length > TITLE ? `${words.slice(0, TITLE - 1).trimEnd()}…` : words;
  return statements.length === 1 ? short : `${short} (+${statements.length - 1} more)`;
}

function probeOf(statement: ParsedStatement | undefined): Probe {
  if (statement?.kind === 'IndexStmt') {
    const table = relationOf(statement.node);
    const name = text(statement.node, 'idxname');
    // An index lies in its table's schema.
    if (name !== null && table !== null)
      return { type: 'index-valid', index: { schema: table.schema, name } };
  }
  if (statement?.kind === 'DropStmt' && flag(statement.node, 'concurrent')) {
    const [index, second] = namesFromLists(statement.node, 'objects');
    if (index !== undefined && second === undefined) return { type: 'index-absent', index };
  }
  return { type: 'fingerprint' };
}

/** The strongest mode per relation, in the order of first use. */
function expectedLocks(facts: readonly (StatementFacts | undefined)[]): readonly ExpectedLock[] {
  const strongest = new Map<string, LockMode>();
  for (const lock of facts.flatMap((fact) => fact?.locks ?? [])) {
    const known = strongest.get(lock.relation);
    if (known === undefined || LOCK_MODES.indexOf(lock.mode) > LOCK_MODES.indexOf(known)) {
      strongest.set(lock.relation, lock.mode);
    }
  }
  return [...strongest].map(([relation, mode]) => ({ relation, mode, heldMs: null }));
}
