/** Storage parameters of an index, which ALTER INDEX … SET changes without building it anew (manual, ALTER INDEX). */
import { pieces } from '../tokens.ts';
import { parameterChanges } from './options.ts';

interface Split {
  /** The definition without WITH (…). */
  readonly body: string;
  /** `name=value`, unquoted. */
  readonly options: readonly string[];
}

/** `pg_get_indexdef` writes WITH (…) behind columns and INCLUDE and before WHERE, outside of all parentheses. */
export function splitOptions(definition: string): Split {
  const words = pieces(definition);
  let depth = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === '(') depth++;
    else if (word === ')') depth--;
    else if (depth === 0 && word === 'WHERE') break;
    if (depth !== 0 || word !== 'WITH') continue;
    const start = words.indexOf('(', at);
    const end = words.indexOf(')', start);
    const options = words
      .slice(start + 1, end)
      .join('')
      .split(', ')
      .map((item) => item.replace(/'/g, ''));
    const body = [...words.slice(0, at - 1), ...words.slice(end + 1)].join('');
    return { body, options };
  }
  return { body: definition, options: [] };
}

/** SET and RESET that lead from one definition's options to the other's. */
export function optionChanges(index: string, before: string, after: string): string[] {
  if (before === after) return [];
  return parameterChanges(`ALTER INDEX ${index}`, splitOptions(before).options, splitOptions(after).options);
}
