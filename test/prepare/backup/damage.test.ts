import { spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { silent } from '../../../src/events.ts';
import { listBackups, restoreBackup, verifyBackup } from '../../../src/prepare/backup/index.ts';
import { bench } from './support.ts';

const SCHEMA = `CREATE TABLE t (id int PRIMARY KEY, v text);
  INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 20000) n;`;

test.each([
  ['plain', null],
  ['encrypted', 'a long enough passphrase'],
])('one changed byte in any file of a %s backup is found and named', async (_name, encryptionKey) => {
  await bench(SCHEMA, async ({ backup, settings, scratch, target, sql }) => {
    await backup('b', { encryptionKey });
    const folder = join(settings.directory, 'backups', 'b');
    for (const file of await readdir(folder)) {
      const path = join(folder, file);
      const good = await readFile(path);
      const bad = Buffer.from(good);
      // In a manifest, a digit of a row count: still valid JSON.
      const at = file === 'manifest.json' ? good.indexOf('"rows": 2') + 8 : Math.floor(good.length / 2);
      bad[at] = (bad[at] ?? 0) ^ 1;
      await writeFile(path, bad);
      const damaged = { code: 'backup-corrupt', message: expect.stringContaining(file) };
      const request = { settings, name: 'b', encryptionKey, reporter: silent };
      await expect(verifyBackup({ ...request, provider: scratch }), file).rejects.toMatchObject(damaged);
      await expect(restoreBackup({ ...request, target, yes: true }), file).rejects.toMatchObject(damaged);
      await writeFile(path, good);
    }
    expect(await sql(target, `SELECT to_regclass('t')`)).toEqual([[null]]);
    const data = (await readdir(folder)).find((file) => file.includes('public.t')) ?? '';
    await truncate(join(folder, data), 1000);
    const request = { settings, name: 'b', encryptionKey, reporter: silent, provider: scratch };
    await expect(verifyBackup(request)).rejects.toMatchObject({ code: 'backup-corrupt' });
    await rm(join(folder, data));
    await expect(verifyBackup(request)).rejects.toMatchObject({ code: 'backup-corrupt' });
    await writeFile(join(folder, 'manifest.json'), '{');
    expect(await listBackups(settings)).toMatchObject([
      { name: 'b', manifest: null, problem: 'It is not valid JSON.' },
    ]);
  });
});

test('a backup whose checksums do not fit its rows is not verified', async () => {
  await bench(SCHEMA, async ({ backup, settings, scratch, sql, source }) => {
    await backup('b');
    const folder = join(settings.directory, 'backups', 'b');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    await sql(source, `UPDATE t SET v = 'other' WHERE id = 7`);
    const other = await backup('c');
    // As if the copy had gone wrong on its way: everything is sealed, and the rows are not the ones that were measured.
    manifest.tables[0].data = other.tables[0]?.data;
    const { sealed } = await import('../../../src/prepare/backup/manifest.ts');
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(sealed(manifest, null)));
    await expect(
      verifyBackup({ settings, name: 'b', provider: scratch, reporter: silent }),
    ).rejects.toMatchObject({
      code: 'backup-corrupt',
      details: { why: expect.stringContaining('the column v') },
    });
  });
});

test('a full disk leaves nothing behind and says how much is needed', async () => {
  await bench(SCHEMA, async ({ backup, settings }) => {
    let room = 100_000;
    const openFile = (path: string) => {
      const file = createWriteStream(path);
      return new Writable({
        write(chunk: Buffer, _encoding, done) {
          room -= chunk.length;
          if (room >= 0) file.write(chunk, done);
          else done(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
        },
        final: (done) => void file.end(done),
        destroy: (error, done) => void file.destroy().once('close', () => done(error)),
      });
    };
    await expect(backup('full', { openFile })).rejects.toMatchObject({
      code: 'backup-disk-full',
      details: { data: { neededBytes: expect.any(Number) } },
    });
    expect(await readdir(join(settings.directory, 'backups'))).toEqual([]);
    expect(await listBackups(settings)).toEqual([]);
    // The name is free again.
    await backup('full');
  });
});

test('a really full disk', async ({ skip }) => {
  const { execFileSync } = await import('node:child_process');
  await bench(
    `CREATE TABLE t (v text); INSERT INTO t SELECT md5(n::text) FROM generate_series(1, 60000) n`,
    async ({ backup, settings }) => {
      const place = join(settings.directory, 'backups');
      await mkdir(place);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
      } catch {
        skip(
          'a tmpfs can only be mounted by root; the test before this one has a writable that fails instead',
        );
      }
      try {
        await expect(backup('full')).rejects.toMatchObject({ code: 'backup-disk-full' });
        expect(await readdir(place)).toEqual([]);
      } finally {
        execFileSync('umount', [place]);
      }
    },
  );
});

test('killed in the middle, it leaves no backup, and the next one clears up', async () => {
  await bench(
    `CREATE TABLE a (v text); CREATE TABLE b (v text);
     INSERT INTO a SELECT repeat(md5(n::text), 20) FROM generate_series(1, 30000) n;
     INSERT INTO b SELECT repeat(md5(n::text), 20) FROM generate_series(1, 30000) n;`,
    async ({ server, source, settings, backup }) => {
      const database = source.label.replace(/^.*\//, '');
      const child = spawn(process.execPath, [
        fileURLToPath(new URL('./kill-me.mjs', import.meta.url)),
        server.url(database),
        settings.directory,
      ]);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      const place = join(settings.directory, 'backups');
      const partial = join(place, '.partial-killed');
      const isWriting = async () =>
        existsSync(partial) && (await readdir(partial)).some((file) => file.includes('public.'));
      for (let n = 0; n < 1500 && !(await isWriting()) && child.exitCode === null; n++) await sleep(10);
      expect(child.exitCode, said).toBeNull();
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
      expect(await readdir(place)).toEqual(['.partial-killed']);
      expect(await listBackups(settings)).toEqual([]);
      await backup('killed');
      expect(await readdir(place)).toEqual(['killed']);
    },
  );
});
