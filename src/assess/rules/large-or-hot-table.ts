import { strength } from '../effect.ts';
import { UNKNOWN_TARGET } from '../target-facts.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { milliseconds, SessionSettings } from './script-rules.ts';
import { count, writesPerSecond } from './weight.ts';

/** A limit up to which a lock that does not come is given up before anybody notices. */
const BRIEF_MS = 1000;

export const largeOrHotTable = scriptRule({
  id: 'large-or-hot-table',
  severity: 'warning',
  title: 'A busy table is locked, or a long transaction stands in front of the lock',
  read: () => {
    const settings = new SessionSettings();
    const told = new Set<string>();
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        const limit = milliseconds(settings.get('lock_timeout') ?? '') ?? 0;
        settings.note(analysis);
        // With a short limit it gives way; Ferrata sets one by itself.
        if (context.loose && limit > 0 && limit <= BRIEF_MS) return [];
        const { settings: thresholds, target } = context.surroundings;
        const strong = facts.locks.filter(
          (lock) => lock.role !== 'index' && strength(lock.mode) >= strength('ShareLock'),
        );
        const safeSql = context.loose ? ["SET lock_timeout = '500ms'", statement.text] : [];
        const busy = strong.flatMap(({ relation }): readonly ScriptHit[] => {
          const writes = writesPerSecond(context, relation);
          if (writes === null || writes < thresholds.busyWritesPerSecond || told.has(relation)) return [];
          told.add(relation);
          const message = context.loose
            ? `Some ${count(writes)} rows of ${relation} are written per second: so many pile up behind the lock for each second that it is waited for or held.`
            : `Some ${count(writes)} rows of ${relation} are written per second: the lock may come only after many attempts.`;
          return [{ statement, severity: context.loose ? 'warning' : 'info', message, safeSql }];
        });
        const age = target.oldestTransactionSeconds ?? 0;
        const [first] = strong;
        if (first === undefined || age < thresholds.longTransactionSeconds || told.has('')) return busy;
        told.add('');
        return [
          ...busy,
          {
            statement,
            severity: context.loose ? 'warning' : 'info',
            message: `A transaction has been open on the server for ${count(age)} s: if it has used ${first.relation}, the lock comes when it ends, and everybody else waits with it.`,
            safeSql,
          },
        ];
      },
    };
  },
  why: 'A lock that is held for a moment hurts nobody where little happens. Where much happens there is always somebody in front of it to be waited for, and everybody behind it waits as well (PostgreSQL manual, 13.3.1). What goes through all rows of a large table under its lock has findings of its own.',
  instead:
    'Take the lock with a short lock_timeout and try again, as Ferrata does; at an hour when the table is quiet, after the long transactions.',
  manual: 'explicit-locking.html#LOCKING-TABLES',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t ADD COLUMN a int;',
    known: 'some 400 rows of the table are written per second',
    surroundings: {
      target: {
        ...UNKNOWN_TARGET,
        relations: {
          'public.t': {
            rows: 1_000_000,
            bytes: 500_000_000,
            indexes: 1,
            indexBytes: 100_000_000,
            toastBytes: 0,
            writesPerSecond: 400,
            publications: [],
            columns: null,
          },
        },
      },
    },
    danger: { kind: 'queues', relation: 't' },
  },
});
