import { FerrataError } from '../errors.ts';
import { locate } from '../sql/locate.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';
import { isSetting, sessionSetting } from '../sql/session.ts';
import { outsideTransaction, type TransactionContext, transactionControl } from '../sql/transactional.ts';
import { children, flag, nameFromParts, showName, strings, text } from '../sql/tree.ts';

/** Statements that are done, and rolled back, as one: one transaction, or one statement outside any. */
export interface StatementGroup {
  readonly transactional: boolean;
  readonly statements: readonly ParsedStatement[];
  /**
   * SET statements of earlier groups that still hold for the session. They run again in front of the group, because
   * after a crash it may be resumed on a new connection.
   */
  readonly settings: readonly ParsedStatement[];
  /** Whether the script itself says where the transaction begins. */
  readonly explicit?: boolean;
}

/**
 * Groups a script's statements: consecutive ones that can share a transaction do; BEGIN and COMMIT are boundaries and
 * fall away; a new enum label that a later statement uses ends its group, because it can be used only once committed
 * (PostgreSQL manual, ALTER TYPE).
 *
 * Throws `sql-transaction-control` where the script ends a transaction otherwise than by COMMIT, leaves one open, or
 * puts into one what cannot run there.
 */
export function groupStatements(script: Script, context: TransactionContext = {}): readonly StatementGroup[] {
  const grouping = new Grouping(script);
  for (const statement of script.statements) {
    switch (transactionControl(statement)) {
      case 'begin':
        grouping.begin(statement);
        break;
      case 'commit':
        grouping.commit(statement);
        break;
      case 'rollback':
        throw refuse(script, statement, 'ROLLBACK would undo what the migration did', {
          why: 'A migration ends with its statements done; the way back is the rollback that Ferrata derives and proves.',
          hint: 'Remove the ROLLBACK, or end the block with COMMIT.',
        });
      case 'prepared':
        throw refuse(script, statement, 'two-phase transaction commands cannot stand in a migration', {
          why: 'A prepared transaction outlives the run, and no rollback point could be recorded for it.',
          hint: 'Remove the command; each group of statements runs in a transaction of its own.',
        });
      default:
        grouping.add(statement, outsideTransaction(statement, context));
    }
  }
  return grouping.finish();
}

class Grouping {
  readonly #script: Script;
  readonly #groups: StatementGroup[] = [];
  readonly #settings = new Map<string, ParsedStatement>();
  /** The BEGIN that is open, where one is. */
  #open: ParsedStatement | null = null;
  /** Whether the script ended a transaction that it had not begun: it counts on one that the runner opens. */
  #countsOnRunner = false;
  #current: ParsedStatement[] = [];
  #settingsBefore: readonly ParsedStatement[] = [];
  /** Enum labels added in the current group to types that were there before it. */
  #labels: string[] = [];
  #typesMade = new Set<string>();

  constructor(script: Script) {
    this.#script = script;
  }

  begin(statement: ParsedStatement): void {
    const option = children(statement.node, 'options').find(({ node }) => weakensWhenDropped(node));
    if (option !== undefined) {
      throw refuse(this.#script, statement, `${statement.text} asks for a transaction of another kind`, {
        why: 'Ferrata opens the transactions itself, as READ COMMITTED READ WRITE, to write its ledger in the same one.',
        hint: 'Write BEGIN alone, or lock the tables that must not change with LOCK TABLE.',
      });
    }
    if (this.#open === null) {
      this.#close();
      this.#open = statement;
    }
  }

  commit(statement: ParsedStatement): void {
    if (this.#open === null) this.#countsOnRunner = true;
    this.#close();
    this.#open = flag(statement.node, 'chain') ? statement : null;
  }

  add(statement: ParsedStatement, outside: string | null): void {
    if (outside !== null) {
      if (this.#open !== null) {
        throw refuse(this.#script, statement, `${outside} cannot run inside a transaction block`, {
          why: `The block was opened by BEGIN in line ${this.#open.line}; the server would refuse it too.`,
          hint: 'Put the statement behind the COMMIT: it becomes a step of its own.',
        });
      }
      this.#close();
      this.#groups.push({
        transactional: false,
        statements: [statement],
        settings: [...this.#settings.values()],
      });
      return;
    }
    if (statement.kind !== 'AlterEnumStmt' && this.#labels.some((label) => mentions(statement.text, label))) {
      this.#close();
    }
    if (this.#current.length === 0) this.#settingsBefore = [...this.#settings.values()];
    this.#current.push(statement);
    this.#noteEnum(statement);
    this.#noteSetting(statement);
  }

  finish(): readonly StatementGroup[] {
    // COMMIT; BEGIN; around what needs a transaction of its own: the runner's COMMIT ends the last one.
    if (this.#open !== null && !this.#countsOnRunner) {
      throw refuse(this.#script, this.#open, 'the transaction that begins here is never committed', {
        why: 'psql would roll it back at the end of the file.',
        hint: 'Add COMMIT, or remove the BEGIN: statements share a transaction by themselves.',
      });
    }
    this.#close();
    const working = this.#groups.filter((group) => !group.statements.every(isSetting));
    return working.length > 0 ? working : this.#groups.slice(0, 1);
  }

  #close(): void {
    if (this.#current.length > 0) {
      this.#groups.push({
        transactional: true,
        statements: this.#current,
        settings: this.#settingsBefore,
        ...(this.#open === null ? {} : { explicit: true }),
      });
    }
    this.#current = [];
    this.#labels = [];
    this.#typesMade = new Set();
  }

  #noteEnum({ kind, node }: ParsedStatement): void {
    const name = nameFromParts(strings(node.typeName));
    if (name === null) return;
    if (kind === 'CreateEnumStmt') this.#typesMade.add(showName(name));
    const label = kind === 'AlterEnumStmt' ? text(node, 'newVal') : null;
    // A label of a type made in the same transaction can be used at once.
    if (label !== null && text(node, 'oldVal') === null && !this.#typesMade.has(showName(name)))
      this.#labels.push(label);
  }

  #noteSetting(statement: ParsedStatement): void {
    const setting = sessionSetting(statement);
    if (setting === null) return;
    if (setting === 'all') this.#settings.clear();
    this.#settings.delete(setting);
    this.#settings.set(setting, statement);
  }
}

function mentions(sql: string, label: string): boolean {
  return sql.includes(label) || sql.includes(label.replaceAll("'", "''"));
}

function weakensWhenDropped(option: Readonly<Record<string, unknown>>): boolean {
  const name = text(option, 'defname');
  const value = JSON.stringify(option.arg ?? null).toLowerCase();
  if (name === 'transaction_isolation') return !/"read (un)?committed"/.test(value);
  return name === 'transaction_read_only' && value.includes('"ival":1');
}

function refuse(
  script: Script,
  statement: ParsedStatement,
  message: string,
  details: { readonly why: string; readonly hint: string },
): FerrataError {
  return new FerrataError('sql-transaction-control', message, {
    ...details,
    location: locate(script.file, script.text, statement.start),
  });
}
