import { transactionControl } from '../../sql/transactional.ts';
import { strength } from '../effect.ts';
import { scriptRule } from './rule.ts';
import { milliseconds, SessionSettings } from './script-rules.ts';

export const missingIdleOrAppName = scriptRule({
  id: 'missing-idle-or-app-name',
  severity: 'info',
  optional: true,
  title: 'A transaction that is left open keeps its locks',
  read: () => {
    const settings = new SessionSettings();
    let open = false;
    let told = false;
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        const control = transactionControl(statement);
        if (control === 'begin') open = true;
        if (control === 'commit' || control === 'rollback') open = false;
        const set = (name: string): string | null =>
          settings.get(name) ?? context.surroundings.target.settings?.[name] ?? null;
        const idle = milliseconds(set('idle_in_transaction_session_timeout') ?? '') ?? 0;
        const name = set('application_name') ?? '';
        settings.note(analysis);
        const strong = facts.locks.find((lock) => strength(lock.mode) >= strength('ShareLock'));
        if (told || !open || !context.loose || strong === undefined || (idle > 0 && name !== '')) return [];
        told = true;
        return [
          {
            statement,
            message: `If the program that runs this stalls before COMMIT, ${strong.relation} stays locked${idle > 0 ? '' : ', and nothing ends the transaction'}${name === '' ? '; in pg_stat_activity nothing tells whose it is' : ''}.`,
            safeSql: [
              ...(idle > 0 ? [] : ["SET idle_in_transaction_session_timeout = '10s'"]),
              ...(name === '' ? ["SET application_name = 'migration'"] : []),
              'BEGIN',
              statement.text,
              'COMMIT',
            ],
          },
        ];
      },
    };
  },
  why: 'A session that holds locks and waits for its client holds them for as long as the client says nothing; idle_in_transaction_session_timeout ends it (PostgreSQL manual, 19.11.1). application_name is what others see of it (19.8).',
  instead:
    'Set both at the beginning of the file, or for the role that runs migrations. Ferrata names its sessions and notices a dead owner by itself.',
  manual: 'runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY);',
    bad: 'BEGIN; ALTER TABLE t ADD COLUMN a int; COMMIT;',
    danger: {
      kind: 'shows',
      query:
        "SELECT 1 WHERE current_setting('idle_in_transaction_session_timeout') = '0' OR current_setting('application_name') <> 'migration'",
    },
  },
});
