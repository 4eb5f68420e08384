import { scriptRule } from './rule.ts';

export const nonLinearHistory = scriptRule({
  id: 'non-linear-history',
  severity: 'warning',
  title: 'The migration comes before others that are applied already',
  read: () => {
    let first = true;
    return {
      see: ({ statement }, context) => {
        const { migration, applied } = context.surroundings;
        const begins = first;
        first = false;
        if (!begins || migration === null || applied === null || applied.includes(migration)) return [];
        // Migrations are ordered by their ids as strings.
        const later = applied.filter((id) => id > migration).sort();
        const [next] = later;
        if (next === undefined) return [];
        const more = later.length === 1 ? '' : ` and ${later.length - 1} more`;
        return [
          {
            statement,
            message: `${next}${more} ran without it: a database that is built from the start gets them in another order than this one.`,
            safeSql: [],
          },
        ];
      },
    };
  },
  why: 'A history that runs in another order on a new database than it did on an old one may give two different schemas, or fail: what the later migrations found, and what they were proved on, is not what they find when this one runs in front of them.',
  instead: 'Give it a new number, behind all that are applied, and rehearse it there.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY);',
    bad: 'ALTER TABLE t ADD COLUMN a int;',
    known: 'a migration with a higher number is applied',
    surroundings: {
      migration: '20260101000000_add_a',
      applied: ['20260201000000_add_b'],
    },
    danger: {
      kind: 'convention',
      reason:
        'Here 20260201000000_add_b is applied already, and the migration is called 20260101000000_add_a. No server shows an order.',
    },
  },
});
