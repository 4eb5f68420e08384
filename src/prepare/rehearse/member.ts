/** A migration, compiled for the schema that it starts from: what a rehearsal takes through its paces. */
import { assessScript, relationsToMeasure } from '../../assess/assess.ts';
import type { Assessment, RelationSize } from '../../assess/model.ts';
import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { Policy } from '../../config/settings.ts';
import { type FerrataError, isFerrataError } from '../../errors.ts';
import { backfillOf } from '../../plan/backfill.ts';
import { compileDown, compilePlan } from '../../plan/compile.ts';
import type { Plan, RelationName } from '../../plan/model.ts';
import { type Batching, placeKey } from '../../plan/patterns/batched.ts';
import type { Migration } from '../../source/model.ts';
import { parseMigration } from '../../source/scripts.ts';
import type { Script } from '../../sql/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { quoteQualified } from '../../sql/quote.ts';
import { type ServerWide, serverWide } from '../../sql/server-wide.ts';

export interface Member {
  readonly migration: Migration;
  readonly assessment: Assessment;
  readonly plan: Plan;
  /** Why the written down.sql can't even be read; null where it can, or there is none. It then undoes nothing. */
  readonly downError: FerrataError | null;
  /** What its files, up and down, do to the server rather than the database. */
  readonly serverWide: readonly ServerWide[];
}

export interface CompileOptions {
  /**
   * A down.sql that can't be read does not stop the way forward: it is told in `downError`. Only for a rehearsal, which
   * refutes such a migration; a run must not get a plan with a way back that does nothing.
   */
  readonly tolerateDown?: boolean;
  /** How many rows the target would find for a SELECT; null where it can't tell. */
  readonly readMatches?: ReadMatches | null;
  /** The plan that `plan.json` pins for this very migration: what runs in batches there does so here too. */
  readonly pinned?: Plan | null;
}

export type ReadMatches = (sql: string) => Promise<number | null>;

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
  options: CompileOptions = {},
): Promise<Member> {
  const down = await readDown(migration, options);
  const { up } = await parseMigration(down.error === null ? migration : { ...migration, down: null });
  const sizes = readSizes === null ? new Map() : await readSizes(relationsToMeasure(up, start.catalog));
  const assessment = await assessScript(up, {
    catalog: start.catalog,
    sizes,
    policy,
    migration: migration.folder === null ? null : migration.id,
    hasDown: migration.down !== null,
  });
  const plan = await compilePlan({
    migration,
    script: up,
    down: down.script,
    assessment,
    startFingerprint: start.catalog === null ? null : fingerprintCatalog(start.catalog).hash,
    serverMajor: start.major,
    ...(start.catalog === null
      ? {}
      : {
          context: { isPartitioned: partitionedIn(start.catalog) },
          batching: batchingOf(migration, start.catalog, sizes, policy, options),
        }),
  });
  const unreadable = { file: migration.down?.path ?? '', groups: [] };
  return {
    migration,
    assessment,
    plan: down.error === null ? plan : { ...plan, down: unreadable },
    downError: down.error,
    serverWide: [...up.statements, ...(down.script?.statements ?? [])].flatMap((s) => serverWide(s) ?? []),
  };
}

/** What decides which of the migration's statements run in batches. */
export function batchingOf(
  migration: Migration,
  catalog: Catalog,
  sizes: ReadonlyMap<string, RelationSize>,
  policy: Policy,
  { readMatches = null, pinned = null }: CompileOptions = {},
): Batching {
  const { rowsStay = false, ...options } = migration.batch ?? {};
  const places = (pinned?.steps ?? []).flatMap((step) => {
    const at = backfillOf(step)?.at ?? null;
    return at === null ? [] : [placeKey(at)];
  });
  return {
    catalog,
    sizes,
    batchRows: policy.batchRows,
    pattern: migration.pattern ?? null,
    // Of another text the lines mean nothing.
    pinned: new Set(pinned?.checksum === migration.checksum ? places : []),
    options,
    rowsStay,
    transform: migration.transform ?? null,
    estimate: readMatches,
  };
}

interface ReadDown {
  readonly script: Script | null;
  readonly error: FerrataError | null;
}

async function readDown(migration: Migration, options: CompileOptions): Promise<ReadDown> {
  if (migration.down === null) return { script: null, error: null };
  try {
    const script = await parseScript(migration.down.text, migration.down.path);
    // Grouped again in the plan, with what the catalog knows; whether it can be grouped shows here.
    compileDown(script);
    return { script, error: null };
  } catch (error) {
    if (options.tolerateDown !== true || !isFerrataError(error)) throw error;
    return { script: null, error };
  }
}

export function partitionedIn(catalog: Catalog) {
  return ({ schema, name }: RelationName): boolean => {
    const table = catalog.objects.get(`table ${quoteQualified(schema ?? 'public', name)}`);
    return table?.properties['partitionKey'] != null;
  };
}
