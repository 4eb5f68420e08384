/**
 * `-- ferrata:allow <id> [<id>…] <reason>`: a finding that somebody has looked at, and says why it may stand. The comment
 * stands in front of its statement, in it, or behind it on its last line.
 */
import { closest } from '../config/closest.ts';
import { FerrataError } from '../errors.ts';
import { tokens } from '../sql/lexer.ts';
import { locate } from '../sql/locate.ts';
import type { Script } from '../sql/model.ts';
import type { Finding } from './model.ts';

export interface Allow {
  readonly ids: readonly string[];
  readonly reason: string;
  readonly line: number;
  readonly column: number;
  /** Index of the statement that it is about; null where none follows. */
  readonly statement: number | null;
}

/** A finding that a comment allows. */
export interface AllowedFinding {
  readonly finding: Finding;
  readonly reason: string;
}

/** An id in a comment that no finding answers to: the danger is gone, or was never there. */
export interface UnusedAllow {
  readonly id: string;
  readonly line: number;
  readonly column: number;
}

const MARK = 'ferrata:';
const DIRECTIVE = /^[\s*-]*ferrata:(\S*)[ \t]*(.*)$/i;
/** What other tools call the same thing. */
const MISTAKEN = ['ignore', 'disable', 'skip', 'suppress', 'permit', 'accept', 'noqa', 'nolint'];
const ID = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/;

/**
 * The allowances in a script. Throws `allow-invalid` for an id that is none of `known`, for one without reason, and for
 * what was meant to be an allowance and is none.
 */
export function readAllows(script: Script, known: readonly string[]): readonly Allow[] {
  if (!script.text.toLowerCase().includes(MARK)) return [];
  const ids = new Set(known);
  const found: Allow[] = [];
  for (const token of tokens(script.text)) {
    if (token.kind !== 'comment') continue;
    const comment = script.text.slice(token.start, token.end).replace(/\*\/$/, '');
    let at = token.start;
    for (const line of comment.replace(/^\/\*/, '  ').split('\n')) {
      const parts = DIRECTIVE.exec(line);
      if (parts !== null) {
        const offset = at + line.toLowerCase().indexOf(MARK);
        const allow = directive(script, offset, parts[1] ?? '', parts[2] ?? '', ids);
        if (allow !== null) {
          const { line: number, column } = locate(script.file, script.text, offset);
          found.push({ ...allow, line: number, column, statement: statementOf(script, token.start) });
        }
      }
      at += line.length + 1;
    }
  }
  return found;
}

function directive(
  script: Script,
  offset: number,
  word: string,
  rest: string,
  known: ReadonlySet<string>,
): Pick<Allow, 'ids' | 'reason'> | null {
  const name = word.replace(/:$/, '').toLowerCase();
  const refuse = (message: string, why: string, at = offset): never => {
    throw new FerrataError('allow-invalid', message, {
      location: locate(script.file, script.text, at),
      why,
      hint: 'Write it as: -- ferrata:allow <id> <reason>. The ids stand in square brackets behind the findings.',
    });
  };
  if (name !== 'allow') {
    // Prose may begin with the tool's name; what looks like an instruction must not be passed over in silence.
    const near = MISTAKEN.includes(name) || closest(name, ['allow']) !== null;
    const spaced = name === '' && /^allow\b/i.test(rest);
    if (!near && !spaced) return null;
    return refuse(
      spaced
        ? 'The comment has a space behind ferrata:.'
        : `There is no ferrata:${name}; it is ferrata:allow.`,
      'A comment that is not understood would leave a finding standing, or hide one.',
    );
  }
  const words = rest.trim().split(/\s+/);
  const ids: string[] = [];
  let reason = '';
  for (const [index, given] of words.entries()) {
    const id = given.replace(/[,:;]$/, '');
    // A word of the reason may happen to be an id, where that has no dash; one that was meant to be an id has.
    const inList = index === 0 || words[index - 1]?.endsWith(',') === true;
    const isId = known.has(id) && (inList || id.includes('-'));
    const near = isId ? null : closest(id, [...known]);
    if (!isId && id !== '' && (inList || (ID.test(id) && near !== null))) {
      return refuse(
        `There is no finding \`${id}\`${near === null ? '' : `; did you mean ${near}?`}`,
        'An allowance for a finding that does not exist allows nothing.',
        script.text.indexOf(given, offset),
      );
    }
    if (!isId) {
      reason = words.slice(index).join(' ');
      break;
    }
    ids.push(id);
    if (/[:;]$/.test(given)) {
      reason = words.slice(index + 1).join(' ');
      break;
    }
  }
  reason = reason.replace(/^[\s:(–—-]+|\)$/g, '').trim();
  if (ids.length === 0) {
    return refuse(
      'The comment does not say which finding it allows.',
      'Each allowance names the findings that it is about; there is none for everything.',
    );
  }
  if (!/\p{Letter}/u.test(reason)) {
    return refuse(
      `The comment does not say why ${ids.join(', ')} may stand.`,
      'Who reads the migration later has to know what was thought when the finding was allowed.',
    );
  }
  return { ids, reason };
}

/** Inside a statement that one; behind one on the line where it ends, that one; else the next. */
function statementOf({ text, statements }: Script, offset: number): number | null {
  for (const [index, { end }] of statements.entries()) {
    if (end > offset) return index;
    const next = statements[index + 1];
    if (next !== undefined && next.start <= offset) continue;
    if (!text.slice(end, offset).includes('\n')) return index;
  }
  return null;
}

export interface Allowed {
  readonly findings: readonly Finding[];
  readonly allowed: readonly AllowedFinding[];
  readonly unused: readonly UnusedAllow[];
}

/**
 * Sets the allowed findings apart.
 *
 * @param isOff rules that are switched off: an allowance for one of them is no mistake
 */
export function applyAllows(
  script: Script,
  findings: readonly Finding[],
  allows: readonly Allow[],
  isOff: (id: string) => boolean = () => false,
): Allowed {
  if (allows.length === 0) return { findings, allowed: [], unused: [] };
  const used = new Set<string>();
  const left: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  for (const finding of findings) {
    const statement = statementAt(script, finding);
    const index = allows.findIndex(
      (allow) => allow.statement === statement && allow.ids.includes(finding.id),
    );
    const allow = allows[index];
    if (statement === null || allow === undefined) left.push(finding);
    else {
      allowed.push({ finding, reason: allow.reason });
      used.add(`${index} ${finding.id}`);
    }
  }
  const unused = allows.flatMap(({ ids, line, column }, index) =>
    ids
      .filter((id) => !used.has(`${index} ${id}`) && !isOff(id))
      .map((id): UnusedAllow => ({ id, line, column })),
  );
  return { findings: left, allowed, unused };
}

/** The index of the statement in which a finding lies; null where there is none. */
export function statementAt(
  { statements }: { readonly statements: readonly Pick<Finding, 'line' | 'column'>[] },
  place: Pick<Finding, 'line' | 'column'>,
): number | null {
  let found: number | null = null;
  for (const [index, { line, column }] of statements.entries()) {
    if (line > place.line || (line === place.line && column > place.column)) break;
    found = index;
  }
  return found;
}
