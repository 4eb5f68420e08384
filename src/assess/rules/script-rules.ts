/** What rules about several statements share: which of them run in one transaction, and what the session is set to. */
import { transactionControl } from '../../sql/transactional.ts';
import { child, children, flag, type KindedNode, type Node, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { ScriptHit, ScriptReader } from './rule.ts';

/** Statements that share a transaction. */
export interface Transaction {
  readonly analyses: readonly Analysis[];
  /** Between a BEGIN and a COMMIT that are written; else it is the runner that opens it, or does not. */
  readonly written: boolean;
}

/**
 * Statements by the transaction in which they will run; those outside any are left out, and
 * transactions of fewer than `least`.
 *
 * Ferrata makes one of what stands between two COMMITs. A loose file that begins a transaction itself, or holds what
 * cannot run in one, is run statement by statement outside its BEGIN … COMMIT; every other one is taken to be run in one
 * transaction, as most tools do.
 */
export function transactions(
  analyses: readonly Analysis[],
  loose = false,
  least = 2,
): readonly Transaction[] {
  // Many readers ask for those of the same script, once it has been read.
  const before = GROUPED.get(analyses);
  const known = before?.length === analyses.length && before.loose === loose ? before.groups : null;
  const groups = known ?? grouped(analyses, loose);
  if (known === null) GROUPED.set(analyses, { length: analyses.length, loose, groups });
  return groups.filter((group) => group.analyses.length >= least);
}

const GROUPED = new WeakMap<
  readonly Analysis[],
  { readonly length: number; readonly loose: boolean; readonly groups: readonly Transaction[] }
>();

function grouped(analyses: readonly Analysis[], loose: boolean): readonly Transaction[] {
  const alone =
    loose &&
    analyses.some(
      ({ statement, facts }) => transactionControl(statement) === 'begin' || !facts.transactional,
    );
  const groups: { analyses: Analysis[]; written: boolean }[] = [{ analyses: [], written: false }];
  const next = (written: boolean): void => {
    groups.push({ analyses: [], written });
  };
  for (const analysis of analyses) {
    const control = transactionControl(analysis.statement);
    if (control === 'begin') next(true);
    else if (control === 'commit' || control === 'rollback') next(flag(analysis.statement.node, 'chain'));
    else if (!analysis.facts.transactional) next(false);
    else {
      if (alone && groups.at(-1)?.written === false) next(false);
      groups.at(-1)?.analyses.push(analysis);
    }
  }
  return groups;
}

/** A reader that looks at each transaction as a whole, once the script has been read. */
export function readTransactions(
  judge: (transaction: Transaction, context: AssessContext) => readonly ScriptHit[],
  least = 2,
): () => ScriptReader {
  return () => ({
    see: () => [],
    end: (context, all) =>
      transactions(all, context.loose, least).flatMap((transaction) => judge(transaction, context)),
  });
}

/** Where a transaction is not written but assumed, a message says so. */
export function assumed({ written }: Transaction, context: AssessContext): string {
  return written || !context.loose ? '' : ' where one transaction runs the file, as most tools do';
}

/** A parameter that a statement sets. */
export interface Setting {
  readonly name: string;
  /** As written; null: back to the session's default. */
  readonly value: string | null;
  readonly local: boolean;
}

/** The parameter that SET, RESET or `SELECT set_config(…)` sets; null for every other statement. `all` for RESET ALL. */
export function settingOf(statement: KindedNode): Setting | null {
  const { kind } = statement;
  if (kind !== 'VariableSetStmt' && kind !== 'SelectStmt' && kind !== 'DiscardStmt') return null;
  return settingIn(statement);
}

function settingIn({ kind, node }: KindedNode): Setting | null {
  if (kind === 'DiscardStmt') {
    return text(node, 'target') === 'DISCARD_ALL' ? { name: 'all', value: null, local: false } : null;
  }
  if (kind === 'VariableSetStmt') {
    const set = text(node, 'kind');
    if (set === 'VAR_RESET_ALL') return { name: 'all', value: null, local: false };
    const name = text(node, 'name')?.toLowerCase() ?? null;
    if (name === null || set === 'VAR_SET_CURRENT' || set === 'VAR_SET_MULTI') return null;
    const [argument] = children(node, 'args');
    const value = set === 'VAR_SET_VALUE' && argument !== undefined ? constant(argument.node) : null;
    return { name, value, local: flag(node, 'is_local') };
  }
  if (kind !== 'SelectStmt') return null;
  const [target, second] = children(node, 'targetList');
  const call = child(child(target?.node, 'val'), 'FuncCall');
  if (call === null || second !== undefined || strings(call.funcname).at(-1) !== 'set_config') return null;
  const [name, value, local] = children(call, 'args').map((argument) => argument.node);
  const called = constant(name);
  if (called === null) return null;
  return { name: called.toLowerCase(), value: constant(value), local: constant(local) === 'true' };
}

/** The value of an A_Const. */
function constant(node: Node | undefined): string | null {
  if (node === undefined) return null;
  const string = child(node, 'sval');
  if (string !== null) return text(string, 'sval') ?? '';
  const number = child(node, 'ival');
  if (number !== null) return String(number.ival ?? 0);
  const real = child(node, 'fval');
  if (real !== null) return text(real, 'fval');
  const truth = child(node, 'boolval');
  return truth === null ? null : String(truth.boolval === true);
}

const UNITS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A timeout as SET takes it (manual, 19.1.1): a number of milliseconds, or with a unit. Null where it is none. */
export function milliseconds(value: string): number | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/.exec(value) ?? [];
  if (number === undefined) return null;
  const factor = unit === undefined || unit === '' ? 1 : UNITS[unit];
  return factor === undefined ? null : Number(number) * factor;
}

/** What a parameter is set to while the statements are read in order: for the session, and for the transaction. */
export class SessionSettings {
  readonly #session = new Map<string, string | null>();
  readonly #local = new Map<string, string | null>();

  /** The value that a statement gave it; undefined where none did. */
  get(name: string): string | null | undefined {
    return this.#local.has(name) ? this.#local.get(name) : this.#session.get(name);
  }

  note({ statement }: Analysis): void {
    const control = transactionControl(statement);
    if (control === 'commit' || control === 'rollback' || control === 'begin') this.#local.clear();
    const setting = settingOf(statement);
    if (setting === null) return;
    if (setting.name === 'all') {
      for (const name of this.#session.keys()) this.#session.set(name, null);
      this.#local.clear();
    } else if (setting.local) this.#local.set(setting.name, setting.value);
    else {
      this.#local.delete(setting.name);
      this.#session.set(setting.name, setting.value);
    }
  }
}
