/**
 * Within one statement the time stands still (manual, 9.9.5). Over many transactions it does not: what asks for it asks
 * for a setting instead, which holds the same moment in every batch.
 */
import { tokens } from '../../sql/lexer.ts';
import { strings, text as textOf, walk } from '../../sql/tree.ts';

const MOMENT = "pg_catalog.current_setting('ferrata.moment')::pg_catalog.timestamptz";

/** Types that the words of SQL give. */
const WORDS: Readonly<Record<string, string>> = {
  current_timestamp: 'pg_catalog.timestamptz',
  current_date: 'pg_catalog.date',
  current_time: 'pg_catalog.timetz',
  localtimestamp: 'pg_catalog.timestamp',
  localtime: 'pg_catalog.time',
};
const FUNCTIONS = new Set(['now', 'transaction_timestamp', 'statement_timestamp']);
const VALUES = /^SVFOP_(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME|LOCALTIMESTAMP)(_N)?$/;

/** How often an expression asks for the time of its transaction or statement. */
export function countMoments(expression: unknown): number {
  let found = 0;
  walk([expression], (kind, node) => {
    if (kind === 'SQLValueFunction' && VALUES.test(textOf(node, 'op') ?? '')) found++;
    if (kind === 'FuncCall' && FUNCTIONS.has(strings(node.funcname).at(-1) ?? '') && node.args === undefined)
      found++;
    return undefined;
  });
  return found;
}

/** The text with every such question put to the setting; and how many there were. */
export function withMoment(sql: string): { readonly sql: string; readonly found: number } {
  const list = [...tokens(sql)].filter(({ kind }) => kind !== 'comment');
  const word = (index: number): string => {
    const token = list[index];
    return token === undefined ? '' : sql.slice(token.start, token.end).toLowerCase();
  };
  let done = '';
  let from = 0;
  let found = 0;
  for (let index = 0; index < list.length; index++) {
    const token = list[index];
    if (token === undefined || token.kind !== 'word') continue;
    const name = word(index);
    const type = WORDS[name];
    const qualified = word(index - 1) === '.';
    let start = token.start;
    let last = index;
    let replacement: string | null = null;
    if (type !== undefined && !qualified) {
      const precise = word(index + 1) === '(' && word(index + 3) === ')' ? word(index + 2) : null;
      last = precise === null ? index : index + 3;
      replacement = `(${MOMENT}::${type}${precise === null ? '' : `(${precise})`})`;
    } else if (FUNCTIONS.has(name) && word(index + 1) === '(' && word(index + 2) === ')') {
      if (qualified && word(index - 2) !== 'pg_catalog') continue;
      if (qualified) start = list[index - 2]?.start ?? start;
      last = index + 2;
      replacement = `(${MOMENT})`;
    }
    if (replacement === null) continue;
    done += sql.slice(from, start) + replacement;
    from = list[last]?.end ?? sql.length;
    index = last;
    found++;
  }
  return { sql: done + sql.slice(from), found };
}
