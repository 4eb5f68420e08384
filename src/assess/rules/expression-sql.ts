import { deparse } from '../../sql/deparse.ts';

/** An expression of the parse tree as SQL; null where it cannot be written down safely. */
export async function expressionSql(expression: unknown): Promise<string | null> {
  const select = await deparse('SelectStmt', {
    targetList: [{ ResTarget: { val: expression } }],
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  });
  return select === null ? null : select.replace(/^SELECT\s+/, '');
}
