/** Runs SQL as a migration file runs, on a real server, and says whether it showed a rule's danger. */
import type { LockMode } from '../../src/assess/model.ts';
import { LOCK_MODES } from '../../src/assess/model.ts';
import type { Danger } from '../../src/assess/rules/rule.ts';
import { type Observation, observe } from '../../src/assess/trace/observe.ts';
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

/** One database of one server, made empty again for each example: cheaper than a new one each time. */
export class Playground {
  readonly major: number;
  readonly main: Connection;
  /** Another session: the application's, and the one that looks on. */
  readonly second: Connection;

  private constructor(major: number, main: Connection, second: Connection) {
    this.major = major;
    this.main = main;
    this.second = second;
  }

  static async open(major: number): Promise<Playground> {
    const server = await testServer(major);
    const connector: Connector = await server.createDatabase();
    return new Playground(server.major, await connector.connect(), await connector.connect());
  }

  async close(): Promise<void> {
    await this.main.close();
    await this.second.close();
  }

  /** Empties the database and makes the example's objects. Roles and databases of examples begin with `example_`. */
  async make(schema: string): Promise<void> {
    for (const session of [this.second, this.main]) {
      await session.script('ROLLBACK');
      await session.script('DISCARD ALL');
    }
    await this.main.script(EMPTY);
    const databases = await this.main.query<{ name: string }>(
      `SELECT quote_ident(datname) AS name FROM pg_database WHERE datname LIKE 'example\\_%'`,
    );
    for (const { name } of databases) await this.main.script(`DROP DATABASE ${name}`);
    if (schema.trim() !== '') await this.main.script(schema);
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
    const errors: Shown['errors'][number][] = [];
    const relation = qualified(danger.relation);
    // What an earlier statement of the transaction locked is still locked.
    let held = -1;
    let found = false;
    for (const part of parts(statements)) {
      if (part.kind !== 'statement') {
        held = -1;
        continue;
      }
      const seen: Observation = await observe(this.main, part.statement.text, {
        second: this.second,
        keep: true,
        transactional: part.transactional,
      });
      if (seen.error !== null) {
        const { sqlstate, message } = seen.error;
        errors.push({ sql: part.statement.text, sqlstate, message });
      }
      const locks = seen.locks.filter((lock) => lock.relation === relation);
      const strongest = Math.max(-1, ...locks.map((lock) => LOCK_MODES.indexOf(lock.mode)));
      held = part.transactional ? Math.max(held, strongest) : -1;
      const locked = Math.max(held, strongest);
      const works = seen.scans.includes(relation) || (await this.#builtOn(seen.builds, relation));
      if (danger.kind === 'lock') found ||= strongest >= LOCK_MODES.indexOf(danger.mode);
      if (danger.kind === 'rewrite') found ||= seen.rewrites.includes(relation);
      if (danger.kind === 'scan') found ||= works && locked >= LOCK_MODES.indexOf('ShareLock');
    }
    return { danger: found, errors };
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
    const errors = await this.#executed(statements, async (moment) => {
      if (danger.kind === 'holds' ? moment === 'before' : moment === 'after') {
        const relations = danger.kind === 'holds' ? [danger.relation] : danger.relations;
        const locked = await this.#locked(relations, danger.mode);
        found ||= locked === relations.length;
      }
    });
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

  /** @param look called between the statements of a transaction: before one that others went before, and behind each */
  async #executed(
    statements: readonly ParsedStatement[],
    look: (moment: 'before' | 'after') => Promise<void> = async () => {},
  ): Promise<Shown['errors']> {
    const errors: Shown['errors'][number][] = [];
    let open = false;
    let ran = 0;
    const send = async (sql: string): Promise<boolean> => {
      try {
        await this.main.script(sql);
        return true;
      } catch (error) {
        errors.push({
          sql,
          sqlstate: sqlStateOf(error),
          message: error instanceof Error ? error.message : '',
        });
        return false;
      }
    };
    for (const part of parts(statements)) {
      if (part.kind !== 'statement') {
        if (open) await send('COMMIT');
        open = part.kind === 'begin';
        if (open) await send('BEGIN');
        ran = 0;
        continue;
      }
      if (part.transactional && !open) {
        await send('BEGIN');
        open = true;
        ran = 0;
      }
      if (open && ran > 0) await look('before');
      if (!(await send(part.statement.text))) {
        // As a runner does: nothing of the transaction stays, and nothing comes after it.
        await this.main.script('ROLLBACK');
        return errors;
      }
      ran++;
      if (open) await look('after');
    }
    if (open) await send('COMMIT');
    return errors;
  }
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
  FOR one IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'example\\_%' LOOP
    EXECUTE format('DROP OWNED BY %I', one.rolname);
    EXECUTE format('DROP ROLE %I', one.rolname);
  END LOOP;
  CREATE SCHEMA public;
END $$`;
