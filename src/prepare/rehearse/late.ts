/**
 * Late rows: what the application writes after the change must survive the way back (DESIGN §4.7, TRAPS 34). A row
 * that the old shape can hold has to be there afterwards; one that only the new shape allows may stop the way back,
 * loudly, but must not vanish.
 */
import type { Catalog } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import type { FerrataError } from '../../errors.ts';
import type { Step } from '../../plan/model.ts';
import {
  findLateRows,
  heldByOldShape,
  touchedPairs,
  type WrittenLateRow,
  writeLateRows,
} from '../late-rows/index.ts';
import type { LateRow, RollbackPoint } from '../model.ts';
import type { ScratchDatabase } from '../scratch.ts';
import { goBack } from './back.ts';
import type { Member } from './member.ts';
import type { RowVariant } from './rows.ts';
import { withConnection } from './unit.ts';

export interface LateVerdict {
  readonly summary: RollbackPoint['lateRows'];
  readonly rows: readonly LateRow[];
  /** Set where rows that both shapes hold stop the way back: that refutes the proof. */
  readonly error: FerrataError | null;
}

export interface LateRequest {
  readonly fork: (template: ScratchDatabase) => Promise<ScratchDatabase>;
  readonly point: {
    readonly done: readonly { readonly member: Member; readonly step: Step }[];
    readonly after: Catalog;
    readonly database: ScratchDatabase;
    readonly half?: boolean;
  };
  readonly start: { readonly database: ScratchDatabase; readonly catalog: Catalog };
  readonly variant: RowVariant;
  /** Tables that the change wrote rows into. */
  readonly written: readonly string[];
}

const UNTESTED: LateVerdict = { summary: 'untested', rows: [], error: null };

/** Writes late rows on copies of the rollback point, goes back, and looks for them. */
export async function judgeLateRows(request: LateRequest): Promise<LateVerdict> {
  const { start, point, variant, fork } = request;
  if (variant === 'empty') return UNTESTED;
  // A way back that can't be read says nothing about rows.
  if (point.done.some(({ member }) => member.downError !== null)) return UNTESTED;
  if (touchedPairs(start.catalog, point.after, request.written).length === 0) return UNTESTED;
  const withAll = await fork(point.database);
  const written = await write(request, withAll);
  if (written.length === 0) return UNTESTED;
  const held = await withConnection(start.database.connector, (connection) =>
    heldByOldShape(connection, start.catalog, written),
  );
  const way = await goBack(withAll.connector, point.done, point.half === true);
  if (way.error === null)
    return verdict(written, held, await find(request, withAll, written, held), null, null);
  // Some row stands in the way. Those that the old shape holds must still come through by themselves.
  const refusal = way.error.message;
  const holdable = written.filter((_, index) => held[index] === true);
  if (holdable.length === written.length) {
    return verdict(
      written,
      held,
      written.map(() => 'refused' as const),
      refusal,
      way.error,
    );
  }
  const withHeld = await fork(point.database);
  const again = await write(request, withHeld, (row) => holdable.some((h) => h.id === row.id));
  const second = await goBack(withHeld.connector, point.done, point.half === true);
  const outcomes =
    second.error === null
      ? await find(
          request,
          withHeld,
          again,
          again.map(() => true),
        )
      : again.map(() => 'refused' as const);
  const byId = new Map(again.map((row, index) => [row.id, outcomes[index]]));
  return verdict(
    written,
    held,
    written.map((row) => byId.get(row.id) ?? 'refused'),
    refusal,
    second.error,
  );
}

type Outcome = LateRow['outcome'];

async function write(
  request: LateRequest,
  database: ScratchDatabase,
  only?: (row: { readonly id: string }) => boolean,
): Promise<readonly WrittenLateRow[]> {
  return withConnection(database.connector, (connection) =>
    writeLateRows(connection, request.start.catalog, request.point.after, only === undefined ? {} : { only }),
  );
}

async function find(
  { point, start }: LateRequest,
  database: ScratchDatabase,
  rows: readonly WrittenLateRow[],
  held: readonly boolean[],
): Promise<readonly Outcome[]> {
  return withConnection(database.connector, async (connection) => {
    const catalog = await readCatalog(connection);
    const outcomes: Outcome[] = [...(await findLateRows(connection, catalog, rows))];
    // A table that the change attached as a partition goes its own way again, with the rows that only it has a place for.
    for (const [index, row] of rows.entries()) {
      if (outcomes[index] !== 'lost' || held[index] === true) continue;
      const places = attachedTo(row.table, start.catalog, point.after);
      const there = await findLateRows(
        connection,
        catalog,
        places.map((oldTable) => ({ ...row, oldTable })),
      );
      if (there.includes('kept')) outcomes[index] = 'kept';
    }
    return outcomes;
  });
}

/** Tables that were there by themselves, and are now partitions of this one, however deep. */
function attachedTo(table: string, before: Catalog, after: Catalog): readonly string[] {
  const children = [...after.objects.values()].filter(
    ({ kind, properties }) => kind === 'table' && properties.partitionOf === table,
  );
  return children.flatMap((child) => {
    const was = [...before.objects.values()].find(({ physical }) => physical === child.physical);
    return [
      ...(was !== undefined && was.properties.partitionOf === null ? [was.identity] : []),
      ...attachedTo(child.identity, before, after),
    ];
  });
}

function verdict(
  written: readonly WrittenLateRow[],
  held: readonly boolean[],
  outcomes: readonly Outcome[],
  refusal: string | null,
  error: FerrataError | null,
): LateVerdict {
  const rows = written.map((row, index): LateRow => {
    const outcome = outcomes[index] ?? 'lost';
    return {
      table: row.table,
      what: row.what,
      held: held[index] === true,
      outcome,
      detail: outcome === 'refused' ? refusal : null,
    };
  });
  const summary = rows.some((r) => r.outcome === 'lost')
    ? 'lost'
    : rows.some((r) => r.outcome === 'refused')
      ? 'refused'
      : 'kept';
  return { summary, rows, error };
}
