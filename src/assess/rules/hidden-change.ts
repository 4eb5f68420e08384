import { strength } from '../effect.ts';
import type { StatementFacts } from '../model.ts';
import { type Hit, rule } from './rule.ts';
import { byTime } from './weight.ts';

/** Only a trace says what these do beyond their text: bodies, functions, triggers. */
export const hiddenChange = rule({
  id: 'hidden-change',
  severity: 'danger',
  title: 'A block or function changes more than its text shows',
  on: [
    'DoStmt',
    'CallStmt',
    'SelectStmt',
    'InsertStmt',
    'UpdateStmt',
    'DeleteStmt',
    'MergeStmt',
    'ExecuteStmt',
  ],
  applies: ({ facts }, context) => {
    if (facts.source !== 'traced') return [];
    const worked = underLock(facts);
    const hits: Hit[] = facts.loses
      .filter(({ what }) => DROPPED.test(what))
      .map(({ object, what }) => ({ message: `It drops ${object}: ${what} are gone.`, safeSql: [] }));
    if (worked.length > 0) {
      hits.push({
        severity: byTime(context, worked, 'danger'),
        message: `It locks ${worked.join(', ')} so that nobody can ${facts.blocks === 'writes' ? 'write' : 'read or write'} meanwhile, and goes through all rows.`,
        safeSql: [],
      });
    }
    return hits;
  },
  why: 'What a DO block, a function or a trigger runs takes the same locks as if it stood in the migration itself, and holds them to the end of the transaction (PostgreSQL manual, 13.3); but who reads the migration does not see it.',
  instead:
    'Write the statements themselves into the migration, each in its safe form. A block is right for what needs a loop or a condition, like writing rows in batches.',
  manual: 'explicit-locking.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1);',
    bad: `DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_class WHERE relname = 't') THEN
    EXECUTE format('ALTER TABLE %I ALTER COLUMN a TYPE bigint', 't');
  END IF;
END $$;`,
    danger: { kind: 'rewrite', relation: 'public.t' },
    good: ['ALTER TABLE t ADD COLUMN a_new bigint'],
    traced: true,
    known: 'it ran on a scratch copy (`--trace`)',
  },
});

/** As a trace tells of what is gone. */
const DROPPED = /^the (table|column) and its/;

/** Relations that were read whole or written anew under a lock that others feel. */
function underLock({ rewrites, scans, locks }: StatementFacts): readonly string[] {
  const felt = new Set(
    locks.filter(({ mode }) => strength(mode) >= strength('ShareLock')).map(({ relation }) => relation),
  );
  return [...new Set([...rewrites, ...scans])].filter((relation) => felt.has(relation));
}
