import { deparse } from '../../sql/deparse.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { namesFromLists, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { type KnownIndex, knownIndexes, newKeys } from './known-indexes.ts';
import { isThere, newIndex } from './new-index.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

interface Dropped {
  readonly index: KnownIndex;
  readonly table: string;
  readonly at: Analysis;
  readonly transaction: number;
}

export const indexReplaceGap = scriptRule({
  id: 'index-replace-gap',
  severity: 'warning',
  title: 'The old index goes before its replacement is there',
  read: () => {
    const dropped: Dropped[] = [];
    let transaction = 0;
    return {
      see: (analysis, context): readonly ScriptHit[] => {
        const { statement, facts } = analysis;
        const { kind, node } = statement;
        const control = transactionControl(statement);
        if (control === 'commit' || control === 'begin' || !facts.transactional) transaction++;
        if (kind === 'DropStmt' && text(node, 'removeType') === 'OBJECT_INDEX') {
          for (const name of namesFromLists(node, 'objects')) {
            const identity = context.resolve(name) ?? '';
            const table = context.tableOfIndex(identity);
            const index =
              table === null ? undefined : knownIndexes(context, table).find((one) => one.name === identity);
            if (table === null || index === undefined || !index.valid || context.isNew(table)) continue;
            dropped.push({ index, table, at: analysis, transaction });
          }
        }
        if (kind !== 'IndexStmt') return [];
        const made = newIndex(analysis, context);
        const [first = null] = newKeys(statement);
        const found = dropped.findIndex(
          ({ index, table, transaction: then }) =>
            // Within one transaction others see the one or the other.
            then !== transaction && table === made?.table && first !== null && index.keys[0] === first,
        );
        const old = dropped[found];
        if (made === null || old === undefined) return [];
        dropped.splice(found, 1);
        const [schema = null] = splitQualified(made.table);
        const same = old.index.name === made.identity || isThere(context, made.identity);
        const temporary = same ? `${made.name.slice(0, 59)}_new` : made.name;
        const { if_not_exists: _maybe, ...rest } = node;
        return [
          {
            statement: old.at.statement,
            message: `From here until line ${statement.line} has run, queries on ${made.table} have neither ${old.index.name} nor what replaces it.`,
            safeSql: async () => [
              await deparse('IndexStmt', { ...rest, idxname: temporary, concurrent: true }),
              `DROP INDEX CONCURRENTLY ${old.index.name}`,
              ...(same
                ? [`ALTER INDEX ${quoteQualified(schema, temporary)} RENAME TO ${quoteIdent(made.name)}`]
                : []),
            ],
          },
        ];
      },
    };
  },
  why: 'While the new index is built, which may take hours, every query that used the old one reads the whole table (PostgreSQL manual, 14.1).',
  instead:
    'Build the new one first, under another name if need be; see that it is valid; then drop the old one, and rename.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE INDEX t_a ON t (a);',
    bad: 'DROP INDEX CONCURRENTLY t_a; CREATE INDEX CONCURRENTLY t_a ON t (a, b);',
    danger: {
      kind: 'meanwhile',
      query:
        "SELECT WHERE NOT EXISTS (SELECT FROM pg_index WHERE indrelid = 't'::regclass AND indkey[0] = 2 AND indisvalid)",
    },
  },
  manual: 'sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
});
