/** What every part of the runner shares during one run. */
import type { Policy } from '../config/settings.ts';
import type { FerrataEvent, Reporter } from '../events.ts';
import type { Lease } from '../ledger/lease.ts';
import { json, text } from '../ledger/rows.ts';
import type { Plan, Step } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import type { SourceText } from './failure.ts';
import type { Throttle } from './monitor/throttle.ts';
import type { RunSession } from './session.ts';

/** Hash of the schema as it stands; injected, so that the runner need not know the catalog engine. */
export type ReadFingerprint = (connection: Connection) => Promise<string>;

export interface RunContext {
  readonly run: string;
  readonly session: RunSession;
  readonly lease: Lease;
  readonly policy: Policy;
  readonly report: Reporter;
  /** First Ctrl-C. */
  readonly signal: AbortSignal | undefined;
  /** Asked between the batches of a backfill. */
  readonly throttle: Throttle;
  /** The migration's folder; null where there is none. */
  readonly folder: string | null;
  readonly source: SourceText | null;
  readonly readFingerprint: ReadFingerprint | null;
  readonly journal: Journal;
}

const KEPT: readonly FerrataEvent['type'][] = ['step-retried', 'step-resumed', 'throttled', 'warning'];

/** Events that are worth keeping, written together with the next ledger rows. */
export class Journal {
  readonly #run: string;
  #pending: FerrataEvent[] = [];
  /** How many of them the newest `sql` holds: what was heard since is still to be written. */
  #offered = 0;

  constructor(run: string) {
    this.#run = run;
  }

  /** A reporter that passes everything on and keeps what explains a run afterwards. */
  listen(reporter: Reporter): Reporter {
    return (event) => {
      if (KEPT.includes(event.type)) {
        this.#pending.push(event);
      }
      reporter(event);
    };
  }

  /** The rows as SQL, each ending in a semicolon; they count as written with `written`. */
  sql(): string {
    this.#offered = this.#pending.length;
    return this.#pending
      .map((event) => {
        const { type, ...detail } = event;
        return `INSERT INTO ferrata.event (run, type, detail) VALUES (${text(this.#run)}, ${text(type)}, ${json(detail)});\n`;
      })
      .join('');
  }

  written(): void {
    this.#pending.splice(0, this.#offered);
    this.#offered = 0;
  }
}

/** Name under which a step's captured rows lie in the attic; the rehearsal uses the same. */
export function captureName(plan: Plan, step: Step): string {
  return `${/^\d+/.exec(plan.migration)?.[0] ?? plan.migration}_${step.id}`;
}
