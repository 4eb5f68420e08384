/** Constraints that are added without a look at the rows, and those that are validated: by `schema.table.name`. */
import { quoteIdent } from '../../sql/quote.ts';
import { flag, type Node, relationOf, showName, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { addedConstraints, commands } from './rule.ts';

const KINDS = ['CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_NOTNULL'];

export interface Unvalidated {
  readonly name: string;
  readonly validate: string;
}

export function addsUnvalidated(analysis: Analysis): readonly Unvalidated[] {
  if (analysis.statement.kind !== 'AlterTableStmt') return [];
  const table = target(analysis);
  const written = relationOf(analysis.statement.node);
  if (table === null || written === null) return [];
  return KINDS.flatMap((kind) => addedConstraints(analysis, kind))
    .filter((constraint) => flag(constraint, 'skip_validation') && isEnforced(constraint))
    .flatMap((constraint) => text(constraint, 'conname') ?? [])
    .map((name) => ({
      name: `${table}.${quoteIdent(name)}`,
      validate: `ALTER TABLE ${showName(written)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
    }));
}

export function validatedConstraints(analysis: Analysis): readonly string[] {
  if (analysis.statement.kind !== 'AlterTableStmt') return [];
  const table = target(analysis);
  if (table === null) return [];
  return commands(analysis, 'AT_ValidateConstraint').map(
    (command) => `${table}.${quoteIdent(text(command, 'name') ?? '')}`,
  );
}

/** The table under the name that the facts have for it; null where it is the migration's own. */
function target({ facts }: Analysis): string | null {
  return facts.locks.find((lock) => lock.role === 'target')?.relation ?? null;
}

/** The grammar says of every CHECK and foreign key whether it is enforced, and of no other constraint. */
function isEnforced(constraint: Node): boolean {
  return text(constraint, 'contype') === 'CONSTR_NOTNULL' || flag(constraint, 'is_enforced');
}
