import { quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { nameFromParts, strings } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const enumCreate = rule({
  id: 'enum-create',
  severity: 'info',
  optional: true,
  title: 'An enum grows, but does not shrink',
  on: ['CreateEnumStmt'],
  applies: ({ statement }) => {
    const name = nameFromParts(strings(statement.node.typeName));
    if (name === null) return [];
    const table = quoteQualified(name.schema, name.name);
    const labels = strings(statement.node.vals).map((label) => `(${quoteLiteral(label)})`);
    return [
      {
        message: `A value of ${table} can be added and renamed, never dropped.`,
        safeSql: [
          `CREATE TABLE ${table} (name text PRIMARY KEY)`,
          ...(labels.length === 0 ? [] : [`INSERT INTO ${table} (name) VALUES ${labels.join(', ')}`]),
        ],
      },
    ];
  },
  why: 'There is no ALTER TYPE … DROP VALUE: to be rid of a value a new type is made, and every column of the old one written anew under an AccessExclusiveLock (PostgreSQL manual, 8.7).',
  instead: 'Keep the values in a table, and refer to it by a foreign key: rows come and go.',
  manual: 'datatype-enum.html',
  example: {
    schema: '',
    bad: "CREATE TYPE size AS ENUM ('small', 'large');",
    danger: { kind: 'shows', query: "SELECT typname FROM pg_type WHERE typname = 'size' AND typtype = 'e'" },
  },
});
