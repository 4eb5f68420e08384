/** Columns that come and go, and NOT NULL: commands of ALTER TABLE (manual, ALTER TABLE). */
import { quoteIdent } from '../../sql/quote.ts';
import { child, type Node, nameFromParts, nameFromRange, strings, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { isVolatile } from '../expressions.ts';
import type { FactId } from '../facts/index.ts';
import { joinedConstraints } from '../known/tables.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { apply, applyTo, hasRows, withRows } from './apply.ts';
import { foreignKeyCast, referringTables } from './foreign-keys.ts';
import { constraintIdentity, keyIndex, notNullIdentity } from './names.ts';
import { everyone, type Scope } from './scope.ts';

export { columnTypeChange } from './column-type.ts';

export function columnDefinition(command: Node): Node | null {
  return child(child(command, 'def'), 'ColumnDef');
}

/** The constraints behind a column, each with what is said of it (NOT ENFORCED … are nodes of their own in the grammar). */
export function constraintsOf(column: Node | null): readonly Node[] {
  return joinedConstraints(column);
}

/** Why adding the column writes the table anew, with the row of facts that says so; null where it does not. */
export function addedRewrite(
  column: Node | null,
  context: AssessContext,
): { readonly fact: FactId; readonly why: string } | null {
  const typeName = typeNameOf(column);
  if (isSerial(typeName)) {
    return { fact: 'add-column.serial', why: 'serial: every row gets a number of its own' };
  }
  for (const constraint of constraintsOf(column)) {
    const type = text(constraint, 'contype');
    if (type === 'CONSTR_IDENTITY') {
      return { fact: 'add-column.identity', why: 'an identity: every row gets a number of its own' };
    }
    if (type === 'CONSTR_GENERATED' && text(constraint, 'generated_kind') !== 'v') {
      return { fact: 'add-column.stored', why: 'a stored generated column: every row gets its value' };
    }
    if (
      type === 'CONSTR_DEFAULT' &&
      isVolatile(constraint.raw_expr, (name) => context.functionVolatility(name))
    ) {
      return { fact: 'add-column.volatile', why: 'a volatile default: every row gets a value of its own' };
    }
  }
  const name = nameFromParts(strings(typeName?.names));
  if (name !== null && context.domain(name)?.constrained === true) {
    return { fact: 'add-column.domain', why: 'a domain: its constraints are checked for every row' };
  }
  return null;
}

/** Why adding this column writes the whole table anew; null where it is a change of the catalog alone. */
export function addColumnRewrite(column: Node | null, context: AssessContext): string | null {
  return addedRewrite(column, context)?.why ?? null;
}

export function describeAddColumn(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const column = columnDefinition(command);
  const name = text(column, 'colname') ?? '';
  effect.tagFor(relation, 'changes-schema');
  const given = context.column(relation, name) !== null && command.missing_ok === true;
  if (given) {
    apply('add-column.ifnotexists', { target: relation }, effect, context);
    return;
  }
  const rewrite = addedRewrite(column, context);
  addWith(rewrite?.fact ?? 'add-column.plain', scope);
  const constraints = constraintsOf(column);
  const types = new Set(constraints.map((constraint) => text(constraint, 'contype')));
  const hasDefault = types.has('CONSTR_DEFAULT');
  const isVirtual = types.has('CONSTR_GENERATED') && rewrite === null;
  const notNull = types.has('CONSTR_NOTNULL') || types.has('CONSTR_PRIMARY');
  if (notNull || types.has('CONSTR_IDENTITY') || isSerial(typeNameOf(column))) {
    effect.tagFor(relation, 'not-null');
    // Rows that are there have to be looked at, or are written anew.
    if (notNull && !hasDefault && rewrite === null) {
      addWith(isVirtual ? 'add-column.virtual-notnull' : 'add-column.notnull', scope);
    }
    if (rewrite !== null || !hasDefault) proveNotNull(scope, name);
  }
  for (const constraint of constraints) addedConstraint(constraint, name, hasDefault, scope);
}

/** The table and its heirs get the column alike. */
function addWith(fact: FactId, { relation, heirs, effect, context }: Scope): void {
  apply(fact, { target: relation }, effect, context);
  applyTo(fact, 'partition', heirs, effect, context);
}

function proveNotNull(scope: Scope, column: string): void {
  const { relation, effect, context } = scope;
  for (const table of everyone(scope)) {
    const constraint = notNullIdentity(table, column, context, relation);
    if (constraint !== null && hasRows(table, context)) effect.validate(table, constraint);
  }
}

function addedConstraint(constraint: Node, column: string, hasDefault: boolean, scope: Scope): void {
  const { relation, partitioned, effect, context } = scope;
  const enforced = constraint.is_enforced !== false;
  switch (text(constraint, 'contype')) {
    case 'CONSTR_CHECK': {
      if (!enforced) return;
      addWith('add-column.check', scope);
      const name = constraintIdentity(relation, constraint, [column], context);
      for (const table of everyone(scope)) {
        if (hasRows(table, context)) effect.validate(table, table + name.slice(relation.length));
      }
      return;
    }
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE': {
      apply('add-column.unique', { target: relation }, effect, context);
      for (const table of withRows(relation, context)) {
        effect.scan(table).build(table, keyIndex(table, constraint, [column], context));
      }
      return;
    }
    case 'CONSTR_FOREIGN': {
      const cast = foreignKeyCast(context.resolve(nameFromRange(child(constraint, 'pktable'))), scope);
      // With a default the new values are looked up, a NULL too; without one the server knows that they are NULL.
      const looks = hasDefault && enforced;
      effect.tagFor(relation, 'foreign-key');
      apply(looks ? 'add-column.references-default' : 'add-column.references', cast, effect, context);
      if (!looks) return;
      const name = constraintIdentity(relation, constraint, [column], context);
      for (const table of partitioned ? everyone(scope) : [relation]) {
        effect.prove(table, table + name.slice(relation.length));
        if (hasRows(table, context)) effect.scan(table);
      }
      return;
    }
    default:
      return;
  }
}

export function describeDropColumn(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const column = text(command, 'name') ?? '';
  const cascade = text(command, 'behavior') === 'DROP_CASCADE';
  if (command.missing_ok === true && isMissing(relation, column, context)) {
    apply('drop-column.missing', { target: relation }, effect, context);
    return;
  }
  effect
    .lose(relation, `${relation}.${quoteIdent(column)}`, 'the values of the column')
    .tagFor(relation, 'changes-schema', 'column-dropped', cascade ? 'destroys' : 'takes-away');
  addWith('drop-column.plain', scope);
  for (const constraint of context.constraints(relation)) {
    if (constraint.type !== 'foreign' || !constraint.columns.includes(column)) continue;
    const { referenced } = foreignKeyCast(constraint.references, scope);
    apply('drop-column.foreign-key', { referenced }, effect, context);
    effect.tagFor(relation, 'foreign-key');
  }
  if (!cascade) return;
  const source = referringTables(relation, column, context);
  apply('drop-column.referenced', { source }, effect, context);
  apply('drop-column.view', { target: context.viewsUsing(relation, column) }, effect, context);
}

function isMissing(relation: string, column: string, context: AssessContext): boolean {
  return context.isWhole(relation) && context.column(relation, column) === null;
}

export function describeSetNotNull(command: Node, scope: Scope): void {
  const { relation, partitioned, heirs, effect, context } = scope;
  const column = text(command, 'name') ?? '';
  effect.tagFor(relation, 'changes-schema', 'not-null');
  const known = context.column(relation, column);
  if (known?.notNull === true && known.notNullValid) {
    const fact = partitioned ? 'not-null.set-already-partitioned' : 'not-null.set-already-inherited';
    apply(fact, { target: relation, partition: heirs }, effect, context);
    return;
  }
  apply('not-null.set-proved', { target: relation }, effect, context);
  for (const table of everyone(scope)) setNotNull(table, column, scope);
}

function setNotNull(table: string, column: string, { relation, effect, context }: Scope): void {
  if (table !== relation) applyTo('not-null.set-proved', 'partition', table, effect, context);
  const known = context.column(table, column);
  if (known?.notNull === true && known.notNullValid) return;
  if (context.isCheckedNotNull(table, column) || !hasRows(table, context)) return;
  effect.scan(table);
  const constraint = notNullIdentity(table, column, context, relation);
  if (constraint !== null) effect.validate(table, constraint);
}

export function describeSetExpression(command: Node, scope: Scope): void {
  const column = scope.context.column(scope.relation, text(command, 'name') ?? '');
  addWith(column?.generated === 'virtual' ? 'expression.set-virtual' : 'expression.set', scope);
}
