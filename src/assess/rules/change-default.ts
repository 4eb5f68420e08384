import { quoteIdent } from '../../sql/quote.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { text } from '../../sql/tree.ts';
import { addedColumns } from './added-columns.ts';
import { commands, existingRelation, type Hit, type ScriptHit, scriptRule } from './rule.ts';

export const changeDefault = scriptRule({
  id: 'change-default',
  severity: 'warning',
  title: 'Another default, or none, changes what programs insert that leave the column out',
  read: () => {
    /** Columns of the script’s own: their defaults are not yet anybody’s. */
    const own = new Set<string>();
    /** Of the transaction that still runs: a default that is dropped may come back before others see it. */
    let open: { readonly column: string; readonly hit: ScriptHit }[] = [];
    const close = (): readonly ScriptHit[] => {
      const hits = open.map(({ hit }) => hit);
      open = [];
      return hits;
    };
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        const control = transactionControl(statement);
        const ended = control === 'begin' || control === 'commit' || !facts.transactional ? close() : [];
        if (statement.kind !== 'AlterTableStmt') return ended;
        for (const { table, name } of addedColumns(analysis, context)) own.add(`${table} ${name}`);
        const table = existingRelation(analysis, context);
        if (table === null) return ended;
        for (const command of commands(analysis, 'AT_ColumnDefault')) {
          const column = text(command, 'name') ?? '';
          const key = `${table} ${column}`;
          if (own.has(key) || context.isNewColumn(table, column)) continue;
          const known = context.column(table, column);
          const drops = command.def === undefined;
          const wasDropped = open.some((one) => one.column === key);
          open = open.filter((one) => one.column !== key);
          const hit = drops
            ? dropped(table, column, known)
            : wasDropped
              ? null
              : changed(table, column, known);
          if (hit !== null) open.push({ column: key, hit: { statement, ...hit } });
        }
        return ended;
      },
      end: close,
    };
  },
  why: 'Rows that are there keep their values; what changes is what an INSERT gets that leaves the column out. Programs that rely on the default get another value, or, where it is gone and the column is NOT NULL, an error; some ORMs read the defaults once when they start and send the old one along (PostgreSQL manual, 5.2).',
  instead:
    'Release programs that write the column themselves, then change the default. Note down the old one for the way back: pg_get_expr(adbin, adrelid) of pg_attrdef; ferrata does.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0);',
    bad: 'ALTER TABLE t ALTER COLUMN a DROP DEFAULT;',
    danger: { kind: 'breaks', query: 'INSERT INTO t (id) VALUES (1)', sqlstate: '23502' },
  },
  manual: 'ddl-default.html',
});

interface Known {
  readonly default: string | null;
  readonly notNull: boolean;
}

function dropped(table: string, column: string, known: Known | null): Hit | null {
  if (known !== null && known.default === null) return null;
  if (known?.notNull === true) {
    return {
      message: `INSERTs into ${table} that leave ${quoteIdent(column)} out fail from now on.`,
      safeSql: [],
    };
  }
  return {
    message: `INSERTs into ${table} that leave ${quoteIdent(column)} out get NULL from now on${known === null ? ', or fail where it is NOT NULL (not known without the database)' : ''}.`,
    severity: 'info',
    safeSql: [],
  };
}

function changed(table: string, column: string, known: Known | null): Hit | null {
  // Where there was none, nobody relied on it.
  if (known === null || known.default === null) return null;
  return {
    message: `INSERTs into ${table} that leave ${quoteIdent(column)} out get another value from now on than ${known.default}.`,
    severity: 'info',
    safeSql: [],
  };
}
