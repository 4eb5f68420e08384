/** A migration, compiled for the schema that it starts from: what a rehearsal takes through its paces. */
import { assessScript, relationsToMeasure } from '../../assess/assess.ts';
import type { Assessment, RelationSize } from '../../assess/model.ts';
import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Policy } from '../../config/settings.ts';
import { compilePlan } from '../../plan/compile.ts';
import type { Plan, RelationName } from '../../plan/model.ts';
import type { Migration } from '../../source/model.ts';
import { parseMigration } from '../../source/scripts.ts';
import { quoteQualified } from '../../sql/quote.ts';

export interface Member {
  readonly migration: Migration;
  readonly assessment: Assessment;
  readonly plan: Plan;
}

/** Rows and bytes of relations of the target; what it does not know is left out. */
export type ReadSizes = (relations: readonly string[]) => Promise<ReadonlyMap<string, RelationSize>>;

/** The schema that a migration starts from; null for what is not known. */
export interface StartState {
  readonly catalog: Catalog | null;
  readonly major: number | null;
}

/**
 * Parses, assesses and compiles a migration. Throws what `parseMigration` and `compilePlan` throw (`sql-syntax`,
 * `sql-psql-command`, `sql-copy-stdin`, `sql-transaction-control`, `migration-empty`).
 */
export async function compileMember(
  migration: Migration,
  start: StartState,
  readSizes: ReadSizes | null,
  policy: Policy,
): Promise<Member> {
  const { up, down } = await parseMigration(migration);
  const sizes = readSizes === null ? new Map() : await readSizes(relationsToMeasure(up, start.catalog));
  const assessment = await assessScript(up, {
    catalog: start.catalog,
    sizes,
    policy,
    migration: migration.folder === null ? null : migration.id,
    hasDown: down !== null,
  });
  const plan = await compilePlan({
    migration,
    script: up,
    down,
    assessment,
    startFingerprint: start.catalog === null ? null : fingerprintCatalog(start.catalog).hash,
    serverMajor: start.major,
    ...(start.catalog === null ? {} : { context: { isPartitioned: partitionedIn(start.catalog) } }),
  });
  return { migration, assessment, plan };
}

function partitionedIn(catalog: Catalog) {
  return ({ schema, name }: RelationName): boolean => {
    const table = catalog.objects.get(`table ${quoteQualified(schema ?? 'public', name)}`);
    return table?.properties['partitionKey'] != null;
  };
}
