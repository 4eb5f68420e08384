import type { Settings } from '../config/settings.ts';
import type { ErrorCode, SourceLocation } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Plan } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import type { ProvedPlan } from '../prepare/model.ts';
import type { Migration } from '../source/model.ts';

export type GateName = 'rollback_tested' | 'backup_verified' | 'history_clean' | 'lease';

/** One named condition, and whether it holds. */
export interface GateResult {
  readonly gate: GateName;
  readonly ok: boolean;
  /** It does not hold, and `--force` with a reason lets the run pass all the same. */
  readonly forced: boolean;
  /** Null where it holds. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  /** The place in the migration that is to be mended, where there is one. */
  readonly location?: SourceLocation;
  /** What it holds by, where that has a name: a backup's. */
  readonly by?: string;
}

export interface GateInput {
  readonly session: { readonly settings: Settings; readonly connection: Connection };
  readonly ledger: Ledger;
  readonly migration: Pick<Migration, 'id' | 'checksum'>;
  /** What is going to run. */
  readonly plan: Plan;
  /** What was found for this migration; it may be for another schema, version or text. */
  readonly proved: ProvedPlan | null;
  /** Of the schema as it stands; null where it was not read. */
  readonly startFingerprint: string | null;
  /** The reason of `--force`; null without. */
  readonly force: string | null;
  /** Where given: who must hold the lease. */
  readonly lease?: { readonly token: string };
  /** Where given: every migration of the project, to compare with what the ledger says. */
  readonly migrations?: readonly Migration[];
}

export type Gate = (input: GateInput) => Promise<Omit<GateResult, 'gate' | 'forced'>>;

export function holds(message: string, by?: string): Omit<GateResult, 'gate' | 'forced'> {
  return { ok: true, code: null, message, hint: null, ...(by !== undefined && { by }) };
}

export function refuses(code: ErrorCode, message: string, hint: string): Omit<GateResult, 'gate' | 'forced'> {
  return { ok: false, code, message, hint };
}
