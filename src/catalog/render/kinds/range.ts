/** Ranges and their multiranges (manual, CREATE TYPE, 8.17.8 Defining New Range Types). */
import type { RangeProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { make, partId, propertiesOf } from '../context.ts';
import { keyOf } from '../names.ts';
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
    if (!context.same(had.options.join(','), wanted.options.join(','))) return 'swap';
    return [make(ownedChanges(had, wanted, typeTarget(after)))];
  },
};
