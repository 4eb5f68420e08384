import { type ScriptHit, scriptRule } from './rule.ts';
import { addsUnvalidated, validatedConstraints } from './validated-here.ts';

export const notValidNeverValidated = scriptRule({
  id: 'not-valid-never-validated',
  severity: 'info',
  title: 'A constraint is added NOT VALID, and nothing validates it',
  on: ['AlterTableStmt'],
  read: () => {
    const open = new Map<string, ScriptHit>();
    return {
      see: (analysis) => {
        const { statement } = analysis;
        for (const name of validatedConstraints(analysis)) open.delete(name);
        for (const { name, validate } of addsUnvalidated(analysis)) {
          open.set(name, {
            statement,
            settledBy: name,
            message: `${name} binds new rows; of the old ones nobody knows, and the planner does not rely on it.`,
            safeSql: [statement.text, 'COMMIT', validate],
          });
        }
        return [];
      },
      end: () => [...open.values()],
    };
  },
  why: 'The database does not take a NOT VALID constraint to hold for all rows until it is validated; rows that break it stay, until somebody updates one of them and is refused (PostgreSQL manual, ALTER TABLE, ADD table_constraint).',
  instead:
    'Validate it in a transaction, or a migration, of its own: that reads the table beside reads and writes.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t ADD CONSTRAINT a_positive CHECK (a > 0) NOT VALID;',
    danger: { kind: 'shows', query: 'SELECT conname FROM pg_constraint WHERE NOT convalidated' },
  },
});
