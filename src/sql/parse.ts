import { FerrataError } from '../errors.ts';
import { endOfCode, skipBlank, tokens } from './lexer.ts';
import { byteOffsets, characterOffset, locate, normaliseText, positions } from './locate.ts';
import type { ParsedStatement, Script } from './model.ts';
import { type GrammarError, parseGrammar } from './parser.ts';

const LONGEST_MESSAGE = 200;

/**
 * Parses a file of SQL with PostgreSQL's own grammar, and splits it by the parse tree. The script's text is the given
 * one with LF line ends and without byte order mark; all offsets are into that.
 *
 * Throws `sql-syntax`; `sql-psql-command` for a line that only psql understands; `sql-copy-stdin` for COPY … FROM
 * stdin, whose data cannot stand in a migration.
 */
export async function parseScript(source: string, file: string): Promise<Script> {
  const text = normaliseText(source);
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    throw new FerrataError('sql-syntax', 'the file holds a NUL character, which no SQL text can hold', {
      location: locate(file, text, nul),
      why: 'A NUL every second character means that the file is UTF-16.',
      hint: 'Save the file as UTF-8.',
    });
  }
  const result = await parseGrammar(text);
  if (!result.ok) throw await refusal(text, file, result.error);

  const toOffset = byteOffsets(text);
  const position = positions(text);
  const statements: ParsedStatement[] = [];
  for (const raw of result.statements) {
    const [kind, node] = Object.entries(raw.stmt ?? {})[0] ?? [];
    if (kind === undefined) continue;
    const location = raw.stmt_location ?? 0;
    const start = skipBlank(text, toOffset(location));
    const length = raw.stmt_len ?? 0;
    const end = endOfCode(text, start, length === 0 ? text.length : toOffset(location + length));
    statements.push({
      kind,
      node: node as Readonly<Record<string, unknown>>,
      text: text.slice(start, end),
      start,
      end,
      ...position(start),
    });
  }
  const copy = statements.find(isCopyFromStdin);
  if (copy !== undefined) throw copyRefusal(text, file, copy.start);
  return { file, text, statements };
}

function isCopyFromStdin(statement: ParsedStatement): boolean {
  const { node } = statement;
  return (
    statement.kind === 'CopyStmt' &&
    node.is_from === true &&
    node.filename === undefined &&
    node.is_program !== true
  );
}

/** Finds out what stands behind a syntax error: a psql command, data of a COPY, or just an error. */
async function refusal(text: string, file: string, error: GrammarError): Promise<FerrataError> {
  if (error.position === null) {
    return new FerrataError('sql-syntax', error.message, {
      location: { file, line: 1, column: 1 },
      hint: 'The grammar names no place for this error.',
    });
  }
  // What is missing at the end of the file is missing behind its last word.
  const atEnd = error.message.endsWith('at end of input');
  const offset = atEnd ? text.trimEnd().length : characterOffset(text, error.position);
  const before = endOfStatementBefore(text, offset);
  const head = before === 0 ? null : await parseGrammar(text.slice(0, before));
  if (head?.ok === true) {
    // Everything in front is SQL. When its last statement is COPY … FROM stdin, what the grammar stumbled over is data.
    const script = await parseScriptOrRefusal(text.slice(0, before), file);
    if (script instanceof FerrataError) return script;
  }
  const location = locate(file, text, offset);
  if (text[offset] === '\\' && error.message.startsWith('syntax error')) {
    const line = text.slice(offset, lineEnd(text, offset)).trim();
    const command = /^\\\S*/.exec(line)?.[0] ?? '\\';
    return new FerrataError(
      'sql-psql-command',
      `${command} is a command of psql, not SQL (line ${location.line})`,
      {
        location,
        why: 'A migration is sent to the server as it stands; psql is not there to read its own commands.',
        hint: psqlHint(command),
      },
    );
  }
  const hint = syntaxHint(text, offset);
  return new FerrataError('sql-syntax', shortened(error.message), {
    location,
    hint: hint ?? 'Correct the SQL at this place. It is read with PostgreSQL’s own grammar; nothing was run.',
  });
}

/** Behind an open quote the server quotes the rest of the file. */
function shortened(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE)}…"`;
}

async function parseScriptOrRefusal(text: string, file: string): Promise<Script | FerrataError> {
  try {
    return await parseScript(text, file);
  } catch (error) {
    if (error instanceof FerrataError) return error;
    throw error;
  }
}

/** Behind the last semicolon in front of `offset` that is no part of a string or comment; 0 where there is none. */
function endOfStatementBefore(text: string, offset: number): number {
  let end = 0;
  for (const token of tokens(text, 0, offset)) {
    if (token.kind === 'punctuation' && text[token.start] === ';') end = token.end;
  }
  return end;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

function copyRefusal(text: string, file: string, offset: number): FerrataError {
  return new FerrataError(
    'sql-copy-stdin',
    'COPY … FROM stdin reads data that a migration has no place for',
    {
      location: locate(file, text, offset),
      why: 'The data behind the statement is not SQL: psql sends it apart, in the COPY protocol.',
      hint: 'Write the rows as INSERT statements, load them with \\copy in psql before the migration, or COPY from a file on the server.',
    },
  );
}

const PSQL_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /^\\(c|connect)$/,
    'Remove the line: the environment in ferrata.config decides which database is migrated.',
  ],
  [
    /^\\(i|ir|include|include_relative)$/,
    "Put the included file's text in its place, or make it a migration of its own.",
  ],
  [
    /^\\(set|unset|gset|prompt|getenv)$/,
    'Write the value itself in place of the variable, or compute it in a DO block.',
  ],
  [/^\\(if|elif|else|endif)$/, 'Write the condition as a DO block: DO $$ BEGIN IF … THEN … END IF; END $$;'],
  [/^\\copy$/, 'Write the rows as INSERT statements, or load them with psql before the migration.'],
  [/^\\(restrict|unrestrict)$/, 'Remove the line: pg_dump writes it for psql alone, nothing depends on it.'],
  [
    /^\\(g|gx|gexec|gdesc|crosstabview|watch)/,
    'End the statement with a semicolon instead; for \\gexec use a DO block with EXECUTE.',
  ],
  [/^\\\.$/, 'It ends the data of a COPY; remove it together with the COPY.'],
];

function psqlHint(command: string): string {
  return (
    PSQL_HINTS.find(([pattern]) => pattern.test(command))?.[1] ??
    'Remove the line; everything else in the file can stay.'
  );
}

function syntaxHint(text: string, offset: number): string | null {
  const here = text.slice(offset, offset + 80);
  const variable = /^:\s*['"]?[A-Za-z_]\w*/.exec(here)?.[0];
  if (variable !== undefined && text[offset - 1] !== ':') {
    return `${variable} looks like a variable of psql or of another tool: write its value in its place.`;
  }
  if (/^\$\{|^\{\{|^%[({]|^<%/.test(here) || (/\$$/.test(text.slice(0, offset)) && here.startsWith('{'))) {
    return 'It looks like a placeholder of a template: write what it stands for.';
  }
  if (/^`/.test(here)) return 'PostgreSQL quotes names with " rather than with `.';
  if (/^(GO|DELIMITER|USE)\b/i.test(here)) return 'This is a command of another database system; remove it.';
  return null;
}
