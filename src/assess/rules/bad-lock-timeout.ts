import { transactionControl } from '../../sql/transactional.ts';
import { strength } from '../effect.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { milliseconds, type Setting, settingOf } from './script-rules.ts';

export const badLockTimeout = scriptRule({
  id: 'bad-lock-timeout',
  severity: 'warning',
  title: 'The lock_timeout protects nobody',
  read: () => {
    let inBlock = false;
    let blockSeen = false;
    let lockedBefore: { relation: string; line: number } | null = null;
    let early: ScriptHit | null = null;
    let setBefore = false;
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        const control = transactionControl(statement);
        if (control === 'begin') {
          inBlock = true;
          blockSeen = true;
        } else if (control === 'commit' || control === 'rollback') inBlock = false;
        const setting = settingOf(statement);
        if (setting?.name !== 'lock_timeout') {
          const strong = facts.locks.find((lock) => strength(lock.mode) >= strength('ShareLock'));
          // A later lock is protected by what is set now.
          if (strong !== undefined) {
            lockedBefore ??= { relation: strong.relation, line: statement.line };
            early = null;
          }
          return [];
        }
        const value = setting.value === null ? null : milliseconds(setting.value);
        const fault = faultOf(setting, value, context.surroundings.settings.maxLockTimeoutMs);
        if (fault !== null) {
          return [{ statement, message: fault, safeSql: ["SET lock_timeout = '500ms'"] }];
        }
        if (setting.local && context.loose && blockSeen && !inBlock) {
          return [
            {
              statement,
              message: 'SET LOCAL outside a transaction does nothing but warn.',
              safeSql: ["SET lock_timeout = '500ms'"],
            },
          ];
        }
        if (context.loose && lockedBefore !== null && !setBefore) {
          early = {
            statement,
            message: `The lock on ${lockedBefore.relation} was taken in line ${lockedBefore.line} already, and nothing behind this line waits for one.`,
            safeSql: [],
          };
        }
        setBefore = true;
        return [];
      },
      end: () => (early === null ? [] : [early]),
    };
  },
  why: 'Zero means no limit, and a long one keeps everybody waiting that long behind the waiting statement; SET LOCAL holds for the transaction that it stands in alone, and outside one not at all (PostgreSQL manual, SET; 19.11.1). In a migration that Ferrata runs, the setting takes the place of its own short limit and ends its retries.',
  instead:
    'Ask for half a second, below deadlock_timeout, in front of the first statement that locks, and try again when it strikes.',
  manual: 'runtime-config-client.html#GUC-LOCK-TIMEOUT',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'SET lock_timeout = 0; ALTER TABLE t ADD COLUMN a int;',
    danger: { kind: 'queues', relation: 't' },
    good: ["SET lock_timeout = '500ms'", 'ALTER TABLE t ADD COLUMN a int'],
  },
});

function faultOf(setting: Setting, value: number | null, limit: number): string | null {
  if (setting.value === null || value === null) return null;
  if (value === 0)
    return 'Zero is no limit: every statement on the table waits behind a lock that does not come.';
  if (value <= limit) return null;
  return `For ${setting.value} every statement on the table may wait behind the one that wants the lock.`;
}
