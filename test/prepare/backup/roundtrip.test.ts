import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silent } from '../../../src/events.ts';
import { listBackups, restoreBackup, verifyBackup } from '../../../src/prepare/backup/index.ts';
import { bench, EDGE_SCHEMA } from './support.ts';

const CONTENT = `SELECT 'odd', t::text, 'x' FROM "Odd ""Name""" t UNION ALL SELECT 'nothing', count(*)::text, '' FROM nothing
  UNION ALL SELECT 'measures', m::text, tableoid::regclass::text FROM measures m
  UNION ALL SELECT 'base', b::text, tableoid::regclass::text FROM base b
  UNION ALL SELECT 'seq', nextval('"Odd ""Name""_id_seq"')::text, '' ORDER BY 1, 2`;

test.each([
  [18, null],
  [15, null],
  [18, 'correct horse battery staple'],
  [15, 'ab'.repeat(32)],
] as const)('edge values survive a backup and a restore on %i, key %s', async (major, encryptionKey) => {
  await bench(
    EDGE_SCHEMA,
    async ({ backup, sql, source, target, settings, scratch }) => {
      const manifest = await backup('edge', { encryptionKey, parallel: 3 });
      expect(manifest.encrypted).toBe(encryptionKey !== null);
      expect(manifest.verifiedAt).toBeNull();
      const outcome = await restoreBackup({
        settings,
        name: 'edge',
        target,
        yes: false,
        encryptionKey,
        reporter: silent,
      });
      expect(outcome).toMatchObject({
        safetyBackup: null,
        rows: manifest.tables.reduce((n, t) => n + t.rows, 0),
      });
      expect(await sql(target, CONTENT)).toEqual(await sql(source, CONTENT));
      const verified = await verifyBackup({
        settings,
        name: 'edge',
        provider: scratch,
        encryptionKey,
        reporter: silent,
      });
      expect(verified.verifiedAt).not.toBeNull();
      expect(
        (await listBackups(settings)).map((one) => [one.name, one.problem, one.manifest?.verifiedAt]),
      ).toEqual([['edge', null, verified.verifiedAt]]);
    },
    major,
  );
});

test('an encrypted backup shows no content, in no file', async () => {
  await bench(
    `CREATE TABLE secrets (s text DEFAULT 'defaultinclear'); INSERT INTO secrets VALUES ('in the clear')`,
    async ({ backup, settings }) => {
      const plain = await backup('plain');
      const manifest = await backup('locked', { encryptionKey: 'a long enough passphrase' });
      const folder = join(settings.directory, 'backups', 'locked');
      for (const file of await readdir(folder)) {
        const bytes = await readFile(join(folder, file));
        if (file !== 'manifest.json') expect(bytes.subarray(0, 7).toString(), file).toBe('FERRATA');
        expect(bytes.toString('latin1')).not.toContain('clear');
      }
      // A checksum would tell whether a guess of the content is right.
      expect(manifest.tables[0]?.data.columns.s).not.toBe(plain.tables[0]?.data.columns.s);
    },
  );
});

test('the wrong key, and no key, are told before anything is restored', async () => {
  await bench(
    'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
    async ({ backup, settings, target, sql }) => {
      await backup('locked', { encryptionKey: 'a long enough passphrase' });
      const restore = (encryptionKey: string | null) =>
        restoreBackup({ settings, name: 'locked', target, yes: true, encryptionKey, reporter: silent });
      await expect(restore(null)).rejects.toMatchObject({ code: 'backup-key' });
      await expect(restore('another long passphrase')).rejects.toMatchObject({ code: 'backup-key' });
      await expect(backup('short', { encryptionKey: 'short' })).rejects.toMatchObject({ code: 'backup-key' });
      expect(await sql(target, `SELECT to_regclass('t')`)).toEqual([[null]]);
    },
  );
});

test('rows and checksums come from one snapshot while others write', async () => {
  await bench(
    `CREATE TABLE a (id int); CREATE TABLE b (id int);
     CREATE PROCEDURE step() LANGUAGE sql AS 'INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)';`,
    async ({ backup, sql, source, settings, scratch, target }) => {
      let writing = true;
      let written = 0;
      const writer = (async () => {
        while (writing) {
          await sql(source, 'CALL step()');
          written++;
        }
      })();
      for (let n = 0; n < 3; n++) await backup(`b${n}`);
      writing = false;
      await writer;
      expect(written).toBeGreaterThan(0);
      for (let n = 0; n < 3; n++) {
        const manifest = await verifyBackup({ settings, name: `b${n}`, provider: scratch, reporter: silent });
        expect(manifest.tables[0]?.rows).toBe(manifest.tables[1]?.rows);
      }
      await restoreBackup({ settings, name: 'b0', target, yes: false, reporter: silent });
    },
  );
});
