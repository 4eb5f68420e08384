/**
 * ALTER COLUMN … TYPE: whether the table is written anew, and if not, what else is made again (tablecmds.c,
 * ATPostAlterTypeCleanup): indexes whose operators or expressions change, CHECKs and foreign keys on the column.
 */
import type { ConstraintProperties, IndexProperties } from '../../catalog/model.ts';
import { splitQualified } from '../../sql/quote.ts';
import { child, type Node, nameFromParts, strings, text, unwrap } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { indexParts, keyColumn, usesColumn } from '../known/index-parts.ts';
import { indexOperators, type TypeChange, typeChange, typeNameOf, typeText } from '../types.ts';
import { apply, applyTo, hasRows, rewriteTable } from './apply.ts';
import { foreignKeyCast, referringKeys, withPartitions } from './foreign-keys.ts';
import { indexIdentity } from './names.ts';
import { everyone, type Scope } from './scope.ts';

export interface ColumnTypeChange extends TypeChange {
  readonly column: string;
  /** As `format_type` gives it; null where it is not known. */
  readonly from: string | null;
  readonly to: string;
}

/** What ALTER COLUMN … TYPE does, for facts and findings alike. */
export function columnTypeChange(command: Node, relation: string, context: AssessContext): ColumnTypeChange {
  const definition = child(child(command, 'def'), 'ColumnDef');
  const column = text(command, 'name') ?? '';
  const typeName = typeNameOf(definition);
  const from = context.column(relation, column)?.type ?? null;
  const to = typeText(typeName);
  const using = definition?.raw_default !== undefined && !isPlainCast(definition.raw_default, column, to);
  // A domain without constraints is as good as its type; one with them is checked for every row, with a rewrite.
  const target = context.domain(nameFromParts(strings(typeName?.names)) ?? { schema: null, name: '' });
  const source =
    from === null ? null : context.domain(nameFromParts(splitQualified(from)) ?? { schema: null, name: '' });
  const change = typeChange(source?.base ?? from, target?.base ?? to, using, context.isUtc);
  const same = from !== null && context.typeText(typeName) === from && !using;
  return {
    column,
    from,
    to,
    ...change,
    rewrites: !same && (change.rewrites || target?.constrained === true),
  };
}

/** USING with the column itself, or its cast to the new type, says what would happen without it. */
function isPlainCast(expression: unknown, column: string, to: string): boolean {
  const outer = unwrap(expression);
  const cast =
    outer?.kind === 'TypeCast' && typeText(typeNameOf(outer.node)) === to ? outer.node.arg : expression;
  const reference = unwrap(cast);
  return reference?.kind === 'ColumnRef' && strings(reference.node.fields).join('.') === column;
}

/** Indexes that are built anew although the table is not written anew; identities. */
export function indexesMadeAgain(command: Node, relation: string, context: AssessContext): readonly string[] {
  const change = columnTypeChange(command, relation, context);
  if (change.rewrites) return [];
  const { column, from, to } = change;
  const base = (type: string): string =>
    context.domain(nameFromParts(splitQualified(type)) ?? { schema: null, name: '' })?.base ?? type;
  const operators = from === null || indexOperators(base(from)) === indexOperators(base(to));
  const known = context.column(relation, column)?.collation ?? null;
  const collates = collation(command) !== (known === null ? null : (splitQualified(known).at(-1) ?? null));
  const found: string[] = [];
  for (const { name, ...constraint } of context.constraints(relation)) {
    if (!hasIndex(constraint) || !constraint.columns.includes(column)) continue;
    if (!operators || collates) found.push(indexIdentity(relation, name));
  }
  for (const object of context.known.children(`table ${relation}`)) {
    if (object.kind !== 'index') continue;
    const parts = indexParts((object.properties as IndexProperties).definition);
    if (!usesColumn(parts, column)) continue;
    const expressions = parts.where !== null || parts.keys.some((key) => keyColumn(key) === null);
    const isKey = parts.keys.some((key) => keyColumn(key) === column);
    const elements = isKey && parts.method !== 'btree' && from?.endsWith('[]');
    if (expressions || elements || (isKey && (!operators || collates))) found.push(object.identity);
  }
  return found;
}

function collation(command: Node): string | null {
  const definition = child(child(command, 'def'), 'ColumnDef');
  const clause = child(definition, 'collClause');
  const names = strings((child(clause, 'CollateClause') ?? clause)?.collname);
  const name = names.at(-1);
  return name === undefined || name === 'default' ? null : name;
}

function hasIndex({ type }: Pick<ConstraintProperties, 'type'>): boolean {
  return type === 'unique' || type === 'primary' || type === 'exclusion';
}

export function describeColumnType(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const change = columnTypeChange(command, relation, context);
  effect.tagFor(relation, 'changes-schema', 'type-change');
  if (change.narrows === true) {
    effect
      .tagFor(relation, 'type-narrowing')
      .lose(
        relation,
        `${relation}.${change.column}`,
        `values that ${change.to} cannot hold as ${change.from ?? 'the old type'} did`,
      );
  }
  apply('column-type.catalog', { target: relation }, effect, context);
  applyTo('column-type.catalog', 'partition', scope.heirs, effect, context);
  for (const table of everyone(scope)) changeType(table, command, change.rewrites, scope);
}

function changeType(table: string, command: Node, rewrites: boolean, { effect, context }: Scope): void {
  const column = text(command, 'name') ?? '';
  if (rewrites) rewriteTable(table, effect, context);
  for (const index of indexesMadeAgain(command, table, context)) effect.scan(table).build(table, index);
  for (const { name, ...constraint } of context.constraints(table)) {
    if (!constraint.columns.includes(column)) continue;
    const identity = context.constraintIdentity(table, name);
    if (constraint.type === 'check' && constraint.validated && constraint.enforced) {
      // Made again, it is proved again.
      if (hasRows(table, context)) effect.scan(table);
    } else if (constraint.type === 'foreign') {
      remakeKey(table, identity, constraint, column, command, { effect, context });
    }
  }
  for (const { table: other, name, properties } of referringKeys(table, column, context)) {
    apply('column-type.referenced-wider', { source: other }, effect, context);
    if (!isReused(table, column, command, context) && properties.validated && properties.enforced) {
      proveKey(other, name, table, { effect, context });
    }
  }
}

type Means = Pick<Scope, 'effect' | 'context'>;

/** The key is dropped and made again; its rows are looked up again unless its operators stay the same. */
function remakeKey(
  table: string,
  identity: string,
  { references, validated, enforced }: ConstraintProperties,
  column: string,
  command: Node,
  { effect, context }: Means,
): void {
  const scope = { relation: table, heirs: [], allHeirs: [], partitioned: false, effect, context };
  const { referenced } = foreignKeyCast(references, scope);
  effect.tagFor(table, 'foreign-key');
  apply('column-type.foreign-key-wider', { referenced }, effect, context);
  if (isReused(table, column, command, context) || !validated || !enforced) return;
  if (references !== null) proveKey(table, identity, references, { effect, context });
}

function proveKey(table: string, identity: string, referenced: string, { effect, context }: Means): void {
  effect.prove(table, identity);
  if (hasRows(table, context)) effect.scan(table);
  for (const other of withPartitions(referenced, context)) if (hasRows(other, context)) effect.scan(other);
}

function isReused(table: string, column: string, command: Node, context: AssessContext): boolean {
  const from = context.column(table, column)?.type ?? null;
  const to = typeText(typeNameOf(child(child(command, 'def'), 'ColumnDef')));
  return from !== null && indexOperators(from) === indexOperators(to);
}
