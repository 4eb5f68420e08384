/**
 * Sees to it that a scratch server ends with the process that started it, even when that process is killed with
 * SIGKILL: a small shell waits for the end of a pipe that only we hold open.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

// A zombie (nobody waits for it in a container without an init) still answers to `kill -0`, but has no folder any more.
const SCRIPT = `
cat >/dev/null 2>&1
pid=$1; data=$2; remove=$3
alive() { kill -0 "$pid" 2>/dev/null && { [ ! -d /proc/self ] || [ -e "/proc/$pid/cwd" ]; }; }
if [ "$(head -n 1 "$data/postmaster.pid" 2>/dev/null)" = "$pid" ]; then kill -QUIT "$pid" 2>/dev/null; fi
if [ "$remove" = yes ]; then
  n=0
  while alive && [ $n -lt 200 ]; do sleep 0.05; n=$((n+1)); done
  rm -rf "$data" "$data.password" "$data.log"
fi
`;

interface Guarded {
  readonly dataDir: string;
  readonly remove: boolean;
}

const guarded = new Map<number, Guarded>();
let exitHooked = false;

/**
 * Watches over the server with this pid. The returned function ends the watch; call it after the server has stopped.
 */
export function guard(pid: number, dataDir: string, remove: boolean): () => void {
  guarded.set(pid, { dataDir, remove });
  if (!exitHooked) {
    exitHooked = true;
    process.on('exit', stopAllNow);
  }
  if (process.platform === 'win32') return () => guarded.delete(pid);
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(pid), dataDir, remove ? 'yes' : 'no'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  });
  shell.on('error', () => {}); // no shell: the exit hook remains
  shell.stdin.on('error', () => {});
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return () => {
    guarded.delete(pid);
    shell.kill('SIGKILL');
    shell.stdin.destroy();
  };
}

/** On `exit` only synchronous work is possible; the guardian does the rest. */
function stopAllNow(): void {
  for (const [pid, { dataDir, remove }] of guarded) {
    try {
      process.kill(pid, 'SIGQUIT');
      // Elsewhere the guardian does it, once the server is really gone.
      if (remove && process.platform === 'win32')
        rmSync(dataDir, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
    } catch {
      // Gone already, or still busy: the guardian tries again.
    }
  }
}
