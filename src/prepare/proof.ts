/** What a proof says: the verdict over a unit's measurements, and its public JSON shape. */
import type { Difference } from '../catalog/model.ts';
import type { DataSource } from '../config/settings.ts';
import type { FerrataError } from '../errors.ts';
import { extensionHint } from '../postgres/extensions.ts';
import type { Proof, ProofOutcome, RollbackPoint } from './model.ts';
import type { UnitResult } from './rehearse/unit.ts';

export interface Verdict {
  readonly outcome: ProofOutcome;
  readonly level: Proof['level'];
  readonly error: Proof['error'];
}

/**
 * `failed`: the change itself does not run. `refuted`: some way back does not restore schema or rows, loses what was
 * written after the change, or is stopped by a row that both shapes can hold. Rows that only the new shape allows may
 * stop the way back (`lateRows: refused`): nothing is lost, and the proof says which rows they are.
 */
export function judgeUnit(unit: UnitResult, dataSource: DataSource): Verdict {
  if (unit.forwardError !== null) {
    return { outcome: 'failed', level: 0, error: errorOf(unit.forwardError) };
  }
  const refuted =
    unit.backError !== null ||
    unit.redo?.outcome === 'different' ||
    unit.rollbackPoints.some((p) => p.schema === 'different' || p.data === 'lost' || p.lateRows === 'lost');
  if (refuted) {
    return { outcome: 'refuted', level: 0, error: unit.backError === null ? null : errorOf(unit.backError) };
  }
  const data =
    dataSource !== 'none' && unit.variant !== 'empty' && unit.rollbackPoints.every((p) => p.data === 'equal');
  return { outcome: 'proved', level: data ? 2 : 1, error: null };
}

export function errorOf(error: FerrataError): NonNullable<Proof['error']> {
  const { why, location } = error.details;
  // What a scratch server lacks is no fault of the migration: the proof says what to do.
  const extension = extensionHint(error.message);
  return {
    code: error.code,
    message: [error.message, why, extension].filter((part) => part !== undefined).join(' '),
    at: location ?? null,
  };
}

/** The documented shape under `proofs` of `rehearse --json`. */
export function proofToJson(proof: Proof) {
  return {
    migration: proof.migration,
    outcome: proof.outcome,
    level: proof.level,
    dataSource: proof.dataSource,
    unfilled: proof.unfilled,
    rollbackPoints: proof.rollbackPoints.map((point: RollbackPoint) => ({
      afterStep: point.afterStep,
      inverse: point.inverse,
      schema: point.schema,
      differences: point.differences.map(differenceToJson),
      data: point.data,
      losses: point.losses,
      lateRows: point.lateRows,
      lateRowDetails: point.lateRowDetails,
    })),
    redo: proof.redo,
    redoDifferences: proof.redoDifferences.map(differenceToJson),
    locks: proof.locks,
    error: proof.error,
    derivedRollback: proof.derivedRollback,
    notes: proof.notes,
    serverMajor: proof.serverMajor,
    ms: proof.ms,
  };
}

function differenceToJson({ kind, object, property, before, after }: Difference) {
  return { kind, object, property, before, after };
}
