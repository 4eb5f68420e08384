/** A column that the migration adds and fills holds no NULL where its UPDATE gives a value. */
import type { Catalog } from '../../catalog/model.ts';
import { deparse } from '../../sql/deparse.ts';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { child, children, type Node, text } from '../../sql/tree.ts';
import { type Check, type CheckContext, type Finding, plural, results, uncheckable } from '../check.ts';
import { plannedWrites, type Update } from '../writes.ts';

export const completeness: Check = {
  name: 'completeness',
  async run(context) {
    const plan = context.input.plan ?? null;
    const findings: Finding[] = [];
    for (const update of plan === null ? [] : (await plannedWrites(plan)).updates) {
      const table = await resolve(context, update);
      if (table === null) continue;
      for (const target of children(update.node, 'targetList')) {
        const column = text(target.node, 'name');
        if (column === null || !(await isNew(context, table, column))) continue;
        findings.push(await checkColumn(context, table, column, update, child(target.node, 'val')));
      }
    }
    if (findings.length === 0) {
      const message = 'the migration fills no column of its own';
      findings.push({ subject: 'new columns', ok: true, message });
    }
    return results('completeness', findings);
  },
};

/** `schema.table` of what an UPDATE names. */
async function resolve(context: CheckContext, { table }: Update): Promise<string | null> {
  const [row] = await context.connection.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p')`,
    [quoteQualified(table.schema, table.name)],
  );
  return row?.name ?? null;
}

/** Whether the column is there now and was not before; without a "before" the plan's ADD COLUMN tells. */
async function isNew(context: CheckContext, table: string, column: string): Promise<boolean> {
  const key = `column ${table}.${quoteIdent(column)}`;
  const now = await context.catalog();
  if (!now.objects.has(key)) return false;
  const before: Catalog | null = context.input.catalogBefore ?? null;
  if (before !== null) return before.objects.has(`table ${table}`) && !before.objects.has(key);
  const name = column.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const adds = new RegExp(`\\badd\\s+(column\\s+)?(if\\s+not\\s+exists\\s+)?("${name}"|${name}\\b)`, 'i');
  return (context.input.plan?.steps ?? []).some((step) =>
    step.forward.some((action) => 'sql' in action && adds.test(action.sql)),
  );
}

async function checkColumn(
  context: CheckContext,
  table: string,
  column: string,
  update: Update,
  value: Node | null,
): Promise<Finding> {
  const subject = `column ${table}.${quoteIdent(column)}`;
  const query = value === null ? null : await missedSql(update.node, column, value);
  if (query === null) {
    const message = 'is filled by an expression that could not be turned into a check';
    return { subject, ok: true, severity: 'warning', message };
  }
  const attempt = await context.attempt(() =>
    context.connection.query<{ missed: string; old: string | null }>(query),
  );
  if ('error' in attempt) {
    // A later statement may have dropped what the expression reads.
    return { ...uncheckable(subject, attempt.error), ok: true, hint: null };
  }
  const missed = Number(attempt.value[0]?.missed ?? 0);
  if (missed === 0)
    return { subject, ok: true, message: 'holds a value in every row that its UPDATE concerns' };
  const byApplication = await afterTheRun(context, Number(attempt.value[0]?.old ?? 0));
  return {
    subject,
    ok: false,
    severity: byApplication ? 'warning' : 'error',
    message:
      `is NULL in ${plural(missed, 'row')} where the migration's UPDATE gives a value` +
      (byApplication ? '; the application wrote them after it' : ''),
    hint: 'Run the UPDATE once more for the rows that it missed, or give the column a DEFAULT.',
  };
}

/** Rows as old as the baseline were there when the UPDATE ran; newer ones may come from an application still unaware of the column. */
async function afterTheRun(context: CheckContext, age: number): Promise<boolean> {
  if (!(await context.othersConnected())) return false;
  const xid = context.input.baseline?.xid;
  if (xid === undefined) return true;
  const attempt = await context.attempt(() =>
    context.connection.query<{ limit: string }>(`SELECT age(${quoteLiteral(xid)}::xid)::text AS "limit"`),
  );
  return 'value' in attempt && age <= Number(attempt.value[0]?.limit ?? 0);
}

/**
 * `SELECT count(*) FROM table, … WHERE (the UPDATE's condition) AND column IS NULL AND (expression) IS NOT NULL`, made
 * of the UPDATE's own parse tree. Null where that text would not mean the same.
 */
async function missedSql(node: Node, column: string, value: Node): Promise<string | null> {
  const relation = child(node, 'relation');
  if (relation === null || node.withClause !== undefined) return null;
  // `SET (a, b) = (SELECT …)` and `SET a = DEFAULT` have no expression of the column's own.
  if ('MultiAssignRef' in value || 'SetToDefault' in value) return null;
  const target = text(child(relation, 'alias'), 'aliasname') ?? text(relation, 'relname') ?? '';
  const field = (name: string) => ({
    ColumnRef: { fields: [{ String: { sval: target } }, { String: { sval: name } }] },
  });
  const isNull = (arg: unknown, nulltesttype: string) => ({ NullTest: { arg, nulltesttype } });
  const conditions: unknown[] = [isNull(field(column), 'IS_NULL'), isNull(value, 'IS_NOT_NULL')];
  if (node.whereClause !== undefined) conditions.unshift(node.whereClause);
  const from = [{ RangeVar: relation }, ...((node.fromClause as unknown[] | undefined) ?? [])];
  const call = (name: string, args: unknown[], extra: object) => ({
    FuncCall: {
      funcname: [{ String: { sval: name } }],
      ...(args.length > 0 && { args }),
      ...extra,
      funcformat: 'COERCE_EXPLICIT_CALL',
    },
  });
  const output = (name: string, val: unknown) => ({ ResTarget: { name, val } });
  return deparse('SelectStmt', {
    targetList: [
      output('missed', call('count', [], { agg_star: true })),
      output('old', call('max', [call('age', [field('xmin')], {})], {})),
    ],
    fromClause: from,
    whereClause: { BoolExpr: { boolop: 'AND_EXPR', args: conditions } },
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  });
}
