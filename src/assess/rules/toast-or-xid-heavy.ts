import { tokens } from '../../sql/lexer.ts';
import { child, children, relationOf, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { type Hit, rule } from './rule.ts';
import { bytes } from './weight.ts';

export const toastOrXidHeavy = rule({
  id: 'toast-or-xid-heavy',
  severity: 'warning',
  title: 'A change of many rows costs more than its rows: a subtransaction each, or their large values',
  on: ['DoStmt', 'UpdateStmt'],
  applies: (analysis, context) =>
    analysis.statement.kind === 'DoStmt' ? subtransactions(analysis) : largeValues(analysis, context),
  why: 'Each BEGIN … EXCEPTION … END is a subtransaction with a transaction number of its own (PostgreSQL manual, 41.6.8, 67.3): in a loop they use up numbers by the row, and with more than 64 in one transaction every other session has to look them up on disk (pg_subtrans). A large value that is assigned anew is written anew, compressed and cut into pieces (66.2).',
  instead:
    'Say in the statement what may go wrong (ON CONFLICT DO NOTHING, WHERE NOT EXISTS), or commit by batches; leave large values alone that do not change.',
  manual: 'subxacts.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (5);',
    bad: `DO $$ BEGIN
  FOR n IN 1..100 LOOP
    BEGIN INSERT INTO t VALUES (n); EXCEPTION WHEN unique_violation THEN NULL; END;
  END LOOP;
END $$;`,
    danger: { kind: 'shows', query: 'SELECT count(*) FROM t HAVING count(DISTINCT xmin::text) > 64' },
    good: ['INSERT INTO t SELECT n FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING'],
  },
});

function subtransactions({ statement }: Analysis): readonly Hit[] {
  const body = children(statement.node, 'args').find((item) => text(item.node, 'defname') === 'as');
  const source = text(child(child(body?.node, 'arg'), 'String'), 'sval') ?? '';
  if (!trapsInLoop(source)) return [];
  return [
    {
      message:
        'The loop begins a subtransaction in each of its rounds, all of them within one transaction: beyond 64 every other session pays for it.',
      safeSql: [],
    },
  ];
}

/** Whether PL/pgSQL traps errors inside a loop, in a transaction that it does not commit meanwhile. */
function trapsInLoop(source: string): boolean {
  const words: string[] = [];
  for (const token of tokens(source)) {
    if (token.kind === 'word') words.push(source.slice(token.start, token.end).toLowerCase());
    else if (source[token.start] === ';') words.push(';');
  }
  /** What is open: loops, and blocks with what was open around them. */
  const open: ('loop' | 'begin' | 'other')[] = [];
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    if (word === 'loop' && before !== 'end') open.push('loop');
    else if (word === 'begin') open.push('begin');
    else if ((word === 'if' || word === 'case') && before !== 'end' && startsBlock(word, before)) {
      open.push('other');
    } else if (word === 'end') open.pop();
    else if (word === 'commit') return false;
    else if (word === 'exception' && words[index + 1] === 'when' && open.at(-1) === 'begin') {
      if (open.includes('loop')) return true;
    }
  }
  return false;
}

/** IF … THEN and CASE have an END of their own; IF of IF EXISTS has none. */
function startsBlock(word: string, before: string | undefined): boolean {
  if (word === 'case') return true;
  return before === undefined || [';', 'then', 'else', 'loop', 'begin'].includes(before);
}

function largeValues({ statement, facts }: Analysis, context: AssessContext): readonly Hit[] {
  const { node } = statement;
  const table = context.resolve(relationOf(node));
  if (table === null || !facts.scans.includes(table) || node.whereClause !== undefined) return [];
  const load = context.surroundings.target.relations[table];
  const toast = load?.toastBytes ?? 0;
  if (toast < context.surroundings.settings.largeBytes) return [];
  const columns = children(node, 'targetList')
    .map((target) => text(target.node, 'name') ?? '')
    .filter((column) => TOASTABLE.test(context.column(table, column)?.type ?? ''));
  if (columns.length === 0) return [];
  return [
    {
      message: `${table} keeps ${bytes(toast)} of large values out of line; ${columns.join(', ')} of every row is written anew there.`,
      safeSql: [],
    },
  ];
}

/** Types whose values can be stored out of line, as `format_type` names them. */
const TOASTABLE = /^(text|character varying|jsonb?|bytea|xml|hstore|tsvector|numeric)|\[\]$/;
