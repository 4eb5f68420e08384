/**
 * The one place where identifiers and literals become SQL text.
 */
import { RESERVED_WORDS } from './keywords.ts';

/** Quotes an identifier when PostgreSQL's `quote_ident` would: anything but a lower-case word that is not reserved. */
export function quoteIdent(name: string): string {
  const known = QUOTED.get(name);
  if (known !== undefined) return known;
  const plain = /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED_WORDS.has(name);
  const quoted = plain ? name : `"${name.replaceAll('"', '""')}"`;
  if (QUOTED.size >= MOST_QUOTED) QUOTED.clear();
  QUOTED.set(name, quoted);
  return quoted;
}

/** A schema's names come back again and again. */
const QUOTED = new Map<string, string>();
const MOST_QUOTED = 20_000;

/** `schema.name`, each part quoted where needed; the name alone where the schema is null. */
export function quoteQualified(schema: string | null, name: string): string {
  return schema === null ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/**
 * A string literal that reads the same whatever `standard_conforming_strings` is: E'' syntax where there is a
 * backslash (PostgreSQL manual, 4.1.2).
 */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return value.includes('\\') ? `E${quoted}` : quoted;
}

/** A dollar-quoted literal with a tag that does not occur in the text. */
export function dollarQuote(text: string, tag = 'ferrata'): string {
  let unique = tag;
  for (let n = 1; text.includes(`$${unique}$`); n++) unique = `${tag}${n}`;
  return `$${unique}$${text}$${unique}$`;
}

/** Splits a dotted, possibly quoted name as PostgreSQL's `parse_ident` does: `a."b.c"` → `['a', 'b.c']`. */
export function splitQualified(name: string): string[] {
  if (!name.includes('"')) {
    const plain = name.split('.');
    if (plain.at(-1) === '') plain.pop();
    return plain;
  }
  const parts: string[] = [];
  let index = 0;
  while (index < name.length) {
    if (name[index] === '"') {
      let part = '';
      index++;
      while (index < name.length) {
        if (name[index] === '"' && name[index + 1] === '"') {
          part += '"';
          index += 2;
        } else if (name[index] === '"') {
          index++;
          break;
        } else {
          part += name[index];
          index++;
        }
      }
      parts.push(part);
    } else {
      const end = name.indexOf('.', index);
      parts.push(name.slice(index, end === -1 ? undefined : end));
      index = end === -1 ? name.length : end;
    }
    if (name[index] === '.') index++;
  }
  return parts;
}
