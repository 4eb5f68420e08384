/** The way back on a scratch copy: a written down.sql from the last rollback point, else the derived inverses. */

import { FerrataError } from '../../errors.ts';
import { runActions } from '../../execute/action.ts';
import { captureName } from '../../execute/context.ts';
import type { Step } from '../../plan/model.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { rehearseUndo } from './backfill.ts';
import { resetSession } from './forward.ts';
import type { Member } from './member.ts';
import { onSharedServer } from './roles.ts';

export interface WayBack {
  readonly inverse: 'written' | 'derived';
  /** Milliseconds. */
  readonly ms: number;
  /** What stopped it; the copy then stands wherever that left it. */
  readonly error: FerrataError | null;
}

/**
 * Goes back over `done` (steps in the order in which they ran, with the member each belongs to). A member's written
 * down is taken when all its steps are done, unless `derivedOnly`.
 */
export async function goBack(
  connector: Connector,
  done: readonly { readonly member: Member; readonly step: Step }[],
  derivedOnly = false,
): Promise<WayBack> {
  const connection = await connector.connect('rehearse');
  const started = performance.now();
  let inverse: WayBack['inverse'] = 'derived';
  try {
    const members = [...new Set(done.map((d) => d.member))].reverse();
    for (const member of members) {
      const steps = done.filter((d) => d.member === member).map((d) => d.step);
      const down = member.plan.down;
      if (down !== null && !derivedOnly && steps.length === member.plan.steps.length) {
        inverse = 'written';
        if (member.downError !== null) throw member.downError;
        await runWritten(connection, member, down);
      } else {
        for (const step of [...steps].reverse()) {
          await rehearseUndo(connector, member, step);
          await runInverse(connection, member, step);
        }
      }
      await resetSession(connection);
    }
    return { inverse, ms: Math.round(performance.now() - started), error: null };
  } catch (error) {
    return {
      inverse,
      ms: Math.round(performance.now() - started),
      error:
        error instanceof FerrataError
          ? error
          : new FerrataError('internal', error instanceof Error ? error.message : String(error), {
              cause: error,
            }),
    };
  } finally {
    await connection.close();
  }
}

async function runWritten(connection: Connection, member: Member, down: NonNullable<Member['plan']['down']>) {
  const source = { file: down.file, text: member.migration.down?.text ?? '' };
  for (const group of down.groups) {
    const work = () =>
      runActions(onSharedServer(group.actions), { connection, source, capture: '', captures: [] });
    await (group.transactional ? connection.transaction(work) : work());
  }
}

async function runInverse(connection: Connection, member: Member, step: Step): Promise<void> {
  if (step.inverse === null) {
    throw new FerrataError('rollback-unavailable', `No way back could be derived for step ${step.id}.`, {
      why: step.inverseRefusals.join('; '),
      hint: 'Write a down.sql for this migration; it is proved like any other.',
    });
  }
  const actions = onSharedServer(step.inverse);
  const work = () =>
    runActions(actions, {
      connection,
      source: null,
      capture: captureName(member.plan, step),
      captures: [],
    });
  await (step.inverseTransactional ? connection.transaction(work) : work());
}
