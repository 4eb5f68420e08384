/** Runs SQL as a migration file runs, on a real server, and says whether it showed a rule's danger. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceFacts } from '../../src/assess/analyse.ts';
import type { LockMode } from '../../src/assess/model.ts';
import { LOCK_MODES } from '../../src/assess/model.ts';
import type { Danger } from '../../src/assess/rules/rule.ts';
import { type Observation, observe } from '../../src/assess/trace/observe.ts';
import { partsOf } from '../../src/assess/trace/parts.ts';
import { traceScript } from '../../src/assess/trace/run.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import { sqlStateOf } from '../../src/postgres/errors.ts';
import type { ParsedStatement } from '../../src/sql/model.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { outsideTransaction, transactionControl } from '../../src/sql/transactional.ts';
import { testServer } from '../support/servers.ts';

export interface Shown {
  /** Whether the danger was there. */
  readonly danger: boolean;
  /** Errors of the statements themselves, first to last. */
  readonly errors: readonly {
    readonly sql: string;
    readonly sqlstate: string | null;
    readonly message: string;
  }[];
}

const LOCK_TIMEOUT = '55P03';
const CANCELLED = '57014';

/** One database of one server, made empty again for each example: cheaper than a new one each time. */
export class Playground {
  readonly major: number;
  readonly main: Connection;
  /** Another session: the application's, and the one that looks on. */
  readonly second: Connection;

  readonly #connector: Connector;
  readonly #alone: boolean;

  private constructor(
    major: number,
    connector: Connector,
    main: Connection,
    second: Connection,
    alone: boolean,
  ) {
    this.major = major;
    this.#alone = alone;
    this.#connector = connector;
    this.main = main;
    this.second = second;
  }

  /** @param alone whether no other file's examples make roles and databases on the servers meanwhile */
  static async open(major: number, alone = false): Promise<Playground> {
    const server = await testServer(major);
    const connector: Connector = await server.createDatabase();
    return new Playground(
      server.major,
      connector,
      await connector.connect(),
      await connector.connect(),
      alone,
    );
  }

  async close(): Promise<void> {
    await this.main.close();
    await this.second.close();
  }

  /** Empties the database and makes the example's objects. Roles, databases and tablespaces of examples begin with `example_`. */
  async make(schema: string): Promise<void> {
    for (const session of [this.second, this.main]) {
      await session.script('ROLLBACK');
      await session.script('DISCARD ALL');
    }
    await this.main.script(EMPTY);
    if (this.#alone) await this.#emptyServer();
    if (schema.trim() === '') return;
    const { statements } = await parseScript(schema, 'schema.sql');
    if (statements.every((statement) => outsideTransaction(statement) === null))
      await this.main.script(schema);
    else for (const { text } of statements) await this.main.script(text);
  }

  async #emptyServer(): Promise<void> {
    await this.main.script(NO_ROLES);
    const databases = await this.main.query<{ name: string }>(
      `SELECT 'DATABASE ' || quote_ident(datname) AS name FROM pg_database WHERE datname LIKE 'example\\_%'
       UNION ALL SELECT 'TABLESPACE ' || quote_ident(spcname) FROM pg_tablespace WHERE spcname LIKE 'example\\_%'`,
    );
    for (const { name } of databases) await this.main.script(`DROP ${name}`);
  }

  /** Runs `sql` as `assess --trace` does; make the objects anew afterwards. */
  async trace(sql: string): Promise<TraceFacts> {
    const script = await parseScript(sql, 'example.sql');
    const statements = await traceScript({
      script,
      parts: partsOf(script),
      connection: this.main,
      second: this.second,
      ownServer: false,
      hasSchema: true,
    });
    return { statements, sameMajor: true, major: this.major };
  }

  /**
   * Runs `sql` on what `make` made, and looks for the danger. Statements up to a COMMIT share a transaction; what cannot run
   * in one stands outside, unless the text itself says BEGIN.
   */
  async run(sql: string, danger: Danger): Promise<Shown> {
    const { statements } = await parseScript(sql, 'example.sql');
    switch (danger.kind) {
      case 'lock':
      case 'rewrite':
      case 'scan':
        return this.#observed(statements, danger);
      case 'holds':
      case 'holds together':
        return this.#held(statements, danger);
      case 'fails': {
        const errors = await this.#executed(statements);
        return { danger: errors.some(({ sqlstate }) => sqlstate === danger.sqlstate), errors };
      }
      case 'breaks':
        return this.#broken(statements, danger);
      case 'queues':
        return this.#queued(statements, qualified(danger.relation));
      case 'repeats': {
        const first = await this.#executed(statements);
        const second = await this.#executed(statements);
        return { danger: second.some(({ sqlstate }) => sqlstate === danger.sqlstate), errors: first };
      }
      case 'meanwhile': {
        // The rows that are there in the end are no matter of between.
        let now = 0;
        let before = 0;
        const errors = await this.#executed(statements, {
          ended: async () => {
            before += now;
            now = (await this.second.rows(danger.query)).length;
          },
        });
        return { danger: before > 0, errors };
      }
      case 'shows': {
        const errors = await this.#executed(statements);
        const rows = await this.main.rows(danger.query);
        return { danger: rows.length > 0, errors };
      }
      case 'convention':
        return { danger: false, errors: await this.#executed(statements) };
    }
  }

  async #observed(
    statements: readonly ParsedStatement[],
    danger: Extract<Danger, { kind: 'lock' | 'rewrite' | 'scan' }>,
  ): Promise<Shown> {
    const relation = qualified(danger.relation);
    // What an earlier statement of the transaction locked is still locked.
    let held = -1;
    let found = false;
    let rewrites = 0;
    const errors = await this.#executed(statements, {
      send: async (sql, transactional) => {
        const seen: Observation = await observe(this.main, sql, {
          second: this.second,
          keep: true,
          transactional,
          inTransaction: transactional,
        });
        const locks = seen.locks.filter((lock) => lock.relation === relation);
        const strongest = Math.max(-1, ...locks.map((lock) => LOCK_MODES.indexOf(lock.mode)));
        held = transactional ? Math.max(held, strongest) : -1;
        const locked = Math.max(held, strongest);
        const works = seen.scans.includes(relation) || (await this.#builtOn(seen.builds, relation));
        if (danger.kind === 'lock') found ||= strongest >= LOCK_MODES.indexOf(danger.mode);
        if (danger.kind === 'rewrite' && seen.rewrites.includes(relation)) rewrites++;
        if (danger.kind === 'scan') found ||= works && locked >= LOCK_MODES.indexOf('ShareLock');
        return seen.error;
      },
      ended: async () => {
        held = -1;
      },
    });
    return {
      danger: danger.kind === 'rewrite' ? rewrites >= (danger.times ?? 1) : found,
      errors,
    };
  }

  async #builtOn(indexes: readonly string[], relation: string): Promise<boolean> {
    if (indexes.length === 0) return false;
    const rows = await this.main.query(
      'SELECT FROM pg_index WHERE indexrelid = ANY (SELECT to_regclass(name) FROM unnest($1::text[]) AS name) AND indrelid = to_regclass($2)',
      [indexes, relation],
    );
    return rows.length > 0;
  }

  async #held(
    statements: readonly ParsedStatement[],
    danger: Extract<Danger, { kind: 'holds' | 'holds together' }>,
  ): Promise<Shown> {
    let found = false;
    const look = async (): Promise<void> => {
      const relations = danger.kind === 'holds' ? [danger.relation] : danger.relations;
      found ||= (await this.#locked(relations, danger.mode)) === relations.length;
    };
    const errors = await this.#executed(statements, danger.kind === 'holds' ? { next: look } : { ran: look });
    return { danger: found, errors };
  }

  /** How many of the relations the main session holds at least so strongly. */
  async #locked(relations: readonly string[], mode: LockMode): Promise<number> {
    const modes = LOCK_MODES.slice(LOCK_MODES.indexOf(mode));
    const [row] = await this.second.query<{ n: string }>(
      `SELECT count(DISTINCT relation) AS n FROM pg_locks
       WHERE pid = $1 AND granted AND mode = ANY ($2) AND relation = ANY (SELECT to_regclass(name) FROM unnest($3::text[]) AS name)`,
      [this.main.pid, modes, relations.map(qualified)],
    );
    return Number(row?.n ?? 0);
  }

  /** The application reads the table in a transaction, the SQL comes, and then another of the application's sessions. */
  async #queued(statements: readonly ParsedStatement[], relation: string): Promise<Shown> {
    const behind = await this.#connector.connect();
    try {
      await behind.script("SET statement_timeout = '900ms'");
      await this.second.script('BEGIN');
      await this.second.script(`SELECT FROM ${relation} LIMIT 1`);
      const running = this.#executed(statements);
      const waits = `SELECT FROM pg_locks WHERE pid = ${this.main.pid} AND NOT granted`;
      for (let n = 0; n < 50 && (await behind.rows(waits)).length === 0; n++) await sleep(10);
      const state = await behind.script(`SELECT FROM ${relation} LIMIT 1`).then(
        () => null,
        (error: unknown) => sqlStateOf(error),
      );
      await this.second.script('ROLLBACK');
      const errors = (await running).filter(({ sqlstate }) => sqlstate !== LOCK_TIMEOUT);
      return { danger: state === CANCELLED, errors };
    } finally {
      await behind.close();
    }
  }

  async #broken(
    statements: readonly ParsedStatement[],
    danger: Extract<Danger, { kind: 'breaks' }>,
  ): Promise<Shown> {
    const query = danger.prepared === true ? 'EXECUTE application' : danger.query;
    if (danger.prepared === true) await this.second.script(`PREPARE application AS ${danger.query}`);
    const before = await this.#attempt(query);
    if (before !== null) throw new Error(`The application's statement fails as it is: ${before}`);
    const errors = await this.#executed(statements);
    return { danger: (await this.#attempt(query)) === danger.sqlstate, errors };
  }

  /** The application's statement, undone at once: its SQLSTATE, or null. */
  async #attempt(query: string): Promise<string | null> {
    await this.second.script('BEGIN');
    try {
      await this.second.script(query);
      return null;
    } catch (error) {
      const state = sqlStateOf(error);
      if (state === null) throw error;
      return state;
    } finally {
      await this.second.script('ROLLBACK');
    }
  }

  /** Runs a script as a runner does, calling `watch` at the moments that it asks for. */
  async #executed(statements: readonly ParsedStatement[], watch: Watch = {}): Promise<Shown['errors']> {
    const errors: Shown['errors'][number][] = [];
    const attempt = async (sql: string): Promise<Failure | null> => {
      try {
        await this.main.script(sql);
        return null;
      } catch (error) {
        return { sqlstate: sqlStateOf(error), message: error instanceof Error ? error.message : '' };
      }
    };
    const send = async (sql: string, how: (sql: string) => Promise<Failure | null>): Promise<boolean> => {
      const failure = await how(sql);
      if (failure !== null) errors.push({ sql, ...failure });
      return failure === null;
    };
    let open = false;
    let begun = false;
    let ran = 0;
    const end = async (command = 'COMMIT'): Promise<void> => {
      if (open) await send(command, attempt);
      open = false;
      begun = false;
      ran = 0;
      await watch.ended?.();
    };
    for (const part of parts(statements)) {
      if (part.kind !== 'statement') {
        await end();
        if (part.kind === 'begin') open = begun = await send('BEGIN', attempt);
        continue;
      }
      if (part.transactional && !open) open = await send('BEGIN', attempt);
      if (ran > 0) await watch.next?.();
      const inside = open;
      const run =
        watch.send === undefined ? attempt : (sql: string) => watch.send?.(sql, inside) ?? attempt(sql);
      if (!(await send(part.statement.text, run))) {
        // As a runner does: nothing of the transaction stays, and nothing comes after it.
        await this.main.script('ROLLBACK');
        return errors;
      }
      if (open) {
        ran++;
        await watch.ran?.();
      } else await watch.ended?.();
    }
    // What the text itself begins and leaves open psql rolls back at the end of the file.
    if (open) await end(begun ? 'ROLLBACK' : 'COMMIT');
    return errors;
  }
}

interface Failure {
  readonly sqlstate: string | null;
  readonly message: string;
}

/** Moments of a script's run. */
interface Watch {
  /** Runs a statement in the place of the session itself. */
  readonly send?: (sql: string, inTransaction: boolean) => Promise<Failure | null>;
  /** Before a statement of a transaction that others went before. */
  readonly next?: () => Promise<void>;
  /** Behind a statement of a transaction. */
  readonly ran?: () => Promise<void>;
  /** Behind a transaction, or a statement outside any. */
  readonly ended?: () => Promise<void>;
}

type Part =
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'statement'; readonly statement: ParsedStatement; readonly transactional: boolean };

/** Where transactions begin and end. */
function* parts(statements: readonly ParsedStatement[]): Generator<Part> {
  let explicit = false;
  for (const statement of statements) {
    const control = transactionControl(statement);
    if (control === 'begin' || control === 'commit' || control === 'rollback') {
      explicit = control === 'begin';
      yield { kind: explicit ? 'begin' : 'end' };
      continue;
    }
    const transactional = explicit || outsideTransaction(statement) === null;
    if (!transactional) yield { kind: 'end' };
    yield { kind: 'statement', statement, transactional };
  }
}

function qualified(relation: string): string {
  return relation.includes('.') ? relation : `public.${relation}`;
}

const EMPTY = `
DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT format('DROP EVENT TRIGGER %I', evtname) AS sql FROM pg_event_trigger
    UNION ALL SELECT format('DROP PUBLICATION %I', pubname) FROM pg_publication
    UNION ALL SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
  LOOP EXECUTE one.sql; END LOOP;
  CREATE SCHEMA public;
END $$`;

const NO_ROLES = `
DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'example\\_%' LOOP
    EXECUTE format('DROP OWNED BY %I', one.rolname);
    EXECUTE format('DROP ROLE %I', one.rolname);
  END LOOP;
END $$`;
