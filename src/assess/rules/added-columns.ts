import type { ConstraintProperties, DomainProperties } from '../../catalog/model.ts';
import { child, children, flag, type Node, relationOf, strings, text, unwrap } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { isVolatile } from '../expressions.ts';
import { columnDefinition } from '../statements/columns.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { commands, existingRelation, once } from './rule.ts';
import type { Target } from './steps.ts';

/** A column that ALTER TABLE … ADD COLUMN puts into a table which others use. */
export interface AddedColumn extends Target {
  readonly command: Node;
  readonly definition: Node;
  readonly name: string;
  /** Of the definition, in order. */
  readonly constraints: readonly Node[];
}

/** Without those that are there already where IF NOT EXISTS says so. */
export const addedColumns = once((analysis, context): readonly AddedColumn[] => {
  const table = existingRelation(analysis, context);
  const written = relationOf(analysis.statement.node);
  if (table === null || written === null) return [];
  return commands(analysis, 'AT_AddColumn').flatMap((command) => {
    const definition = columnDefinition(command);
    const name = text(definition, 'colname');
    if (definition === null || name === null) return [];
    if (flag(command, 'missing_ok') && context.column(table, name) !== null) return [];
    const constraints = children(definition, 'constraints').map((item) => item.node);
    return [{ table, written, command, definition, name, constraints }];
  });
});

export function constraintOf({ constraints }: AddedColumn, type: string): Node | null {
  return constraints.find((constraint) => text(constraint, 'contype') === type) ?? null;
}

/** Why every row needs a value of its own, so that the table is written anew; null where it does not. */
export type Rewriting = 'volatile default' | 'serial' | 'identity' | 'stored' | 'domain';

export function rewriting(column: AddedColumn, context: AssessContext): Rewriting | null {
  if (isSerial(typeNameOf(column.definition))) return 'serial';
  if (constraintOf(column, 'CONSTR_IDENTITY') !== null) return 'identity';
  if (isStored(constraintOf(column, 'CONSTR_GENERATED'))) return 'stored';
  const value = defaultOf(column);
  if (value !== null && isVolatile(value, (name) => context.functionVolatility(name)))
    return 'volatile default';
  return constrainedDomain(column, context) === null ? null : 'domain';
}

function isStored(constraint: Node | null): boolean {
  return constraint !== null && text(constraint, 'generated_kind') !== 'v';
}

/** The expression of DEFAULT; null where there is none, or it is NULL. */
export function defaultOf(column: AddedColumn): unknown {
  const value = constraintOf(column, 'CONSTR_DEFAULT')?.raw_expr ?? null;
  return isNull(value) ? null : value;
}

function isNull(expression: unknown): boolean {
  const outer = unwrap(expression);
  if (outer?.kind === 'TypeCast') return isNull(outer.node.arg);
  return outer?.kind === 'A_Const' && outer.node.isnull === true;
}

/** A domain whose values are checked, by itself or by the domain that it is made of. */
export interface ConstrainedDomain {
  /** `schema.domain` */
  readonly identity: string;
  /** What it stands for in the end, as `format_type` gives it. */
  readonly base: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly ConstraintProperties[];
}

/** The domain of the column's type, where its values are checked. */
export function constrainedDomain(
  { definition }: AddedColumn,
  context: AssessContext,
): ConstrainedDomain | null {
  const typeName = typeNameOf(definition);
  const parts = strings(typeName?.names);
  const name = parts.at(-1);
  if (name === undefined || Array.isArray(typeName?.arrayBounds)) return null;
  const identity = context.resolveType({ schema: parts.at(-2) ?? null, name });
  const found = domainAt(identity, context);
  return found !== null && (found.notNull || found.checks.length > 0) ? found : null;
}

function domainAt(identity: string, context: AssessContext): ConstrainedDomain | null {
  const properties = context.known.get('domain', identity)?.properties as DomainProperties | undefined;
  if (properties === undefined) return null;
  const own = context.known
    .children(`domain ${identity}`)
    .map((object) => object.properties as ConstraintProperties)
    .filter(({ type }) => type === 'check');
  const below = domainAt(properties.type, context);
  return {
    identity,
    base: below?.base ?? properties.type,
    notNull: properties.notNull || below?.notNull === true,
    default: properties.default ?? below?.default ?? null,
    checks: [...(below?.checks ?? []), ...own],
  };
}

/** Whether a row that does not name the column gets a value that is not NULL. */
export function hasValue(column: AddedColumn, context: AssessContext): boolean {
  if (isSerial(typeNameOf(column.definition)) || defaultOf(column) !== null) return true;
  if (['CONSTR_IDENTITY', 'CONSTR_GENERATED'].some((type) => constraintOf(column, type) !== null))
    return true;
  // DEFAULT NULL takes a domain's own default away.
  if (constraintOf(column, 'CONSTR_DEFAULT') !== null) return false;
  return (constrainedDomain(column, context)?.default ?? null) !== null;
}

export function isRequired(column: AddedColumn, context: AssessContext): boolean {
  const said = ['CONSTR_NOTNULL', 'CONSTR_PRIMARY'].some((type) => constraintOf(column, type) !== null);
  return said || constrainedDomain(column, context)?.notNull === true;
}

/** The table that REFERENCES names, as the facts have it. */
export function referencedBy(constraint: Node, context: AssessContext): string | null {
  const range = child(constraint, 'pktable');
  const name = text(range, 'relname');
  return name === null ? null : context.resolve({ schema: text(range, 'schemaname'), name });
}
