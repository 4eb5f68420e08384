/** Operators, operator families and aggregates that change in place (manual, ALTER OPERATOR, ALTER OPERATOR FAMILY). */
import type { CatalogObject } from '../../model.ts';
import type { DefinitionOptions } from './definition.ts';
import { splitOutside, statementsOf, trailingList } from './definition-text.ts';

function definition(object: CatalogObject): string {
  return String(object.properties.definition ?? '');
}

/** What ALTER OPERATOR … SET can change both ways, and what it can add from version 17 on but never take away. */
const ESTIMATORS = ['restrict', 'join'];
const ADDED = ['commutator', 'negator', 'hashes', 'merges'];

export const operatorChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = trailingList(definition(before)).options;
    const wanted = trailingList(definition(after)).options;
    const items: string[] = [];
    for (const name of new Set([...had.keys(), ...wanted.keys()])) {
      const value = wanted.get(name) ?? null;
      if (context.same(had.get(name) ?? null, value)) continue;
      const settable =
        ESTIMATORS.includes(name) || (ADDED.includes(name) && !had.has(name) && context.major >= 17);
      if (!settable) return null;
      items.push(value === '' ? name.toUpperCase() : `${name.toUpperCase()} = ${value ?? 'NONE'}`);
    }
    return items.length === 0 ? [] : [`ALTER ${String(after.extra?.target)} SET (${items.join(', ')})`];
  },
};

/** The loose members of a family, as ADD takes them. */
function members(object: CatalogObject): string[] {
  const [, addition = ''] = statementsOf(definition(object));
  const at = addition.indexOf(' ADD ');
  return at === -1 ? [] : splitOutside(addition.slice(at + ' ADD '.length), ',');
}

/** As DROP takes it: `OPERATOR 1 (integer, smallint)`. */
function withoutReference(member: string): string {
  const routine = /^FUNCTION (\d+) (\([^)]*\))/.exec(member);
  if (routine !== null) return `FUNCTION ${routine[1]} ${routine[2]}`;
  const [, number, types] =
    /^OPERATOR (\d+) .*?\(([^()]*(?:\([^()]*\)[^()]*)*)\)(?: FOR ORDER BY .*)?$/.exec(member) ?? [];
  return `OPERATOR ${number} (${types})`;
}

export const operatorFamilyChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = members(before);
    const wanted = members(after);
    const lost = had.filter((one) => !wanted.some((other) => context.same(one, other)));
    const gained = wanted.filter((one) => !had.some((other) => context.same(other, one)));
    const family = `ALTER OPERATOR FAMILY ${after.identity}`;
    return [
      ...(lost.length === 0 ? [] : [`${family} DROP ${lost.map(withoutReference).join(', ')}`]),
      ...(gained.length === 0 ? [] : [`${family} ADD ${gained.join(', ')}`]),
    ];
  },
};

/** What CREATE OR REPLACE AGGREGATE keeps (manual): arguments, kind and result, which these decide. */
const RESULT = ['stype', 'finalfunc', 'finalfunc_extra', 'hypothetical'];

export const aggregateChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = trailingList(definition(before));
    const wanted = trailingList(definition(after));
    if (!context.same(had.head, wanted.head)) return null;
    const same = RESULT.every((name) =>
      context.same(had.options.get(name) ?? null, wanted.options.get(name) ?? null),
    );
    return same ? [definition(after).replace(/^CREATE AGGREGATE/, 'CREATE OR REPLACE AGGREGATE')] : null;
  },
};

/** CREATE OR REPLACE does all that can differ of a language or a transform under the same name. */
export const languageChanges: DefinitionOptions = {
  change: (_before, after) => [definition(after).replace(/^CREATE /, 'CREATE OR REPLACE ')],
};

export const transformChanges: DefinitionOptions = languageChanges;
