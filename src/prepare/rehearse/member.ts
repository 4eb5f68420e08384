/** A migration, compiled for the schema that it starts from: what a rehearsal takes through its paces. */
import { assessMigration } from '../../assess/assess.ts';
import type { Assessment, RelationSize } from '../../assess/model.ts';
import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Policy } from '../../config/settings.ts';
import { compilePlan } from '../../plan/compile.ts';
import type { Plan, Step } from '../../plan/model.ts';
import type { Migration } from '../../source/model.ts';
import { parseScript } from '../../sql/parse.ts';

export interface Member {
  readonly migration: Migration;
  readonly assessment: Assessment;
  readonly plan: Plan;
}

/**
 * Parses, assesses and compiles a migration. Throws what `parseScript` and `compilePlan` throw (`sql-syntax`,
 * `sql-psql-command`, `sql-copy-stdin`, `sql-transaction-control`, `migration-empty`).
 */
export async function compileMember(
  migration: Migration,
  start: { readonly catalog: Catalog | null; readonly major: number | null },
  sizes: ReadonlyMap<string, RelationSize>,
  policy: Policy,
): Promise<Member> {
  const up = await parseScript(migration.up.text, migration.up.path);
  const down = migration.down === null ? null : await parseScript(migration.down.text, migration.down.path);
  const assessment = await assessMigration(migration, { catalog: start.catalog, sizes, policy });
  const plan = await compilePlan({
    migration,
    script: up,
    down,
    assessment,
    startFingerprint: start.catalog === null ? null : fingerprintCatalog(start.catalog).hash,
    serverMajor: start.major,
  });
  return { migration, assessment, plan };
}

/** Name under which a step's captured rows lie in the attic. */
export function captureName(migration: string, step: Step): string {
  return `${/^\d+/.exec(migration)?.[0] ?? migration}_${step.id}`;
}
