/** A step of every kind, on real servers: whatever dies when, the end is that of a run that nothing disturbed. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintCatalog } from '../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../src/catalog/read.ts';
import { loadSettings } from '../../src/config/load.ts';
import { silent } from '../../src/events.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import type { Connection, Connector } from '../../src/postgres/connection.ts';
import type { ProvedPlan } from '../../src/prepare/model.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { readFingerprint } from '../../src/workflow/run.ts';
import { type Child, startChild } from '../support/child.ts';
import { testServer } from '../support/servers.ts';
import { EVERY_KIND_BASE, EVERY_KIND_ID, EVERY_KIND_POLICY, EVERY_KIND_UP } from './every-kind.ts';
import { Stage } from './support.ts';
import { contents, traces } from './undo-support.ts';

const CHILD = fileURLToPath(new URL('./runner-child.ts', import.meta.url));
/** `message`: kills after every answer of the server instead of at every event, which takes minutes. */
const UNIT = process.env.FERRATA_KILL_AT_EVERY ?? 'event';

/** Each kill costs a second and more: by default one moment in so many, another set on each day. */
const EVERY = process.env.FERRATA_KILL_AT_EVERY !== undefined;
const ONE_IN = 8;
const OFFSET = new Date().getUTCDate() % ONE_IN;

const children: Child[] = [];
let folder: string;
let planFile: string;
let template: string;
let proved: ProvedPlan;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ferrata-every-kind-'));
  const server = await testServer(18);
  const connection = await (await server.createDatabase()).connect();
  template = connection.server.database;
  await connection.script(EVERY_KIND_BASE);
  const settings = await loadSettings({
    cwd: folder,
    config: null,
    env: null,
    url: server.url(template),
    processEnv: {},
  });
  await writeMigration();
  const { environment } = settings;
  const [only] = await rehearseMigrations(
    { ...settings, environment: { ...environment, policy: { ...environment.policy, ...EVERY_KIND_POLICY } } },
    { ids: [], all: false, together: false, data: 'synthetic', write: false, keep: false },
    silent,
  );
  if (only === undefined) throw new Error('nothing was rehearsed');
  proved = only;
  planFile = join(folder, 'proved.json');
  await writeFile(planFile, JSON.stringify(proved));
  // The kills come after the ledger has been made; test/ledger has its making.
  await openLedger(connection, { create: true });
  await connection.close();
}, 120_000);

async function writeMigration(): Promise<void> {
  await mkdir(join(folder, 'migrations', EVERY_KIND_ID), { recursive: true });
  await writeFile(join(folder, 'migrations', EVERY_KIND_ID, 'up.sql'), EVERY_KIND_UP);
}

afterEach(() => {
  for (const child of children.splice(0)) child.process.kill('SIGKILL');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  readonly connector: Connector;
  readonly url: string;
  drop(): Promise<void>;
}

let made = 0;
async function place(): Promise<Place> {
  const server = await testServer(18);
  const name = `${template}_${made++}`;
  const admin = await server.connector.connect('test');
  try {
    await admin.script(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  } finally {
    await admin.close();
  }
  return {
    connector: server.connector.forDatabase(name),
    url: server.url(name),
    drop: async () => {
      const again = await server.connector.connect('test');
      await again.script(`DROP DATABASE ${name} WITH (FORCE)`).finally(() => again.close());
    },
  };
}

function child(url: string, direction: 'up' | 'down', at: number): Child {
  const started = startChild(CHILD, [url, direction, String(at), planFile, UNIT]);
  children.push(started);
  return started;
}

async function momentsOf(url: string, direction: 'up' | 'down'): Promise<readonly string[]> {
  const running = child(url, direction, -1);
  const moments: string[] = [];
  for (let line = await running.line(); line !== 'end'; line = await running.line()) moments.push(line);
  expect(await running.ended()).toBe(0);
  return moments;
}

/** Schema and rows, the ledger's verdict, and what captures left behind. */
async function seen(connection: Connection): Promise<unknown> {
  const [ledger] = await connection.query(
    `SELECT (SELECT count(*)::int FROM ferrata.run WHERE open) AS open,
            (SELECT array_agg(id) FROM ferrata.migration) AS applied,
            (SELECT array_agg(DISTINCT state) FROM ferrata.run) AS runs`,
  );
  return {
    schema: fingerprintCatalog(await readCatalog(connection)).hash,
    rows: await contents(connection),
    // Before the first run there is no attic.
    traces: [...(await traces(connection).catch(() => []))].sort(),
    ledger,
  };
}

async function at<T>(connector: Connector, work: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.at(connector, { pollMs: 50 });
  try {
    return await work(stage);
  } finally {
    await stage.close();
  }
}

const HOW = { policy: EVERY_KIND_POLICY, readFingerprint };

/** As the next `up` does: on with what is open, afresh where nothing stands. */
async function finishUp(stage: Stage): Promise<void> {
  const open = await stage.ledger.unfinished();
  if (open === null && (await stage.ledger.applied()).length > 0) return;
  await stage.up(proved.plan, { ...HOW, proof: proved.proof, resume: open });
}

async function finishDown(stage: Stage): Promise<void> {
  const run = (await stage.ledger.unfinished()) ?? (await stage.ledger.runOf(EVERY_KIND_ID));
  if (run !== null) await stage.down(run, HOW);
}

describe('a migration with a step of every kind', () => {
  it('has them, and its proof', () => {
    const { plan, proof } = proved;
    expect([proof.outcome, proof.error]).toEqual(['proved', null]);
    const actions = new Set(plan.steps.flatMap((step) => step.forward.map(({ type }) => type)));
    expect([...actions].sort()).toEqual(['backfill', 'keep-column', 'park-column', 'park-table', 'sql']);
    expect(new Set(plan.steps.map(({ done }) => done.type))).toEqual(
      new Set(['ledger', 'index-valid', 'index-absent', 'fingerprint']),
    );
    const backfills = plan.steps.flatMap(({ forward }) =>
      forward.flatMap((action) => (action.type === 'backfill' ? [action.spec.action.type] : [])),
    );
    expect(backfills.sort()).toEqual(['delete', 'update']);
    expect(plan.steps.flatMap(({ captures }) => captures)).toContain('public.changes');
  });

  it('killed at every moment on the way up and on the way back: the end is the same', {
    timeout: 900_000,
  }, async () => {
    const quiet = await place();
    const connection = await quiet.connector.connect('test');
    const before = (await seen(connection)) as { schema: string; rows: Record<string, string[]> };
    const up = await momentsOf(quiet.url, 'up');
    const after = await seen(connection);
    const down = await momentsOf(quiet.url, 'down');
    const back = await seen(connection);
    expect(back).toMatchObject({
      schema: before.schema,
      rows: before.rows,
      ledger: { applied: null, open: 0 },
    });
    await connection.close();
    if (UNIT === 'event') {
      expect(up.filter((moment) => moment === 'batch').length).toBeGreaterThanOrEqual(6);
      expect(down.filter((moment) => moment === 'batch').length).toBeGreaterThanOrEqual(4);
    }

    const one = async (moment: number): Promise<void> => {
      const { connector, url, drop } = await place();
      if (moment < up.length) {
        expect(await child(url, 'up', moment).ended(), `up, ${moment} of ${up.length}`).toBe('SIGKILL');
      }
      await at(connector, async (stage) => {
        await finishUp(stage);
        expect(await seen(stage.connection), `up, killed at ${moment}: ${up[moment]}`).toEqual(after);
      });
      if (moment < down.length) {
        expect(await child(url, 'down', moment).ended(), `down, ${moment} of ${down.length}`).toBe('SIGKILL');
        await at(connector, async (stage) => {
          await finishDown(stage);
          expect(await seen(stage.connection), `down, killed at ${moment}: ${down[moment]}`).toEqual(back);
        });
      }
      await drop();
    };
    const moments = Array.from({ length: Math.max(up.length, down.length) }, (_, n) => n);
    const left = moments.filter((moment) => EVERY || moment % ONE_IN === OFFSET);
    if (!EVERY) {
      console.warn(
        `${left.length} of ${moments.length} moments, those that leave ${OFFSET} by ${ONE_IN}; all with \`npm run test:crash\`.`,
      );
    }
    const failed: unknown[] = [];
    const lane = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        await one(next).catch((error: unknown) => failed.push(error));
        if (failed.length > 5) return;
      }
    };
    await Promise.all([lane(), lane()]);
    if (failed.length > 0) throw new AggregateError(failed, failed.map(String).join('\n'));
  });
});
