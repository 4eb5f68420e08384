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
    let locked: { readonly relation: string; readonly line: number } | null = null;
    /** Told where something locks under it. */
    let bad: ScriptHit | null = null;
    /** Told unless something behind it locks. */
    let late: ScriptHit | null = null;
    let setBefore = false;
    return {
      see: ({ statement, facts }, context) => {
        const control = transactionControl(statement);
        inBlock = control === 'begin' || (inBlock && control !== 'commit' && control !== 'rollback');
        blockSeen ||= control === 'begin';
        const setting = settingOf(statement);
        if (setting?.name !== 'lock_timeout') {
          const strong = facts.locks.find((lock) => strength(lock.mode) >= strength('ShareLock'));
          if (strong === undefined) return [];
          locked ??= { relation: strong.relation, line: statement.line };
          late = null;
          const told = bad;
          bad = null;
          return told === null ? [] : [told];
        }
        const outside = setting.local && context.loose && blockSeen && !inBlock;
        const fault = outside
          ? 'SET LOCAL outside a transaction does nothing but warn.'
          : faultOf(setting, context.surroundings.settings.maxLockTimeoutMs);
        bad = fault === null ? null : { statement, message: fault, safeSql: ["SET lock_timeout = '500ms'"] };
        late =
          !context.loose || locked === null || setBefore || bad !== null
            ? null
            : {
                statement,
                message: `The lock on ${locked.relation} was taken in line ${locked.line} already, and nothing behind this line waits for one.`,
                safeSql: [],
              };
        setBefore = true;
        return [];
      },
      end: () => (late === null ? [] : [late]),
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

function faultOf(setting: Setting, limit: number): string | null {
  const value = setting.value === null ? null : milliseconds(setting.value);
  if (value === null || (value > 0 && value <= limit)) return null;
  return value === 0
    ? 'Zero is no limit: every statement on the table waits behind a lock that does not come.'
    : `For ${setting.value} every statement on the table may wait behind the one that wants the lock.`;
}
