/** What machines are told of a run: Prometheus' text, a file, an endpoint; spans, sent to a real collector's endpoint. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openTelemetry } from '../../src/cli/telemetry/index.ts';
import type { FerrataEvent } from '../../src/events.ts';

const EVENTS: readonly FerrataEvent[] = [
  { type: 'run-started', run: 'r1', migration: '2026_a "b"', direction: 'up', steps: 2 },
  { type: 'step-started', run: 'r1', step: 's1', title: 'UPDATE t' },
  {
    type: 'backfill-progress',
    run: 'r1',
    step: 's1',
    direction: 'up',
    done: 10,
    changed: 9,
    estimate: 100,
    rowsPerSecond: 5,
    etaMs: 18_000,
    batchSize: 10,
    throttle: null,
  },
  { type: 'monitor-sample', run: 'r1', samples: [{ signal: 'disk', value: 0.5, state: 'ok', detail: null }] },
  { type: 'throttled', run: 'r1', decision: 'pause', reason: 'disk' },
  { type: 'step-retried', run: 'r1', step: 's1', attempt: 1, waitMs: 5, reason: 'lock timeout' },
  { type: 'throttled', run: 'r1', decision: 'go', reason: '' },
  { type: 'step-finished', run: 'r1', step: 's1', ms: 1500, rows: 100 },
  { type: 'run-finished', run: 'r1', migration: '2026_a "b"', state: 'completed', ms: 2000 },
];

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

it('is off unless it is asked for', async () => {
  expect(await openTelemetry({})).toBeNull();
});

it('writes a file that Prometheus reads, and serves the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-metrics-'));
  const file = join(folder, 'ferrata.prom');
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  try {
    const telemetry = await openTelemetry({ FERRATA_METRICS_FILE: file, FERRATA_METRICS_PORT: String(port) });
    for (const event of EVENTS) telemetry?.hear(event);
    const served = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    await telemetry?.close();
    const text = await readFile(file, 'utf8');
    expect(served).toBe(text);
    const labels = 'run="r1",migration="2026_a \\"b\\"",direction="up"';
    expect(text).toContain(`# TYPE ferrata_run_steps_done gauge\nferrata_run_steps_done{${labels}} 1\n`);
    expect(text).toContain(`ferrata_backfill_rows_done{${labels},step="s1"} 10\n`);
    expect(text).toContain(`ferrata_signal{${labels},signal="disk"} 0.5\n`);
    expect(text).toContain(`ferrata_step_retries_total{${labels},step="s1"} 1\n`);
    expect(text).toContain(`ferrata_run_paused{${labels}} 0\n`);
    expect(text).toContain(`ferrata_run_duration_seconds{${labels}} 2\n`);
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(# (HELP|TYPE) ferrata_\w+ .+|ferrata_\w+\{.*\} [-+.\de]+)$/);
    }
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('says what is wrong with a file or a port', async () => {
  await expect(openTelemetry({ FERRATA_METRICS_FILE: '/no/such/folder/x' })).rejects.toMatchObject({
    code: 'usage',
  });
  await expect(openTelemetry({ FERRATA_METRICS_PORT: '99999999' })).rejects.toMatchObject({ code: 'usage' });
});

it('sends spans by OTLP: the run, and its steps within', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      bodies.push(`${request.url} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
  try {
    const telemetry = await openTelemetry(process.env);
    for (const event of EVENTS) telemetry?.hear(event);
    await telemetry?.close();
    const all = bodies.join('\n');
    expect(all).toContain('/v1/traces');
    const { resourceSpans } = JSON.parse(all.slice(all.indexOf('{')));
    const spans = resourceSpans[0].scopeSpans[0].spans;
    const run = spans.find((span: { name: string }) => span.name === 'ferrata up');
    const step = spans.find((span: { name: string }) => span.name === 'step s1');
    expect(step.parentSpanId).toBe(run.spanId);
    expect(step.events.map((event: { name: string }) => event.name)).toEqual(['pause', 'retried', 'go']);
  } finally {
    collector.close();
  }
});
