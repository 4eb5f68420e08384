/**
 * Whether an `INSERT … SELECT` from one table may run in many transactions: each row of the source gives its row of the
 * target by itself. Only looked at where `migration.yaml` asks for batches: while they go on, others see half of the copy.
 */
import type { AssessContext } from '../../assess/context.ts';
import { calledFunctions } from '../../assess/expressions.ts';
import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, type Node, relationOf, strings, text, walk } from '../../sql/tree.ts';
import { callsOf, folds } from './functions.ts';
import { countMoments, withMoment } from './moment.ts';
import { familyOf, hasQuery, namesTooMuch, readsTooMuch } from './reads.ts';
import { partsOf, type RowLocalOptions, shapeRefusal, type Verdict } from './row-local.ts';

/** What gives several rows for one: the manual's chapters 9.25, 9.16, 9.19, 9.7. */
const GIVES_ROWS =
  /^(generate_(series|subscripts)|unnest|string_to_table|regexp_(matches|split_to_table)|jsonb?_(array_elements|each|object_keys|populate_recordset|to_recordset|path_query)\w*)$/;

/** The source of an INSERT … SELECT from a single table; null for any other INSERT. */
export function sourceOf({ kind, node }: ParsedStatement): Node | null {
  if (kind !== 'InsertStmt') return null;
  const from = children(child(child(node, 'selectStmt'), 'SelectStmt') ?? {}, 'fromClause');
  const [only] = from;
  return from.length === 1 && only?.kind === 'RangeVar' ? only.node : null;
}

/**
 * @param range its source (`sourceOf`)
 * @param context the schema at the moment when the statement would run
 */
export async function insertLocal(
  { node }: ParsedStatement,
  range: Node,
  context: AssessContext,
  options: RowLocalOptions,
): Promise<Verdict> {
  const select = child(child(node, 'selectStmt'), 'SelectStmt');
  const table = context.resolve(relationOf({ relation: range }));
  const properties = table === null ? null : context.table(table);
  const target = context.resolve(relationOf(node));
  if (select === null || table === null || properties === null || context.isNew(table)) {
    return { refusal: 'its rows do not come from one table that was there before' };
  }
  if (target === null || context.table(target) === null) return { refusal: 'its table is not known' };
  const alias = text(child(range, 'alias'), 'aliasname') ?? text(range, 'relname') ?? '';
  const columns = new Set(context.columns(table).map(({ name }) => name));
  const values = children(select, 'targetList').map((item) => item.node.val);
  const expressions = [select.targetList, select.whereClause];
  const families = new Set([...familyOf(table, context), ...familyOf(target, context)]);
  const refusal =
    shapeRefusal(node, range, properties, context, table) ??
    selectRefusal(select, context) ??
    targetRefusal(node, target, table, context) ??
    expressions.map((one) => namesTooMuch(one, alias, columns)).find((found) => found !== null) ??
    readsTooMuch(expressions, families, alias, context);
  if (refusal !== null) return { refusal };
  const written = children(node, 'cols').map((item) => text(item.node, 'name') ?? '');
  if (written.length !== values.length) return { refusal: 'it does not name a column for each value' };
  const given = callsOf(select.targetList, context, target, true);
  const asked = callsOf([select.whereClause], context, target, false);
  const called = given.refusal ?? asked.refusal;
  if (called !== null) return { refusal: called };

  const parts = await partsOf(table, new Set(), context, true, options);
  if ('refusal' in parts) return parts;
  const texts = await Promise.all(values.map((value) => timed(value)));
  const where = select.whereClause === undefined ? null : await timed(select.whereClause);
  const told = texts.flatMap((one) => one ?? []);
  if (told.length < texts.length || (select.whereClause !== undefined && where === null)) {
    return { refusal: 'its parts can not be told apart in the text' };
  }
  return {
    table,
    alias: quoteIdent(alias),
    parts: parts.parts,
    where,
    action: {
      type: 'insert-select',
      target,
      columns: written,
      values: told,
      onConflict: node.onConflictClause === undefined ? null : 'DO NOTHING',
    },
    written: { set: null, others: null, where },
    readsOthers: given.readsTables || asked.readsTables || hasQuery(expressions),
    moment: countMoments(expressions) > 0,
    momentInWhere: countMoments(select.whereClause) > 0,
    varies: given.varies || defaultsOf(target, written, context).some(variesByItself),
    repeatable: false,
    undone: null,
    statementTriggers: [],
  };
}

function selectRefusal(select: Node, context: AssessContext): string | null {
  if (text(select, 'op') !== 'SETOP_NONE') return 'it puts several queries together';
  if (child(select, 'withClause') !== null) return 'its query begins with WITH';
  if (select.lockingClause !== undefined) return 'its query locks rows';
  if (select.sortClause !== undefined) return 'its query asks for an order of the rows';
  if (folds(select, context)) return 'its query makes one row of many, or takes only some of them';
  let refusal: string | null = null;
  walk([select.targetList], (kind, node) => {
    if (kind === 'A_Star') refusal = 'it takes all columns (*): name them';
    if (kind === 'SubLink') return false;
    if (kind === 'FuncCall' && GIVES_ROWS.test(strings(node.funcname).at(-1) ?? '')) {
      refusal = `${strings(node.funcname).at(-1)}() gives several rows for one`;
    }
    return undefined;
  });
  if (refusal !== null) return refusal;
  const own = calledFunctions([select.targetList]).flatMap((name) =>
    context.known
      .objects('function')
      .filter(
        ({ identity, properties }) =>
          identity.includes(`${name.name}(`) &&
          /^(setof|table)\b/i.test(String((properties as { readonly returns?: string }).returns)),
      ),
  );
  return own.length === 0 ? null : `${own[0]?.identity} gives several rows for one`;
}

function targetRefusal(node: Node, target: string, table: string, context: AssessContext): string | null {
  const properties = context.table(target);
  if (familyOf(target, context).has(table) || target === table) return `it reads ${table}, which it writes`;
  if (properties === null || properties.foreignServer !== null) return `${target} lies on another server`;
  if (familyOf(target, context).size > 1 || properties.partitionKey !== null) {
    return `${target} is partitioned, or others inherit from it`;
  }
  if (properties.rowSecurity) return `${target} has row security`;
  if (context.on(target, 'rule').length > 0) return `rules on ${target} rewrite it`;
  if (context.on(target, 'trigger').length > 0) return `triggers on ${target} see a batch at a time`;
  if (!['OVERRIDING_NOT_SET', null].includes(text(node, 'override')))
    return 'it overrides what the table gives';
  const bound = context
    .constraints(target)
    .find(({ deferrable, references }) => deferrable || references === target);
  if (bound !== undefined)
    return `${bound.name} of ${target} is checked at the end of a statement or transaction`;
  const columns = children(node, 'cols');
  if (columns.length === 0) return 'it does not name the columns that it fills';
  if (columns.some((column) => column.node.indirection !== undefined)) return 'it fills a part of a column';
  const conflict = child(node, 'onConflictClause');
  if (
    conflict !== null &&
    (text(conflict, 'action') !== 'ONCONFLICT_NOTHING' || conflict.infer !== undefined)
  ) {
    return 'its ON CONFLICT is more than DO NOTHING';
  }
  const filled = new Set(columns.map((column) => text(column.node, 'name')));
  const late = context
    .columns(target)
    .find(
      ({ name, default: value }) =>
        !filled.has(name) && /\b(now|current_\w+|localtime\w*|\w+_timestamp)\b/i.test(value ?? ''),
    );
  return late === undefined
    ? null
    : `the default of ${late.name} asks for the time, which differs from batch to batch`;
}

/** Of the columns that the statement does not fill: their defaults; `identity` for such. */
function defaultsOf(target: string, written: readonly string[], context: AssessContext): readonly string[] {
  return context
    .columns(target)
    .filter(({ name }) => !written.includes(name))
    .map(({ identity, default: value }) => (identity === null ? (value ?? '') : 'identity'));
}

function variesByItself(value: string): boolean {
  return value === 'identity' || /\b(nextval|random\w*|gen_\w+|uuid\w*)\(/i.test(value);
}

/** An expression as text, the time held still; null where that would not mean the same. */
async function timed(expression: unknown): Promise<string | null> {
  const select = await deparse('SelectStmt', {
    targetList: [{ ResTarget: { val: expression } }],
    limitOption: 'LIMIT_OPTION_DEFAULT',
    op: 'SETOP_NONE',
  });
  if (select === null || !/^select\s/i.test(select)) return null;
  const { sql, found } = withMoment(select.replace(/^select\s+/i, ''));
  return found === countMoments(expression) ? sql : null;
}
