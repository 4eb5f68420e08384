import type { Plan } from '../../src/plan/model.ts';
import { planOf, sqlStep } from '../ledger/support.ts';

const sql = (text: string) => [{ type: 'sql' as const, sql: text, at: null }];

/** In and out of transactions, forward and back; a step done twice, or not at all, shows. */
export const killPlan: Plan = planOf('20260101000000_kill', [
  sqlStep(1, ['CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, a int)'], {
    inverse: sql('DROP TABLE t'),
  }),
  sqlStep(2, ['CREATE INDEX CONCURRENTLY t_a ON t (a)'], {
    transactional: false,
    done: { type: 'index-valid', index: { schema: 'public', name: 't_a' } },
    inverse: sql('DROP INDEX CONCURRENTLY t_a'),
    inverseTransactional: false,
  }),
  sqlStep(3, ['INSERT INTO t (a) VALUES (1), (2)', 'UPDATE counter SET n = n + 1'], {
    inverse: [...sql('TRUNCATE t'), ...sql('UPDATE counter SET n = n - 1')],
  }),
  sqlStep(4, ['DROP INDEX CONCURRENTLY old_index'], {
    transactional: false,
    done: { type: 'index-absent', index: { schema: 'public', name: 'old_index' } },
    inverse: sql('CREATE INDEX CONCURRENTLY old_index ON counter (n)'),
    inverseTransactional: false,
  }),
  sqlStep(5, ['VACUUM t'], {
    transactional: false,
    done: { type: 'fingerprint' },
    inverse: [],
  }),
  sqlStep(6, ['ALTER TABLE t ADD b int'], { inverse: sql('ALTER TABLE t DROP b') }),
]);
export const KILL_SCHEMA =
  'CREATE TABLE counter (n int); INSERT INTO counter VALUES (0); CREATE INDEX old_index ON counter (n)';
