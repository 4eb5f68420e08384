/** Reads and compiles every migration without a database: what `rehearse` would stumble over before it starts. */
import type { Settings } from '../config/settings.ts';
import type { FerrataError } from '../errors.ts';
import { isFerrataError } from '../errors.ts';
import { compileMember } from '../prepare/rehearse/member.ts';
import { readMigrations } from '../source/native.ts';
import { parseScript } from '../sql/parse.ts';

export interface Validation {
  readonly migration: string;
  readonly steps: number;
  readonly error: FerrataError | null;
}

/** Throws only what makes the folder itself unreadable (`migration-folder-missing`, `migration-invalid`). */
export async function validateMigrations(settings: Settings): Promise<readonly Validation[]> {
  const results: Validation[] = [];
  for (const migration of await readMigrations(settings)) {
    try {
      const { plan } = await compileMember(
        migration,
        { catalog: null, major: null },
        null,
        settings.environment.policy,
      );
      if (migration.verify !== null) await parseScript(migration.verify.text, migration.verify.path);
      results.push({ migration: migration.id, steps: plan.steps.length, error: null });
    } catch (error) {
      if (!isFerrataError(error)) throw error;
      results.push({ migration: migration.id, steps: 0, error });
    }
  }
  return results;
}
