/**
 * A file that was written for psql, as SQL alone: what pg_dump writes (13 to 18), and the commands of psql that change
 * nothing but what psql shows. Everything is blanked out in place, so that every offset and line stays where it was.
 */
import { tokens } from '../sql/lexer.ts';

export interface PlainSql {
  /** As long as the file, line by line. */
  readonly text: string;
  /** Blocks of `COPY … FROM stdin` with their rows, which a schema does not need. */
  readonly copies: number;
  /** psql commands that were passed over, e.g. `\restrict`. */
  readonly commands: readonly string[];
}

/**
 * psql's own commands that leave no trace in the database. `\connect` is here for `pg_dump --create`: there it follows
 * CREATE DATABASE, and the file is for one database; see `connectsElsewhere`.
 */
const HARMLESS =
  /^\\(?:restrict|unrestrict|connect|c|echo|qecho|warn|timing|pset|x|a|t|H|encoding|set\s+(?:ON_ERROR_STOP|ON_ERROR_ROLLBACK|QUIET|ECHO|ECHO_HIDDEN|VERBOSITY|SHOW_CONTEXT|AUTOCOMMIT|FETCH_COUNT)|unset)(?:\s|$)/;

/** Takes out of a file what only psql understands. What it can't take out stays, and the grammar refuses it. */
export function plainSql(source: string): PlainSql {
  const cuts: { readonly from: number; readonly to: number }[] = [];
  const commands: string[] = [];
  let copies = 0;
  let from = 0;
  for (;;) {
    const found = nextCut(source, from);
    if (found === null) break;
    cuts.push(found);
    if (found.command === null) copies++;
    else commands.push(found.command);
    from = found.to;
  }
  if (cuts.length === 0) return { text: source, copies, commands };
  const parts: string[] = [];
  let end = 0;
  for (const cut of cuts) {
    parts.push(source.slice(end, cut.from), blank(source.slice(cut.from, cut.to)));
    end = cut.to;
  }
  return { text: parts.join('') + source.slice(end), copies, commands };
}

/** How many databases the file's `\connect` lines lead to; more than one is no schema of one database. */
export function connectsElsewhere(commands: readonly string[]): boolean {
  const named = commands.flatMap((command) => /^\\c(?:onnect)?\s+(.*)$/.exec(command)?.[1]?.trim() ?? []);
  const databases = named.map(
    (text) => /^(?:-reuse-previous=\S+\s+)?("(?:[^"]|"")*"|'[^']*'|\S+)/.exec(text)?.[1],
  );
  return new Set(databases.filter((name) => name !== '-')).size > 1;
}

interface Cut {
  readonly from: number;
  readonly to: number;
  /** Null for a COPY with its rows. */
  readonly command: string | null;
}

/** The next COPY block or psql command behind `from`, where a statement begins. */
function nextCut(source: string, from: number): Cut | null {
  let statement: number | null = null;
  let words: string[] = [];
  for (const token of tokens(source, from)) {
    if (token.kind === 'comment') continue;
    const text = source.slice(token.start, token.end);
    if (token.kind === 'punctuation' && text === '\\' && statement === null) {
      const end = lineEnd(source, token.start);
      const command = source.slice(token.start, end).trimEnd();
      if (HARMLESS.test(command)) return { from: token.start, to: end, command };
    }
    if (token.kind === 'punctuation' && text === ';') {
      if (statement !== null && words[0] === 'copy' && isFromStdin(words)) {
        return { from: statement, to: endOfRows(source, token.end), command: null };
      }
      statement = null;
      words = [];
      continue;
    }
    statement ??= token.start;
    // The first word tells; of a COPY all of them, of anything else none.
    if (words.length === 0 || words[0] === 'copy')
      words.push(token.kind === 'word' ? text.toLowerCase() : '');
  }
  return null;
}

function isFromStdin(words: readonly string[]): boolean {
  return words.some((word, index) => word === 'from' && words[index + 1] === 'stdin');
}

/** The rows begin on the next line, and end with a line of `\.` alone or with the file. */
function endOfRows(source: string, from: number): number {
  const start = lineEnd(source, from);
  if (
    source.startsWith('\\.', start + 1) &&
    /^\\\.\s*$/.test(source.slice(start + 1, lineEnd(source, start + 1)))
  ) {
    return lineEnd(source, start + 1);
  }
  const end = /\n\\\.[ \t\r]*(?=\n|$)/g;
  end.lastIndex = start;
  const found = end.exec(source);
  return found === null ? source.length : found.index + found[0].length;
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end === -1 ? source.length : end;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
