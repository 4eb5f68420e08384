/** A script's statements by the transactions in which they run. */
import type { Script } from '../../sql/model.ts';
import { outsideTransaction, type TransactionContext, transactionControl } from '../../sql/transactional.ts';
import { flag } from '../../sql/tree.ts';

/** Statements that share a transaction, or one that runs outside of any. By their positions in the script. */
export interface TracePart {
  readonly transactional: boolean;
  readonly statements: readonly number[];
  /** False: the script rolls it back. */
  readonly keep: boolean;
  /** One statement, and nothing opens a transaction for it: it may end and begin transactions itself. */
  readonly autocommit?: true;
}

/**
 * As `psql` runs a file: each statement in a transaction of its own, but for what stands between BEGIN and COMMIT or
 * ROLLBACK. What the file leaves open counts as committed: something around it may well do that.
 */
export function partsOf(script: Script, context: TransactionContext = {}): readonly TracePart[] {
  return split(script, context, false);
}

/** As Ferrata runs a migration: consecutive statements share a transaction where they can. */
export function sharedParts(script: Script, context: TransactionContext = {}): readonly TracePart[] {
  return split(script, context, true);
}

function split(script: Script, context: TransactionContext, together: boolean): readonly TracePart[] {
  const parts: TracePart[] = [];
  let open: number[] | null = null;
  const end = (keep: boolean) => {
    if (open !== null && open.length > 0) parts.push({ transactional: true, statements: open, keep });
  };
  script.statements.forEach((statement, index) => {
    switch (transactionControl(statement)) {
      case 'begin':
        if (together) end(true);
        open = together ? [] : (open ?? []);
        return;
      case 'commit':
      case 'prepared':
      case 'rollback':
        end(transactionControl(statement) !== 'rollback');
        open = flag(statement.node, 'chain') ? [] : null;
        return;
      default:
        break;
    }
    const outside = outsideTransaction(statement, context) !== null;
    if (together && outside) {
      end(true);
      open = null;
    } else if (together) open ??= [];
    if (open !== null && !outside) open.push(index);
    else parts.push({ transactional: !outside, statements: [index], keep: true, autocommit: true });
  });
  end(true);
  return parts;
}
