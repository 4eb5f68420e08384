/** Statements that make things: every kind that a schema commonly has, and the rarer ones now and then. */
import { type Maker, maker } from './maker.ts';
import { OTHERS } from './others.ts';
import { RELATIONS } from './relations.ts';
import { ROUTINES } from './routines.ts';

export const CREATE: readonly Maker[] = [
  ...RELATIONS,
  ...ROUTINES,
  ...OTHERS,
  maker(
    'schema',
    2,
    (dice) =>
      `CREATE SCHEMA ${dice.one(['s1', 's2', '"S 3"', '"user"'])}${dice.opt(15, ' AUTHORIZATION pr_1')}`,
  ),
];
