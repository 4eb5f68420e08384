import type { Assessment } from '../assess/model.ts';
import type { Migration } from '../source/model.ts';
import type { Script } from '../sql/model.ts';
import type { TransactionContext } from '../sql/transactional.ts';
import { plainAction } from './actions.ts';
import { groupStatements } from './group.ts';
import type { Plan, WrittenDown } from './model.ts';
import { type Batching, batchedGroups } from './patterns/batched.ts';
import { directSteps } from './patterns/direct.ts';

export interface CompileInput {
  readonly migration: Migration;
  /** Of up.sql. */
  readonly script: Script;
  /** Of down.sql, where there is one. */
  readonly down: Script | null;
  readonly assessment: Assessment;
  /** Hash of the schema that the plan starts from; null without a database. */
  readonly startFingerprint: string | null;
  readonly serverMajor: number | null;
  /** What a catalog knows beyond the text; without it nothing is partitioned. */
  readonly context?: TransactionContext;
  /** What decides which statements run in batches; without it none do. */
  readonly batching?: Batching | null;
}

/**
 * Compiles a migration into a plan: steps with a rollback point after each. The inverses are still open (null): the
 * rehearsal derives them. The same input gives the same plan.
 *
 * Throws `sql-transaction-control`.
 */
export async function compilePlan(input: CompileInput): Promise<Plan> {
  const { migration, script, down, assessment, context = {}, batching = null } = input;
  const groups = await batchedGroups(script, groupStatements(script, context), batching);
  return {
    ferrata: 1,
    migration: migration.id,
    checksum: migration.checksum,
    pattern: groups.some(({ backfill }) => backfill !== null) ? 'batched' : 'direct',
    type: assessment.type,
    risk: assessment.risk,
    rollbackWindowHours: assessment.rollbackWindowHours,
    serverMajor: input.serverMajor,
    startFingerprint: input.startFingerprint,
    endFingerprint: null,
    steps: await directSteps(migration.id, script, groups, assessment),
    down: down === null ? null : compileDown(down, context),
  };
}

/**
 * The hand-written way back, grouped as the way forward is. It runs exactly as written: nothing is parked on the way
 * back. A file without statements gives no groups, and the rehearsal then shows what it does not undo.
 */
export function compileDown(script: Script, context: TransactionContext = {}): WrittenDown {
  return {
    file: script.file,
    groups: groupStatements(script, context).map((group) => ({
      transactional: group.transactional,
      actions: [...group.settings, ...group.statements].map(plainAction),
    })),
  };
}
