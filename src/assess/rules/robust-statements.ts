import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { child, children, flag, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

export const robustStatements = scriptRule({
  id: 'robust-statements',
  severity: 'info',
  title: 'A file that failed half-way cannot be run again',
  read: () => {
    const seen: Analysis[] = [];
    return {
      see: (analysis) => {
        seen.push(analysis);
        return [];
      },
      // Ferrata records each step, and goes on with the one that failed.
      end: (context) => (context.loose ? unrepeatable(seen) : []),
    };
  },
  why: 'What cannot run in a transaction takes the whole file out of one: when a statement fails, those before it stay done, and the next attempt fails at the first of them (PostgreSQL manual, CREATE INDEX, CONCURRENTLY; SQLSTATE 42P07, 42701 …).',
  instead:
    'Give such a statement a file of its own; or say IF NOT EXISTS and IF EXISTS in all of them, and check that what exists is what is meant: it may be another object of the same name, or an invalid index.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 1);',
    bad: 'ALTER TABLE t ADD COLUMN b int; CREATE INDEX CONCURRENTLY t_a ON t (a);',
    danger: { kind: 'repeats', sqlstate: '42701' },
    good: [
      'ALTER TABLE t ADD COLUMN IF NOT EXISTS b int',
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a)',
    ],
  },
});

function unrepeatable(seen: readonly Analysis[]): readonly ScriptHit[] {
  const working = seen.filter(({ facts }) => facts.class !== 'other');
  const outside = working.find(({ facts }) => !facts.transactional);
  if (outside === undefined) return [];
  const hits: ScriptHit[] = [];
  let inBlock = false;
  for (const analysis of seen) {
    const control = transactionControl(analysis.statement);
    if (control === 'begin') inBlock = true;
    if (control === 'commit' || control === 'rollback') inBlock = false;
    // Behind the last one nothing can fail; inside a block all is undone.
    if (inBlock || analysis === working.at(-1)) continue;
    const repeatable = repeatableForm(analysis.statement);
    if (repeatable === null) continue;
    hits.push({
      statement: analysis.statement,
      message: `If a later statement of this file fails, this one stays done, because ${outside.statement.text.slice(0, 60).replace(/\s+/g, ' ').trim()} … keeps the file out of a transaction; run again, the file fails here.`,
      safeSql: async () => [await repeatable()],
    });
  }
  return hits;
}

type Rewrite = () => Promise<string | null>;

/** The statement with IF [NOT] EXISTS or OR REPLACE; null where it has one, or knows none, or needs none. */
function repeatableForm({ kind, node }: ParsedStatement): Rewrite | null {
  const withFlag = (key: string): Rewrite | null =>
    flag(node, key) ? null : () => deparse(kind, { ...node, [key]: true });
  switch (kind) {
    case 'CreateStmt':
    case 'CreateSeqStmt':
    case 'CreateSchemaStmt':
    case 'CreateExtensionStmt':
    case 'CreateTableAsStmt':
      return withFlag('if_not_exists');
    case 'IndexStmt':
      return text(node, 'idxname') === null ? null : withFlag('if_not_exists');
    case 'DropStmt':
      return withFlag('missing_ok');
    case 'ViewStmt':
    case 'CreateFunctionStmt':
      return withFlag('replace');
    case 'AlterEnumStmt':
      return text(node, 'oldVal') !== null ? null : withFlag('skipIfNewValExists');
    case 'AlterTableStmt': {
      const commands = children(node, 'cmds');
      const bare = commands.some(
        ({ node: command }) =>
          ['AT_AddColumn', 'AT_DropColumn', 'AT_DropConstraint'].includes(text(command, 'subtype') ?? '') &&
          !flag(command, 'missing_ok'),
      );
      if (!bare || child(node, 'relation') === null) return null;
      const robust = commands.map(({ node: command }) => ({
        AlterTableCmd: ['AT_AddColumn', 'AT_DropColumn', 'AT_DropConstraint'].includes(
          text(command, 'subtype') ?? '',
        )
          ? { ...command, missing_ok: true }
          : command,
      }));
      return () => deparse(kind, { ...node, cmds: robust });
    }
    default:
      return null;
  }
}
