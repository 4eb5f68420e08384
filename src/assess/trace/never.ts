/**
 * Statements that do not run on a scratch copy: what reaches beyond the database. A copy of a database shows nothing of
 * what they do, and the world outside is not a copy.
 */
import { tokens } from '../../sql/lexer.ts';
import type { ParsedStatement, Script } from '../../sql/model.ts';
import { serverWide } from '../../sql/server-wide.ts';
import { child, children, flag, strings, text, walk } from '../../sql/tree.ts';

/** Routines that read or write files, run programs, or talk to other servers and sessions; of extensions too. */
const REACHES_OUT =
  /^(dblink\w*|pg_(read|write|append)\w*file|pg_file_\w+|pg_ls_\w+|pg_stat_file|pg_rotate_logfile|pg_reload_conf|pg_promote|pg_switch_wal|pg_(terminate|cancel)_backend|lo_(import|export)|pg_(create|drop|copy)_(physical|logical)_replication_slot|pg_backup_\w+|pg_start_backup|pg_stop_backup|http(_\w+)?|aws_\w+|cron_\w+)$/;

export interface Place {
  /** A server that was started for the purpose: roles made there are nobody's. */
  readonly ownServer: boolean;
  /** Of the script; see `routinesBeyond`. */
  readonly beyond: ReadonlySet<string>;
}

/** Why the statement does not run on the copy; null where it does. */
export function neverHere(statement: ParsedStatement, place: Place): string | null {
  const { kind, node } = statement;
  const wide = serverWide(statement);
  if (wide !== null && !(place.ownServer && wide.concerns === 'roles')) {
    return `${wide.command} changes the server, of which there is no copy`;
  }
  switch (kind) {
    case 'CopyStmt':
      if (flag(node, 'is_program')) return 'COPY … PROGRAM runs a program on the server';
      return text(node, 'filename') === null ? null : 'COPY reads or writes a file of the server';
    case 'CreateSubscriptionStmt':
    case 'AlterSubscriptionStmt':
    case 'DropSubscriptionStmt':
      return 'a subscription connects to another server';
    case 'ImportForeignSchemaStmt':
      return 'IMPORT FOREIGN SCHEMA asks another server';
    case 'LoadStmt':
      return 'LOAD takes a library into the server';
    default:
      return (
        routineBeyond(statement, place.beyond) ??
        (kind === 'DoStmt' ? bodyBeyond(node, 'args', place.beyond) : null)
      );
  }
}

/** Routines that the script makes and whose bodies reach beyond the database: whoever calls them does too. */
export function routinesBeyond(script: Script): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { kind, node } of script.statements) {
    if (kind !== 'CreateFunctionStmt') continue;
    const name = strings(node.funcname).at(-1);
    if (name !== undefined && bodyBeyond(node, 'options', found) !== null) found.add(name.toLowerCase());
  }
  return found;
}

function routineBeyond({ kind, node }: ParsedStatement, beyond: ReadonlySet<string>): string | null {
  // What is only stored does not run now.
  if (STORED.has(kind)) return null;
  let found: string | null = null;
  walk({ [kind]: node }, (inner, value) => {
    if (inner !== 'FuncCall') return undefined;
    const name = strings(value.funcname);
    const last = (name.at(-1) ?? '').toLowerCase();
    const extension = name.length > 1 && /^(net|cron|aws_\w+)$/i.test(name[0] ?? '');
    if (REACHES_OUT.test(last) || extension || beyond.has(last)) {
      found ??= `${name.join('.')}() reaches beyond the database`;
    }
    return undefined;
  });
  return found;
}

const STORED = new Set(['CreateFunctionStmt', 'ViewStmt', 'RuleStmt', 'CreateTrigStmt', 'CreatePolicyStmt']);

/** The words of a body, those of its strings too: EXECUTE takes its statement as a string. */
function bodyBeyond(node: ParsedStatement['node'], list: string, beyond: ReadonlySet<string>): string | null {
  const words = new Set<string>();
  for (const item of children(node, list)) {
    if (text(item.node, 'defname') !== 'as') continue;
    const argument = child(item.node, 'arg');
    const source =
      text(child(argument, 'String'), 'sval') ?? strings(child(argument, 'List')?.items).join(' ');
    addWords(source, words);
  }
  const routine = [...words].find((word) => REACHES_OUT.test(word) || beyond.has(word));
  if (routine !== undefined) return `its body calls ${routine}(), which reaches beyond the database`;
  if (words.has('copy') && words.has('program')) return 'its body runs COPY … PROGRAM';
  if (words.has('alter') && words.has('system')) return 'its body changes the server';
  return null;
}

function addWords(source: string, words: Set<string>): void {
  for (const token of tokens(source)) {
    const piece = source.slice(token.start, token.end).toLowerCase();
    if (token.kind === 'word') words.add(piece);
    else if (token.kind === 'string') for (const word of piece.match(/[a-z_]\w*/g) ?? []) words.add(word);
  }
}
