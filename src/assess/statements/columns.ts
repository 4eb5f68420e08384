/** Columns that come, change and go: commands of ALTER TABLE (manual, ALTER TABLE; locks: AlterTableGetLockLevel). */
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import {
  child,
  children,
  type Node,
  nameFromParts,
  nameFromRange,
  strings,
  text,
  unwrap,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import { isVolatile } from '../expressions.ts';
import { isSerial, typeChange, typeNameOf, typeText } from '../types.ts';

export function columnDefinition(command: Node): Node | null {
  return child(child(command, 'def'), 'ColumnDef');
}

export function constraintsOf(column: Node | null): readonly Node[] {
  return children(column, 'constraints').map((item) => item.node);
}

/** Why adding this column writes the whole table anew; null where it is a change of the catalog alone. */
export function addColumnRewrite(column: Node | null, context: AssessContext): string | null {
  const typeName = typeNameOf(column);
  if (isSerial(typeName)) return 'serial: every row gets a number of its own';
  for (const constraint of constraintsOf(column)) {
    const type = text(constraint, 'contype');
    if (type === 'CONSTR_IDENTITY') return 'an identity: every row gets a number of its own';
    if (type === 'CONSTR_GENERATED' && text(constraint, 'generated_kind') !== 'v') {
      return 'a stored generated column: every row gets its value';
    }
    if (
      type === 'CONSTR_DEFAULT' &&
      isVolatile(constraint.raw_expr, (name) => context.functionVolatility(name))
    ) {
      return 'a volatile default: every row gets a value of its own';
    }
  }
  const name = nameFromParts(strings(typeName?.names));
  if (name !== null && context.domain(name)?.constrained === true) {
    return 'a domain: its constraints are checked for every row';
  }
  return null;
}

export function describeAddColumn(
  command: Node,
  relation: string,
  effect: Effect,
  context: AssessContext,
): void {
  const column = columnDefinition(command);
  const name = text(column, 'colname') ?? '';
  if (addColumnRewrite(column, context) !== null) rewriteTable(relation, effect, context);
  for (const constraint of constraintsOf(column)) {
    switch (text(constraint, 'contype')) {
      case 'CONSTR_NOTNULL':
        effect.tagFor(relation, 'not-null');
        break;
      case 'CONSTR_IDENTITY':
        effect.tagFor(relation, 'not-null');
        break;
      case 'CONSTR_PRIMARY':
        effect.tagFor(relation, 'not-null').build(relation, `${relation} (${quoteIdent(name)})`);
        break;
      case 'CONSTR_UNIQUE':
        effect.build(relation, `${relation} (${quoteIdent(name)})`);
        break;
      case 'CONSTR_CHECK':
        effect.validate(relation, constraintLabel(relation, constraint));
        break;
      case 'CONSTR_FOREIGN': {
        const referenced = context.resolve(nameFromRange(child(constraint, 'pktable')));
        effect.lock(referenced, 'ShareRowExclusiveLock', 'referenced').tagFor(relation, 'foreign-key');
        // With a default the new values are looked up; without one they are NULL, and the check passes at once.
        if (constraintsOf(column).some((other) => text(other, 'contype') === 'CONSTR_DEFAULT')) {
          effect.validate(relation, constraintLabel(relation, constraint));
          if (referenced !== null) effect.scan(referenced);
        }
        break;
      }
      default:
        break;
    }
  }
  effect.tagFor(relation, 'changes-schema');
}

export function describeDropColumn(
  command: Node,
  relation: string,
  effect: Effect,
  context: AssessContext,
): void {
  const column = text(command, 'name') ?? '';
  const cascade = text(command, 'behavior') === 'DROP_CASCADE';
  effect
    .lose(relation, `${relation}.${quoteIdent(column)}`, 'the values of the column')
    .tagFor(relation, 'changes-schema', 'column-dropped', cascade ? 'destroys' : 'takes-away');
  for (const constraint of context.constraints(relation)) {
    if (constraint.type !== 'foreign' || !constraint.columns.includes(column)) continue;
    effect.lock(constraint.references, 'AccessExclusiveLock', 'referenced').tagFor(relation, 'foreign-key');
  }
}

/** What ALTER COLUMN … TYPE does, for facts and findings alike. */
export function columnTypeChange(command: Node, relation: string, context: AssessContext) {
  const definition = columnDefinition(command);
  const column = text(command, 'name') ?? '';
  const typeName = typeNameOf(definition);
  const from = context.column(relation, column)?.type ?? null;
  const to = typeText(typeName);
  const using = definition?.raw_default !== undefined && !isPlainCast(definition.raw_default, column, to);
  // A domain without constraints is as good as its type; one with them is checked for every row, with a rewrite.
  const target = context.domain(nameFromParts(strings(typeName?.names)) ?? { schema: null, name: '' });
  const source =
    from === null ? null : context.domain(nameFromParts(splitQualified(from)) ?? { schema: null, name: '' });
  const change = typeChange(source?.base ?? from, target?.base ?? to, using);
  return { column, from, to, ...change, rewrites: change.rewrites || target?.constrained === true };
}

/** USING with the column itself, or its cast to the new type, says what would happen without it. */
function isPlainCast(expression: unknown, column: string, to: string): boolean {
  const outer = unwrap(expression);
  const cast =
    outer?.kind === 'TypeCast' && typeText(typeNameOf(outer.node)) === to ? outer.node.arg : expression;
  const reference = unwrap(cast);
  return reference?.kind === 'ColumnRef' && strings(reference.node.fields).join('.') === column;
}

export function describeColumnType(
  command: Node,
  relation: string,
  effect: Effect,
  context: AssessContext,
): void {
  const change = columnTypeChange(command, relation, context);
  effect.tagFor(relation, 'changes-schema', 'type-change');
  if (change.narrows === true) {
    effect
      .tagFor(relation, 'type-narrowing')
      .lose(
        relation,
        `${relation}.${quoteIdent(change.column)}`,
        `values that ${change.to} cannot hold as ${change.from ?? 'the old type'} did`,
      );
  }
  if (change.rewrites) rewriteTable(relation, effect, context);
}

export function describeSetNotNull(
  command: Node,
  relation: string,
  effect: Effect,
  context: AssessContext,
): void {
  const column = text(command, 'name') ?? '';
  effect.tagFor(relation, 'changes-schema', 'not-null');
  if (context.column(relation, column)?.notNull === true) return;
  if (!context.isCheckedNotNull(relation, column)) {
    effect.validate(relation, `${relation}.${quoteIdent(column)} IS NOT NULL`);
  }
}

/** The table is read and written whole, and each of its indexes is built anew. */
export function rewriteTable(relation: string, effect: Effect, context: AssessContext): void {
  effect.rewrite(relation).scan(relation);
  for (const index of context.indexes(relation)) effect.build(relation, index);
}

export function constraintLabel(relation: string, constraint: Node): string {
  const name = text(constraint, 'conname');
  if (name !== null) return `${relation}.${quoteIdent(name)}`;
  const words: Readonly<Record<string, string>> = {
    CONSTR_CHECK: 'CHECK',
    CONSTR_FOREIGN: 'FOREIGN KEY',
    CONSTR_UNIQUE: 'UNIQUE',
    CONSTR_PRIMARY: 'PRIMARY KEY',
    CONSTR_EXCLUSION: 'EXCLUDE',
    CONSTR_NOTNULL: 'NOT NULL',
  };
  return `${relation} ${words[text(constraint, 'contype') ?? ''] ?? 'constraint'}`;
}
