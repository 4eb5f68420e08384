import type { Catalog } from '../catalog/model.ts';
import type { Policy } from '../config/settings.ts';
import type { Migration } from '../source/model.ts';
import { parseMigration } from '../source/scripts.ts';
import type { Script } from '../sql/model.ts';
import { type Analysis, analyse, type TraceFacts } from './analyse.ts';
import { AssessContext } from './context.ts';
import { heldToTheEnd, type Pace } from './estimate.ts';
import type { KnownSchema } from './known/schema.ts';
import type { Assessment, Finding, RelationSize } from './model.ts';
import { isReversible, riskOf, typeOf } from './risk.ts';
import { type NeedsSql, type PendingFinding, readFindings } from './rules/index.ts';
import { NO_SURROUNDINGS, type Surroundings } from './surroundings.ts';
import { partsOf, sharedParts } from './trace/parts.ts';

export interface AssessFacts {
  /** Null: assessed from the text alone. */
  readonly catalog: Catalog | null;
  /** By relation, as `relationsToMeasure` names them. */
  readonly sizes: ReadonlyMap<string, RelationSize>;
  readonly policy: Policy;
  /** Default `public`. */
  readonly searchPath?: readonly string[];
  /** Whether the session that runs it has UTC as its TimeZone; default: nobody knows. */
  readonly isUtc?: boolean;
  readonly surroundings?: Surroundings;
  /** The target's, where it is not the catalog's. */
  readonly major?: number | null;
  /** What a server did with the script on a scratch copy of the schema that it starts from. */
  readonly trace?: TraceFacts;
  /** How fast work goes where the script will run; without it as on ordinary servers. */
  readonly pace?: Pace;
  /** The schema that the script starts from; afterwards it holds what the script leaves behind. */
  readonly known?: KnownSchema;
}

/**
 * Says what a migration does, from its text and, where there is one, the catalog: locks, rewrites, scans, losses,
 * findings, type, risk, reversibility.
 *
 * Throws what `parseMigration` throws.
 */
export async function assessMigration(migration: Migration, facts: AssessFacts): Promise<Assessment> {
  const { up } = await parseMigration(migration);
  return assessScript(up, {
    ...facts,
    migration: migration.folder === null ? null : migration.id,
    hasDown: migration.down !== null,
  });
}

export interface ScriptFacts extends AssessFacts {
  /** The migration's id; null for a loose file. */
  readonly migration: string | null;
  /** Whether a way back is written. */
  readonly hasDown: boolean;
  /** Which findings need the SQL to write instead; default all. */
  readonly needsSql?: NeedsSql;
}

/** As `assessMigration`, for a script that is parsed already. */
export async function assessScript(script: Script, facts: ScriptFacts): Promise<Assessment> {
  const pending: PendingFinding[] = [];
  const surroundings = facts.surroundings ?? NO_SURROUNDINGS;
  const context = new AssessContext(facts.catalog, {
    ...(facts.searchPath === undefined ? {} : { searchPath: facts.searchPath }),
    ...(facts.known === undefined ? {} : { known: facts.known, passOn: true }),
    isUtc: facts.isUtc ?? false,
    major: facts.major ?? null,
    sizes: facts.sizes,
    surroundings,
    loose: facts.migration === null,
  });
  const reader = readFindings(surroundings.settings);
  const analyses = analyse(
    script,
    context,
    facts.sizes,
    (analysis, moment) => {
      pending.push(...reader.see(analysis, moment));
    },
    facts,
  );
  pending.push(...reader.end(context));
  context.keep();
  const findings: Finding[] = [];
  for (const make of pending) findings.push(await make(facts.needsSql));
  const relations = sizesOf(touchedBy(analyses), facts.sizes);
  const { risk, reasons } = riskOf(analyses, relations);
  return {
    migration: facts.migration,
    file: script.file,
    type: typeOf(analyses),
    risk,
    reasons,
    reversible: isReversible(analyses, facts.hasDown),
    rollbackWindowHours: facts.policy.rollbackWindowHours[risk],
    approvals: facts.policy.approvals[risk],
    maxDurationMinutes: facts.policy.maxDurationMinutes[risk],
    relations,
    statements: heldToTheEnd(
      analyses.map((analysis) => analysis.facts),
      transactionsOf(script, facts.migration !== null),
    ),
    findings: findings.sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** As Ferrata runs a migration of its own, or as psql runs a file. */
function transactionsOf(script: Script, isNative: boolean): readonly (readonly number[])[] {
  const parts = isNative ? sharedParts(script) : partsOf(script);
  return parts.filter((part) => part.transactional).map((part) => part.statements);
}

/**
 * The relations that a script touches, as the assessment names them, without those which it makes itself: what to ask
 * `readSizes` for.
 */
export function relationsToMeasure(
  script: Script,
  catalog: Catalog | null,
  options: Pick<ScriptFacts, 'searchPath' | 'known' | 'trace'> = {},
): readonly string[] {
  return touchedBy(analyse(script, new AssessContext(catalog, options), new Map(), undefined, options));
}

/** Tables and views; an index or a sequence has no rows to count. */
function touchedBy(analyses: readonly Analysis[]): readonly string[] {
  const locks = analyses.flatMap(({ facts }) => facts.locks);
  const counted = locks.filter((lock) => lock.role !== 'index' && lock.role !== 'sequence');
  return [...new Set(counted.map((lock) => lock.relation))];
}

function sizesOf(
  relations: readonly string[],
  sizes: ReadonlyMap<string, RelationSize>,
): readonly RelationSize[] {
  return relations.map(
    (relation) => sizes.get(relation) ?? { relation, rows: null, bytes: null, indexes: 0 },
  );
}
