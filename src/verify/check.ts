/** What every check is: one file under `checks/`, one function from a context to results. */
import type { Catalog } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import type { Plan } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import type { Proof } from '../prepare/model.ts';
import type { Migration } from '../source/model.ts';
import type { Baseline, CheckName, CheckResult } from './model.ts';

export interface VerifyInput {
  readonly migration?: Migration | null;
  readonly plan?: Plan | null;
  readonly proof?: Proof | null;
  /** What `takeBaseline` gave before the run. */
  readonly baseline?: Baseline | null;
  readonly catalogBefore?: Catalog | null;
  /** What the schema shall be, where the whole of it is known; differences are then listed. */
  readonly catalogExpected?: Catalog | null;
  /** Else its fingerprint; by default the one that the proof measured at the end. */
  readonly expectedFingerprint?: string | null;
  /** Tables to look at, as SQL has their names; by default those that the migration touches, or all. */
  readonly tables?: readonly string[] | null;
}

export interface Check {
  readonly name: CheckName;
  run(context: CheckContext): Promise<readonly CheckResult[]>;
}

export interface Finding {
  readonly subject: string;
  readonly ok: boolean;
  readonly severity?: 'error' | 'warning';
  readonly message: string;
  readonly hint?: string | null;
}

/** One verification: the connection, inside a read-only transaction, and what the checks share. */
export class CheckContext {
  readonly connection: Connection;
  readonly input: VerifyInput;
  /** Names of the tables to look at; null: all of them. */
  readonly tables: readonly string[] | null;
  #catalog: Promise<Catalog> | null = null;
  #others: Promise<boolean> | null = null;

  /** `catalog`: where it has been read in the same transaction already. */
  constructor(
    connection: Connection,
    input: VerifyInput,
    tables: readonly string[] | null,
    catalog: Catalog | null = null,
  ) {
    this.#catalog = catalog === null ? null : Promise.resolve(catalog);
    this.connection = connection;
    this.input = input;
    this.tables = tables;
  }

  /** Whether the checks follow a migration: what was wrong before it is then no reason to fail. */
  get afterRun(): boolean {
    return (this.input.plan ?? this.input.migration ?? null) !== null;
  }

  /** The schema as it is now; read once. */
  catalog(): Promise<Catalog> {
    this.#catalog ??= readCatalog(this.connection, { dependencies: false, inTransaction: true });
    return this.#catalog;
  }

  /** Whether anybody but ferrata is connected to the database, and may have written meanwhile. */
  othersConnected(): Promise<boolean> {
    this.#others ??= this.connection
      .query<{ others: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity
                        WHERE datname = current_database() AND backend_type = 'client backend'
                          AND pid <> pg_backend_pid() AND application_name !~ '^ferrata(:|$)') AS others`,
      )
      .then(([row]) => row?.others === true);
    return this.#others;
  }

  /**
   * Runs `work` behind a savepoint: what the server refuses (a privilege, a broken view) is one finding, not the end
   * of the verification.
   */
  async attempt<T>(work: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: Error }> {
    await this.connection.script('SAVEPOINT ferrata_check');
    try {
      const value = await work();
      await this.connection.script('RELEASE SAVEPOINT ferrata_check');
      return { value };
    } catch (error) {
      await this.connection.script('ROLLBACK TO SAVEPOINT ferrata_check; RELEASE SAVEPOINT ferrata_check');
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

export function results(check: CheckName, findings: readonly Finding[]): CheckResult[] {
  return findings.map(({ subject, ok, severity = 'error', message, hint = null }) => ({
    check,
    subject,
    ok,
    severity,
    message,
    hint,
  }));
}

export function uncheckable(subject: string, error: Error): Finding {
  return {
    subject,
    ok: false,
    severity: 'warning',
    message: `could not be checked: ${error.message}`,
    hint: 'Run the verification as a role that may read it.',
  };
}

export function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}
