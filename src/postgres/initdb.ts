/**
 * Makes data directories. `initdb` takes a second or more; so its result is kept as a template per server version, and
 * a scratch server starts from a copy.
 */
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FerrataError } from '../errors.ts';
import { type Account, own, privateFolder, spawnAs } from './account.ts';
import type { ServerPrograms } from './programs.ts';
import { registerSecret } from './redact.ts';

const run = promisify(execFile);

/** The superuser of every server that ferrata makes. */
export const SUPERUSER = 'postgres';

/** The file that holds the superuser's password: beside the data directory, mode 0600. */
export function passwordFile(dataDir: string): string {
  return `${dataDir}.password`;
}

export async function readPassword(dataDir: string): Promise<string> {
  const password = (await readFile(passwordFile(dataDir), 'utf8')).trim();
  registerSecret(password);
  return password;
}

export async function isInitialised(dataDir: string): Promise<boolean> {
  return await access(join(dataDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
}

/** Fills an empty data directory by initdb. Throws `server-start` with what initdb said. */
export async function initialise(
  programs: ServerPrograms,
  bindir: string,
  dataDir: string,
  account: Account | null,
): Promise<void> {
  const password = randomBytes(24).toString('base64url');
  registerSecret(password);
  const folder = await mkdtemp(join(await privateFolder(account), 'initdb-'));
  try {
    await own(folder, account);
    const pwfile = join(folder, 'password');
    await writeFile(pwfile, password, { mode: 0o600 });
    await own(pwfile, account);
    const options = [
      `--pgdata=${dataDir}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${pwfile}`,
      // Whoever is on this machine can reach a loopback port: a password keeps other users out.
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--no-sync',
      // Since 14.
      ...(programs.major >= 14 ? ['--no-instructions'] : []),
    ];
    await runInitdb(programs, bindir, options, dataDir, account);
    await writeFile(passwordFile(dataDir), `${password}\n`, { mode: 0o600 });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Letters must have upper and lower case: C.UTF-8, from PostgreSQL itself since 17, from the system before; C where
 * neither is there.
 */
async function runInitdb(
  { major, version }: ServerPrograms,
  bindir: string,
  options: readonly string[],
  dataDir: string,
  account: Account | null,
): Promise<void> {
  const locales =
    major >= 17
      ? [['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'], ['--locale=C']]
      : [['--locale=C.UTF-8', '--lc-messages=C'], ['--locale=C']];
  let said = '';
  for (const locale of locales) {
    try {
      await run(join(bindir, 'initdb'), [...options, ...locale], {
        ...spawnAs(account),
        maxBuffer: 16 * 1024 * 1024,
      });
      return;
    } catch (error) {
      const { stderr, message } = error as Error & { stderr?: string };
      said = (stderr ?? '').trim() || message;
      // initdb empties the folder after a failure, but keeps one that was there before.
      if (!/locale|collat/i.test(said)) break;
    }
  }
  throw new FerrataError('server-start', `initdb of PostgreSQL ${version} failed`, {
    why: said.split('\n').slice(-5).join('\n'),
    hint: `Check free space and permissions of ${dirname(dataDir)}; ferrata servers lists the servers that can be used.`,
  });
}

/** Fills an empty data directory with a copy of the template of this server version, making the template first. */
export async function copyTemplate(
  programs: ServerPrograms,
  bindir: string,
  dataDir: string,
  account: Account | null,
): Promise<void> {
  const template = await templateOf(programs, bindir, account);
  const data = join(template, 'data');
  // --reflink costs nothing on file systems that share blocks; elsewhere it is a plain copy.
  const flags = process.platform === 'linux' ? ['-a', '--reflink=auto'] : ['-Rp'];
  try {
    await run('cp', [...flags, `${data}/.`, dataDir]);
    await chmod(dataDir, 0o700);
    await own(dataDir, account);
    await writeFile(passwordFile(dataDir), `${await readPassword(data)}\n`, { mode: 0o600 });
  } catch (cause) {
    throw new FerrataError('server-start', `The data directory ${dataDir} could not be made`, {
      why: cause instanceof Error ? cause.message.trim() : undefined,
      hint: `Check free space and permissions of ${dirname(dataDir)}.`,
      cause,
    });
  }
}

/** Raise when the options of initdb change: an older template is then not used any more. */
const TEMPLATE_FORM = 1;

async function templateOf(
  programs: ServerPrograms,
  bindir: string,
  account: Account | null,
): Promise<string> {
  const key = createHash('sha256').update(`${bindir}\0${programs.version}`).digest('hex').slice(0, 10);
  const templates = join(await privateFolder(account), 'templates');
  await mkdir(templates, { recursive: true, mode: 0o700 });
  await own(templates, account);
  const template = join(templates, `${programs.version}-${key}-${TEMPLATE_FORM}`);
  if (await isInitialised(join(template, 'data'))) return template;

  const draft = await mkdtemp(join(templates, `.draft-${basename(template)}-`));
  try {
    await own(draft, account);
    const data = join(draft, 'data');
    await mkdir(data, { mode: 0o700 });
    await own(data, account);
    await initialise(programs, bindir, data, account);
    await rename(draft, template).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker; its template is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return template;
}
