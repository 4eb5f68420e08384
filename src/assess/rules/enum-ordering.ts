import type { EnumProperties } from '../../catalog/model.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { flag, nameFromParts, strings, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';

export const enumOrdering = rule({
  id: 'enum-ordering',
  severity: 'info',
  optional: true,
  title: 'A new enum value sorts behind all others unless it says where',
  on: ['AlterEnumStmt'],
  applies: ({ statement }, context) => {
    const { node } = statement;
    const label = text(node, 'newVal');
    const name = nameFromParts(strings(node.typeName));
    // BEFORE and AFTER name a neighbour.
    if (
      label === null ||
      name === null ||
      text(node, 'oldVal') !== null ||
      text(node, 'newValNeighbor') !== null
    )
      return [];
    const type = context.resolveType(name);
    const labels =
      (context.known.get('enum', type)?.properties as EnumProperties | undefined)?.labels ?? null;
    if (labels?.length === 0 || (flag(node, 'skipIfNewValExists') && labels?.includes(label) === true))
      return [];
    const last = labels?.at(-1);
    return [
      {
        message: `${quoteLiteral(label)} becomes the last of ${type}${last === undefined ? '' : `, behind ${quoteLiteral(last)}`}: in ORDER BY and in comparisons; it cannot be moved later.`,
        safeSql: last === undefined ? [] : [`${statement.text} AFTER ${quoteLiteral(last)}`],
      },
    ];
  },
  why: 'Enum values sort in the order of their definition (PostgreSQL manual, 8.7.2). The order of the values that are there does not change; where the new one belongs is a question only until it is used, since a value can be neither moved nor dropped.',
  instead: 'Say BEFORE or AFTER, so that a reader sees that the place was thought of.',
  manual: 'datatype-enum.html#DATATYPE-ENUM-ORDERING',
  example: {
    schema: "CREATE TYPE size AS ENUM ('small', 'large');",
    bad: "ALTER TYPE size ADD VALUE 'medium';",
    danger: {
      kind: 'shows',
      query:
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'size'::regtype AND enumlabel = 'medium' AND enumsortorder > 2",
    },
    good: ["ALTER TYPE size ADD VALUE 'medium' BEFORE 'large'"],
  },
});
