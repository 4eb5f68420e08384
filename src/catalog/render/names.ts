/**
 * Identities (`schema.table.column`, `schema.f(integer)`) taken apart and put together again. Every part of an identity
 * is quoted where PostgreSQL would quote it, so an identity is SQL as it stands.
 */
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { CatalogObject, ObjectKey, ObjectKind } from '../model.ts';

export interface Name {
  /** Unquoted parts: schema, relation, column … */
  readonly path: readonly string[];
  /** `(integer, text)` of a routine or operator, ` USING btree` of an operator class; empty for everything else. */
  readonly suffix: string;
  /** The last part is an operator's, which is never quoted. */
  readonly operator?: true;
}

/** Kinds whose identity is one name: they live in no schema. */
const SCHEMALESS: ReadonlySet<ObjectKind> = new Set([
  'schema',
  'extension',
  'language',
  'foreign data wrapper',
  'server',
  'event trigger',
  'publication',
  'subscription',
  'access method',
  'database',
]);

export function keyOf(kind: ObjectKind, identity: string): ObjectKey {
  return `${kind} ${identity}`;
}

export function nameOf(object: Pick<CatalogObject, 'kind' | 'identity'>): Name {
  if (object.kind === 'function' || object.kind === 'aggregate') {
    const open = openingParenthesis(object.identity);
    return {
      path: splitQualified(object.identity.slice(0, open)),
      suffix: object.identity.slice(open),
    };
  }
  if (object.kind === 'operator') {
    const open = object.identity.indexOf('(');
    const bare = object.identity.slice(0, open);
    const dot = bare.lastIndexOf('.');
    const path = [...splitQualified(bare.slice(0, dot)), bare.slice(dot + 1)];
    return { path, suffix: object.identity.slice(open), operator: true };
  }
  if (object.kind === 'operator class' || object.kind === 'operator family') {
    const using = object.identity.lastIndexOf(' USING ');
    return { path: splitQualified(object.identity.slice(0, using)), suffix: object.identity.slice(using) };
  }
  return { path: splitQualified(object.identity), suffix: '' };
}

export function formatName(name: Name): string {
  const last = name.path.length - 1;
  const parts = name.path.map((part, index) =>
    name.operator === true && index === last ? part : quoteIdent(part),
  );
  return parts.join('.') + name.suffix;
}

/** The last part, quoted: what RENAME TO takes, and what stands before ON in DROP TRIGGER. */
export function localName(object: Pick<CatalogObject, 'kind' | 'identity'>): string {
  return quoteIdent(localPart(object));
}

/** The last part, unquoted. */
export function localPart(object: Pick<CatalogObject, 'kind' | 'identity'>): string {
  return nameOf(object).path.at(-1) ?? object.identity;
}

/** `schema.table` of a column, constraint, trigger, policy or rule: its identity without the last part. */
export function ownerRelation(object: Pick<CatalogObject, 'kind' | 'identity'>): string {
  return nameOf(object).path.slice(0, -1).map(quoteIdent).join('.');
}

/** The schema an object lives in, unquoted; null for what lives in none. */
export function schemaOf(object: Pick<CatalogObject, 'kind' | 'identity'>): string | null {
  if (SCHEMALESS.has(object.kind)) return null;
  const { path } = nameOf(object);
  return path.length > 1 ? (path[0] ?? null) : null;
}

function openingParenthesis(identity: string): number {
  let quoted = false;
  for (let index = 0; index < identity.length; index++) {
    if (identity[index] === '"') quoted = !quoted;
    else if (identity[index] === '(' && !quoted) return index;
  }
  return identity.length;
}

/**
 * The name that the server gives a NOT NULL constraint, `<table>_<column>_not_null`, shortened as `makeObjectName` does
 * it: bytes are taken from the longer part until the whole has 63.
 */
export function chosenName(first: string, second: string, label: string): string {
  const room = 63 - 1 - label.length - 1;
  let a = Buffer.byteLength(first);
  let b = Buffer.byteLength(second);
  while (a + b > room) {
    if (a > b) a--;
    else b--;
  }
  return `${clip(first, a)}_${clip(second, b)}_${label}`;
}

/** At most `bytes` bytes of UTF-8, never half a character. */
function clip(text: string, bytes: number): string {
  let result = '';
  let used = 0;
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    result += character;
  }
  return result;
}
