/**
 * The library: what programs import from `ferrata`. Everything takes and returns plain readonly data.
 *
 * ```ts
 * import { loadSettings, rehearseMigrations, silent } from 'ferrata';
 * const settings = await loadSettings({ cwd: process.cwd(), config: null, env: 'staging', url: null, processEnv: process.env });
 * const proofs = await rehearseMigrations(settings, { ids: [], all: false, together: false, data: null, write: true }, silent);
 * ```
 */
import type { Assessment } from './assess/model.ts';
import { defaultPolicy } from './config/policy.ts';
import { assessText } from './workflow/assess.ts';

export type { Assessment, Finding, LockMode, StatementFacts } from './assess/model.ts';
export { compareCatalogs } from './catalog/compare.ts';
export { fingerprintCatalog } from './catalog/fingerprint.ts';
export type { Catalog, Comparison, Difference, Rendering } from './catalog/model.ts';
export { readCatalog } from './catalog/read.ts';
export { renderDifference } from './catalog/render/index.ts';
export { defineConfig, type FerrataConfig } from './config/define.ts';
export { loadSettings } from './config/load.ts';
export type { Environment, Policy, Settings } from './config/settings.ts';
export { ERROR_CODES, type ErrorCode, EXIT, type ExitCode, FerrataError, isFerrataError } from './errors.ts';
export { type FerrataEvent, type Reporter, silent } from './events.ts';
export type { Action, Plan, Step } from './plan/model.ts';
export { createConnector } from './postgres/connect.ts';
export type { Connection, Connector } from './postgres/connection.ts';
export type { Proof, ProvedPlan, RollbackPoint } from './prepare/model.ts';
export { proofToJson } from './prepare/proof.ts';
export type { Migration } from './source/model.ts';
export { readMigrations } from './source/native.ts';
export { type AssessOutcome, assessFiles, assessSelection } from './workflow/assess.ts';
export { makeBackup, proveBackup, readBackups, restore } from './workflow/backup.ts';
export { baseline } from './workflow/baseline.ts';
export {
  type DiffRequest,
  type DiffSide,
  diffSchemas,
  type SchemaDiff,
} from './workflow/diff.ts';
export type { Ignorable } from './workflow/diff-scope.ts';
export { takeBack } from './workflow/down.ts';
export { type Drift, findDrift } from './workflow/drift.ts';
export { planMigrations } from './workflow/plan.ts';
export { rehearseMigrations } from './workflow/rehearse.ts';
export { repairSchema, type SchemaRepair } from './workflow/schema-repair.ts';
export { checkMigrations, status } from './workflow/status.ts';
export { applyPending } from './workflow/up.ts';
export { verifyDatabase } from './workflow/verify.ts';
export { watchDdl } from './workflow/watch-ddl.ts';

/** Assesses SQL text by itself, without a project and without a database. Throws `sql-syntax` and its kin. */
export async function assessSql(sql: string, file = '<sql>'): Promise<Assessment> {
  return assessText(sql, file, defaultPolicy('production'));
}
