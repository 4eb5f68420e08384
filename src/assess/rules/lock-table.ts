import { strength } from '../effect.ts';
import { rule } from './rule.ts';

export const lockTable = rule({
  id: 'lock-table',
  severity: 'warning',
  title: 'LOCK TABLE keeps others out until the transaction ends',
  on: ['LockStmt'],
  applies: ({ facts }) =>
    facts.locks
      .filter((lock) => lock.role === 'target' && strength(lock.mode) >= strength('ShareLock'))
      .map((lock) => ({
        message:
          lock.mode === 'AccessExclusiveLock'
            ? `Nobody can read or write ${lock.relation} from here to the end of the transaction.`
            : `Nobody can write ${lock.relation} from here to the end of the transaction.`,
        safeSql: [],
      })),
  why: 'Without IN … MODE it takes an AccessExclusiveLock, which SELECT conflicts with; there is no UNLOCK TABLE (PostgreSQL manual, LOCK; 13.3.1).',
  instead:
    'Mostly it is not needed: each statement locks what it must. To keep other changes of the schema away alone, SHARE UPDATE EXCLUSIVE MODE lets reads and writes go on.',
  manual: 'sql-lock.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY);',
    bad: 'LOCK TABLE t;',
    danger: { kind: 'lock', relation: 't', mode: 'ShareLock' },
    good: ['LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE'],
  },
});
