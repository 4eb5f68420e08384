/** Text search dictionaries and configurations that change in place (manual, ALTER TEXT SEARCH …). */
import type { CatalogObject } from '../../model.ts';
import type { DefinitionOptions } from './definition.ts';
import { statementsOf, trailingList } from './definition-text.ts';

function definition(object: CatalogObject): string {
  return String(object.properties.definition ?? '');
}

export const dictionaryChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = trailingList(definition(before)).options;
    const wanted = trailingList(definition(after)).options;
    if (!context.same(had.get('template') ?? null, wanted.get('template') ?? null)) return null;
    const items: string[] = [];
    for (const name of new Set([...had.keys(), ...wanted.keys()])) {
      const value = wanted.get(name);
      if (name === 'template' || had.get(name) === value) continue;
      items.push(value === undefined ? name : `${name} = ${value}`);
    }
    return items.length === 0 ? [] : [`ALTER TEXT SEARCH DICTIONARY ${after.identity} (${items.join(', ')})`];
  },
};

/** Token type → its dictionaries. */
function mappings(object: CatalogObject): Map<string, string> {
  return new Map(
    statementsOf(definition(object)).flatMap((sql): [string, string][] => {
      const [, token, dictionaries] = / ADD MAPPING FOR (\S+) WITH ([\s\S]*)$/.exec(sql) ?? [];
      return token === undefined || dictionaries === undefined ? [] : [[token, dictionaries]];
    }),
  );
}

export const configurationChanges: DefinitionOptions = {
  change(before, after, context) {
    const [created = ''] = statementsOf(definition(before));
    const [wantedCreated = ''] = statementsOf(definition(after));
    // The parser is fixed for good.
    if (!context.same(created, wantedCreated)) return null;
    const had = mappings(before);
    const wanted = mappings(after);
    const alter = `ALTER TEXT SEARCH CONFIGURATION ${after.identity}`;
    const lost = [...had.keys()].filter((token) => !wanted.has(token));
    return [
      ...(lost.length === 0 ? [] : [`${alter} DROP MAPPING FOR ${lost.join(', ')}`]),
      ...[...wanted].flatMap(([token, dictionaries]) => {
        const old = had.get(token);
        if (old === undefined) return [`${alter} ADD MAPPING FOR ${token} WITH ${dictionaries}`];
        if (context.same(old, dictionaries)) return [];
        return [`${alter} ALTER MAPPING FOR ${token} WITH ${dictionaries}`];
      }),
    ];
  },
};
