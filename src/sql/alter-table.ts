/**
 * An ALTER TABLE with several commands, taken apart into the pieces of its own text. Every piece is parsed again and
 * must give exactly the tree of its command: what cannot be taken apart so, is not.
 */
import { meansTheSame } from './deparse.ts';
import { endOfCode, skipBlank, tokens } from './lexer.ts';
import type { ParsedStatement } from './model.ts';
import type { Node } from './tree.ts';

export interface AlterTableParts {
  /** `ALTER TABLE … name ` in front of the first command. */
  readonly prefix: string;
  readonly commands: readonly {
    readonly text: string;
    /** UTF-16 offset in the script. */
    readonly start: number;
    readonly node: Node;
  }[];
}

export async function splitAlterTable(statement: ParsedStatement): Promise<AlterTableParts | null> {
  const nodes = statement.node.cmds;
  if (statement.kind !== 'AlterTableStmt' || !Array.isArray(nodes)) return null;
  const source = statement.text;
  const pieces = topLevelPieces(source);
  if (pieces.length !== nodes.length) return null;
  const means = (text: string, index: number): Promise<boolean> =>
    meansTheSame(text, statement.kind, { ...statement.node, cmds: [nodes[index]] });
  const [first, second] = pieces;
  if (
    first === undefined ||
    second === undefined ||
    !(await means(source.slice(first.start, first.end), 0))
  ) {
    return null;
  }

  const secondText = source.slice(second.start, second.end);
  let prefix: string | null = null;
  let number = 0;
  for (const token of tokens(source, first.start, first.end)) {
    if (token.kind === 'comment' || number++ < 3 || source[token.start] === '*') continue;
    const candidate = source.slice(0, token.start);
    if (await means(candidate + secondText, 1)) {
      prefix = candidate;
      break;
    }
  }
  if (prefix === null) return null;

  const commands: { text: string; start: number; node: Node }[] = [];
  for (const [index, piece] of pieces.entries()) {
    const start = index === 0 ? prefix.length : piece.start;
    const text = source.slice(start, piece.end);
    if (!(await means(prefix + text, index))) return null;
    const [, node] = Object.entries(nodes[index] as Record<string, unknown>)[0] ?? [];
    commands.push({ text, start: statement.start + start, node: node as Node });
  }
  return { prefix, commands };
}

/** The pieces between commas that stand inside no parentheses or brackets. */
function topLevelPieces(source: string): readonly { readonly start: number; readonly end: number }[] {
  const pieces: { start: number; end: number }[] = [];
  let depth = 0;
  let from = 0;
  const cut = (to: number): void => {
    const start = skipBlank(source, from);
    pieces.push({ start, end: endOfCode(source, start, to) });
  };
  for (const token of tokens(source)) {
    if (token.kind !== 'punctuation') continue;
    const char = source[token.start];
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (char === ',' && depth === 0) {
      cut(token.start);
      from = token.end;
    }
  }
  cut(source.length);
  return pieces;
}
