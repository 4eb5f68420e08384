import { scriptRule } from './rule.ts';
import { SessionSettings } from './script-rules.ts';
import { typeChanges } from './type-changes.ts';
import { byTime } from './weight.ts';

export const alterTypeTimezoneDependent = scriptRule({
  id: 'alter-type-timezone-dependent',
  severity: 'danger',
  title: 'Between timestamp and timestamptz the session’s time zone decides',
  read: () => {
    const settings = new SessionSettings();
    return {
      see: (analysis, context) => {
        const { statement } = analysis;
        const zone = settings.get('timezone') ?? null;
        settings.note(analysis);
        if (statement.kind !== 'AlterTableStmt' || context.isUtc) return [];
        return typeChanges(analysis, context)
          .filter((change) => change.zone)
          .map(({ table, column, from }) => ({
            statement,
            message:
              zone === null
                ? `What the session’s TimeZone is decides what the values of ${column} mean; and unless it is UTC, nobody can read or write ${table} until all its rows are written anew.`
                : `Each value of ${column} is taken for one of ${zone}, and nobody can read or write ${table} until all its rows are written anew.`,
            severity: byTime(context, [table], zone === null ? 'warning' : 'danger'),
            safeSql: ["SET LOCAL timezone = 'UTC'", statement.text, 'RESET timezone'].slice(
              0,
              from === null ? 0 : 2,
            ),
          }));
      },
    };
  },
  why: 'A timestamp has no zone; to make it a timestamptz, or the other way round, the server takes it for one of the zone that the session is set to. In UTC the stored value stays what it is, and the change is instant; in every other zone each row is written anew. Two environments whose roles or servers are set to different zones then hold different values (PostgreSQL manual, 8.5.1.3; ALTER TABLE, notes).',
  instead:
    'Say in the migration which zone the values are of. Where they are of UTC, that makes it instant, too; where they are not, add a column of the new type, with AT TIME ZONE, and fill it in batches.',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, at timestamp); INSERT INTO t VALUES (1, '2025-01-01 12:00');",
    bad: "SET LOCAL timezone = 'Europe/Vienna'; ALTER TABLE t ALTER COLUMN at TYPE timestamptz;",
    danger: { kind: 'rewrite', relation: 't' },
  },
  manual: 'datatype-datetime.html#DATATYPE-TIMEZONES',
});
