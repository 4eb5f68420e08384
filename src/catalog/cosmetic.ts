/**
 * Function bodies without what means nothing in them: comments, and the amount of white space. Only SQL and PL/pgSQL
 * are read; elsewhere (Python …) white space may mean something.
 */
import type { CatalogObject, Json } from './model.ts';

const READABLE = new Set(['sql', 'plpgsql']);

/** The properties that count as different beyond cosmetics: no column position, functions without white space. */
export function withoutCosmetics(
  object: Pick<CatalogObject, 'kind' | 'properties'>,
): CatalogObject['properties'] {
  const { kind, properties } = object;
  if (kind === 'column') {
    const { position: _, ...rest } = properties;
    return rest;
  }
  if (kind === 'function') {
    const { definition, language } = properties;
    return { ...properties, definition: plainBody(definition ?? null, language ?? null) };
  }
  return properties;
}

/** A `pg_get_functiondef` with the white space and comments of its body made uniform. */
export function plainBody(definition: Json, language: Json): Json {
  if (typeof definition !== 'string' || typeof language !== 'string' || !READABLE.has(language))
    return definition;
  // The server picks a tag that does not occur in the body; a body in BEGIN ATOMIC has no quotes and no white space of its own.
  const opening = /^AS (\$(?:function|procedure)x*\$)/m.exec(definition);
  const tag = opening?.[1];
  if (opening === null || tag === undefined) return definition;
  const start = opening.index + opening[0].length;
  const end = definition.lastIndexOf(tag);
  if (end < start) return definition;
  const body = uniformSpace(definition.slice(start, end));
  return body === null ? definition : definition.slice(0, start) + body + definition.slice(end);
}

const SPACE = /\s/;
const WORD = /[A-Za-z0-9_$\u0080-\uffff]/;

/**
 * SQL text with each run of white space and comments as one space (none beside brackets, commas and semicolons). Null
 * where it cannot be told apart for certain: a string with a backslash, whose end depends on a setting, or a quote
 * without an end.
 */
function uniformSpace(sql: string): string | null {
  let result = '';
  let index = 0;
  let space = false;
  let newline = false;
  const emit = (token: string) => {
    const last = result.at(-1);
    if (space && last !== undefined && !isPunctuation(last) && !isPunctuation(token)) {
      // Two string literals are one where a line break stands between them (manual, 4.1.2.1).
      result += newline && last === "'" && token.startsWith("'") ? '\n' : ' ';
    }
    space = false;
    newline = false;
    result += token;
  };
  while (index < sql.length) {
    const char = sql[index] ?? '';
    if (SPACE.test(char)) {
      space = true;
      newline ||= char === '\n' || char === '\r';
      index++;
    } else if (char === '-' && sql[index + 1] === '-') {
      const end = sql.indexOf('\n', index);
      index = end === -1 ? sql.length : end;
      space = true;
    } else if (char === '/' && sql[index + 1] === '*') {
      const end = commentEnd(sql, index);
      if (end === null) return null;
      index = end;
      space = true;
    } else if (char === "'" || char === '"') {
      const end = quoteEnd(sql, index, char);
      if (end === null) return null;
      const literal = sql.slice(index, end);
      if (char === "'" && literal.includes('\\')) return null;
      emit(literal);
      index = end;
    } else if (char === '$' && !WORD.test(sql[index - 1] ?? ' ')) {
      const tag = /^\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$/.exec(
        sql.slice(index, index + 70),
      )?.[0];
      const end = tag === undefined ? index + 1 : sql.indexOf(tag, index + tag.length) + tag.length;
      if (tag !== undefined && end < index + 2 * tag.length) return null;
      emit(sql.slice(index, end));
      index = end;
    } else {
      emit(char);
      index++;
    }
  }
  return result;
}

function isPunctuation(token: string): boolean {
  return token === '(' || token === ')' || token === ',' || token === ';';
}

/** Block comments nest (manual, 4.1.5). */
function commentEnd(sql: string, start: number): number | null {
  let depth = 0;
  for (let index = start; index < sql.length - 1; index++) {
    if (sql[index] === '/' && sql[index + 1] === '*') {
      depth++;
      index++;
    } else if (sql[index] === '*' && sql[index + 1] === '/') {
      depth--;
      index++;
      if (depth === 0) return index + 1;
    }
  }
  return null;
}

function quoteEnd(sql: string, start: number, quote: string): number | null {
  for (let index = start + 1; index < sql.length; index++) {
    if (sql[index] !== quote) continue;
    if (sql[index + 1] !== quote) return index + 1;
    index++;
  }
  return null;
}
