/**
 * What is known of a target by its own statistics: sizes, load, standbys. Read from the server, and kept in a file, so
 * that a change is judged by production's sizes where production cannot be reached. Names and numbers alone: no rows, no
 * values, no addresses.
 */
import { FerrataError } from '../errors.ts';
import type { RelationSize } from './model.ts';
import type { ColumnSpread, RelationLoad, TargetFacts } from './target-facts.ts';

/** Raised when a member changes its meaning or goes; new ones may be added within it. */
export const STATS_VERSION = 1;

/** Rows per second, between the two samples. */
export interface PerSecond {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  /** Read by sequential scans and through indexes. */
  readonly read: number;
}

export interface RelationStats {
  readonly kind: 'table' | 'partitioned table' | 'materialized view' | 'foreign table';
  /** Estimates of the planner; null where it was never analysed. */
  readonly rows: number | null;
  /** Without indexes, with what is stored out of line (`pg_table_size`). */
  readonly bytes: number;
  /** The part of it that is stored out of line. */
  readonly toastBytes: number;
  readonly indexes: number;
  readonly indexBytes: number;
  readonly perSecond: PerSecond;
  readonly publications: readonly string[];
  /** Only where they were asked for. */
  readonly columns?: Readonly<Record<string, ColumnSpread>> | undefined;
}

/** A statistics file. */
export interface Stats {
  readonly ferrata: typeof STATS_VERSION;
  readonly environment: string;
  /** ISO 8601, UTC, to the second. */
  readonly takenAt: string;
  readonly sampledSeconds: number;
  /** `server_version_num`. */
  readonly serverVersionNum: number;
  readonly replicas: number;
  /** Time-outs that a new session has, as SHOW prints them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Those that can be created, with their default versions. */
  readonly extensions: Readonly<Record<string, string>>;
  /** By `schema.relation`, quoted where needed, in order of their names. */
  readonly relations: Readonly<Record<string, RelationStats>>;
}

/** As the rules ask for it. What only holds for a moment (open transactions, free room) is not known from a file. */
export function targetFacts(stats: Stats): TargetFacts {
  return {
    versionNum: stats.serverVersionNum,
    relations: Object.fromEntries(
      Object.entries(stats.relations).map(([name, relation]) => [name, loadOf(relation)]),
    ),
    replicas: stats.replicas,
    oldestTransactionSeconds: null,
    extensions: stats.extensions,
    freeBytes: null,
    settings: stats.settings,
  };
}

function loadOf(relation: RelationStats): RelationLoad {
  const { inserted, updated, deleted } = relation.perSecond;
  return {
    rows: relation.rows,
    bytes: relation.bytes,
    indexes: relation.indexes,
    indexBytes: relation.indexBytes,
    toastBytes: relation.toastBytes,
    writesPerSecond: inserted + updated + deleted,
    publications: relation.publications,
    columns: relation.columns ?? null,
  };
}

/** The sizes among them, by relation. */
export function sizesIn(target: TargetFacts): ReadonlyMap<string, RelationSize> {
  return new Map(
    Object.entries(target.relations).map(([relation, { rows, bytes, indexes }]) => [
      relation,
      { relation, rows, bytes, indexes: indexes ?? 0 },
    ]),
  );
}

/** The file's text: members and names in a fixed order, so that a difference shows what has changed. */
export function statsToJson(stats: Stats): string {
  const relations = Object.entries(stats.relations).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ ...stats, relations: Object.fromEntries(relations) }, null, 2)}\n`;
}

/** Reads a statistics file's text. Throws `stats-invalid`. */
export async function parseStats(text: string, shown: string): Promise<Stats> {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw invalid(shown, 'it is not JSON', cause);
  }
  const version =
    typeof given === 'object' && given !== null ? (given as { ferrata?: unknown }).ferrata : undefined;
  if (typeof version === 'number' && version > STATS_VERSION) {
    throw new FerrataError('stats-invalid', `${shown} was written by a newer version of Ferrata`, {
      why: `Its shape is number ${version}; this version reads ${STATS_VERSION}.`,
      hint: 'Update Ferrata, or pull the statistics again with this version.',
    });
  }
  const { z } = await import('zod');
  const size = z.number().min(0);
  const rate = z.number().min(0);
  const shape = z.object({
    ferrata: z.literal(STATS_VERSION),
    environment: z.string(),
    takenAt: z.string(),
    sampledSeconds: z.number(),
    serverVersionNum: z.int(),
    replicas: size,
    settings: z.record(z.string(), z.string()),
    extensions: z.record(z.string(), z.string()),
    relations: z.record(
      z.string(),
      z.object({
        kind: z.enum(['table', 'partitioned table', 'materialized view', 'foreign table']),
        rows: size.nullable(),
        bytes: size,
        toastBytes: size,
        indexes: size,
        indexBytes: size,
        perSecond: z.object({ inserted: rate, updated: rate, deleted: rate, read: rate }),
        publications: z.array(z.string()),
        columns: z
          .record(
            z.string(),
            z.object({ distinctPerRow: z.number().nullable(), nulls: z.number().nullable() }),
          )
          .optional(),
      }),
    ),
  });
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(shown, `${issue?.path.map(String).join('.') || 'it'}: ${issue?.message ?? 'not valid'}`);
}

function invalid(shown: string, what: string, cause?: unknown): FerrataError {
  return new FerrataError('stats-invalid', `${shown} is no statistics file: ${what}`, {
    hint: 'Write it anew: ferrata stats pull --env production. To go without: --no-stats.',
    cause,
  });
}
