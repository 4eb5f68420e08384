/**
 * Foreign data wrappers, servers and user mappings (manual, ALTER FOREIGN DATA WRAPPER, ALTER SERVER, ALTER USER
 * MAPPING). Options of user mappings that hold secrets are known by their names alone and stay as they are.
 */
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, Json } from '../../model.ts';
import { CannotRender, equalJson, type RenderContext } from '../context.ts';
import type { DefinitionOptions } from './definition.ts';
import { genericOptions, splitOutside } from './definition-text.ts';

function definition(object: CatalogObject): string {
  return String(object.properties.definition ?? '');
}

/** The definition without its OPTIONS, and these. */
function parts(object: CatalogObject): { readonly head: string; readonly options: Map<string, string> } {
  const sql = definition(object);
  const at = / OPTIONS \(/.exec(sql)?.index ?? -1;
  if (at === -1) return { head: sql, options: new Map() };
  const list = sql.slice(at + ' OPTIONS ('.length, sql.lastIndexOf(')'));
  const options = splitOutside(list, ',').map((item): [string, string] => {
    const name = /^(?:"(?:[^"]|"")*"|\S+)/.exec(item)?.[0] ?? item;
    return [name, item.slice(name.length).trim()];
  });
  return { head: sql.slice(0, at), options: new Map(options) };
}

function clause(head: string, word: string): string | null {
  return new RegExp(` ${word} ('(?:[^']|'')*'|\\S+)`).exec(head)?.[1] ?? null;
}

export const wrapperChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = parts(before);
    const wanted = parts(after);
    const routines = ['HANDLER', 'VALIDATOR'].flatMap((word) => {
      const name = clause(wanted.head, word);
      if (context.same(clause(had.head, word), name)) return [];
      return [name === null ? `NO ${word}` : `${word} ${name}`];
    });
    const change = [...routines.map((one) => ` ${one}`), genericOptions(had.options, wanted.options)].join(
      '',
    );
    return change === '' ? [] : [`ALTER FOREIGN DATA WRAPPER ${after.identity}${change}`];
  },
  /** A function that goes or is made again is let go of, so that the servers and tables of the wrapper can stay. */
  detach(object, cause) {
    if (cause.kind !== 'function') return null;
    const { head } = parts(object);
    const lost = ['HANDLER', 'VALIDATOR'].filter((word) => clause(head, word) !== null);
    let left = definition(object);
    for (const word of lost) left = left.replace(` ${word} ${clause(head, word)}`, '');
    const sql = `ALTER FOREIGN DATA WRAPPER ${object.identity}${lost.map((word) => ` NO ${word}`).join('')}`;
    const properties = { ...object.properties, definition: left };
    return { drafts: lost.length === 0 ? [] : [{ sql }], left: { ...object, properties } };
  },
};

export const serverChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = parts(before);
    const wanted = parts(after);
    const fixed = (head: string): string => head.replace(/ VERSION '(?:[^']|'')*'/, '');
    if (!context.same(fixed(had.head), fixed(wanted.head))) return null;
    const version = clause(wanted.head, 'VERSION');
    const changed = clause(had.head, 'VERSION') === version ? '' : ` VERSION ${version ?? 'NULL'}`;
    const change = changed + genericOptions(had.options, wanted.options);
    return change === '' ? [] : [`ALTER SERVER ${after.identity}${change}`];
  },
};

function list(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function shown(object: CatalogObject): Map<string, string> {
  return new Map(
    list(object.properties.options).map((item) => {
      const at = item.indexOf('=');
      return [quoteIdent(item.slice(0, at)), quoteLiteral(item.slice(at + 1))];
    }),
  );
}

function secrets(object: CatalogObject): readonly string[] {
  return list(object.properties.secretOptions);
}

function neverWritten(names: readonly string[]): string {
  return `its option ${names.join(', ')} holds a secret, which is never read nor written down: set it yourself`;
}

export const userMappingChanges: DefinitionOptions = {
  changes: ['options', 'secretOptions'],
  missing: (object) => neverWritten(secrets(object)),
  change(before: CatalogObject, after: CatalogObject, _context: RenderContext) {
    const fresh = secrets(after).filter((name) => !secrets(before).includes(name));
    if (fresh.length > 0) throw new CannotRender(neverWritten(fresh));
    const had = shown(before);
    for (const name of secrets(before)) if (!secrets(after).includes(name)) had.set(quoteIdent(name), '');
    if (equalJson([...had], [...shown(after)])) return [];
    return [`ALTER USER MAPPING ${after.identity}${genericOptions(had, shown(after))}`];
  },
};
