import type { DefinitionProperties } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { AssessContext } from '../context.ts';

/** Publications that send the changes of a table; null where that is not known. */
export function publicationsOf(table: string, context: AssessContext): readonly string[] | null {
  const measured = context.surroundings.target.relations[table]?.publications;
  if (context.catalog === null) return measured ?? null;
  const [schema = ''] = splitQualified(table);
  return context.known
    .objects('publication')
    .filter(({ properties }) => {
      const { definition } = properties as DefinitionProperties;
      return definition !== null && sends(definition, table, schema);
    })
    .map(({ identity }) => identity);
}

/** As the catalog's reader writes it: `CREATE PUBLICATION p FOR TABLE ONLY a.b, ONLY a.c (x), TABLES IN SCHEMA s WITH (…)`. */
function sends(definition: string, table: string, schema: string): boolean {
  if (definition.includes(' FOR ALL TABLES')) return true;
  const content = definition.split(' WITH (publish')[0] ?? '';
  const whole = /\bTABLES IN SCHEMA (.*)$/.exec(content)?.[1]?.split(', ') ?? [];
  if (whole.includes(quoteIdent(schema))) return true;
  return content
    .split(/[ ,]+ONLY /)
    .some((part) => part === table || part.startsWith(`${table} `) || part.startsWith(`${table},`));
}
