/** Pause, resume, throttle, abort from another terminal, on a real run; and what an abort leads to by policy. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { FerrataEvent } from '../../src/events.ts';
import { controlRun } from '../../src/workflow/control.ts';
import { status } from '../../src/workflow/status.ts';
import { applyPending } from '../../src/workflow/up.ts';
import { type Made, makeProject } from './support.ts';

const NOBODY = new AbortController().signal;

/** A project whose migration makes a table, then works for long in a step of its own, then makes another. */
async function slowProject(
  onAbort: 'rollback' | 'pause' | 'hold',
  proof: 'auto' | 'off' = 'off',
): Promise<Made & { readonly watched: Settings }> {
  const made = await makeProject(18);
  await writeFile(
    join(made.settings.root, 'ferrata.config.json'),
    JSON.stringify({
      environments: {
        development: {
          url: made.url,
          policy: { proof, verify: 'off', monitor: { intervalMs: 50, onAbort } },
        },
      },
    }),
  );
  const watched = await loadSettings({
    cwd: made.settings.root,
    config: null,
    env: null,
    url: null,
    processEnv: {},
  });
  await made.migration(
    '20260101000000_slow',
    'CREATE TABLE first (a int);\nCOMMIT;\nSELECT pg_sleep(3);\nCOMMIT;\nCREATE TABLE last (a int);\n',
  );
  return { ...made, watched };
}

/** Starts `up`, and waits for the step that is slow. */
async function startSlow(made: Made & { readonly watched: Settings }) {
  const events: FerrataEvent[] = [];
  let reached: () => void = () => {};
  const slow = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const done = applyPending(
    made.watched,
    { to: null, dryRun: false, force: null, wait: true },
    (event) => {
      events.push(event);
      // Runs shorter than a second are not watched: the first sample shows that this one is.
      if (event.type === 'monitor-sample') reached();
    },
    { pause: NOBODY },
  ).then(
    (outcome) => ({ outcome, error: null }),
    (error: unknown) => ({ outcome: null, error }),
  );
  onTestFinished(async () => void (await done));
  await slow;
  return { events, done };
}

const tables = async (made: Made) =>
  (
    await made.connection.rows(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1`,
    )
  ).flat();

it('an abort cancels the statement in hand and takes the run back, as the policy says by default', async () => {
  const made = await slowProject('rollback', 'auto');
  const { done } = await startSlow(made);
  expect(await tables(made)).toEqual(['first']);
  const asked = await controlRun(made.watched, { action: 'abort', reason: 'errors' }, () => {});
  expect(asked).toMatchObject({
    migration: '20260101000000_slow',
    wanted: { wanted: 'abort', reason: 'errors' },
  });
  const { error } = await done;
  expect(error).toMatchObject({
    code: 'run-aborted',
    message: expect.stringContaining('asked to abort: errors'),
    details: { data: { rolledBack: true } },
  });
  expect(await tables(made)).toEqual([]);
  expect(await status(made.watched, () => {})).toMatchObject({ pending: 1, unfinished: null, lease: null });
});

it('an abort leaves the run paused where the policy says so; `up` goes on with it', async () => {
  const made = await slowProject('pause');
  const { done } = await startSlow(made);
  await controlRun(made.watched, { action: 'abort', reason: null }, () => {});
  expect((await done).error).toMatchObject({ code: 'run-aborted' });
  expect(await tables(made)).toEqual(['first']);
  expect((await status(made.watched, () => {})).unfinished).toMatchObject({ state: 'paused' });
  await applyPending(made.watched, { to: null, dryRun: false, force: null, wait: true }, () => {}, {
    pause: NOBODY,
  });
  expect(await tables(made)).toEqual(['first', 'last']);
});

it('a pause holds the next step back, nothing is locked meanwhile, and resume lets it go on', async () => {
  const made = await slowProject('rollback');
  const { done, events } = await startSlow(made);
  await controlRun(made.watched, { action: 'pause', reason: 'lunch' }, () => {});
  await expect
    .poll(
      () =>
        events.some((event) => event.type === 'waiting' && event.message.includes('asked to pause: lunch')),
      {
        timeout: 10_000,
      },
    )
    .toBe(true);
  expect(await tables(made)).toEqual(['first']);
  const locks = await made.connection.rows(
    `SELECT DISTINCT l.relation::regclass::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
     WHERE l.pid <> pg_backend_pid() AND c.relnamespace = 'public'::regnamespace`,
  );
  expect(locks).toEqual([]);
  await controlRun(made.watched, { action: 'resume', reason: null }, () => {});
  expect((await done).error).toBeNull();
  expect(await tables(made)).toEqual(['first', 'last']);
});

it('refuses where nobody is at work, and says what goes on with a run that was left', async () => {
  const made = await slowProject('rollback');
  await expect(controlRun(made.watched, { action: 'pause', reason: null }, () => {})).rejects.toMatchObject({
    code: 'run-absent',
    message: 'There is no run to pause',
  });
});

it('an abort of a run without any way back says that it stays', async () => {
  const made = await slowProject('rollback');
  const { done } = await startSlow(made);
  await controlRun(made.watched, { action: 'abort', reason: null }, () => {});
  expect((await done).error).toMatchObject({
    code: 'run-aborted',
    details: { why: expect.stringContaining('stands') },
  });
  expect((await status(made.watched, () => {})).unfinished).toMatchObject({ state: 'paused' });
});

it('a held run stays where it is until somebody decides', async () => {
  const made = await slowProject('hold');
  const config = join(made.settings.root, 'ferrata.config.json');
  const text = JSON.parse(await readFile(config, 'utf8'));
  const health = { command: `cat ${join(made.settings.root, 'health.json')}` };
  text.environments.development.policy.monitor.health = health;
  text.environments.development.policy.monitor.signals = {
    'error-rate': { abort: { limit: 0.01, forMs: 0 } },
  };
  await writeFile(config, JSON.stringify(text));
  await writeFile(join(made.settings.root, 'health.json'), '{"errorRate": 0.5}');
  const watched = await loadSettings({
    cwd: made.settings.root,
    config: null,
    env: null,
    url: null,
    processEnv: {},
  });
  const { done, events } = await startSlow({ ...made, watched });
  await expect
    .poll(() =>
      events.some((event) => event.type === 'throttled' && event.reason.startsWith('held: error-rate')),
    )
    .toBe(true);
  await writeFile(join(made.settings.root, 'health.json'), '{"errorRate": 0}');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await tables(made)).toEqual(['first']);
  await controlRun(watched, { action: 'resume', reason: null }, () => {});
  expect((await done).error).toBeNull();
  expect(await tables(made)).toEqual(['first', 'last']);
});
