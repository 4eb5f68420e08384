/** Native migrations: `migrations/<digits>_<name>/` with up.sql and, optionally, down.sql, verify.sql, migration.yaml. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import { normaliseText } from '../sql/locate.ts';
import { migrationChecksum } from './checksum.ts';
import type { Migration, MigrationFile } from './model.ts';
import { type MigrationOptions, NO_OPTIONS, parseOptions } from './options.ts';
import { readText } from './read-text.ts';

const ID = /^(\d+)_(.+)$/;
const TIMESTAMP_DIGITS = 14;

type Folders = Pick<Settings, 'root' | 'migrations'>;

/**
 * All migrations of the project, in order of their ids as strings.
 *
 * Reads synchronously: for thousands of small files that is several times faster.
 * Throws `migration-folder-missing`, `migration-invalid`.
 */
export async function readMigrations(settings: Folders): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const id of migrationIds(settings)) migrations.push(await readMigration(settings, id));
  return migrations;
}

/** One migration by its folder's name. Throws `migration-invalid`. */
export async function readMigration(settings: Folders, id: string): Promise<Migration> {
  const folder = join(settings.migrations, id);
  const present = new Set(readdirSync(folder));
  const file = (name: string): MigrationFile | null => {
    if (!present.has(name)) return null;
    const path = show(settings, join(folder, name));
    return { path, text: readText(join(folder, name), path) };
  };
  const up = file('up.sql');
  if (up === null) {
    const others = [...present].filter((name) => name.endsWith('.sql'));
    throw new FerrataError('migration-invalid', `${show(settings, folder)} has no up.sql`, {
      why:
        others.length > 0
          ? `A migration needs an up.sql; the folder holds ${others.join(', ')}.`
          : 'A migration needs an up.sql: the SQL that changes the database.',
      hint: 'Add up.sql, or remove the folder.',
    });
  }
  const yaml = file('migration.yaml');
  const misnamed = yaml === null && present.has('migration.yml');
  if (misnamed) {
    throw new FerrataError(
      'migration-invalid',
      `${show(settings, join(folder, 'migration.yml'))} is not read`,
      {
        hint: 'Rename it to migration.yaml.',
      },
    );
  }
  const options = yaml === null ? NO_OPTIONS : await parseOptions(yaml.text, yaml.path);
  const transform = transformOf(settings, folder, present, options);
  const down = file('down.sql');
  const verify = file('verify.sql');
  return {
    id,
    name: ID.exec(id)?.[2] ?? id,
    up,
    down,
    verify,
    dependsOn: options.dependsOn,
    ...(options.pattern === null ? {} : { pattern: options.pattern }),
    ...(Object.keys(options.batch).length === 0 ? {} : { batch: options.batch }),
    ...(transform === null ? {} : { transform }),
    owner: options.owner,
    ticket: options.ticket,
    checksum: migrationChecksum(
      [
        { name: 'up.sql', file: up },
        { name: 'down.sql', file: down },
        { name: 'verify.sql', file: verify },
        { name: 'migration.yaml', file: yaml },
        { name: transform?.module ?? '', file: transform === null ? null : file(transform.module) },
      ].flatMap(({ name, file: part }) => (part === null ? [] : [{ name, text: part.text }])),
    ),
    folder,
  };
}

const MODULES = ['backfill.ts', 'backfill.mts', 'backfill.js', 'backfill.mjs'];

/** The module that computes new values, and what migration.yaml says it works on. Throws `migration-invalid`. */
function transformOf(
  settings: Folders,
  folder: string,
  present: ReadonlySet<string>,
  { transform }: MigrationOptions,
): (Migration['transform'] & object) | null {
  const [module, second] = MODULES.filter((name) => present.has(name));
  if (module === undefined && transform === null) return null;
  if (module !== undefined && transform !== null && second === undefined) return { ...transform, module };
  const shown = show(settings, folder);
  throw new FerrataError(
    'migration-invalid',
    second !== undefined
      ? `${shown} has both ${module} and ${second}`
      : module === undefined
        ? `${shown}: migration.yaml speaks of a backfill, and there is no backfill.ts`
        : `${shown} has a ${module}, and migration.yaml does not say what it works on`,
    {
      why: 'A transform needs its module, and a table with the columns that it reads and writes.',
      hint: 'In migration.yaml: backfill: { table: orders, reads: [amount], writes: [amount_eur] }',
    },
  );
}

/** A file, or standard input, that is assessed by itself: a migration without a folder. */
export function looseMigration(path: string, source: string): Migration {
  const text = normaliseText(source);
  const base = path.split(/[\\/]/).at(-1) ?? path;
  const name = base.replace(/\.sql$/, '');
  return {
    id: name,
    name,
    up: { path, text },
    down: null,
    verify: null,
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: migrationChecksum([{ name: 'up.sql', text }]),
    folder: null,
  };
}

/**
 * Makes the folder of a new migration, whose id sorts behind all others: a UTC timestamp, or the next number where the
 * project counts with fewer digits.
 *
 * @param name words of any kind; becomes `lower_case_with_underscores`
 * @param sql the text of up.sql; without it a comment to be replaced
 *
 * Throws `usage` for a name without letters or digits, `migration-exists`.
 */
export async function createMigration(
  settings: Folders,
  name: string,
  sql?: string,
  now: Date = new Date(),
): Promise<Migration> {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 100);
  if (slug === '') {
    throw new FerrataError('usage', `"${name}" holds no letter or digit to make a name from`, {
      hint: 'ferrata create add_order_status',
    });
  }
  mkdirSync(settings.migrations, { recursive: true });
  const existing = migrationIds(settings);
  const same = existing.find((id) => ID.exec(id)?.[2] === slug);
  if (same !== undefined) {
    throw new FerrataError('migration-exists', `a migration with this name is there already: ${same}`, {
      why: 'Two migrations of one name are easily taken for each other.',
      hint: `Choose another name, or edit ${show(settings, join(settings.migrations, same))} if it has not been applied.`,
    });
  }
  const id = `${nextDigits(existing, now)}_${slug}`;
  const folder = join(settings.migrations, id);
  mkdirSync(folder);
  writeFileSync(join(folder, 'up.sql'), normaliseText(sql ?? `-- ${slug.replaceAll('_', ' ')}\n`));
  return readMigration(settings, id);
}

function migrationIds(settings: Folders): string[] {
  let names: string[];
  try {
    names = readdirSync(settings.migrations);
  } catch (cause) {
    throw new FerrataError(
      'migration-folder-missing',
      `there is no folder ${show(settings, settings.migrations)}`,
      {
        why: 'Migrations are read from there.',
        hint: 'Run ferrata init, or name the folder in the config file (migrations) or with --config.',
        cause,
      },
    );
  }
  const ids: string[] = [];
  for (const name of names) {
    if (name.startsWith('.')) continue;
    const path = join(settings.migrations, name);
    if (!statSync(path).isDirectory()) {
      if (/^\d.*\.sql$/.test(name)) throw flatFile(settings, path, name);
      continue;
    }
    if (ID.test(name)) ids.push(name);
    else if (readdirSync(path).includes('up.sql')) {
      throw new FerrataError('migration-invalid', `${show(settings, path)} has no number in front`, {
        why: 'Migrations are ordered by the digits that their names begin with.',
        hint: `Rename it to <yyyymmddhhmmss>_${name}.`,
      });
    }
  }
  // By code units, as the database's own order of ids under the "C" collation.
  return ids.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function flatFile(settings: Folders, path: string, name: string): FerrataError {
  return new FerrataError('migration-invalid', `${show(settings, path)} is a file; a migration is a folder`, {
    why: 'Ferrata keeps the plan and the way back beside the SQL.',
    hint: `Move it to ${name.replace(/\.sql$/, '')}/up.sql.`,
  });
}

function nextDigits(existing: readonly string[], now: Date): string {
  const newest =
    existing
      .map((id) => ID.exec(id)?.[1] ?? '')
      .sort()
      .at(-1) ?? '';
  const timestamp = now.toISOString().replace(/\D/g, '').slice(0, TIMESTAMP_DIGITS);
  if (newest === '' || (newest.length === TIMESTAMP_DIGITS && newest < timestamp)) return timestamp;
  return (BigInt(newest) + 1n).toString().padStart(newest.length, '0');
}

/** Relative to the project's root, with slashes. */
function show(settings: Folders, path: string): string {
  return relative(settings.root, path).split(sep).join('/') || '.';
}
