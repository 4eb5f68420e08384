/** Names that the server will choose for what a statement leaves without one. */
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { type Node, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { constraintName, joinedName, relationName } from '../known/chosen-names.ts';

const LABELS: Readonly<Record<string, string>> = {
  CONSTR_CHECK: 'check',
  CONSTR_FOREIGN: 'fkey',
  CONSTR_UNIQUE: 'key',
  CONSTR_PRIMARY: 'pkey',
  CONSTR_EXCLUSION: 'excl',
  CONSTR_NOTNULL: 'not_null',
};

/** `schema.table.constraint`, by its own name or the one that the server will choose. */
export function constraintIdentity(
  relation: string,
  constraint: Node,
  columns: readonly string[],
  context: AssessContext,
): string {
  const given = text(constraint, 'conname');
  const label = LABELS[text(constraint, 'contype') ?? ''] ?? 'check';
  const name = given ?? constraintName(context.known, `table ${relation}`, columns, label);
  return `${relation}.${quoteIdent(name)}`;
}

/** `schema.index` of a key that is added: by the constraint's name, or the one that the server will choose. */
export function keyIndex(
  relation: string,
  constraint: Node,
  columns: readonly string[],
  context: AssessContext,
): string {
  const given = text(constraint, 'conname');
  return indexIdentity(relation, given ?? chosenKeyName(relation, constraint, columns, context));
}

/** As `keyIndex`, for the copy of the key on a partition, which never has the given name. */
export function partitionKeyIndex(
  partition: string,
  constraint: Node,
  columns: readonly string[],
  context: AssessContext,
): string {
  return indexIdentity(partition, chosenKeyName(partition, constraint, columns, context));
}

function chosenKeyName(
  relation: string,
  constraint: Node,
  columns: readonly string[],
  context: AssessContext,
): string {
  if (text(constraint, 'contype') === 'CONSTR_PRIMARY') return joinedName(lastPart(relation), null, 'pkey');
  return relationName(context.known, relation, columns, LABELS[text(constraint, 'contype') ?? ''] ?? 'key');
}

/** `schema.index` of CREATE INDEX without a name. */
export function chosenIndex(relation: string, columns: readonly string[], context: AssessContext): string {
  return indexIdentity(relation, relationName(context.known, relation, columns, 'idx'));
}

/** An index lies in the schema of its table. */
export function indexIdentity(relation: string, name: string): string {
  return quoteQualified(splitQualified(relation)[0] ?? null, name);
}

/** The name of the constraint behind a NOT NULL, which has one since PostgreSQL 18; null before. */
export function notNullIdentity(
  relation: string,
  column: string,
  context: AssessContext,
  of: string = relation,
): string | null {
  if (!context.since(18)) return null;
  const given = context.column(relation, column)?.notNullName ?? null;
  return `${relation}.${quoteIdent(given ?? joinedName(lastPart(of), column, 'not_null'))}`;
}

function lastPart(identity: string): string {
  return splitQualified(identity).at(-1) ?? identity;
}
