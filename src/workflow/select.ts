/** Which migrations a command is about. */
import { closest } from '../config/closest.ts';
import { FerrataError } from '../errors.ts';
import type { Migration } from '../source/model.ts';

/**
 * Finds migrations by id, by a unique beginning of it, or by name. Throws `migration-unknown` with what is near.
 */
export function selectMigrations(
  migrations: readonly Migration[],
  wanted: readonly string[],
): readonly Migration[] {
  const chosen = new Set(wanted.map((word) => findMigration(migrations, word).id));
  return migrations.filter((migration) => chosen.has(migration.id));
}

export function findMigration(migrations: readonly Migration[], word: string): Migration {
  const exact = migrations.find((m) => m.id === word);
  if (exact !== undefined) return exact;
  const matches = migrations.filter((m) => m.id.startsWith(word) || m.name === word);
  const [only] = matches;
  if (only !== undefined && matches.length === 1) return only;
  const near = closest(
    word,
    migrations.flatMap((m) => [m.id, m.name]),
  );
  throw new FerrataError(
    'migration-unknown',
    matches.length === 0 ? `There is no migration \`${word}\`.` : `\`${word}\` fits several migrations.`,
    {
      hint:
        matches.length === 0
          ? `${near === null ? '' : `Did you mean ${near}? `}\`ferrata status\` lists the migrations by id.`
          : `Name one of: ${matches.map((m) => m.id).join(', ')}`,
    },
  );
}

/** Migrations that are not applied yet, in order. */
export function pendingOf(
  migrations: readonly Migration[],
  applied: ReadonlySet<string>,
): readonly Migration[] {
  return migrations.filter((migration) => !applied.has(migration.id));
}
