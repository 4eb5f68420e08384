import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { strength } from '../effect.ts';
import { scriptRule } from './rule.ts';
import { milliseconds, SessionSettings } from './script-rules.ts';

export const missingLockTimeout = scriptRule({
  id: 'missing-lock-timeout',
  severity: 'warning',
  title: 'A lock is waited for without a limit, and everybody waits behind it',
  read: () => {
    const settings = new SessionSettings();
    let told = false;
    return {
      see: (analysis, context) => {
        const set = settings.get('lock_timeout');
        settings.note(analysis);
        // Ferrata sets its own. A value that the file sets is another rule's.
        if (told || !context.loose || typeof set === 'string' || hasDefault(context)) return [];
        const relation = firstStrong(analysis);
        if (relation === null) return [];
        told = true;
        return [
          {
            statement: analysis.statement,
            message: `While it waits for ${relation}, every later statement on it waits too, plain SELECTs among them: as long as the oldest transaction that uses it lasts.`,
            safeSql: ["SET lock_timeout = '500ms'", analysis.statement.text],
          },
        ];
      },
    };
  },
  why: 'Who waits for a lock stands in a queue, and whoever wants a lock that conflicts with a waiting one stands behind it (PostgreSQL manual, 13.3.1). One long SELECT in front of an ALTER TABLE thus stops all that come after. With lock_timeout the statement gives up, and the queue is gone (19.11.1).',
  instead:
    'Set a lock_timeout in front, and try again later when it strikes. Ferrata does both for the migrations that it runs.',
  manual: 'runtime-config-client.html#GUC-LOCK-TIMEOUT',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int;',
    danger: { kind: 'queues', relation: 't' },
  },
});

/** Whether sessions of the target begin with a lock_timeout: set for the role, the database or the server. */
function hasDefault(context: AssessContext): boolean {
  const value = context.surroundings.target.settings?.lock_timeout;
  return value !== undefined && (milliseconds(value) ?? 0) > 0;
}

/** A relation that it locks at least against writes. */
function firstStrong({ facts }: Analysis): string | null {
  return facts.locks.find((lock) => strength(lock.mode) >= strength('ShareLock'))?.relation ?? null;
}
