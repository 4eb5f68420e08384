/**
 * A run as OpenTelemetry spans: one for the run, one for each step, their troubles as events. The exporter is the
 * project's own installation of OpenTelemetry's packages; its OTEL_* variables hold.
 */
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { FerrataError } from '../../errors.ts';
import type { FerrataEvent } from '../../events.ts';

export interface Traces {
  hear(event: FerrataEvent): void;
  /** Ends open spans and sends what is left. Never throws: a collector that is down fails no migration. */
  close(): Promise<void>;
}

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-trace-base',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
];

/** Throws `usage` where OpenTelemetry's packages are not installed. */
export async function openTraces(): Promise<Traces> {
  const loaded = await load();
  const { api, base, exporter, resources } = loaded;
  const name = process.env.OTEL_SERVICE_NAME ?? 'ferrata';
  const provider = new base.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': name }),
    spanProcessors: [new base.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  const recorder = new Recorder(provider.getTracer('ferrata'), (span) =>
    api.trace.setSpan(api.ROOT_CONTEXT, span),
  );
  return {
    hear: (event) => recorder.hear(event),
    close: async () => {
      recorder.end('left unfinished');
      await provider.shutdown().catch(() => {});
    },
  };
}

async function load() {
  try {
    const [api, base, exporter, resources] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
    return { api, base, exporter, resources };
  } catch (cause) {
    throw new FerrataError(
      'usage',
      'OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed',
      {
        why: 'Its packages are large, and most projects need none of them.',
        hint: `npm install --save-dev ${PACKAGES.join(' ')}`,
        cause,
      },
    );
  }
}

/** Status codes of OpenTelemetry's API; the module itself is loaded only where traces are wanted. */
const OK = 1;
const ERROR = 2;

class Recorder {
  readonly #tracer: Tracer;
  readonly #within: (span: Span) => Context;
  #run: Span | null = null;
  #step: Span | null = null;

  constructor(tracer: Tracer, within: (span: Span) => Context) {
    this.#tracer = tracer;
    this.#within = within;
  }

  hear(event: FerrataEvent): void {
    switch (event.type) {
      case 'run-started':
        this.end('left unfinished');
        this.#run = this.#tracer.startSpan(`ferrata ${event.direction}`, {
          attributes: {
            'ferrata.run': event.run,
            'ferrata.migration': event.migration,
            'ferrata.steps': event.steps,
          },
        });
        return;
      case 'step-started':
        this.#endStep();
        this.#step = this.#tracer.startSpan(
          `step ${event.step}`,
          { attributes: { 'ferrata.step': event.step, 'ferrata.title': event.title } },
          this.#run === null ? undefined : this.#within(this.#run),
        );
        return;
      case 'step-retried':
        this.#step?.addEvent('retried', { reason: event.reason, attempt: event.attempt });
        return;
      case 'throttled':
        (this.#step ?? this.#run)?.addEvent(event.decision, { reason: event.reason });
        return;
      case 'step-finished':
        if (event.rows !== null) this.#step?.setAttribute('ferrata.rows', event.rows);
        this.#step?.setStatus({ code: OK });
        this.#endStep();
        return;
      case 'run-finished':
        this.#run?.setAttribute('ferrata.state', event.state);
        this.#run?.setStatus({ code: event.state === 'failed' ? ERROR : OK });
        this.#endStep();
        this.#run?.end();
        this.#run = null;
        return;
      default:
        return;
    }
  }

  end(why: string): void {
    this.#step?.setStatus({ code: ERROR, message: why });
    this.#endStep();
    this.#run?.setStatus({ code: ERROR, message: why });
    this.#run?.end();
    this.#run = null;
  }

  #endStep(): void {
    this.#step?.end();
    this.#step = null;
  }
}
