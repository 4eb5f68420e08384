/** Functions, procedures and window functions (manual, CREATE FUNCTION, CREATE PROCEDURE). */
import type { CatalogObject, FunctionProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { make, propertiesOf } from '../context.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { shellsFor } from './base-type.ts';

function word(routine: FunctionProperties): string {
  return routine.routine === 'procedure' ? 'PROCEDURE' : 'FUNCTION';
}

function target(object: CatalogObject, routine: FunctionProperties): { named: string; grantee: string } {
  const named = `${word(routine)} ${object.identity}`;
  return { named, grantee: named };
}

function definition(routine: FunctionProperties): string {
  return routine.definition.trim().replace(/;$/, '');
}

/** Arguments without their defaults: what CREATE OR REPLACE cannot change. */
function signature(argumentList: string): string {
  return argumentList.replace(
    / DEFAULT (?:'(?:[^']|'')*'|\([^()]*\)|[^,()']|\((?:[^()]|\([^()]*\))*\))*/g,
    '',
  );
}

function countDefaults(argumentList: string): number {
  return argumentList.match(/ DEFAULT /g)?.length ?? 0;
}

export const routine: KindRenderer = {
  rank: RANK.function,
  create(object, context) {
    const wanted = propertiesOf<FunctionProperties>(object);
    const statements = [
      definition(wanted),
      ...ownedAfterCreate(object, wanted, target(object, wanted), context),
    ];
    return [make(statements, shellsFor(object, context))];
  },
  drop: (object) => [{ sql: `DROP ${word(propertiesOf<FunctionProperties>(object))} ${object.identity}` }],
  alter(before, after, context) {
    const had = propertiesOf<FunctionProperties>(before);
    const wanted = propertiesOf<FunctionProperties>(after);
    const drafts: string[] = [];
    if (!context.same(had.definition, wanted.definition)) {
      const replaceable =
        had.routine === wanted.routine &&
        context.same(had.returns, wanted.returns) &&
        context.same(signature(had.arguments), signature(wanted.arguments)) &&
        countDefaults(had.arguments) <= countDefaults(wanted.arguments);
      if (!replaceable) return 'rebuild';
      drafts.push(definition(wanted));
    }
    const about = ownedChanges(had, wanted, target(after, wanted));
    return [make([...drafts, ...about], shellsFor(after, context))];
  },
  rename: (object, current, name) =>
    `ALTER ${word(propertiesOf<FunctionProperties>(object))} ${current} RENAME TO ${name}`,
  move: (object, current, schema) =>
    `ALTER ${word(propertiesOf<FunctionProperties>(object))} ${current} SET SCHEMA ${schema}`,
};
