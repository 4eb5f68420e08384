/**
 * The demo's application: concurrent clients that read and write the shop all the while, and note how long each
 * transaction took. They know nothing of the migration.
 */
import type { Connection, Connector } from '../postgres/connection.ts';

export interface Latencies {
  readonly transactions: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly errors: readonly string[];
}

interface Sample {
  readonly at: number;
  readonly ms: number;
}

export class Application {
  readonly #connections: Connection[] = [];
  readonly #samples: Sample[] = [];
  readonly #errors: { readonly at: number; readonly message: string }[] = [];
  #running = true;
  #clients: Promise<void>[] = [];

  /** Starts `clients` clients; each pauses a few milliseconds between transactions, as a user would. */
  static async start(connector: Connector, clients: number, orders: number): Promise<Application> {
    const application = new Application();
    for (let client = 0; client < clients; client++) {
      application.#connections.push(await connector.connect('shop'));
    }
    application.#clients = application.#connections.map((connection, client) =>
      application.#work(connection, client, orders),
    );
    return application;
  }

  /** The moment, for `between`. */
  now(): number {
    return performance.now();
  }

  /** What the clients met from one moment to another; an empty span gives zeros. */
  between(from: number, to: number): Latencies {
    const times = this.#samples
      .filter((sample) => sample.at + sample.ms >= from && sample.at <= to)
      .map((sample) => sample.ms)
      .sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return {
      transactions: times.length,
      p50: at(0.5),
      p99: at(0.99),
      longest: times.at(-1) ?? 0,
      errors: this.#errors
        .filter((error) => error.at >= from && error.at <= to)
        .map((error) => error.message),
    };
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
    await Promise.all(this.#connections.map((connection) => connection.close()));
  }

  async #work(connection: Connection, client: number, orders: number): Promise<void> {
    for (let turn = client; this.#running; turn += 7) {
      const started = performance.now();
      try {
        await this.#transaction(connection, turn, orders);
        this.#samples.push({ at: started, ms: performance.now() - started });
      } catch (error) {
        this.#errors.push({ at: started, message: error instanceof Error ? error.message : String(error) });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Reads, updates and inserts in turn, over rows spread through the table. */
  async #transaction(connection: Connection, turn: number, orders: number): Promise<void> {
    const id = 1 + ((turn * 7919) % orders);
    switch (turn % 4) {
      case 0:
        await connection.query('SELECT id, status, total FROM orders WHERE customer_id = $1 LIMIT 20', [
          1 + (id % Math.max(100, Math.round(orders / 10))),
        ]);
        return;
      case 1:
        await connection.query('SELECT id, total FROM open_orders WHERE id = $1', [id]);
        return;
      case 2:
        await connection.query(`UPDATE orders SET total = total + 0.01 WHERE id = $1`, [id]);
        return;
      default:
        await connection.transaction(async () => {
          const [order] = await connection.query<{ id: string }>(
            'INSERT INTO orders (customer_id, total) VALUES ($1, 9.99) RETURNING id',
            [1 + (id % 100)],
          );
          await connection.query('INSERT INTO order_items VALUES ($1, 1, $2, 1, 9.99)', [
            order?.id,
            1 + (turn % 1000),
          ]);
        });
    }
  }
}
