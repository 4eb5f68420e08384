import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { fingerprintCatalog } from '../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { silent } from '../../src/events.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import { findDrift } from '../../src/workflow/drift.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { repairSchema, type SchemaRepairRequest } from '../../src/workflow/schema-repair.ts';
import { status } from '../../src/workflow/status.ts';
import { applyPending } from '../../src/workflow/up.ts';
import { newestMajor, testServer } from '../support/servers.ts';
import { type Made, makeProject } from './support.ts';

const BASE = `
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL DEFAULT 'new', amount numeric);
CREATE TABLE items (id int PRIMARY KEY, "order" int REFERENCES orders, note varchar(20), weight int);
CREATE INDEX orders_status ON orders (status) WHERE amount > 0;
CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new';
GRANT SELECT ON open_orders TO PUBLIC;
CREATE FUNCTION total(o int) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(amount) FROM orders WHERE id = o';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TYPE mood AS ENUM ('fine', 'bad');
CREATE SEQUENCE numbers CACHE 5;
COMMENT ON TABLE orders IS 'what was ordered';
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON items USING (note = current_user);`;

/** What somebody does by hand: several changes at once, since each case is a rehearsal and a run. */
const DRIFTS: Readonly<Record<string, readonly string[]>> = {
  'additions, a disabled trigger, a renamed table, privileges': [
    'ALTER TABLE orders ADD COLUMN extra text DEFAULT 7',
    'ALTER TABLE orders ADD COLUMN "x\n; DROP TABLE items; --" int',
    'DROP INDEX orders_status',
    `CREATE OR REPLACE FUNCTION total(o int) RETURNS numeric LANGUAGE sql AS 'SELECT 0.0'`,
    'ALTER TABLE orders DISABLE TRIGGER touch',
    'CREATE TABLE by_hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz)',
    'REVOKE SELECT ON open_orders FROM PUBLIC; GRANT INSERT, UPDATE (status) ON orders TO PUBLIC',
    `COMMENT ON TABLE orders IS NULL; COMMENT ON COLUMN orders.id IS 'it''s'`,
    'ALTER TABLE items RENAME TO things',
    'ALTER SEQUENCE numbers CACHE 1 INCREMENT 3',
    `ALTER TYPE mood ADD VALUE 'ugly'`,
  ],
  'a dropped and a renamed column, dropped keys and triggers, other arguments': [
    'ALTER TABLE items DROP COLUMN note CASCADE',
    'ALTER TABLE orders RENAME COLUMN amount TO sum',
    'ALTER TABLE items DROP CONSTRAINT items_order_fkey',
    'DROP TRIGGER touch ON orders',
    `DROP FUNCTION total; CREATE FUNCTION total() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    `CREATE SCHEMA "By Hand"; CREATE TABLE "By Hand"."odd
name" (a int)`,
  ],
  'other types, defaults, checks, indexes, views, policies': [
    'ALTER TABLE items ALTER COLUMN weight TYPE bigint',
    'ALTER TABLE orders ALTER COLUMN status DROP NOT NULL, ALTER COLUMN status SET DEFAULT NULL',
    'CREATE UNIQUE INDEX by_hand ON items (note)',
    'ALTER TABLE orders ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID',
    'CREATE OR REPLACE VIEW open_orders AS SELECT id, amount FROM orders',
    'ALTER POLICY mine ON items USING (true); ALTER TABLE items DISABLE ROW LEVEL SECURITY',
  ],
  'a dropped table, a dropped view, a dropped type': [
    'DROP TABLE items',
    'DROP VIEW open_orders',
    'DROP TYPE mood',
  ],
};

const REPAIR: SchemaRepairRequest = {
  accept: false,
  dryRun: false,
  allowDataLoss: true,
  write: true,
  name: null,
};

async function recorded(major: number): Promise<Made> {
  const made = await makeProject(major);
  await made.migration('20260101000000_base', BASE);
  await made.up();
  return made;
}

const hash = async (made: Made): Promise<string> => {
  const { cosmeticFree } = fingerprintCatalog(await readCatalog(made.connection));
  return cosmeticFree;
};

async function rehearse(made: Made) {
  const proofs = await rehearseMigrations(
    made.settings,
    { ids: [], all: false, together: false, data: null, write: false },
    silent,
  );
  return proofs.map(({ proof }) => [proof.migration, proof.outcome, proof.error?.message ?? '']);
}

const majors = newestMajor();

// Each case starts scratch servers twice, rehearses and runs.
vi.setConfig({ testTimeout: 180_000 });

describe.each(majors.map((major) => [major] as const))('PostgreSQL %i', (major) => {
  it.each(Object.entries(DRIFTS))('%s: go back to what was recorded', async (_, changes) => {
    const made = await recorded(major);
    const before = await hash(made);
    for (const sql of changes) await made.connection.script(sql);
    const repair = await repairSchema(made.settings, REPAIR, silent);
    expect(repair).toMatchObject({ outcome: 'different', refusals: [], recorded: false });
    expect(['equal', 'cosmetic']).toContain(repair.check);
    expect(await rehearse(made)).toEqual([[repair.migration, 'proved', '']]);
    await made.up();
    expect(await hash(made)).toBe(before);
    expect((await findDrift(made.settings, silent)).outcome).toBe('equal');
    // What was renamed keeps its rows: nothing is dropped and made anew.
    const all = repair.statements.map(({ sql }) => sql);
    if (changes.some((sql) => sql.includes('TO things')))
      expect(all).toContain('ALTER TABLE public.things RENAME TO items');
    if (changes.some((sql) => sql.includes('TO sum'))) {
      expect(all).toContain('ALTER TABLE public.orders RENAME COLUMN sum TO amount');
    }
  });

  it.each(Object.entries(DRIFTS))('%s: are accepted, and reach other environments', async (_, changes) => {
    const made = await recorded(major);
    for (const sql of changes) await made.connection.script(sql);
    const after = await hash(made);
    const accepted = await repairSchema(
      made.settings,
      { ...REPAIR, accept: true, allowDataLoss: false },
      silent,
    );
    expect(accepted).toMatchObject({ recorded: true, migration: expect.stringContaining('accept_drift') });
    expect(await hash(made)).toBe(after);
    expect(await findDrift(made.settings, silent)).toMatchObject({
      outcome: 'equal',
      since: { reason: `accepted drift ${accepted.migration}`, run: null },
    });
    expect((await status(made.settings, silent)).pending).toBe(0);
    const connection = await (await (await testServer(major)).createDatabase()).connect();
    try {
      const url = (await testServer(major)).url(connection.server.database);
      const environment = { ...made.settings.environment, url };
      const settings = { ...made.settings, environment };
      const signals = { pause: new AbortController().signal };
      await applyPending(settings, { to: null, dryRun: false, force: null, wait: true }, silent, signals);
      expect(await hash({ ...made, connection })).toBe(after);
    } finally {
      await connection.close();
    }
  });
});

const ADDED = 'ALTER TABLE orders ADD COLUMN extra text DEFAULT 7';
const DROPPED = 'DROP INDEX orders_status';

describe('schema repair', () => {
  it('writes nothing where nothing differs, and says so', async () => {
    const made = await recorded(18);
    const repair = await repairSchema(made.settings, REPAIR, silent);
    expect(repair).toMatchObject({ outcome: 'equal', statements: [], migration: null });
    const accepted = await repairSchema(made.settings, { ...REPAIR, accept: true }, silent);
    expect(accepted).toMatchObject({ outcome: 'equal', recorded: false, migration: null });
    expect((await status(made.settings, silent)).migrations).toHaveLength(1);
  });

  it('takes no data away unasked, and marks what would', async () => {
    const made = await recorded(18);
    await made.connection.script(`${ADDED}; ${DROPPED}`);
    const request = { ...REPAIR, allowDataLoss: false };
    const dry = await repairSchema(made.settings, { ...request, dryRun: true }, silent);
    expect(dry.statements.filter(({ destroysData }) => destroysData).map(({ sql }) => sql)).toEqual([
      'ALTER TABLE public.orders DROP COLUMN extra',
    ]);
    await expect(repairSchema(made.settings, request, silent)).rejects.toMatchObject({
      code: 'data-loss',
      exitCode: 3,
      details: { why: 'ALTER TABLE public.orders DROP COLUMN extra' },
    });
    expect((await status(made.settings, silent)).pending).toBe(0);
    const { file } = await repairSchema(made.settings, REPAIR, silent);
    const text = await readFile(join(made.settings.root, file ?? ''), 'utf8');
    expect(text).toContain(
      '-- destroys data (column public.orders.extra):\nALTER TABLE public.orders DROP COLUMN extra;',
    );
    expect(text).toContain('--   column public.orders.extra: was added');
    expect(text).toContain('--   index public.orders_status: is gone');
  });

  it('lets no name out of a comment', async () => {
    const made = await recorded(18);
    await made.connection.script('ALTER TABLE orders ADD COLUMN "x\n; DROP TABLE items; --" int');
    const { file } = await repairSchema(made.settings, REPAIR, silent);
    const text = await readFile(join(made.settings.root, file ?? ''), 'utf8');
    const listed = text.split('\n').filter((line) => line.includes('DROP TABLE items'));
    expect(listed.slice(0, -1).every((line) => line.startsWith('--'))).toBe(true);
    expect(listed.at(-1)).toBe('; DROP TABLE items; --";');
  });

  it('names what it cannot write, and writes nothing then', async () => {
    const made = await makeProject(18);
    const parted = (type: string) => `CREATE TABLE parted (a ${type}) PARTITION BY LIST (a);`;
    await made.migration('20260101000000_base', `${BASE}${parted('int')}`);
    await made.up();
    // PostgreSQL never changes the type of a column in a partition key.
    await made.connection.script(`DROP TABLE parted; ${parted('bigint')} ${DROPPED}`);
    await expect(repairSchema(made.settings, REPAIR, silent)).rejects.toMatchObject({
      code: 'catalog-not-renderable',
      details: { why: expect.stringContaining('public.parted.a') },
    });
    const dry = await repairSchema(made.settings, { ...REPAIR, dryRun: true }, silent);
    expect(dry.refusals.every(({ object }) => object.includes('public.parted.a'))).toBe(true);
    expect(dry.refusals.length).toBeGreaterThan(0);
    expect(dry.statements.map(({ sql }) => sql).join()).toContain('orders_status');
    await expect(repairSchema(made.settings, { ...REPAIR, accept: true }, silent)).rejects.toMatchObject({
      code: 'catalog-not-renderable',
    });
    expect((await status(made.settings, silent)).migrations).toHaveLength(1);
    const bare = await repairSchema(made.settings, { ...REPAIR, accept: true, write: false }, silent);
    expect(bare).toMatchObject({ recorded: true, migration: null });
    expect((await findDrift(made.settings, silent)).outcome).toBe('equal');
  });

  it('numbers its name where it is taken, and overtakes nothing that is pending', async () => {
    const made = await recorded(18);
    for (const name of ['repair_drift', 'repair_drift_2']) {
      await made.connection.script(DROPPED);
      const { migration } = await repairSchema(made.settings, REPAIR, silent);
      expect(migration?.replace(/^\d+_/, '')).toBe(name);
      await made.up();
    }
    await made.migration('29990101000000_pending', 'CREATE TABLE later (a int);');
    await made.connection.script(DROPPED);
    await expect(repairSchema(made.settings, { ...REPAIR, accept: true }, silent)).rejects.toMatchObject({
      code: 'migration-late',
    });
    const { pending, migration } = await repairSchema(made.settings, { ...REPAIR, name: 'back' }, silent);
    expect(pending).toEqual(['29990101000000_pending']);
    expect(migration).toBe('29990101000001_back');
  });

  it('guesses no rename in a copy of the database, where numbers mean other things', async () => {
    const made = await recorded(18);
    const { database } = made.connection.server;
    const copy = `${database}_copy`;
    const admin = await (await testServer(18)).connector.connect('test');
    await made.connection.close();
    await admin.script(`CREATE DATABASE ${copy} TEMPLATE ${database}`);
    await admin.close();
    const url = (await testServer(18)).url(copy);
    const connection = await createConnector(url).connect('application');
    await connection.script('ALTER TABLE items RENAME TO things');
    await connection.close();
    const settings = { ...made.settings, environment: { ...made.settings.environment, url } };
    const drift = await findDrift(settings, silent);
    expect(drift.differences.filter((d) => d.kind === 'table').map((d) => [d.object, d.property])).toEqual([
      ['public.items', 'presence'],
      ['public.things', 'presence'],
    ]);
  });

  it('is refused while a run is unfinished', async () => {
    const made = await recorded(18);
    await made.connection.script(
      `${DROPPED}; UPDATE ferrata.run SET state = 'failed', open = true, finished_at = NULL`,
    );
    await expect(repairSchema(made.settings, REPAIR, silent)).rejects.toMatchObject({
      code: 'run-unfinished',
    });
  });
});
