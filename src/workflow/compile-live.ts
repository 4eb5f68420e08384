/** Compiles a migration for the very database that it is about to run on: what is big there runs in batches. */
import { estimateMatches } from '../assess/matches.ts';
import { readSizes } from '../assess/sizes.ts';
import type { Catalog } from '../catalog/model.ts';
import { FerrataError } from '../errors.ts';
import { backfillOf } from '../plan/backfill.ts';
import type { Plan } from '../plan/model.ts';
import { placeKey } from '../plan/patterns/batched.ts';
import { compileMember, type Member } from '../prepare/rehearse/member.ts';
import type { Migration } from '../source/model.ts';
import { readPlanFile } from './plan-file.ts';
import type { Session } from './session.ts';

/** Whether a look at the tables may make another plan of it than its text alone. */
export function mayRunInBatches({ up, pattern, transform }: Migration): boolean {
  if (transform != null) return true;
  return pattern === 'batched' || (pattern !== 'direct' && /\b(update|delete)\b/i.test(up.text));
}

/** @param catalog the schema that it starts from */
export async function compileLive(
  { connection, settings }: Session,
  migration: Migration,
  catalog: Catalog,
): Promise<Member> {
  return compileMember(
    migration,
    { catalog, major: connection.server.major },
    (relations) => readSizes(connection, relations),
    settings.environment.policy,
    {
      readMatches: (sql) => estimateMatches(connection, sql),
      pinned: await readPlanFile(migration),
    },
  );
}

/**
 * A plan that was proved where a table was small must not run where it is big: one statement would hold all its rows.
 * Throws `proof-stale`.
 *
 * @param live as it would be compiled now
 */
export function requireSameSize(migration: Migration, plan: Plan, live: Plan): void {
  const places = (of: Plan) =>
    of.steps.flatMap((step) => {
      const spec = backfillOf(step);
      return spec === null || spec.at === null
        ? []
        : [{ key: placeKey(spec.at), at: spec.at, table: spec.table }];
    });
  const known = new Set(places(plan).map(({ key }) => key));
  const grown = places(live).find(({ key }) => !known.has(key));
  if (grown === undefined) return;
  throw new FerrataError(
    'proof-stale',
    `${grown.table} is big here, and ${migration.id} was proved where it was small`,
    {
      why: `The plan that was proved runs line ${grown.at.line} as one statement, which would lock every row it changes until its end; here it runs in batches.`,
      hint: `ferrata rehearse ${migration.id} with this environment; \`pattern: direct\` in migration.yaml keeps it one statement.`,
      location: { file: migration.up.path, line: grown.at.line, column: grown.at.column },
    },
  );
}
