import { relationOf, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { commands, type ScriptHit, scriptRule } from './rule.ts';
import { settingOf, transactions } from './script-rules.ts';

export const disableTrigger = scriptRule({
  id: 'disable-trigger',
  severity: 'warning',
  title: 'Triggers are switched off, and with them what they keep true',
  read: () => {
    const seen: Analysis[] = [];
    const disabled: Disabled[] = [];
    return {
      see: (analysis, context) => {
        seen.push(analysis);
        for (const off of disabled) {
          if (off.enabled === null && enables(analysis, off, context)) off.enabled = analysis;
        }
        disabled.push(...disables(analysis, context));
        return [];
      },
      end: (context) => {
        const groups = transactions(seen, context.loose).map(({ analyses }) => new Set(analyses));
        return disabled.flatMap((off) => {
          const { enabled } = off;
          const together =
            enabled !== null && groups.some((group) => group.has(off.analysis) && group.has(enabled));
          return hitOf(off, together);
        });
      },
    };
  },
  why: 'Foreign keys are kept by triggers: with DISABLE TRIGGER ALL, or session_replication_role = replica, rows that break them come in, and nobody looks again when the triggers are enabled: the constraint counts as valid. Audit logs, copies and whatever else triggers do are left out as well (PostgreSQL manual, ALTER TABLE, DISABLE TRIGGER; 19.11.1).',
  instead:
    'Disable the one trigger by name that is in the way, and enable it in the same transaction: until it ends nobody else writes the table.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-DISABLE-ENABLE-TRIGGER',
  example: {
    schema:
      'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r);',
    bad: 'ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (1, 99); ALTER TABLE t ENABLE TRIGGER ALL;',
    danger: {
      kind: 'shows',
      query: 'SELECT r_id FROM t WHERE r_id IS NOT NULL AND NOT EXISTS (SELECT FROM r WHERE r.id = t.r_id)',
    },
    good: [
      'ALTER TABLE t DISABLE TRIGGER USER',
      'INSERT INTO t VALUES (1, NULL)',
      'ALTER TABLE t ENABLE TRIGGER USER',
    ],
  },
});

interface Disabled {
  readonly analysis: Analysis;
  /** Null: of every table, by session_replication_role. */
  readonly table: string | null;
  readonly which: 'all' | 'user' | string;
  enabled: Analysis | null;
}

function disables(analysis: Analysis, context: AssessContext): readonly Disabled[] {
  const { statement } = analysis;
  const setting = settingOf(statement);
  if (setting?.name === 'session_replication_role') {
    return setting.value === 'replica' ? [{ analysis, table: null, which: 'all', enabled: null }] : [];
  }
  const table = statement.kind === 'AlterTableStmt' ? context.resolve(relationOf(statement.node)) : null;
  if (table === null || context.isNew(table)) return [];
  const off = (which: string): Disabled => ({ analysis, table, which, enabled: null });
  return [
    ...commands(analysis, 'AT_DisableTrigAll').map(() => off('all')),
    ...commands(analysis, 'AT_DisableTrigUser').map(() => off('user')),
    ...commands(analysis, 'AT_DisableTrig').map((command) => off(`trigger ${text(command, 'name')}`)),
  ];
}

function enables(analysis: Analysis, off: Disabled, context: AssessContext): boolean {
  const { statement } = analysis;
  if (off.table === null) {
    const setting = settingOf(statement);
    if (setting?.name === 'all') return true;
    return setting?.name === 'session_replication_role' && setting.value !== 'replica';
  }
  if (statement.kind !== 'AlterTableStmt' || context.resolve(relationOf(statement.node)) !== off.table) {
    return false;
  }
  if (commands(analysis, 'AT_EnableTrigAll').length > 0) return true;
  if (off.which !== 'all' && commands(analysis, 'AT_EnableTrigUser').length > 0) return true;
  return ['AT_EnableTrig', 'AT_EnableAlwaysTrig'].some((subtype) =>
    commands(analysis, subtype).some((command) => `trigger ${text(command, 'name')}` === off.which),
  );
}

function hitOf(off: Disabled, together: boolean): readonly ScriptHit[] {
  const { statement } = off.analysis;
  const where = off.table === null ? 'any table' : off.table;
  const hit = (severity: ScriptHit['severity'] & string, message: string): readonly ScriptHit[] => [
    { statement, severity, message, safeSql: [] },
  ];
  if (off.which === 'all') {
    return off.enabled === null
      ? hit('danger', `From here on the foreign keys of ${where} are not kept, and its triggers do not run.`)
      : hit(
          'warning',
          `What is written to ${where} up to line ${off.enabled.statement.line} is never checked against its foreign keys, not even when the triggers are enabled again.`,
        );
  }
  const what = off.which === 'user' ? 'its triggers do not run' : `${off.which} does not run`;
  if (off.enabled === null) return hit('warning', `For every write of ${where} from here on ${what}.`);
  // In one transaction nobody else can write the table meanwhile.
  return together
    ? []
    : hit(
        'warning',
        `For the writes of others to ${where}, too, ${what} up to line ${off.enabled.statement.line}.`,
      );
}
