/** Ranges and their multiranges (manual, CREATE TYPE, 8.17.8 Defining New Range Types). */
import type { RangeProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { make, propertiesOf } from '../context.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { typeNames, typeTarget } from './type-common.ts';

export const range: KindRenderer = {
  ...typeNames,
  rank: RANK.range,
  create(object, context) {
    const wanted = propertiesOf<RangeProperties>(object);
    return [
      make([
        `CREATE TYPE ${object.identity} AS RANGE (${wanted.options.join(', ')})`,
        ...ownedAfterCreate(object, wanted, typeTarget(object), context),
      ]),
    ];
  },
  alter(before, after, context) {
    const had = propertiesOf<RangeProperties>(before);
    const wanted = propertiesOf<RangeProperties>(after);
    if (!context.same(had.options.join(','), wanted.options.join(','))) return 'swap';
    return [make(ownedChanges(had, wanted, typeTarget(after)))];
  },
};
