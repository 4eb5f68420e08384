/** Where the next batch ends: asked over a connection of its own, while the last one runs. */
import type { Reporter } from '../../events.ts';
import type { Connection } from '../../postgres/connection.ts';
import { connectionLost } from '../failure.ts';
import type { RunSession } from '../session.ts';
import { boundAfter } from './bounds.ts';
import { pageAfter } from './ctid.ts';
import type { BackfillKey, KeyValue } from './model.ts';

/** How often in a row a broken connection is made anew. */
const LOST_RETRIES = 5;

/** A range that is walked. */
export interface WalkedRange {
  readonly table: string;
  readonly key: BackfillKey;
  /** By pages: the table has no key. */
  readonly byPage: boolean;
  readonly upper: KeyValue;
  /** Rows in it, about. */
  readonly estimate: number;
}

interface Asked {
  readonly after: KeyValue | null;
  readonly rows: number;
  readonly found: Promise<KeyValue | null>;
}

export class LookAhead {
  readonly #session: RunSession;
  readonly #report: Reporter;
  #asked: Asked | null = null;

  /** @param session closed by `close` */
  constructor(session: RunSession, report: Reporter) {
    this.#session = session;
    this.#report = report;
  }

  async close(): Promise<void> {
    await this.#asked?.found.catch(() => {});
    await this.#session.close();
  }

  /** Where a batch of at most so many rows behind `last` ends, and how many it has; null: at the end of the range. */
  async bound(
    range: WalkedRange,
    last: KeyValue | null,
    rows: number,
  ): Promise<{ readonly key: KeyValue; readonly rows: number } | null> {
    const asked = this.#asked;
    this.#asked = null;
    // What was asked for may be smaller than what is wanted now, but not larger.
    const usable = asked !== null && asked.after === last && asked.rows <= rows * 1.1;
    if (!usable) await asked?.found.catch(() => {});
    const key = usable ? await asked.found : await this.#find(range, last, rows);
    return key === null ? null : { key, rows: usable ? asked.rows : rows };
  }

  /** Begins to look where so many rows behind `after` end. */
  begin(range: WalkedRange, after: KeyValue, rows: number): void {
    const found = this.#find(range, after, rows);
    // It is awaited when its turn comes, if at all.
    found.catch(() => {});
    this.#asked = { after, rows, found };
  }

  /** Any other question, over the same connection. */
  async ask<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    for (let lost = 0; ; lost++) {
      try {
        return await question(this.#session.connection);
      } catch (error) {
        if (!connectionLost(error) || lost >= LOST_RETRIES) {
          await this.#session.connection.script('ROLLBACK').catch(() => {});
          throw error;
        }
        await this.#session.reconnect(this.#report);
      }
    }
  }

  async #find(
    { table, key, byPage, upper, estimate }: WalkedRange,
    last: KeyValue | null,
    rows: number,
  ): Promise<KeyValue | null> {
    if (!byPage) return await this.ask((connection) => boundAfter(connection, table, key, last, upper, rows));
    const pages = Number(/\((\d+),/.exec(upper[0] ?? '')?.[1] ?? 0) + 1;
    return pageAfter(last, upper, rows, estimate / pages);
  }
}
