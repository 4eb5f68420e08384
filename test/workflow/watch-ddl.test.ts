import { describe, expect, it } from 'vitest';
import { fingerprintCatalog } from '../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { silent } from '../../src/events.ts';
import { installWatch, LOG_ROWS } from '../../src/ledger/ddl-log.ts';
import { createConnector } from '../../src/postgres/connect.ts';
import { dumpSchema } from '../../src/prepare/backup/dump-schema.ts';
import { type Drift, findDrift } from '../../src/workflow/drift.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { watchDdl } from '../../src/workflow/watch-ddl.ts';
import { newestMajor } from '../support/servers.ts';
import { type Made, makeProject } from './support.ts';

const BASE = `
CREATE TABLE orders (id int PRIMARY KEY, status text, amount numeric DEFAULT 0);
CREATE INDEX orders_status ON orders (status);
CREATE VIEW open_orders AS SELECT id FROM orders WHERE status = 'open';
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql AS 'SELECT sum(amount) FROM orders';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();`;

async function watched(major: number, sql = BASE): Promise<Made> {
  const made = await makeProject(major);
  await made.migration('20260101000000_base', sql);
  await made.up();
  await watchDdl(made.settings, { turn: 'on', dryRun: false, keepDays: null }, silent);
  return made;
}

/** The suspects' statements by `<kind> <object> <property>`. */
function statements(drift: Drift): Record<string, readonly (string | null)[]> {
  return Object.fromEntries(
    drift.differences.map((d) => [
      `${d.kind} ${d.object} ${d.property}`,
      d.suspects.map((suspect) => suspect.statement),
    ]),
  );
}

const log = (made: Made) =>
  made.connection.query<{ tag: string; identity: string | null; query: string | null; withheld: boolean }>(
    'SELECT tag, identity, query, withheld FROM ferrata.ddl_log ORDER BY id',
  );

describe.each(newestMajor().map((major) => [major] as const))('PostgreSQL %i', (major) => {
  it('each difference has the statement that made it, and who sent it', async () => {
    const made = await watched(major);
    const changes = {
      'column public.orders.note presence': 'ALTER TABLE orders ADD COLUMN note text',
      'column public.orders.amount name': 'ALTER TABLE orders RENAME COLUMN amount TO sum',
      'index public.orders_status presence': 'DROP INDEX orders_status',
      'function public.total() definition': `CREATE OR REPLACE FUNCTION total() RETURNS numeric LANGUAGE sql AS 'SELECT 1.0'`,
      'trigger public.orders.touch enabled': 'ALTER TABLE orders DISABLE TRIGGER touch',
      'table public.extra presence': 'CREATE TABLE extra AS SELECT 1 AS a',
      'view public.open_orders privileges': 'GRANT SELECT ON open_orders TO PUBLIC',
      'table public.orders comment': `COMMENT ON TABLE orders IS 'hand made'`,
    };
    for (const sql of Object.values(changes)) await made.connection.script(sql);
    const drift = await findDrift(made.settings, silent);
    expect(drift.outcome).toBe('different');
    const found = statements(drift);
    for (const [key, sql] of Object.entries(changes))
      expect({ key, by: found[key] }).toEqual({ key, by: [sql] });
    expect(drift.differences.find((d) => d.kind === 'index')?.suspects[0]).toMatchObject({
      user: 'postgres',
      role: null,
      application: 'ferrata:application',
      client: '127.0.0.1',
      pid: made.connection.pid,
      command: 'DROP INDEX',
      object: 'public.orders_status',
      run: null,
      certain: true,
    });
    expect(drift.since).toMatchObject({
      reason: 'up 20260101000000_base',
      run: expect.stringMatching(/^\w{12}$/),
    });
    expect(drift.since.proof?.provedAt).toMatch(/Z$/);
  });

  it('the watch is no difference: the fingerprint is the same with it and without', async () => {
    const made = await makeProject(major);
    await made.migration('20260101000000_base', BASE);
    await made.up();
    const hash = async () => fingerprintCatalog(await readCatalog(made.connection)).hash;
    const before = await hash();
    await watchDdl(made.settings, { turn: 'on', dryRun: false, keepDays: 7 }, silent);
    expect(await hash()).toBe(before);
    expect(await findDrift(made.settings, silent)).toMatchObject({
      outcome: 'equal',
      watch: { enabled: true, keepDays: 7, readable: true },
    });
    // Once more mends and changes what is there; `since` stays.
    const { watch } = await findDrift(made.settings, silent);
    const again = await watchDdl(made.settings, { turn: 'on', dryRun: false, keepDays: 9 }, silent);
    expect(again.wasOn).toBe(true);
    expect((await findDrift(made.settings, silent)).watch).toEqual({ ...watch, keepDays: 9 });
    await watchDdl(made.settings, { turn: 'off', dryRun: false, keepDays: null }, silent);
    expect(await hash()).toBe(before);
    expect((await findDrift(made.settings, silent)).watch).toBeNull();
    const left = await made.connection.query(
      `SELECT evtname::text AS name FROM pg_event_trigger UNION ALL SELECT relname FROM pg_class WHERE relname LIKE 'ddl_log%'
       UNION ALL SELECT proname FROM pg_proc WHERE proname = 'watch_ddl' UNION ALL SELECT key FROM ferrata.meta WHERE key = 'watch'`,
    );
    expect(left).toEqual([]);
  });

  it('works for users without any right on the ledger, and names them', async () => {
    const made = await watched(major);
    const role = `dev_${Math.random().toString(36).slice(2, 10)}`;
    const other = `${role}_team`;
    await made.connection.script(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; CREATE ROLE ${other}; GRANT ${other} TO ${role};
       GRANT CREATE ON SCHEMA public TO ${role}, ${other}`,
    );
    const connection = await createConnector(made.urlAs(role)).connect('by-hand');
    try {
      await connection.script('CREATE TABLE mine (a int)');
      await connection.script(`SET ROLE ${other}`);
      await connection.script('CREATE TABLE theirs (a int)');
      await expect(connection.query('SELECT * FROM ferrata.ddl_log')).rejects.toThrow(/permission denied/);
      await expect(connection.query('SELECT ferrata.watch_ddl()')).rejects.toThrow();
    } finally {
      await connection.close();
    }
    const drift = await findDrift(made.settings, silent);
    const suspects = Object.fromEntries(drift.differences.map((d) => [d.object, d.suspects]));
    expect(suspects['public.mine']).toMatchObject([{ user: role, role: null }]);
    expect(suspects['public.theirs']).toMatchObject([{ user: role, role: other }]);
  });

  it('never fails the DDL that it watches, whatever became of the log', async () => {
    const made = await watched(major);
    const { connection } = made;
    await connection.script('ALTER TABLE ferrata.ddl_log RENAME COLUMN tag TO label');
    await connection.script('CREATE TABLE t1 (a int)');
    await connection.script('DROP TABLE ferrata.ddl_log; CREATE TABLE t2 (a int)');
    // Locked: it does not wait.
    await watchDdl(made.settings, { turn: 'on', dryRun: false, keepDays: null }, silent);
    const holder = await createConnector(made.url).connect('holder');
    await holder.script('BEGIN; LOCK TABLE ferrata.ddl_log IN ACCESS EXCLUSIVE MODE');
    const started = performance.now();
    await connection.script('CREATE TABLE t3 (a int)');
    expect(performance.now() - started).toBeLessThan(5_000);
    await holder.script('ROLLBACK');
    await holder.close();
    await connection.script('CREATE TEMP TABLE tt (a int); ALTER TABLE tt ADD COLUMN b int; DROP TABLE tt');
    await connection.script(`BEGIN; SET LOCAL standard_conforming_strings = off; SET LOCAL backslash_quote = on;
      CREATE TABLE t4 (a int); COMMIT`);
    await connection.script('BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE t5 (a int); COMMIT');
    expect((await log(made)).map(({ identity }) => identity)).toEqual(['public.t4', 'public.t5']);
    // The ledger goes, and the watch with it.
    await connection.script('DROP SCHEMA ferrata CASCADE');
    await connection.script('CREATE TABLE t6 (a int); DROP TABLE t6');
    expect(await connection.query('SELECT evtname FROM pg_event_trigger')).toEqual([]);
  });

  it('lets what runs outside of transactions through, and records it', async () => {
    const made = await watched(major);
    const { connection } = made;
    await connection.script(
      `CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)`,
    );
    const commands = [
      'CREATE INDEX CONCURRENTLY i1 ON orders (amount)',
      'REINDEX INDEX CONCURRENTLY i1',
      'DROP INDEX CONCURRENTLY i1',
      ...(major >= 14 ? ['ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY'] : []),
    ];
    for (const sql of commands) await connection.script(sql);
    const said = (await log(made)).map(({ query }) => query);
    // REINDEX has no event trigger before PostgreSQL 17.
    const seen = commands.filter((sql) => major >= 17 || !sql.startsWith('REINDEX'));
    expect(seen.filter((sql) => !said.includes(sql))).toEqual([]);
    expect(await connection.query(`SELECT FROM pg_index WHERE NOT indisvalid`)).toEqual([]);
  });

  it('a table of somebody else in the place of the log gets no rights from it', async () => {
    const made = await watched(major);
    const role = `sly_${Math.random().toString(36).slice(2, 10)}`;
    const { connection } = made;
    await connection.script(`CREATE ROLE ${role}; ALTER TABLE ferrata.ddl_log OWNER TO ${role}`);
    await connection.script('CREATE TABLE t (a int)');
    expect(await log(made)).toEqual([]);
  });

  it('keeps no statement that may hold a secret', async () => {
    const made = await watched(major);
    const { connection } = made;
    const role = `u_${Math.random().toString(36).slice(2, 10)}`;
    await connection.script('CREATE FOREIGN DATA WRAPPER fdw');
    await connection.script(`CREATE SERVER s FOREIGN DATA WRAPPER fdw OPTIONS (host 'h', key 'hush-1')`);
    await connection.script(
      `CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" 'u', pw 'hush-2')`,
    );
    await connection.script(`CREATE TABLE t (a int); CREATE ROLE ${role} PASSWORD /* why, */ 'hush-3'`);
    await connection.script(`CREATE TABLE t2 (a int); ALTER ROLE ${role} PASSWORD $$hush-4$$`);
    await connection.script(`CREATE VIEW v AS SELECT 'postgresql://u:hush-5@h/d' AS url`);
    await connection.script(
      `CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''host=h password=hush-6'''`,
    );
    await connection.script(
      `DO $$ BEGIN EXECUTE 'CREATE TABLE t3 (api_key text DEFAULT ''hush-7'')'; END $$`,
    );
    await connection.script(
      `CREATE TABLE t4 (a text DEFAULT '/*', b text DEFAULT 'password=hush-8', c text DEFAULT '*/')`,
    );
    await connection.script('CREATE TABLE accounts (id int, password_hash text)');
    const rows = await log(made);
    expect(JSON.stringify(rows)).not.toContain('hush');
    expect(rows.filter(({ withheld }) => !withheld).map(({ query }) => query)).toEqual([
      'CREATE TABLE accounts (id int, password_hash text)',
    ]);
    expect(rows.filter(({ withheld }) => withheld).every(({ query }) => query === null)).toBe(true);
    const drift = await findDrift(made.settings, silent);
    expect(drift.differences.find((d) => d.object === 'public.t')?.suspects).toMatchObject([
      { command: 'CREATE TABLE', statement: null, user: 'postgres' },
    ]);
    await connection.script(`DROP ROLE ${role}`);
  });

  it('says of its own runs which run it was', async () => {
    const made = await watched(major);
    await made.connection.script(
      `CREATE TABLE kept AS SELECT value FROM ferrata.meta WHERE key = 'schema'; ALTER TABLE kept SET SCHEMA ferrata`,
    );
    await made.migration(
      '20260102000000_more',
      'CREATE TABLE more (a int); ALTER TABLE orders ADD COLUMN b int;',
    );
    await made.up();
    const [run] = await made.connection.query<{ id: string }>(
      `SELECT id FROM ferrata.run WHERE migration = '20260102000000_more'`,
    );
    expect((await findDrift(made.settings, silent)).since).toMatchObject({
      reason: 'up 20260102000000_more',
      run: run?.id,
    });
    // What is recorded goes back to before that run: what the run made is then a difference.
    await made.connection.script(
      `UPDATE ferrata.meta SET value = (SELECT value FROM ferrata.kept) WHERE key = 'schema'`,
    );
    const drift = await findDrift(made.settings, silent);
    expect(drift.differences.map(({ object, suspects }) => [object, suspects.map((one) => one.run)])).toEqual(
      [
        ['public.orders.b', [{ id: run?.id, migration: '20260102000000_more', direction: 'up' }]],
        ['public.more', [{ id: run?.id, migration: '20260102000000_more', direction: 'up' }]],
      ],
    );
  });

  it('a migration on a watched database is proved and run as on any other', async () => {
    const made = await watched(major);
    await made.migration(
      '20260102000000_tenant',
      `CREATE SCHEMA tenant; CREATE TABLE tenant.t (a int); DROP VIEW open_orders; ALTER TABLE orders DROP COLUMN amount CASCADE;`,
    );
    const proofs = await rehearseMigrations(
      made.settings,
      { ids: [], all: false, together: false, data: null, write: false },
      silent,
    );
    expect(proofs.map(({ proof }) => proof.outcome)).toEqual(['proved']);
    await made.up();
    expect((await findDrift(made.settings, silent)).outcome).toBe('equal');
    await made.connection.script('DROP SCHEMA tenant CASCADE');
    expect(statements(await findDrift(made.settings, silent))).toEqual({
      'schema tenant presence': ['DROP SCHEMA tenant CASCADE'],
      'table tenant.t presence': ['DROP SCHEMA tenant CASCADE'],
    });
  });
});

describe('the log', () => {
  it('stays bounded by age and by rows', async () => {
    const made = await watched(18);
    await made.connection.script(
      `INSERT INTO ferrata.ddl_log (at, xid, session_role, pid, tag, dropped, object_type, withheld)
       SELECT now() - interval '100 days', '1', 'x', 1, 'OLD', false, 'table', false FROM generate_series(1, 300)`,
    );
    await made.connection.script('CREATE TABLE t1 (a int)');
    expect((await log(made)).map(({ tag }) => tag)).toEqual(['CREATE TABLE']);
    await made.connection.script(
      `INSERT INTO ferrata.ddl_log (at, xid, session_role, pid, tag, dropped, object_type, withheld)
       SELECT now(), '1', 'x', 1, 'NEW', false, 'table', false FROM generate_series(1, ${LOG_ROWS + 700})`,
    );
    for (const n of [2, 3, 4]) await made.connection.script(`CREATE TABLE t${n} (a int)`);
    expect((await log(made)).length).toBe(LOG_ROWS);
    await made.connection.script('CREATE MATERIALIZED VIEW m AS SELECT 1');
    for (const _ of [1, 2, 3]) await made.connection.script('REFRESH MATERIALIZED VIEW m');
    expect((await log(made)).filter(({ tag }) => tag.startsWith('REFRESH')).length).toBe(1);
  });

  it('tells what a transaction did before the schema was recorded, and committed after', async () => {
    const made = await watched(18);
    await made.connection.script('BEGIN; CREATE TABLE late (a int)');
    await made.migration('20260102000000_more', 'CREATE TABLE more (a int);');
    await made.up();
    expect((await findDrift(made.settings, silent)).outcome).toBe('equal');
    await made.connection.script('COMMIT');
    expect(statements(await findDrift(made.settings, silent))).toEqual({
      'table public.late presence': ['BEGIN; CREATE TABLE late (a int)'],
    });
  });
});

describe('a copy', () => {
  it('by pg_dump has the event triggers of the user, and none of the watch', async () => {
    const made = await watched(15);
    if (made.connection.server.major !== 15) return console.warn('skipped: pg_dump 15 wants PostgreSQL 15');
    await made.connection.script(
      `CREATE FUNCTION mine() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
       CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION mine();
       COMMENT ON EVENT TRIGGER ferrata_watch_ddl IS 'by hand'`,
    );
    const dump = await dumpSchema(createConnector(made.url), 15);
    if (dump === null) return console.warn('skipped: there is no pg_dump 15 on this machine');
    expect(dump.after).toMatch(/CREATE EVENT TRIGGER mine /);
    const lines = `${dump.before}\n${dump.after}`.split('\n').filter((line) => !line.startsWith('--'));
    expect(lines.filter((line) => line.includes('ferrata_watch'))).toEqual([]);
  });
});

describe('who may install it', () => {
  it('a user who may not is told what to do; the printed SQL does it', async () => {
    const made = await makeProject(18);
    const role = `app_${Math.random().toString(36).slice(2, 10)}`;
    const database = made.connection.server.database;
    await made.connection.script(
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE ${database} TO ${role}; GRANT CREATE ON SCHEMA public TO ${role}`,
    );
    const settings = {
      ...made.settings,
      environment: { ...made.settings.environment, url: made.urlAs(role) },
    };
    await expect(
      watchDdl(settings, { turn: 'on', dryRun: false, keepDays: null }, silent),
    ).rejects.toMatchObject({
      code: 'usage',
    });
    await made.migration('20260101000000_base', 'CREATE TABLE t (a int);');
    const { applyPending } = await import('../../src/workflow/up.ts');
    const signals = { pause: new AbortController().signal };
    await applyPending(settings, { to: null, dryRun: false, force: null, wait: true }, silent, signals);
    const refused = watchDdl(settings, { turn: 'on', dryRun: false, keepDays: null }, silent);
    await expect(refused).rejects.toMatchObject({
      code: 'server-privilege',
      details: { hint: expect.stringContaining('ferrata drift --watch-ddl --dry-run') },
    });
    expect(await made.connection.query(`SELECT FROM pg_class WHERE relname = 'ddl_log'`)).toEqual([]);
    const dry = await watchDdl(settings, { turn: 'on', dryRun: true, keepDays: null }, silent);
    expect(await made.connection.query(`SELECT FROM pg_class WHERE relname = 'ddl_log'`)).toEqual([]);
    await made.connection.script(`BEGIN;\n${dry.statements.join(';\n')};\nCOMMIT`);
    await made.connection.script('ALTER TABLE t ADD COLUMN b int');
    const drift = await findDrift(settings, silent);
    expect(drift.watch).toMatchObject({ enabled: true, readable: true });
    expect(statements(drift)).toEqual({ 'column public.t.b presence': ['ALTER TABLE t ADD COLUMN b int'] });
  });

  it('quotes the names of readers', () => {
    expect(installWatch({ keepDays: 1, readers: ['Odd "one"'] }).join('\n')).toContain('TO "Odd ""one"""');
  });
});
