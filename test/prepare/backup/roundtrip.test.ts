import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Reporter, silent } from '../../../src/events.ts';
import { createBackup, listBackups, restoreBackup, verifyBackup } from '../../../src/prepare/backup/index.ts';
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

test('a database in another encoding than the scratch copy is verified all the same', async () => {
  await bench('', async ({ server, sql, settings, scratch }) => {
    const name = `latin_${Date.now()}`;
    await sql(server.connector, `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const latin = server.connector.forDatabase(name);
    await sql(
      latin,
      `CREATE TABLE t (v text, p point); INSERT INTO t VALUES ('é ÿ', '(1,2)'), ('plain', NULL)`,
    );
    const request = { settings, name: 'latin', reporter: silent };
    await createBackup({ ...request, connector: latin, kind: 'snapshot' });
    expect((await verifyBackup({ ...request, provider: scratch })).verifiedAt).not.toBeNull();
    const target = await server.createDatabase();
    await restoreBackup({ ...request, target, yes: false });
    expect(await sql(target, 'SELECT v FROM t')).toEqual([['é ÿ'], ['plain']]);
    await sql(server.connector, `DROP DATABASE ${name}`);
  });
});

test('bytes that are no valid text survive in a SQL_ASCII database', async () => {
  await bench('', async ({ server, sql, settings }) => {
    const names = [`ascii_a_${Date.now()}`, `ascii_b_${Date.now()}`] as const;
    for (const name of names) {
      await sql(
        server.connector,
        `CREATE DATABASE ${name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`,
      );
    }
    const [a, b] = [server.connector.forDatabase(names[0]), server.connector.forDatabase(names[1])];
    await sql(
      a,
      `SET client_encoding = 'SQL_ASCII'; CREATE TABLE t (v text); INSERT INTO t VALUES (E'\\xff\\xfe')`,
    );
    const request = { settings, name: 'ascii', reporter: silent };
    await createBackup({ ...request, connector: a, kind: 'snapshot' });
    await verifyBackup({ ...request, provider: async () => ({ connector: b, drop: async () => {} }) });
    expect(await sql(b, `SELECT encode(v::bytea, 'hex') FROM t`)).toEqual([['fffe']]);
    for (const name of names) await sql(server.connector, `DROP DATABASE ${name}`);
  });
});

test('somebody who alters a table meanwhile waits for the backup, not the backup for him', async () => {
  await bench(
    `CREATE TABLE a (v int, x int); CREATE TABLE b (v int); CREATE VIEW both_tables AS SELECT x FROM a, b;
     INSERT INTO a SELECT generate_series(1, 50000); INSERT INTO b SELECT generate_series(1, 50000)`,
    async ({ sql, source, backup, settings, scratch }) => {
      const alterations: Promise<unknown>[] = [];
      const reporter: Reporter = (event) => {
        // By now the tables are locked and the snapshot is taken.
        if (event.type !== 'backup' || !event.message.startsWith('backing up')) return;
        alterations.push(sql(source, 'ALTER TABLE a ALTER COLUMN v TYPE bigint'));
        alterations.push(sql(source, 'ALTER TABLE b ADD COLUMN w int; TRUNCATE b'));
      };
      const manifest = await backup('b', { reporter });
      await Promise.all(alterations);
      expect(alterations).toHaveLength(2);
      expect(manifest.tables.map((table) => [table.rows, Object.keys(table.data.columns)])).toEqual([
        [50000, ['v', 'x']],
        [50000, ['v']],
      ]);
      await verifyBackup({ settings, name: 'b', provider: scratch, reporter: silent });
    },
    15,
  );
});
