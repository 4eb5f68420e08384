/** Ranges and their multiranges (manual, CREATE TYPE, 8.17.8 Defining New Range Types). */

import { quoteIdent, quoteQualified, splitQualified } from '../../../sql/quote.ts';
import { chosenMultirange } from '../../kinds/ranges.ts';
import type { CatalogObject, RangeProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { make, partId, propertiesOf } from '../context.ts';
import { keyOf, nameOf } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { shell } from './base-type.ts';
import { typeNames, typeTarget } from './type-common.ts';

export const range: KindRenderer = {
  ...typeNames,
  /** A canonical function takes and gives the range: both go at once. */
  drop: (object) => [
    {
      sql: `DROP TYPE ${object.identity}${propertiesOf<RangeProperties>(object).options.some((one) => one.startsWith('canonical = ')) ? ' CASCADE' : ''}`,
    },
  ],
  rank: RANK.range,
  create(object, context) {
    const wanted = propertiesOf<RangeProperties>(object);
    return [
      ...shell(object, context),
      make(
        [
          `CREATE TYPE ${object.identity} AS RANGE (${wanted.options.join(', ')})`,
          ...ownedAfterCreate(object, wanted, typeTarget(object), context),
        ],
        { needs: [partId('shell', keyOf(object.kind, object.identity))] },
      ),
    ];
  },
  alter(before, after, context) {
    const had = propertiesOf<RangeProperties>(before);
    const wanted = propertiesOf<RangeProperties>(after);
    if (!context.same(withoutMultirange(had).join(','), withoutMultirange(wanted).join(','))) return 'swap';
    // The multirange keeps its name and place when the range gets others.
    const former = context.formerly(keyOf('range', after.identity)) ?? before;
    const many = multirangeOf(former);
    // With its schema it has moved already.
    const home = context.later(keyOf('schema', quoteIdent(many.schema)))?.identity;
    const now = home === undefined ? many : { ...many, schema: splitQualified(home)[0] ?? many.schema };
    const moves = context.major < 14 ? [] : multirangeMoves(now, multirangeOf(after));
    return [make([...moves, ...ownedChanges(had, wanted, typeTarget(after))])];
  },
  /** The multirange, and the functions that make values, take up names, too; these keep theirs when the range is renamed. */
  aside(before, _after, away, context) {
    const name = quoteIdent(nameOf({ kind: 'range', identity: away }).path[1] ?? '');
    const { constructors } = before.extra ?? {};
    const routines = Array.isArray(constructors) ? constructors.map(String) : [];
    const drafts = routines.map((routine) => `ALTER FUNCTION ${routine} RENAME TO ${name}`);
    if (context.major < 14) return drafts;
    const { schema, name: many } = multirangeOf(before);
    return [...drafts, `ALTER TYPE ${quoteQualified(schema, many)} RENAME TO ${name}_multirange`];
  },
};

interface Multirange {
  readonly schema: string;
  readonly name: string;
}

const NAMED = 'multirange_type_name = ';

function withoutMultirange(range: RangeProperties): readonly string[] {
  return range.options.filter((one) => !one.startsWith(NAMED));
}

/** The range's multirange: named, or as the server names it (`makeMultirangeTypeName`). */
export function multirangeOf(object: CatalogObject): Multirange {
  const named = propertiesOf<RangeProperties>(object).options.find((one) => one.startsWith(NAMED));
  const [schema = '', name = ''] = splitQualified(named?.slice(NAMED.length) ?? object.identity);
  return { schema, name: named === undefined ? chosenMultirange(name) : name };
}

function multirangeMoves(had: Multirange, wanted: Multirange): string[] {
  return [
    ...(had.schema === wanted.schema
      ? []
      : [`ALTER TYPE ${quoteQualified(had.schema, had.name)} SET SCHEMA ${quoteIdent(wanted.schema)}`]),
    ...(had.name === wanted.name
      ? []
      : [`ALTER TYPE ${quoteQualified(wanted.schema, had.name)} RENAME TO ${quoteIdent(wanted.name)}`]),
  ];
}
