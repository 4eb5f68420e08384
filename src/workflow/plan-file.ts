/** `plan.json` beside `up.sql`: what was rehearsed is what runs, and a reviewer can read it. */
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrataError } from '../errors.ts';
import { canonicalJson } from '../plan/checksum.ts';
import type { Plan } from '../plan/model.ts';
import { parsePlan, serialisePlan } from '../plan/serialise.ts';
import type { Migration } from '../source/model.ts';

const NAME = 'plan.json';

/** Writes the plan, whole or not at all; answers the path, or null for a migration that has no folder. */
export async function writePlanFile(migration: Migration, plan: Plan): Promise<string | null> {
  if (migration.folder === null) return null;
  const file = join(migration.folder, NAME);
  const partial = `${file}.${process.pid}.part`;
  await writeFile(partial, serialisePlan(plan));
  await rename(partial, file);
  return file;
}

export function hasPlanFile(migration: Migration): boolean {
  return migration.folder !== null && existsSync(join(migration.folder, NAME));
}

/** The plan beside up.sql; null where there is none, or none that can be read. */
export async function readPlanFile(migration: Migration): Promise<Plan | null> {
  if (migration.folder === null || !hasPlanFile(migration)) return null;
  try {
    return parsePlan(await readFile(join(migration.folder, NAME), 'utf8'));
  } catch {
    // `requirePinned` tells of it when it counts.
    return null;
  }
}

/**
 * A pinned plan must be the one that is about to run (DESIGN §4.8). Throws `plan-mismatch` where plan.json says
 * otherwise, or cannot be read; without the file nothing is pinned.
 */
export async function requirePinned(migration: Migration, plan: Plan): Promise<void> {
  if (migration.folder === null || !hasPlanFile(migration)) return;
  const file = `${migration.id}/${NAME}`;
  const pinned = parsePlan(await readFile(join(migration.folder, NAME), 'utf8'));
  if (canonicalJson(workOf(pinned)) === canonicalJson(workOf(plan))) return;
  const edited = pinned.checksum !== migration.checksum;
  throw new FerrataError('plan-mismatch', `${file} is not the plan that was proved.`, {
    why: edited
      ? 'The migration was edited since the plan was written.'
      : 'It does something else than the plan that the rehearsal proved: it was edited, or made for another schema.',
    hint: `\`ferrata rehearse ${migration.id}\` proves the migration as it is and writes the plan anew; remove ${file} to pin nothing.`,
  });
}

/** What a plan does. Where it starts, and what was measured, differ between environments that run the same plan. */
function workOf({ migration, checksum, pattern, steps, down }: Plan) {
  return {
    migration,
    checksum,
    pattern,
    down,
    steps: steps.map(({ id, transactional, forward, inverse, inverseTransactional, captures }) => ({
      id,
      transactional,
      forward,
      inverse,
      inverseTransactional,
      captures,
    })),
  };
}
