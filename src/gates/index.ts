/** The conditions that must hold before a run (DESIGN §2, gate), each in a file of its own. */
import { FerrataError } from '../errors.ts';
import { backupVerified } from './backup-verified.ts';
import { historyClean } from './history-clean.ts';
import { leaseHeld } from './lease-held.ts';
import type { Gate, GateInput, GateName, GateResult } from './model.ts';
import { rollbackTested } from './rollback-tested.ts';

export type { GateInput, GateName, GateResult } from './model.ts';

const GATES: Readonly<Record<GateName, Gate>> = {
  history_clean: historyClean,
  rollback_tested: rollbackTested,
  backup_verified: backupVerified,
  lease: leaseHeld,
};

/** What a reason can override. Two runners at once, or an unclear history, no reason makes safe. */
const FORCEABLE: ReadonlySet<GateName> = new Set(['rollback_tested', 'backup_verified']);

/** Before a run; `lease` is asked for by the runner itself, in every transaction. */
const BEFORE_RUN: readonly GateName[] = ['history_clean', 'rollback_tested', 'backup_verified'];

/**
 * Every gate with its answer; nothing is thrown for one that does not hold. Throws `usage` for an empty reason and
 * `force-refused` where the policy allows no force.
 */
export async function checkGates(
  input: GateInput,
  names: readonly GateName[] = BEFORE_RUN,
): Promise<readonly GateResult[]> {
  if (input.force !== null) requireForceAllowed(input);
  const results: GateResult[] = [];
  for (const gate of names) {
    const result = await GATES[gate](input);
    results.push({ gate, forced: !result.ok && input.force !== null && FORCEABLE.has(gate), ...result });
  }
  return results;
}

/** Throws the first gate that neither holds nor is forced, with its own code; all of them are in `data.gates`. */
export function requireGates(results: readonly GateResult[], migration: string): void {
  const refused = results.filter((result) => !result.ok && !result.forced);
  const [first] = refused;
  if (first === undefined) return;
  throw new FerrataError(first.code ?? 'gate-refused', first.message, {
    why: `The gate${refused.length === 1 ? '' : 's'} ${refused.map(({ gate }) => gate).join(' and ')} must hold before ${migration} runs.`,
    hint: refused
      .map(({ hint }) => hint)
      .filter((hint) => hint !== null)
      .join('\n'),
    location: first.location,
    data: { migration, gates: results },
  });
}

/** For a gate that refused and was forced: what to write into the audit chain. */
export function forcedGates(results: readonly GateResult[]): readonly GateName[] {
  return results.filter(({ forced }) => forced).map(({ gate }) => gate);
}

function requireForceAllowed({ force, session }: GateInput): void {
  const { policy, name } = session.settings.environment;
  if (force?.trim() === '') {
    throw new FerrataError('usage', '--force needs a reason', { hint: '--force --reason "why"' });
  }
  if (!policy.allowForce) {
    throw new FerrataError('force-refused', `--force is not allowed on ${name}`, {
      why: 'The policy of this environment says so.',
      hint: 'Prove the rollback with `ferrata rehearse`, or change `allowForce` in the policy.',
    });
  }
}
