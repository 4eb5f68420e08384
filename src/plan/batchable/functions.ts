/** What an expression calls: whether it may stand in a statement that runs in many transactions. */
import type { AssessContext } from '../../assess/context.ts';
import { calledFunctions } from '../../assess/expressions.ts';
import type { FunctionProperties } from '../../catalog/model.ts';
import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import {
  children,
  flag,
  type Node,
  nameFromParts,
  type QualifiedName,
  showName,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';

/** Volatile functions (PostgreSQL 13 to 18, uuid-ossp, pgcrypto) that give each row a value of its own, and nothing else. */
const HARMLESS = new Set([
  'clock_timestamp',
  'gen_random_bytes',
  'gen_random_uuid',
  'gen_salt',
  'nextval',
  'random',
  'random_normal',
  'timeofday',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'uuidv4',
  'uuidv7',
]);

/** Volatile ones that do or see more than their row, and stable ones that tell of the transaction or the session. */
const OTHERS = new Set([
  'array_sample',
  'array_shuffle',
  'current_query',
  'currtid2',
  'currval',
  'cursor_to_xml',
  'cursor_to_xmlschema',
  'lastval',
  'loread',
  'lowrite',
  'query_to_xml',
  'query_to_xml_and_xmlschema',
  'query_to_xmlschema',
  'schema_to_xml',
  'set_config',
  'setseed',
  'setval',
  'table_to_xml',
  'ts_rewrite',
]);
const OTHER_KINDS = /^(pg_|lo_|txid_|dblink|binary_upgrade_)/;
/** Of those, what is about values alone. */
const PLAIN = new Set([
  'pg_char_to_encoding',
  'pg_client_encoding',
  'pg_column_size',
  'pg_get_expr',
  'pg_input_is_valid',
  'pg_lsn',
  'pg_size_bytes',
  'pg_size_pretty',
  'pg_typeof',
]);

export const AGGREGATES = new Set(
  (
    'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank ' +
    'every json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique ' +
    'json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict ' +
    'jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode percent_rank percentile_cont percentile_disc ' +
    'range_agg range_intersect_agg rank regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy ' +
    'regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg'
  ).split(' '),
);

export interface Calls {
  /** Why it may not; null where it may. */
  readonly refusal: string | null;
  /** Whether a function of the schema is called, which may read tables. */
  readonly readsTables: boolean;
  /** Whether it gives another value each time. */
  readonly varies: boolean;
}

/**
 * @param table the table that is written, `schema.table`
 * @param mayVary whether a value of its own for each row is no harm: in SET, not in a condition
 */
export function callsOf(expression: unknown, context: AssessContext, table: string, mayVary: boolean): Calls {
  let readsTables = false;
  let varies = false;
  for (const name of calledFunctions([expression])) {
    const shown = showName(name);
    const own = definitionsOf(name, context);
    if (own.length > 0) {
      const worst = own.map(volatilityOf);
      if (worst.includes('volatile')) {
        return {
          refusal: `${shown}() is VOLATILE: it may do, or see, more than its row (declare it STABLE or IMMUTABLE where it is)`,
          readsTables,
          varies,
        };
      }
      if (worst.includes('stable')) {
        readsTables = true;
        if (own.some((definition) => mentions(definition, table))) {
          return { refusal: `${shown}() may read ${table}, which is written`, readsTables, varies };
        }
      }
      continue;
    }
    if (HARMLESS.has(name.name)) {
      varies = true;
      if (!mayVary)
        return {
          refusal: `${shown}() in the condition decides anew each time it is asked`,
          readsTables,
          varies,
        };
    } else if (OTHERS.has(name.name) || (OTHER_KINDS.test(name.name) && !PLAIN.has(name.name))) {
      return { refusal: `${shown}() tells of, or does, more than its row`, readsTables, varies };
    } else if (name.name === 'age' && oneArgument(expression)) {
      return { refusal: 'age() of one argument asks for the date of the transaction', readsTables, varies };
    }
  }
  return { refusal: specialString(expression), readsTables, varies };
}

/** `'now'` and its kin are read when the statement is (manual, 8.5.1.4). */
function specialString(expression: unknown): string | null {
  let found: string | null = null;
  walk([expression], (kind, node) => {
    if (kind !== 'A_Const') return undefined;
    const value = text(node.sval as Node, 'sval');
    if (value !== null && /^\s*(now|today|tomorrow|yesterday)\s*$/i.test(value)) found = value.trim();
    return undefined;
  });
  return found === null
    ? null
    : `'${found}' means another time in each transaction: write now() or a constant`;
}

function oneArgument(expression: unknown): boolean {
  let found = false;
  walk([expression], (kind, node) => {
    if (kind === 'FuncCall' && strings(node.funcname).at(-1) === 'age' && children(node, 'args').length === 1)
      found = true;
    return undefined;
  });
  return found;
}

function definitionsOf(name: QualifiedName, context: AssessContext): readonly string[] {
  if (name.schema === 'pg_catalog') return [];
  const schemas = name.schema === null ? context.searchPath : [name.schema];
  const prefixes = schemas.map((schema) => `${quoteQualified(schema, name.name)}(`);
  return [...context.known.objects('function')]
    .filter(({ identity }) => prefixes.some((prefix) => identity.startsWith(prefix)))
    .map(({ properties }) => (properties as FunctionProperties).definition);
}

function volatilityOf(definition: string): 'immutable' | 'stable' | 'volatile' {
  const head = definition.slice(0, definition.search(/\bAS\b|\bBEGIN ATOMIC\b|\bRETURN\b/));
  if (/\bIMMUTABLE\b/.test(head)) return 'immutable';
  return /\bSTABLE\b/.test(head) ? 'stable' : 'volatile';
}

/** Whether a body names the table, or reads what no text tells. */
function mentions(definition: string, table: string): boolean {
  const name = splitQualified(table).at(-1) ?? table;
  const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // The quotes of the body stand close to its first and last word.
  const body = definition.replace(/\$\w*\$/g, ' ');
  return new RegExp(`(^|[^\\w$])${word}($|[^\\w$])`, 'i').test(body) || /\bexecute\b/i.test(body);
}

/** Whether the sub-select makes one value of many rows, or takes only some of them. */
export function folds(select: Node, context: AssessContext): boolean {
  for (const key of [
    'groupClause',
    'havingClause',
    'distinctClause',
    'windowClause',
    'limitCount',
    'limitOffset',
  ]) {
    if (select[key] !== undefined) return true;
  }
  let found = false;
  // Of what stands in it, but not in a sub-select of its own: that one is looked at by itself.
  for (const key of ['targetList', 'whereClause']) {
    walk([select[key]], (kind, node) => {
      if (kind === 'SubLink' || kind === 'RangeSubselect') return false;
      if (kind !== 'FuncCall') return undefined;
      const name = nameFromParts(strings(node.funcname));
      const aggregate =
        node.over !== undefined ||
        flag(node, 'agg_star') ||
        flag(node, 'agg_distinct') ||
        flag(node, 'agg_within_group') ||
        node.agg_filter !== undefined ||
        node.agg_order !== undefined ||
        (name !== null && (AGGREGATES.has(name.name) || isOwnAggregate(name, context)));
      if (aggregate) found = true;
      return undefined;
    });
  }
  return found;
}

function isOwnAggregate(name: QualifiedName, context: AssessContext): boolean {
  const schemas = name.schema === null ? context.searchPath : [name.schema];
  return [...context.known.objects('aggregate')].some(({ identity }) =>
    schemas.some((schema) => identity.startsWith(`${quoteQualified(schema, name.name)}(`)),
  );
}
