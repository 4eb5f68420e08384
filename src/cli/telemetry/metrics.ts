/** A run's figures in Prometheus' text format (its exposition format 0.0.4), made from events. */
import type { FerrataEvent } from '../../events.ts';

interface Family {
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly values: Map<string, number>;
}

/** Takes events in; `text` is what a scrape gets. */
export class Metrics {
  readonly #families = new Map<string, Family>();
  #run: Readonly<Record<string, string>> = {};
  #started = 0;
  #done = 0;

  hear(event: FerrataEvent): void {
    switch (event.type) {
      case 'run-started': {
        const { run, migration, direction } = event;
        this.#run = { run, migration, direction };
        this.#started = Date.now();
        this.#done = 0;
        this.#set('ferrata_run_steps', 'gauge', 'Steps of the run at work.', {}, event.steps);
        this.#set('ferrata_run_steps_done', 'gauge', 'Steps of it that are done.', {}, 0);
        this.#set('ferrata_run_active', 'gauge', '1 while the run is at work.', {}, 1);
        this.#set('ferrata_run_start_time_seconds', 'gauge', 'When it began.', {}, this.#started / 1000);
        return;
      }
      case 'step-finished':
        this.#set('ferrata_run_steps_done', 'gauge', 'Steps of it that are done.', {}, ++this.#done);
        this.#set(
          'ferrata_step_duration_seconds',
          'gauge',
          'How long a step took.',
          { step: event.step },
          event.ms / 1000,
        );
        return;
      case 'step-retried':
        this.#add('ferrata_step_retries_total', 'Attempts after the first.', { step: event.step });
        return;
      case 'backfill-progress': {
        const step = { step: event.step };
        this.#set('ferrata_backfill_rows_done', 'gauge', 'Rows looked at.', step, event.done);
        this.#set('ferrata_backfill_rows_changed', 'gauge', 'Rows changed.', step, event.changed);
        this.#set('ferrata_backfill_rows_estimate', 'gauge', 'Rows there are, about.', step, event.estimate);
        this.#set('ferrata_backfill_batch_rows', 'gauge', 'Rows of the next batch.', step, event.batchSize);
        if (event.rowsPerSecond !== null) {
          this.#set('ferrata_backfill_rows_per_second', 'gauge', 'Its pace.', step, event.rowsPerSecond);
        }
        return;
      }
      case 'monitor-sample':
        for (const { signal, state, value } of event.samples) {
          if (value !== null) this.#set('ferrata_signal', 'gauge', 'What a monitor read.', { signal }, value);
          const readable = state === 'unreadable' ? 0 : 1;
          this.#set('ferrata_signal_readable', 'gauge', '0 where it can not be read.', { signal }, readable);
        }
        return;
      case 'throttled': {
        const waits = event.decision === 'pause' ? 1 : 0;
        this.#set('ferrata_run_paused', 'gauge', '1 while a limit or a person holds it up.', {}, waits);
        if (waits === 1) this.#add('ferrata_run_pauses_total', 'How often it was held up.', {});
        return;
      }
      case 'run-finished':
        this.#set('ferrata_run_active', 'gauge', '1 while the run is at work.', {}, 0);
        this.#set('ferrata_run_duration_seconds', 'gauge', 'How long it took.', {}, event.ms / 1000);
        this.#add('ferrata_runs_total', 'Runs that ended, by state.', { state: event.state });
        return;
      default:
        return;
    }
  }

  text(): string {
    return [...this.#families]
      .map(([name, { type, help, values }]) =>
        [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${type}`,
          ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
          '',
        ].join('\n'),
      )
      .join('');
  }

  #set(
    name: string,
    type: Family['type'],
    help: string,
    labels: Readonly<Record<string, string>>,
    value: number,
  ): void {
    this.#family(name, type, help).values.set(labelText({ ...this.#run, ...labels }), value);
  }

  #add(name: string, help: string, labels: Readonly<Record<string, string>>): void {
    const { values } = this.#family(name, 'counter', help);
    const key = labelText({ ...this.#run, ...labels });
    values.set(key, (values.get(key) ?? 0) + 1);
  }

  #family(name: string, type: Family['type'], help: string): Family {
    const known = this.#families.get(name) ?? { type, help, values: new Map() };
    this.#families.set(name, known);
    return known;
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
