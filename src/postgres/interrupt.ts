/**
 * What must not be left behind on a server when the user ends the program (Ctrl-C): databases that were made on a server
 * which outlives us. Servers of our own need no such thing, they end with the process (`guardian.ts`).
 */
const cleanups = new Set<() => Promise<unknown>>();
let interrupted = false;

/** Registers what to do when the program is interrupted; the function that it returns takes it back. */
export function atInterrupt(cleanup: () => Promise<unknown>): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Whether the program is on its way out: what fails now, fails because of that. */
export function isInterrupted(): boolean {
  return interrupted;
}

/** Does what is registered, for as long as somebody who pressed Ctrl-C waits. Never throws. */
export async function cleanUp(limitMs: number): Promise<void> {
  interrupted = true;
  const work = Promise.allSettled([...cleanups].map((cleanup) => cleanup()));
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}
