/** The demo, with a small shop: what a new user sees first. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ferrata, ferrataJson } from '../cli/ferrata.ts';

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'ferrata-demo-test-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

it('changes a live shop and changes it back, refuses the second one, and leaves nothing but the report', {
  timeout: 240_000,
}, async () => {
  const cwd = await folder();
  // Its own folder for temporary files, so that what is left behind can be seen.
  const temporary = await folder();
  const { code, value } = await ferrataJson(['demo', '--orders', '2000', '--clients', '3'], {
    cwd,
    env: { TMPDIR: temporary },
  });
  expect(code, JSON.stringify(value)).toBe(0);
  expect(value.demo).toMatchObject({
    orders: 2000,
    refused: { code: 'proof-refuted' },
    driftAfterDown: 'equal',
    url: null,
    folder: null,
  });
  // The application worked all the while, without an error.
  for (const phase of [value.demo.before, value.demo.during]) {
    expect(phase.transactions).toBeGreaterThan(0);
    expect(phase.errors).toEqual([]);
    expect(phase.p50).toBeLessThanOrEqual(phase.p99);
    expect(phase.p99).toBeLessThanOrEqual(phase.longest);
  }
  expect(existsSync(join(cwd, value.demo.report))).toBe(true);
  const left = (await readdir(temporary)).filter((name) => name.startsWith('ferrata-demo-'));
  expect(left).toEqual([]);
});

it('refuses numbers that are none', async () => {
  const cwd = await folder();
  for (const orders of ['many', '-1', '0', '1.5']) {
    const { code, stderr } = await ferrata(['demo', `--orders=${orders}`], { cwd });
    expect(code, orders).toBe(2);
    expect(stderr).toContain('--orders');
  }
});
