/** What tells machines about a run beside its output: off unless a variable asks for it. */
import { renameSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { FerrataError } from '../../errors.ts';
import type { FerrataEvent } from '../../events.ts';
import { Metrics } from './metrics.ts';
import type { Traces } from './traces.ts';

export interface Telemetry {
  hear(event: FerrataEvent): void;
  close(): Promise<void>;
}

/** Between two versions of the file. Milliseconds. */
const WRITE_MS = 1_000;

/**
 * `FERRATA_METRICS_FILE`: Prometheus' text format, for a textfile collector; `FERRATA_METRICS_PORT`: the same at
 * http://127.0.0.1:port/metrics while the command runs; `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`): traces.
 * Null where none is set. Throws `usage` for a port or a file that can't be used.
 */
export async function openTelemetry(variables: NodeJS.ProcessEnv): Promise<Telemetry | null> {
  const { FERRATA_METRICS_FILE: file, FERRATA_METRICS_PORT: port } = variables;
  const traced = variables.OTEL_EXPORTER_OTLP_ENDPOINT ?? variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (!file && !port && !traced) return null;
  const metrics = new Metrics();
  const write = file ? () => writeWhole(file, metrics.text()) : null;
  write?.();
  const server = port ? await serve(port, metrics) : null;
  const traces: Traces | null = traced ? await (await import('./traces.ts')).openTraces() : null;
  let written = 0;
  return {
    hear: (event) => {
      metrics.hear(event);
      traces?.hear(event);
      const now = Date.now();
      if (write === null || (now - written < WRITE_MS && event.type !== 'run-finished')) return;
      written = now;
      write();
    },
    close: async () => {
      write?.();
      server?.close();
      server?.closeAllConnections();
      await traces?.close();
    },
  };
}

/** A collector never reads half of it. */
function writeWhole(file: string, text: string): void {
  try {
    writeFileSync(`${file}.${process.pid}.tmp`, text);
    renameSync(`${file}.${process.pid}.tmp`, file);
  } catch (cause) {
    throw new FerrataError('usage', `FERRATA_METRICS_FILE: ${file} can not be written`, {
      hint: 'Name a file in a folder that exists and may be written to, or unset the variable.',
      cause,
    });
  }
}

async function serve(text: string, metrics: Metrics): Promise<Server> {
  const port = Number(text);
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
      .end(metrics.text());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((cause: unknown) => {
    throw new FerrataError('usage', `FERRATA_METRICS_PORT: port ${text} can not be used`, {
      hint: 'Give a free port, or unset the variable.',
      cause,
    });
  });
  server.unref();
  return server;
}
