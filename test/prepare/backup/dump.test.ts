import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silent } from '../../../src/events.ts';
import { findClient } from '../../../src/postgres/programs.ts';
import { restoreBackup, verifyBackup } from '../../../src/prepare/backup/index.ts';
import { bench, EXOTIC_SCHEMA } from './support.ts';

const MAJOR = 15;

async function needsDump(skip: (reason: string) => void): Promise<void> {
  if ((await findClient('pg_dump', MAJOR)) !== null) return;
  if (process.env.CI === 'true') throw new Error(`pg_dump ${MAJOR} must be installed where CI=true`);
  skip(`pg_dump ${MAJOR} is not installed`);
}

test('a dump is made under a snapshot, verified and restored', async ({ skip }) => {
  await needsDump(skip);
  await bench(
    EXOTIC_SCHEMA,
    async ({ backup, settings, target, source, sql, scratch }) => {
      const manifest = await backup('d', { kind: 'dump' });
      expect(manifest).toMatchObject({ kind: 'dump', tables: [{ table: 'public.spans', rows: 1 }] });
      expect(manifest.dumpSha256).toMatch(/^[0-9a-f]{64}$/);
      const request = { settings, name: 'd', reporter: silent };
      expect((await verifyBackup({ ...request, provider: scratch })).verifiedAt).not.toBeNull();
      await restoreBackup({ ...request, target, yes: false });
      expect(await sql(target, 'SELECT * FROM spans, wide')).toEqual(
        await sql(source, 'SELECT * FROM spans, wide'),
      );
      await expect(restoreBackup({ ...request, target, yes: true })).rejects.toMatchObject({
        code: 'backup-target-not-empty',
      });
      const folder = join(settings.directory, 'backups', 'd', 'dump');
      const [file = ''] = await readdir(folder);
      await writeFile(join(folder, file), 'x');
      await expect(verifyBackup({ ...request, provider: scratch })).rejects.toMatchObject({
        code: 'backup-corrupt',
        message: expect.stringContaining(file),
      });
      await expect(
        backup('e', { kind: 'dump', encryptionKey: 'a long enough passphrase' }),
      ).rejects.toMatchObject({
        code: 'backup-key',
      });
    },
    MAJOR,
  );
});

test('a snapshot takes the schema from pg_dump where the catalog engine lacks a kind', async ({ skip }) => {
  await needsDump(skip);
  await bench(
    EXOTIC_SCHEMA,
    async ({ backup, settings, target, source, sql, scratch }) => {
      await backup('s');
      const request = { settings, name: 's', reporter: silent };
      expect((await verifyBackup({ ...request, provider: scratch })).verifiedAt).not.toBeNull();
      await restoreBackup({ ...request, target, yes: false });
      expect(await sql(target, 'SELECT * FROM spans, wide')).toEqual(
        await sql(source, 'SELECT * FROM spans, wide'),
      );
    },
    MAJOR,
  );
});

test('without a pg_dump that is new enough the message says what to install', async () => {
  await bench('CREATE TABLE t (a int)', async ({ backup, settings, server }) => {
    if ((await findClient('pg_dump', server.major)) !== null) return;
    await expect(backup('d', { kind: 'dump' })).rejects.toMatchObject({
      code: 'tool-missing',
      details: { hint: expect.stringContaining(`postgresql-client-${server.major}`) },
    });
    expect(await readdir(settings.directory)).toEqual([]);
  });
});
