/** Waiting between attempts: exponential, with jitter, so that two runners or a busy application don't keep step. */

const FIRST_MS = 100;
const LONGEST_MS = 10_000;

/** Milliseconds before attempt `attempt` + 1; attempts count from 1. */
export function backoff(attempt: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + Math.random()));
}

/** Ends early when the signal is aborted. */
export async function pause(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
