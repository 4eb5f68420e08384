/**
 * Who runs the servers that ferrata starts, and where they may live. PostgreSQL refuses to run as root; so as root an
 * unprivileged account runs it, and what that account can't reach (a project under /root) is put elsewhere.
 */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { FerrataError } from '../errors.ts';
import { hydrateSymlinks, lacksSymlinks } from './symlinks.ts';

const run = promisify(execFile);

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The account that servers run under; null: our own. Throws `server-start` where root finds no other account. */
export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const accounts = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ name, uid, gid }) => name !== '' && uid > 0 && Number.isInteger(gid));
  const chosen = ['postgres', 'nobody'].map((name) => accounts.find((account) => account.name === name));
  const account = chosen.find((candidate) => candidate !== undefined);
  if (account !== undefined) return account;
  throw new FerrataError(
    'server-start',
    'PostgreSQL does not run as root, and there is no other account to use',
    {
      why: 'Neither "postgres" nor "nobody" is in /etc/passwd.',
      hint: 'Run ferrata as another user, or create one: useradd --system postgres',
    },
  );
}

/** What `spawn` needs to run a program as the account; the working folder is one that everybody can enter. */
export function spawnAs(account: Account | null): {
  uid?: number;
  gid?: number;
  cwd: string;
  env: NodeJS.ProcessEnv;
} {
  // PGDATA, PGPORT, PGOPTIONS … of the caller must not reach the server; its locale is chosen at initdb.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG|NODE_)/.test(name)),
  );
  return {
    ...(account !== null && { uid: account.uid, gid: account.gid }),
    cwd: '/',
    env: { ...env, LC_ALL: 'C' },
  };
}

/** Whether the account can enter the folder, and write in it where asked. */
export function canUse(account: Account | null, folder: string, mode: 'read' | 'write'): boolean {
  if (account === null) return true;
  const test = mode === 'write' ? 'test -x "$1" && test -w "$1"' : 'test -x "$1" && test -r "$1"';
  return spawnSync('/bin/sh', ['-c', test, 'sh', folder], spawnAs(account)).status === 0;
}

/**
 * A folder of mode 0700 that belongs to the account, for templates, scratch data and copied programs.
 * `durable` prefers a place that survives a reboot.
 */
export async function privateFolder(account: Account | null, durable = false): Promise<string> {
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  const parent =
    durable && (await stat('/var/tmp').catch(() => null))?.isDirectory()
      ? '/var/tmp'
      : await realpath(tmpdir());
  const base = account === null || canUse(account, parent, 'read') ? parent : '/tmp';
  const folder = join(base, `ferrata-${uid}`);
  await mkdir(folder, { mode: 0o700 })
    .then(() => own(folder, account))
    .catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw cannotWrite(folder, error);
    });
  const found = await lstat(folder);
  if (found.isDirectory() && found.uid === uid && (found.mode & 0o077) === 0) return folder;
  if (found.isDirectory() && process.getuid?.() === 0 && found.uid === 0 && (found.mode & 0o077) === 0) {
    await own(folder, account); // another process has just made it
    return folder;
  }
  // Somebody else made a folder of this name in a place where everybody may write: don't trust it.
  const own_ = await mkdtemp(join(base, `ferrata-${uid}-`));
  await own(own_, account);
  return own_;
}

/** Gives the file or folder to the account; does nothing without one. */
export async function own(path: string, account: Account | null): Promise<void> {
  if (account !== null) await chown(path, account.uid, account.gid);
}

/**
 * The folder with the programs in a form that the account can run: itself, or a copy in a private folder when the
 * account can't reach it or when its symbolic links are missing and can't be made.
 */
export async function runnableBindir(bindir: string, account: Account | null): Promise<string> {
  const packageFolder = dirname(dirname(bindir));
  await hydrateSymlinks(packageFolder);
  const complete = !(await lacksSymlinks(packageFolder));
  const share = join(dirname(bindir), 'share');
  const shareThere = await stat(share).then(
    () => true,
    () => false,
  );
  if (complete && canUse(account, bindir, 'read') && (!shareThere || canUse(account, share, 'read'))) {
    return bindir;
  }
  return await copyPrograms(packageFolder, bindir, account);
}

async function copyPrograms(packageFolder: string, bindir: string, account: Account | null): Promise<string> {
  const source = dirname(bindir);
  const { mtimeMs, size } = await stat(join(bindir, 'postgres'));
  const key = createHash('sha256').update(`${source}\0${mtimeMs}\0${size}`).digest('hex').slice(0, 16);
  const programs = join(await privateFolder(account), 'programs');
  await mkdir(programs, { recursive: true, mode: 0o755 });
  await own(programs, account);
  const target = join(programs, key);
  const done = join(target, 'native', 'bin');
  if ((await stat(done).catch(() => null)) !== null) return done;
  const draft = await mkdtemp(join(programs, '.draft-'));
  try {
    await run('cp', ['-R', source, join(draft, 'native')]);
    await hydrateSymlinks(draft);
    await run('chmod', ['-R', 'u+rwX,go+rX', draft]);
    if (account !== null) await run('chown', ['-RP', `${account.uid}:${account.gid}`, draft]);
    await chmod(draft, 0o755);
    await rename(draft, target).catch((error: NodeJS.ErrnoException) => {
      // Another process was quicker; its copy is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (cause) {
    throw cannotWrite(`${target} (a copy of ${packageFolder})`, cause);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return done;
}

function cannotWrite(what: string, cause: unknown): FerrataError {
  return new FerrataError('server-start', `${what} can not be written`, {
    why: cause instanceof Error ? cause.message : undefined,
    hint: 'Set TMPDIR to a folder with free space in which this user may write.',
    cause,
  });
}
