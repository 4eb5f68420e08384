import { quoteIdent } from '../../sql/quote.ts';
import { type Node, relationOf, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { alterTableSql } from './rule.ts';
import { COMMIT } from './steps.ts';

/** The constraint added without reading the rows, and then validated under a weaker lock. */
export async function notValidThenValidate(
  analysis: Analysis,
  constraint: Node,
  suffix: string,
): Promise<readonly (string | null)[]> {
  const name = text(constraint, 'conname') ?? constraintName(analysis, constraint, suffix);
  const { initially_valid: _valid, ...rest } = constraint;
  const add = await alterTableSql(analysis, {
    subtype: 'AT_AddConstraint',
    def: { Constraint: { ...rest, conname: name, skip_validation: true } },
    behavior: 'DROP_RESTRICT',
  });
  const table = relationOf(analysis.statement.node);
  const validate =
    table === null ? null : `ALTER TABLE ${showName(table)} VALIDATE CONSTRAINT ${quoteIdent(name)}`;
  return [add, COMMIT, validate];
}

/** A name as the server would choose one: `table_columns_suffix`, within its 63 bytes. */
export function constraintName(analysis: Analysis, constraint: Node, suffix: string): string {
  const table = relationOf(analysis.statement.node)?.name ?? 'table';
  const columns = [...strings(constraint.fk_attrs), ...strings(constraint.keys)];
  return [table, ...columns]
    .join('_')
    .slice(0, 62 - suffix.length)
    .concat(`_${suffix}`);
}
