import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMigration, looseMigration, readMigrations } from '../../src/source/native.ts';
import { isEmpty, parseMigration } from '../../src/source/scripts.ts';

let root: string;
let settings: { root: string; migrations: string };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ferrata-source-'));
  settings = { root, migrations: join(root, 'db', 'migrations') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(id: string, files: Readonly<Record<string, string | Buffer>>): void {
  mkdirSync(join(settings.migrations, id), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(settings.migrations, id, name), text);
}

describe('readMigrations', () => {
  it('reads folders in order, with what they hold', async () => {
    write('20240102000000_b', { 'up.sql': 'SELECT 2', 'down.sql': 'SELECT 3', 'verify.sql': 'SELECT 4' });
    write('20240101000000_a', {
      'up.sql': '\ufeffSELECT 1;\r\n',
      'migration.yaml': 'depends_on: 20230101000000\nowner: payments\nticket: 17\n',
    });
    write('.git', { 'up.sql': 'x' });
    writeFileSync(join(settings.migrations, 'README.md'), 'hello');
    const [a, b, ...rest] = await readMigrations(settings);
    expect(rest).toEqual([]);
    expect(a).toMatchObject({
      id: '20240101000000_a',
      name: 'a',
      up: { path: 'db/migrations/20240101000000_a/up.sql', text: 'SELECT 1;\n' },
      down: null,
      verify: null,
      dependsOn: ['20230101000000'],
      owner: 'payments',
      ticket: '17',
    });
    expect(b?.down?.text).toBe('SELECT 3');
    expect(b?.verify?.text).toBe('SELECT 4');
  });

  it('has checksums that line ends and byte order marks do not change, and everything else does', async () => {
    const sum = async (files: Readonly<Record<string, string>>): Promise<string> => {
      rmSync(settings.migrations, { recursive: true, force: true });
      write('1_a', files);
      return (await readMigrations(settings))[0]?.checksum ?? '';
    };
    const base = await sum({ 'up.sql': 'SELECT 1;\nSELECT 2;\n' });
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(await sum({ 'up.sql': '\ufeffSELECT 1;\r\nSELECT 2;\r\n' })).toBe(base);
    const others = [
      await sum({ 'up.sql': 'SELECT 1;\nSELECT  2;\n' }),
      await sum({ 'up.sql': 'SELECT 1;\nSELECT 2;\n', 'down.sql': '' }),
      await sum({ 'up.sql': 'SELECT 1;\nSELECT 2;\n', 'verify.sql': '' }),
      await sum({ 'up.sql': 'SELECT 1;\nSELECT 2;\n', 'migration.yaml': 'owner: x' }),
      await sum({ 'up.sql': 'SELECT 1;\n', 'down.sql': 'SELECT 2;\n' }),
    ];
    expect(new Set([base, ...others]).size).toBe(6);
  });

  it.each([
    ['a folder without up.sql', '1_a', { 'down.sql': 'SELECT 1' }, 'has no up.sql'],
    ['a folder without a number', 'abc', { 'up.sql': 'SELECT 1' }, 'no number in front'],
    ['bytes that are no UTF-8', '1_a', { 'up.sql': Buffer.from([0x53, 0xe4, 0x20]) }, 'is not UTF-8'],
    ['UTF-16', '1_a', { 'up.sql': Buffer.from('\ufeffSELECT 1', 'utf16le') }, 'is not UTF-8'],
    ['an unknown key', '1_a', { 'up.sql': '', 'migration.yaml': 'ownr: x' }, 'ownr'],
    ['a wrong value', '1_a', { 'up.sql': '', 'migration.yaml': 'pattern: magic' }, 'pattern'],
    ['broken YAML', '1_a', { 'up.sql': '', 'migration.yaml': 'a: [' }, 'not valid YAML'],
    ['migration.yml', '1_a', { 'up.sql': '', 'migration.yml': 'owner: x' }, 'is not read'],
  ])('refuses %s', async (_what, id, files, message) => {
    write(id, files as unknown as Readonly<Record<string, string>>);
    const error = await readMigrations(settings).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'migration-invalid', message: expect.stringContaining(message) });
    expect((error as { details: { hint?: string } }).details.hint).toBeTruthy();
  });

  it('refuses a flat file, and a missing folder', async () => {
    await expect(readMigrations(settings)).rejects.toMatchObject({ code: 'migration-folder-missing' });
    mkdirSync(settings.migrations, { recursive: true });
    writeFileSync(join(settings.migrations, '20240101_a.sql'), 'SELECT 1');
    await expect(readMigrations(settings)).rejects.toMatchObject({ code: 'migration-invalid' });
  });
});

describe('createMigration', () => {
  const now = new Date('2024-05-06T07:08:09.999Z');

  it('makes a folder whose id sorts last', async () => {
    const first = await createMigration(settings, 'Add Order-Status (für Bücher)', undefined, now);
    expect(first.id).toBe('20240506070809_add_order_status_fur_bucher');
    const second = await createMigration(settings, 'second', 'SELECT 1;\r\n', now);
    expect(second.id).toBe('20240506070810_second');
    expect(readFileSync(join(settings.migrations, second.id, 'up.sql'), 'utf8')).toBe('SELECT 1;\n');
    expect((await readMigrations(settings)).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it('goes on counting where the project counts', async () => {
    write('0009_x', { 'up.sql': 'SELECT 1' });
    expect((await createMigration(settings, 'camelCaseName', undefined, now)).id).toBe(
      '0010_camel_case_name',
    );
  });

  it('refuses a name without letters, and one that is there', async () => {
    await expect(createMigration(settings, '--- !')).rejects.toMatchObject({ code: 'usage' });
    await createMigration(settings, 'same');
    await expect(createMigration(settings, 'SAME')).rejects.toMatchObject({ code: 'migration-exists' });
  });
});

describe('parseMigration', () => {
  it.each(['', ' \n', '-- only a comment', '/* a */ ;; -- b'])('refuses %j as empty', async (text) => {
    expect(isEmpty(text)).toBe(true);
    await expect(parseMigration(looseMigration('x.sql', text))).rejects.toMatchObject({
      code: 'migration-empty',
    });
  });

  it('parses all its files, and names the one that is wrong', async () => {
    write('1_a', { 'up.sql': 'SELECT 1; SELECT 2', 'down.sql': '-- nothing', 'verify.sql': 'SELEC' });
    const [migration] = await readMigrations(settings);
    if (migration === undefined) throw new Error('not read');
    await expect(parseMigration(migration)).rejects.toMatchObject({
      code: 'sql-syntax',
      details: { location: { file: 'db/migrations/1_a/verify.sql', line: 1, column: 1 } },
    });
    const scripts = await parseMigration({ ...migration, verify: null });
    expect([scripts.up.statements.length, scripts.down?.statements.length, scripts.verify]).toEqual([
      2,
      0,
      null,
    ]);
  });
});

it('reads a thousand migrations quickly', async () => {
  for (let n = 0; n < 1000; n++) write(`${String(n).padStart(4, '0')}_m`, { 'up.sql': `SELECT ${n}` });
  const started = performance.now();
  expect((await readMigrations(settings)).length).toBe(1000);
  expect(performance.now() - started).toBeLessThan(5000);
});
