/** Who is at work, for the lease, the runs and the audit chain: `user@host pid`. */
import { hostname, userInfo } from 'node:os';

export function ownerName(): string {
  return `${userName()}@${hostname()} ${process.pid}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a uid without a name.
    return String(process.getuid?.() ?? 'unknown');
  }
}
