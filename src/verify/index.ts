/** Phase 5: looks at the database after a run, or at any time (DESIGN §3). */
import { readCatalog } from '../catalog/read.ts';
import { type Reporter, silent } from '../events.ts';
import type { Connection } from '../postgres/connection.ts';
import { type Check, CheckContext, type VerifyInput } from './check.ts';
import { completeness } from './checks/completeness.ts';
import { consistency } from './checks/consistency.ts';
import { custom } from './checks/custom.ts';
import { integrity } from './checks/integrity.ts';
import { schema } from './checks/schema.ts';
import type { CheckName, CheckResult, Verification } from './model.ts';
import { touchedTables } from './scope.ts';

export { type BaselineOptions, takeBaseline } from './baseline.ts';
export type { VerifyInput } from './check.ts';
export { touchedTables } from './scope.ts';

export const CHECKS: readonly Check[] = [schema, consistency, integrity, completeness, custom];
export const CHECK_NAMES: readonly CheckName[] = CHECKS.map((check) => check.name);

export interface VerifyRequest extends VerifyInput {
  readonly connection: Connection;
  /** All of them when left out. */
  readonly checks?: readonly CheckName[];
  readonly reporter?: Reporter;
}

/**
 * Runs checks in one read-only transaction with one snapshot. Looks at the tables that the migration touches where one
 * is given, else at the whole database. Throws what the server says where nothing at all can be read, and `sql-syntax`
 * for a verify.sql that can't be parsed.
 */
export async function verify(request: VerifyRequest): Promise<Verification> {
  const { connection, checks = CHECK_NAMES, reporter = silent, ...input } = request;
  const started = performance.now();
  const selected = CHECKS.filter((check) => checks.includes(check.name));
  const results = await connection.transaction(
    async () => {
      // A hidden row must be an error, not a row that was not looked at.
      await connection.script('SET LOCAL row_security = off');
      const needsCatalog = input.catalogBefore != null && (input.plan != null || input.migration != null);
      const now = needsCatalog
        ? await readCatalog(connection, { dependencies: false, inTransaction: true })
        : null;
      const context = new CheckContext(connection, input, touchedTables(input, now), now);
      const all: CheckResult[] = [];
      for (const check of selected) {
        const found = await check.run(context);
        all.push(...found);
        report(reporter, check.name, found);
      }
      return all;
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  return {
    ok: !results.some(isFailure),
    checks: selected.map((check) => check.name),
    results,
    ms: Math.round(performance.now() - started),
  };
}

function isFailure(result: CheckResult): boolean {
  return !result.ok && result.severity === 'error';
}

function report(reporter: Reporter, check: CheckName, found: readonly CheckResult[]): void {
  const failures = found.filter(isFailure);
  const [first] = failures;
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  const message =
    first === undefined ? `${found.length} checked` : `${first.subject}: ${first.message}${more}`;
  reporter({ type: 'verified', check, ok: failures.length === 0, message });
}
