import { quoteIdent } from '../../sql/quote.ts';
import { namesFromLists, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';
import { COMMIT } from './steps.ts';
import { byTraffic } from './weight.ts';

export const dropTableMultipleFk = rule({
  id: 'drop-table-multiple-fk',
  severity: 'warning',
  title: 'Dropping a table locks every table at the other end of its foreign keys',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { statement } = analysis;
    const { node } = statement;
    if (text(node, 'removeType') !== 'OBJECT_TABLE') return [];
    const tables = namesFromLists(node, 'objects').flatMap((name) => context.resolve(name) ?? []);
    const old = tables.filter((table) => !context.isNew(table));
    const keys = [
      ...old.flatMap((table) =>
        context
          .constraints(table)
          .filter(({ type }) => type === 'foreign')
          .map(({ name, references }) => ({ table, name, other: references ?? '' })),
      ),
      ...old.flatMap((table) =>
        context.referencing(table).flatMap((other) =>
          context
            .constraints(other)
            .filter(({ references }) => references === table)
            .map(({ name }) => ({ table: other, name, other })),
        ),
      ),
    ].filter(({ other }) => !tables.includes(other) && !context.isNew(other));
    const others = [...new Set(keys.map(({ other }) => other))];
    if (others.length < 2) return [];
    const drops = keys.flatMap(({ table, name }) => [
      `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdent(name)}`,
      COMMIT,
    ]);
    const busy = others.some((other) => byTraffic(context, other) === 'warning');
    return [
      {
        message: `Nobody can read or write ${others.join(', ')} from the moment that the first of them is locked until the transaction ends; a program that uses them in another order may deadlock with it.`,
        severity: busy || context.loose ? 'warning' : 'info',
        safeSql: [...drops, statement.text],
      },
    ];
  },
  why: 'A foreign key is kept by triggers on both tables; to drop it takes an AccessExclusiveLock on the other one, too. DROP TABLE takes them one after the other and keeps all until the end: each waits for the longest query on its table while the others are blocked already (PostgreSQL manual, 13.3.4; DROP TABLE).',
  instead: 'Drop the foreign keys first, one per transaction; what is left then concerns the table alone.',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE s (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r, s_id int REFERENCES s);',
    bad: 'DROP TABLE t;',
    danger: { kind: 'holds together', relations: ['r', 's'], mode: 'AccessExclusiveLock' },
  },
  manual: 'explicit-locking.html#LOCKING-DEADLOCKS',
});
