import { child, flag, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { commands, type ScriptHit, scriptRule } from './rule.ts';
import { milliseconds, SessionSettings } from './script-rules.ts';
import { isSmall } from './weight.ts';

/** Where nobody knows how long the work takes, a limit below this is taken to be too short for it. */
const SHORT_MS = 300_000;

export const missingStatementTimeout = scriptRule({
  id: 'missing-statement-timeout',
  severity: 'warning',
  title: 'The statement_timeout is missing where it protects, or in force where it kills',
  read: () => {
    const settings = new SessionSettings();
    let told = false;
    return {
      see: (analysis, context) => {
        const set = settings.get('statement_timeout');
        settings.note(analysis);
        const limit = set === undefined ? defaultLimit(context) : set === null ? null : milliseconds(set);
        const killed = killedBy(analysis, limit, context);
        if (killed !== null) return [killed];
        // The other half concerns who runs the file.
        if (told || !context.loose || set !== undefined || (limit !== null && limit > 0)) return [];
        const relation = longUnderLock(analysis, context);
        if (relation === null) return [];
        told = true;
        return [
          {
            statement: analysis.statement,
            severity: 'info',
            message: `Nothing ends it, however long ${relation} stays locked.`,
            safeSql: ["SET statement_timeout = '5min'", analysis.statement.text],
          },
        ];
      },
    };
  },
  why: 'statement_timeout ends what runs longer, waits included (PostgreSQL manual, 19.11.1). Around work under a strong lock it limits the outage. Around VALIDATE CONSTRAINT and CONCURRENTLY, which block nobody and may well take hours, a short one throws the work away; and a killed CREATE INDEX CONCURRENTLY leaves an invalid index behind, which costs every write and serves no query.',
  instead:
    'Set it to some minutes in front of what locks, and to 0 in front of VALIDATE CONSTRAINT and CONCURRENTLY.',
  manual: 'runtime-config-client.html#GUC-STATEMENT-TIMEOUT',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 5); CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.1); RETURN $1; END $$;',
    bad: "SET statement_timeout = '200ms'; CREATE INDEX CONCURRENTLY t_slow ON t (slow(id));",
    danger: {
      kind: 'shows',
      query: 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid',
      fails: true,
    },
    good: ['SET statement_timeout = 0', 'CREATE INDEX CONCURRENTLY t_slow ON t (slow(id))'],
  },
});

/** What sessions of the target begin with, in milliseconds; null where that is not known. */
function defaultLimit(context: AssessContext): number | null {
  const value = context.surroundings.target.settings?.statement_timeout;
  return value === undefined ? null : milliseconds(value);
}

function killedBy(analysis: Analysis, limit: number | null, context: AssessContext): ScriptHit | null {
  const { statement, facts } = analysis;
  const what = lenient(analysis);
  if (what === null || limit === null || limit === 0) return null;
  const [least, , most] = facts.estimate?.workMs ?? [null, null, null];
  if (most === null ? limit >= SHORT_MS : limit >= most) return null;
  const tables = facts.locks.filter((lock) => lock.role === 'target').map((lock) => lock.relation);
  if (tables.length > 0 && tables.every((table) => isSmall(context, table))) return null;
  const invalid = statement.kind === 'IndexStmt' ? ', and leaves an invalid index behind' : '';
  return {
    statement,
    message:
      least !== null && limit < least
        ? `After ${limit} ms ${what} is killed, and its work is lost${invalid}.`
        : `If ${limit} ms are not enough, ${what} is killed, and its work is lost${invalid}.`,
    safeSql: ['SET statement_timeout = 0', statement.text],
  };
}

/** Work that blocks nobody and may take its time; null for every other statement. */
function lenient(analysis: Analysis): string | null {
  const { kind, node } = analysis.statement;
  if (kind === 'IndexStmt') return flag(node, 'concurrent') ? 'CREATE INDEX CONCURRENTLY' : null;
  if (kind === 'ReindexStmt') return analysis.facts.transactional ? null : 'REINDEX CONCURRENTLY';
  if (kind !== 'AlterTableStmt') return null;
  if (commands(analysis, 'AT_ValidateConstraint').length > 0 && analysis.facts.validates.length > 0) {
    return 'VALIDATE CONSTRAINT';
  }
  const detaches = commands(analysis, 'AT_DetachPartition').some((command) =>
    flag(child(child(command, 'def'), 'PartitionCmd'), 'concurrent'),
  );
  return detaches ? 'DETACH PARTITION CONCURRENTLY' : null;
}

/** A table that it reads or writes whole under a lock against writes. */
function longUnderLock({ statement, facts }: Analysis, context: AssessContext): string | null {
  if (facts.blocks === 'nothing' || text(statement.node, 'kind') === 'REINDEX_OBJECT_SYSTEM') return null;
  return [...facts.rewrites, ...facts.scans].find((relation) => !isSmall(context, relation)) ?? null;
}
