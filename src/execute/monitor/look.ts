/** One look at every signal: what they read, judged. */
import type { SignalName } from '../../config/monitor.ts';
import type { Sample } from '../../ledger/samples.ts';
import { redact } from '../../postgres/redact.ts';
import type { Judge } from './judge.ts';
import type { Reading, Signal, SignalContext } from './signal.ts';

/** A signal that does not answer by then can't be read. Milliseconds. */
const READ_TIMEOUT_MS = 15_000;

/** Signals that have nothing to read are left out; those that can't be read are `unreadable`, with the reason. */
export async function readSignals(
  signals: readonly Signal[],
  judges: ReadonlyMap<SignalName, Judge>,
  context: SignalContext,
): Promise<readonly Sample[]> {
  const readings = await Promise.all(
    signals.map(async (signal) => {
      try {
        return { signal, reading: await inTime(signal.read(context)) };
      } catch (error) {
        return { signal, error };
      }
    }),
  );
  const now = performance.now();
  return readings.flatMap((read): Sample[] => {
    if ('error' in read) return [unreadable(read.signal.name, read.error)];
    if (read.reading === null) return [];
    return [judged(read.signal.name, read.reading, judges.get(read.signal.name), now)];
  });
}

export function unreadable(signal: string, error: unknown): Sample {
  const message = error instanceof Error ? error.message : String(error);
  return { signal, value: null, state: 'unreadable', detail: `can not be read: ${redact(message)}` };
}

function judged(name: SignalName, reading: Reading, judge: Judge | undefined, now: number): Sample {
  const state = judge?.judge(reading.value, now) ?? 'ok';
  const value = Number.isFinite(reading.value) ? reading.value : null;
  return { signal: name, value, state, detail: reading.detail };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${READ_TIMEOUT_MS / 1000} s`)), READ_TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
