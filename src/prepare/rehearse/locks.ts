/**
 * What a step locks on the scratch copy, and for how long: `pg_locks`, read from a second connection while the step
 * runs and once more just before it commits (locks are held to the end of their transaction; manual, 13.3).
 */
import { LOCK_MODES, type LockMode } from '../../assess/model.ts';
import type { Connection } from '../../postgres/connection.ts';

export interface HeldLock {
  readonly oid: string;
  readonly mode: LockMode;
  readonly heldMs: number;
}

/** How long to wait between two looks: short steps are caught by the look before the commit. */
const INTERVAL_MS = 10;

export class LockWatch {
  readonly #observer: Connection;
  readonly #pid: number;
  readonly #firstSeen = new Map<string, number>();
  #watching = true;
  #loop: Promise<void>;

  constructor(observer: Connection, pid: number) {
    this.#observer = observer;
    this.#pid = pid;
    this.#loop = this.#watch();
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      if (this.#watching) await this.look();
    }
  }

  /** One look; the caller takes it while the step's transaction is still open. */
  async look(): Promise<void> {
    const rows = await this.#observer.query<{ relation: string; mode: string }>(
      `SELECT relation::pg_catalog.text, mode FROM pg_catalog.pg_locks
       WHERE pid = $1 AND granted AND relation IS NOT NULL AND relation >= 16384`,
      [this.#pid],
    );
    const now = performance.now();
    for (const { relation, mode } of rows) {
      const key = `${relation} ${mode}`;
      if (!this.#firstSeen.has(key)) this.#firstSeen.set(key, now);
    }
  }

  /** Ends the watch: every lock seen, held from the first look that saw it until now. */
  async finish(): Promise<readonly HeldLock[]> {
    const end = performance.now();
    this.#watching = false;
    await this.#loop;
    return [...this.#firstSeen].flatMap(([key, since]) => {
      const [oid = '', mode = ''] = key.split(' ');
      const known = LOCK_MODES.find((m) => m === mode);
      return known === undefined ? [] : [{ oid, mode: known, heldMs: Math.max(0, Math.round(end - since)) }];
    });
  }
}
