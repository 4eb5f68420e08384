/** Sequences that a step drops or sets back: where they stood is kept (execute/attic/keep-sequences.ts). */
import type { Step } from '../../plan/model.ts';
import type { Connection } from '../../postgres/connection.ts';

interface Position {
  readonly oid: string;
  readonly name: string;
  /** Null: nothing was drawn yet. */
  readonly value: bigint | null;
  readonly rises: boolean;
  readonly parked: boolean;
}

export type Positions = ReadonlyMap<string, Position>;

/** Whether the words of a step leave any doubt that it leaves sequences where they are. */
export function mayMoveSequences(step: Step): boolean {
  return step.forward.some(
    (action) =>
      action.type === 'sql' &&
      /\b(sequence|restart|setval|cascade|owned|drop|identity|do|call|select)\b/i.test(action.sql),
  );
}

export async function sequencePositions(connection: Connection): Promise<Positions> {
  const rows = await connection.rows<[string, string, string | null, boolean, boolean]>(
    `SELECT s.seqrelid::pg_catalog.text, pg_catalog.format('%I.%I', n.nspname, c.relname),
       pg_catalog.pg_sequence_last_value(s.seqrelid)::pg_catalog.text, s.seqincrement > 0, n.nspname = 'ferrata_attic'
     FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relpersistence <> 't' AND n.nspname <> 'ferrata'`,
  );
  return new Map(
    rows.map(([oid, name, value, rises, parked]) => [
      oid,
      { oid, name, value: value === null ? null : BigInt(value), rises, parked },
    ]),
  );
}

/** The step with the action that keeps, or null where every sequence is still there and none stands behind. */
export function withKeptSequences(step: Step, before: Positions, after: Positions): Step | null {
  if (step.forward.some(({ type }) => type === 'keep-sequences')) return null;
  const sequences = [...before.values()]
    .filter((was) => !was.parked && was.value !== null && isBehind(was, after.get(was.oid)))
    .map(({ name }) => name)
    .sort();
  if (sequences.length === 0) return null;
  return { ...step, forward: [{ type: 'keep-sequences', sequences }, ...step.forward] };
}

function isBehind(was: Position, now: Position | undefined): boolean {
  if (now === undefined || now.value === null) return true;
  if (was.value === null) return false;
  return was.rises ? now.value < was.value : now.value > was.value;
}
