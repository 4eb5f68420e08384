/** `plan.json` beside `up.sql`: what was rehearsed is what runs, and a reviewer can read it. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../plan/model.ts';
import { parsePlan, serialisePlan } from '../plan/serialise.ts';
import type { Migration } from '../source/model.ts';

/** Writes the plan, whole or not at all; answers the path, or null for a migration that has no folder. */
export async function writePlanFile(migration: Migration, plan: Plan): Promise<string | null> {
  if (migration.folder === null) return null;
  const file = join(migration.folder, 'plan.json');
  const partial = `${file}.${process.pid}.part`;
  await writeFile(partial, serialisePlan(plan));
  await rename(partial, file);
  return file;
}

/** The pinned plan, null where there is none. Throws `plan-mismatch` where the file cannot be read as a plan. */
export async function readPlanFile(migration: Migration): Promise<Plan | null> {
  if (migration.folder === null) return null;
  const text = await readFile(join(migration.folder, 'plan.json'), 'utf8').catch(() => null);
  return text === null ? null : parsePlan(text);
}
