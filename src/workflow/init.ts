/** Sets a project up; touches nothing that is there already. */
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FerrataError } from '../errors.ts';

export interface InitChange {
  readonly path: string;
  readonly what: 'written' | 'extended' | 'kept';
  readonly detail: string;
}

const CONFIG = `# Ferrata: see docs/configuration.md for every key.
migrations: migrations

environments:
  # No url: an embedded PostgreSQL under .ferrata/.
  development: {}

  # staging:
  #   url: env:STAGING_DATABASE_URL

  # production:
  #   url: env:PRODUCTION_DATABASE_URL
  #   policy:
  #     proof: required      # no migration runs before its rollback is proved
  #     backup: required
`;

const SCRIPTS: Readonly<Record<string, string>> = {
  'db:migrate:status': 'ferrata status',
  'db:migrate:create': 'ferrata create',
  'db:migrate:assess': 'ferrata assess',
  'db:migrate:rehearse': 'ferrata rehearse',
  'db:migrate:up': 'ferrata up',
  'db:migrate:down': 'ferrata down',
  'db:migrate:verify': 'ferrata verify',
};

/** Writes config, migrations folder, npm scripts and the .gitignore line; answers what was done to each. */
export async function initProject(root: string): Promise<readonly InitChange[]> {
  return [
    await writeConfig(root),
    await makeFolder(root),
    await addScripts(root),
    await ignoreWorkFolder(root),
  ];
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeConfig(root: string): Promise<InitChange> {
  for (const extension of ['yaml', 'yml', 'json', 'ts', 'mts', 'js', 'mjs']) {
    const path = `ferrata.config.${extension}`;
    if (await exists(join(root, path))) return { path, what: 'kept', detail: 'a config file is there' };
  }
  await writeFile(join(root, 'ferrata.config.yaml'), CONFIG);
  return { path: 'ferrata.config.yaml', what: 'written', detail: 'environments and policies' };
}

async function makeFolder(root: string): Promise<InitChange> {
  const folder = join(root, 'migrations');
  if (await exists(folder)) return { path: 'migrations/', what: 'kept', detail: 'the folder is there' };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, '.gitkeep'), '');
  return { path: 'migrations/', what: 'written', detail: 'one folder per migration' };
}

async function addScripts(root: string): Promise<InitChange> {
  const path = join(root, 'package.json');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null)
    return { path: 'package.json', what: 'kept', detail: 'there is none: no npm scripts added' };
  let manifest: { scripts?: Record<string, string> };
  try {
    manifest = JSON.parse(text) as typeof manifest;
  } catch {
    throw new FerrataError('config-unreadable', 'package.json is not valid JSON.', {
      hint: 'Mend it, then run `ferrata init` again.',
    });
  }
  const scripts = { ...manifest.scripts };
  const added = Object.entries(SCRIPTS).filter(([name]) => scripts[name] === undefined);
  if (added.length === 0) return { path: 'package.json', what: 'kept', detail: 'the scripts are there' };
  for (const [name, command] of added) scripts[name] = command;
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  await writeFile(path, `${JSON.stringify({ ...manifest, scripts }, null, indent)}\n`);
  return {
    path: 'package.json',
    what: 'extended',
    detail: `scripts ${added.map(([name]) => name).join(', ')}`,
  };
}

async function ignoreWorkFolder(root: string): Promise<InitChange> {
  const path = join(root, '.gitignore');
  const text = await readFile(path, 'utf8').catch(() => null);
  const lines = (text ?? '').split('\n').map((line) => line.trim());
  if (lines.includes('.ferrata/') || lines.includes('.ferrata')) {
    return { path: '.gitignore', what: 'kept', detail: '.ferrata/ is ignored' };
  }
  const separator = text === null || text === '' || text.endsWith('\n') ? '' : '\n';
  await writeFile(path, `${text ?? ''}${separator}.ferrata/\n`);
  return { path: '.gitignore', what: text === null ? 'written' : 'extended', detail: '.ferrata/ is ignored' };
}
