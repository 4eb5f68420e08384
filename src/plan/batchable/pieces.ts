/**
 * The parts of an UPDATE or DELETE as text: what stands behind SET, FROM or USING, and WHERE. They are cut where the
 * words stand, and each is then read by the grammar, which must find in it what it found in the statement.
 */
import { sameTree } from '../../sql/deparse.ts';
import { tokens } from '../../sql/lexer.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { parseGrammar } from '../../sql/parser.ts';
import { isNode, type Node } from '../../sql/tree.ts';

export interface Pieces {
  /** Of an UPDATE; null for a DELETE. */
  readonly set: string | null;
  /** What stands behind FROM (UPDATE) or USING (DELETE). */
  readonly others: string | null;
  readonly where: string | null;
}

/** Null where the text can't be cut with certainty. The statement has neither WITH nor RETURNING. */
export async function piecesOf({ kind, node, text }: ParsedStatement): Promise<Pieces | null> {
  const isUpdate = kind === 'UpdateStmt';
  const marks = cuts(text, isUpdate);
  const piece = (name: string): string | null => {
    const index = marks.findIndex((mark) => mark.word === name);
    const mark = marks[index];
    return mark === undefined ? null : text.slice(mark.end, marks[index + 1]?.start ?? text.length).trim();
  };
  const set = isUpdate ? piece('set') : null;
  const others = piece(isUpdate ? 'from' : 'using');
  const where = piece('where');
  const [target, list] = isUpdate
    ? ['UPDATE t SET a = 1 FROM', 'fromClause']
    : ['DELETE FROM t USING', 'usingClause'];
  const same = await Promise.all([
    gives(
      set === null ? null : `UPDATE t SET ${set}\n`,
      'targetList',
      isUpdate ? node.targetList : undefined,
    ),
    gives(others === null ? null : `${target} ${others}\n`, list ?? '', node[list ?? '']),
    gives(where === null ? null : `DELETE FROM t WHERE (${where}\n)`, 'whereClause', node.whereClause),
  ]);
  return same.every(Boolean) ? { set, others, where } : null;
}

async function gives(sql: string | null, key: string, wanted: unknown): Promise<boolean> {
  if (sql === null) return wanted === undefined;
  const parsed = await parseGrammar(sql);
  const [only, second] = parsed.ok ? parsed.statements : [];
  if (only?.stmt === undefined || second !== undefined) return false;
  const [inner] = Object.values(only.stmt);
  return isNode(inner) && sameTree((inner as Node)[key], wanted);
}

interface Cut {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** The words that begin a part, outside of any parentheses, in order and each once. */
function cuts(text: string, isUpdate: boolean): readonly Cut[] {
  const wanted = isUpdate ? ['set', 'from', 'where'] : ['using', 'where'];
  const found: Cut[] = [];
  let depth = 0;
  let before = '';
  for (const { kind, start, end } of tokens(text)) {
    if (kind === 'comment') continue;
    const word = text.slice(start, end).toLowerCase();
    if (kind === 'punctuation') {
      if (word === '(' || word === '[') depth++;
      if (word === ')' || word === ']') depth--;
    } else if (
      kind === 'word' &&
      depth === 0 &&
      before !== '.' &&
      !(word === 'from' && before === 'distinct')
    ) {
      const next = wanted.indexOf(word);
      // Words come in the order of the grammar.
      if (next !== -1 && found.every((cut) => wanted.indexOf(cut.word) < next))
        found.push({ word, start, end });
    }
    before = word;
  }
  // DELETE FROM, UPDATE … FROM: the first belongs to the statement's own head and is not among the wanted ones.
  return found;
}
