/** Constraints that come, are proved, change and go: commands of ALTER TABLE (manual, ALTER TABLE, notes). */
import type { ConstraintProperties, IndexProperties } from '../../catalog/model.ts';
import { child, children, flag, type Node, nameFromRange, strings, text } from '../../sql/tree.ts';
import type { FactId } from '../facts/index.ts';
import { indexColumnNames } from '../known/chosen-names.ts';
import { indexParts, keyColumn } from '../known/index-parts.ts';
import { columnsIn } from '../known/make.ts';
import { apply, applyTo, hasRows, withRows } from './apply.ts';
import { foreignKeyCast, referringTables, withPartitions } from './foreign-keys.ts';
import { constraintIdentity, indexIdentity, keyIndex, notNullIdentity, partitionKeyIndex } from './names.ts';
import { everyone, type Scope } from './scope.ts';

export function describeAddConstraint(command: Node, scope: Scope): void {
  const constraint = child(child(command, 'def'), 'Constraint');
  switch (text(constraint, 'contype')) {
    case 'CONSTR_CHECK':
      addCheck(constraint as Node, scope);
      return;
    case 'CONSTR_NOTNULL':
      addNotNull(constraint as Node, scope);
      return;
    case 'CONSTR_FOREIGN':
      addForeignKey(constraint as Node, scope);
      return;
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      addKey(constraint as Node, scope);
      return;
    default:
      return;
  }
}

/** Of a constraint that is added with what the statement says: whether the rows that are there are held against it. */
function isProved(constraint: Node): boolean {
  return !flag(constraint, 'skip_validation') && constraint.is_enforced !== false;
}

/** One row for a table by itself, one for a table with heirs, one for a partitioned table. */
function pick({ partitioned, heirs }: Scope, alone: FactId, inherited: FactId, divided: FactId): FactId {
  if (partitioned && heirs.length > 0) return divided;
  return heirs.length > 0 ? inherited : alone;
}

function addCheck(constraint: Node, scope: Scope): void {
  const { relation, heirs, effect, context } = scope;
  const alone = flag(constraint, 'is_no_inherit');
  const fact = isProved(constraint)
    ? alone
      ? 'check.no-inherit-heirs'
      : pick(scope, 'check.add', 'check.inherited', 'check.partitioned')
    : pick(scope, 'check.not-valid', 'check.inherited-not-valid', 'check.partitioned-not-valid');
  apply(fact, { target: relation, partition: heirs }, effect, context);
  if (!isProved(constraint)) return;
  const columns = columnsIn(constraint.raw_expr);
  const name = constraintIdentity(relation, constraint, columns.length === 1 ? columns : [], context);
  for (const table of alone ? [relation] : everyone(scope)) {
    if (hasRows(table, context)) effect.validate(table, table + name.slice(relation.length));
  }
}

function addNotNull(constraint: Node, scope: Scope): void {
  const { relation, heirs, effect, context } = scope;
  const column = strings(constraint.keys)[0] ?? '';
  effect.tagFor(relation, 'not-null');
  apply('not-null-constraint.add-proved', { target: relation }, effect, context);
  applyTo('not-null-constraint.add-proved', 'partition', heirs, effect, context);
  if (!isProved(constraint)) return;
  const given = text(constraint, 'conname');
  for (const table of everyone(scope)) {
    const known = context.column(table, column);
    if (known?.notNull === true && known.notNullValid) continue;
    if (context.isCheckedNotNull(table, column) || !hasRows(table, context)) continue;
    const chosen = notNullIdentity(table, column, context, relation) ?? table;
    effect.validate(table, given === null ? chosen : context.constraintIdentity(table, given));
  }
}

function addForeignKey(constraint: Node, scope: Scope): void {
  const { relation, partitioned, heirs, effect, context } = scope;
  const references = context.resolve(nameFromRange(child(constraint, 'pktable')));
  const cast = foreignKeyCast(references, scope);
  effect.tagFor(relation, 'foreign-key');
  const proved = isProved(constraint);
  const fact = partitioned
    ? proved
      ? 'foreign-key.from-partitioned'
      : 'foreign-key.from-partitioned-not-valid'
    : heirs.length > 0
      ? proved
        ? 'foreign-key.inherited'
        : 'foreign-key.inherited-not-valid'
      : proved
        ? references === relation
          ? 'foreign-key.self'
          : 'foreign-key.add'
        : 'foreign-key.not-valid';
  apply(fact, { ...cast, partition: heirs }, effect, context);
  if (!proved) return;
  const name = constraintIdentity(relation, constraint, strings(constraint.fk_attrs), context);
  for (const table of partitioned ? everyone(scope) : [relation]) {
    effect.prove(table, table + name.slice(relation.length));
  }
}

function addKey(constraint: Node, scope: Scope): void {
  const { relation, heirs, effect, context } = scope;
  const type = text(constraint, 'contype');
  const using = text(constraint, 'indexname');
  const columns = keyColumnsOf(constraint, scope);
  const primary = type === 'CONSTR_PRIMARY';
  const cast = { target: relation, partition: heirs };
  if (primary) {
    effect.tagFor(relation, 'not-null');
    const nullable = columns.filter((column) => context.column(relation, column)?.notNull !== true);
    for (const column of nullable) requireNotNull(column, scope);
  }
  if (using !== null) {
    const inherited = primary ? 'primary-key.inherited-using' : 'unique.using-inherited';
    apply(pick(scope, 'unique.using', inherited, inherited), cast, effect, context);
    return;
  }
  const fact = primary
    ? pick(scope, 'primary-key.add-notnull', 'primary-key.inherited', 'primary-key.partitioned')
    : type === 'CONSTR_UNIQUE'
      ? pick(scope, 'unique.add', 'unique.inherited', 'unique.partitioned')
      : pick(scope, 'exclusion.add', 'exclusion.inherited', 'exclusion.partitioned');
  apply(fact, cast, effect, context);
  for (const table of withRows(relation, context)) {
    const index = (table === relation ? keyIndex : partitionKeyIndex)(table, constraint, columns, context);
    effect.scan(table).build(table, index);
  }
}

/** A primary key makes its columns NOT NULL, in every heir too, which is then locked with it. */
function requireNotNull(column: string, scope: Scope): void {
  const { relation, heirs, effect, context } = scope;
  apply('not-null.set-proved', { target: relation }, effect, context);
  applyTo('not-null.set-proved', 'partition', heirs, effect, context);
  for (const table of everyone(scope)) {
    if (context.column(table, column)?.notNull === true || context.isCheckedNotNull(table, column)) continue;
    if (!hasRows(table, context)) continue;
    effect.scan(table);
    const name = notNullIdentity(table, column, context, relation);
    if (name !== null) effect.validate(table, name);
  }
}

function keyColumnsOf(constraint: Node, { relation, context }: Scope): readonly string[] {
  const using = text(constraint, 'indexname');
  if (using !== null) {
    const index = context.known.get('index', indexIdentity(relation, using));
    const parts = index === null ? null : indexParts((index.properties as IndexProperties).definition);
    return (parts?.keys ?? []).map(keyColumn).filter((column) => column !== null);
  }
  const elements = children(constraint, 'exclusions').map(({ node }) =>
    Array.isArray(node.items) ? node.items[0] : null,
  );
  return elements.length > 0 ? indexColumnNames(elements) : strings(constraint.keys);
}

export function describeDropConstraint(command: Node, scope: Scope): void {
  const { relation, partitioned, heirs, allHeirs, effect, context } = scope;
  const known = context.constraint(relation, text(command, 'name') ?? '');
  const cast = { target: relation, partition: heirs };
  if (known === null && flag(command, 'missing_ok') && context.isWhole(relation)) {
    apply('drop-constraint.missing', { target: relation }, effect, context);
    return;
  }
  if (known === null) {
    apply('drop-constraint.inherited', cast, effect, context);
    return;
  }
  switch (known.type) {
    case 'foreign': {
      effect.tagFor(relation, 'foreign-key');
      const { referenced } = foreignKeyCast(known.references, scope);
      const fact = partitioned ? 'drop-constraint.foreign-key-partitioned' : 'drop-constraint.foreign-key';
      apply(fact, { ...cast, referenced }, effect, context);
      return;
    }
    case 'check':
      // Heirs keep the CHECK with ONLY, as one of their own: that too is written down for each.
      apply(
        partitioned ? 'drop-constraint.check-partitioned' : 'drop-constraint.inherited',
        { target: relation, partition: known.noInherit ? [] : allHeirs },
        effect,
        context,
      );
      return;
    case 'trigger':
      apply('drop-constraint.inherited', cast, effect, context);
      return;
    default:
      apply(
        partitioned ? 'drop-constraint.unique-partitioned' : 'drop-constraint.unique-heirs',
        cast,
        effect,
        context,
      );
      if (text(command, 'behavior') === 'DROP_CASCADE') {
        const source = keysNeeding(known, scope);
        apply('drop-constraint.primary-key-cascade', { source }, effect, context);
      }
  }
}

/** Tables with foreign keys that need this very key. */
function keysNeeding({ columns }: ConstraintProperties, { relation, context }: Scope): readonly string[] {
  return referringTables(relation, columns[0] ?? null, context);
}

export function describeValidate(command: Node, scope: Scope): void {
  const { relation, partitioned, heirs, effect, context } = scope;
  const name = text(command, 'name') ?? '';
  const known = context.constraint(relation, name);
  if (known?.type === 'foreign') {
    if (known.validated) {
      apply('validate.foreign-key-valid', { target: relation }, effect, context);
      return;
    }
    const [referenced = null, ...source] = withPartitions(known.references, context);
    const divided = source.length > 0 ? 'validate.foreign-key-to-partitioned' : 'validate.foreign-key';
    const fact = partitioned ? 'validate.foreign-key-partitioned' : divided;
    const partition = partitioned ? heirs : [];
    apply(fact, { target: relation, partition, referenced, source }, effect, context);
    for (const table of [relation, ...partition]) {
      effect.prove(table, context.constraintIdentity(table, name));
    }
    return;
  }
  const isOpen = (known ?? notNullNamed(relation, name, scope))?.validated !== true;
  const fact = pick(scope, 'validate.check', 'validate.inherited', 'validate.partitioned');
  if (!isOpen) {
    apply('validate.valid', { target: relation }, effect, context);
    return;
  }
  apply(fact, { target: relation, partition: heirs }, effect, context);
  for (const table of everyone(scope)) {
    const own = context.constraint(table, name) ?? notNullNamed(table, name, scope);
    if (own?.validated === true || !hasRows(table, context)) continue;
    effect.validate(table, context.constraintIdentity(table, name));
  }
}

/** A NOT NULL by its constraint's name: it is a property of the column here. */
function notNullNamed(
  table: string,
  name: string,
  { context }: Scope,
): { readonly validated: boolean } | null {
  const wanted = context.constraintIdentity(table, name);
  const column = context
    .columns(table)
    .find((one) => one.notNull && notNullIdentity(table, one.name, context) === wanted);
  return column === undefined ? null : { validated: column.notNullValid };
}

export function describeAlterConstraint(command: Node, scope: Scope): void {
  const { relation, partitioned, heirs, effect, context } = scope;
  const def = child(command, 'def');
  const change = child(def, 'ATAlterConstraint') ?? child(def, 'Constraint');
  const name = text(change, 'conname') ?? '';
  const known = context.constraint(relation, name);
  const cast = foreignKeyCast(known?.references ?? null, scope);
  if (known?.type === 'foreign' && flag(change, 'alterEnforceability')) {
    const enforced = flag(change, 'is_enforced');
    if (enforced === known.enforced) apply('alter-constraint.deferrable', cast, effect, context);
    else
      apply(enforced ? 'alter-constraint.enforced' : 'alter-constraint.not-enforced', cast, effect, context);
    if (enforced && !known.enforced) effect.prove(relation, context.constraintIdentity(relation, name));
    return;
  }
  const fact = partitioned ? 'alter-constraint.deferrable-partitioned' : 'alter-constraint.deferrable';
  apply(fact, { ...cast, partition: heirs }, effect, context);
}
