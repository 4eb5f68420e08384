import { dollarQuote, quoteIdent, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import {
  child,
  children,
  isNode,
  nameFromParts,
  type QualifiedName,
  relationOf,
  showName,
  strings,
  text,
  unwrap,
  walk,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { joinedName } from '../known/chosen-names.ts';
import { expressionSql } from './expression-sql.ts';
import { type Hit, rule } from './rule.ts';

export const volatileCheck = rule({
  id: 'volatile-check',
  severity: 'warning',
  title: 'A CHECK that asks for the time, the user or other rows is true only when it is asked',
  on: ['AlterTableStmt', 'CreateStmt', 'AlterDomainStmt', 'CreateDomainStmt'],
  applies: ({ statement }, context) => {
    const table = relationOf(statement.node);
    const hits: Hit[] = [];
    walk({ [statement.kind]: statement.node }, (kind, constraint) => {
      if (kind !== 'Constraint' || text(constraint, 'contype') !== 'CONSTR_CHECK') return undefined;
      const moody = changing(constraint.raw_expr, context);
      if (moody !== null) {
        const name = text(constraint, 'conname');
        hits.push({
          message: `${moody} gives another value tomorrow, for another user or in another state of other tables: rows that were let in break the CHECK, every later UPDATE of them fails, and so does the restore of a backup.`,
          safeSql: table === null ? [] : () => triggerInstead(table, name, constraint.raw_expr),
        });
      }
      return undefined;
    });
    return hits;
  },
  why: 'A CHECK is tested when a row is written, and never again; the server takes it to be true of every row for good, and a dump that is restored adds it to the rows as they are (PostgreSQL manual, 5.5.1, and CREATE TABLE, CHECK).',
  instead:
    'Test it with a trigger, for the columns that it is about, when they are written; a restore puts triggers behind the rows.',
  manual: 'ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int, owner name DEFAULT current_user); INSERT INTO t VALUES (1, 2); GRANT USAGE ON SCHEMA public TO pg_monitor; GRANT SELECT, UPDATE ON t TO pg_monitor;',
    bad: 'ALTER TABLE t ADD CONSTRAINT own CHECK (owner = current_user);',
    danger: {
      kind: 'breaks',
      query: 'SET LOCAL ROLE pg_monitor; UPDATE t SET a = 3 WHERE id = 1',
      sqlstate: '23514',
    },
  },
});

/** Functions of the server whose value depends on the moment, the session or the state of the database. */
const CHANGING = new Set([
  'now',
  'clock_timestamp',
  'statement_timestamp',
  'transaction_timestamp',
  'timeofday',
  'random',
  'random_normal',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'nextval',
  'currval',
  'lastval',
  'setval',
  'current_setting',
  'set_config',
  'current_database',
  'current_schema',
  'current_schemas',
  'current_query',
  'getpgusername',
  'inet_client_addr',
  'inet_client_port',
  'inet_server_addr',
  'pg_backend_pid',
  'pg_has_role',
  'pg_trigger_depth',
  'pg_current_xact_id',
  'txid_current',
  'pg_current_wal_lsn',
  'version',
]);

/** What in the expression does not always give the same value, as it is written; null where nothing does. */
function changing(expression: unknown, context: AssessContext): string | null {
  let found: string | null = null;
  walk(expression, (kind, node) => {
    if (kind === 'SQLValueFunction') {
      found ??= (text(node, 'op') ?? '').replace(/^SVFOP_/, '').replace(/_N$/, '');
    }
    const name = kind === 'FuncCall' ? nameFromParts(strings(node.funcname)) : null;
    if (name !== null && isChanging(name, children(node, 'args').length, context)) {
      found ??= `${showName(name)}()`;
    }
    return undefined;
  });
  return found;
}

function isChanging(name: QualifiedName, args: number, context: AssessContext): boolean {
  const own = name.schema === 'pg_catalog' ? null : context.functionVolatility(name);
  if (own !== null) return own !== 'immutable';
  // age(x) counts from today.
  return CHANGING.has(name.name) || (name.name === 'age' && args === 1);
}

async function triggerInstead(
  table: QualifiedName,
  constraint: string | null,
  expression: unknown,
): Promise<readonly (string | null)[]> {
  const columns = new Set<string>();
  const condition = await expressionSql(ofNewRow(expression, columns));
  if (condition === null) return [null];
  const name = constraint ?? joinedName(table.name, null, 'check');
  const fn = quoteQualified(table.schema, name);
  const body = `
BEGIN
  IF (${condition}) IS FALSE THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = ${quoteLiteral(`${table.name}: ${name} does not hold`)};
  END IF;
  RETURN new;
END
`;
  const of = columns.size === 0 ? '' : ` OF ${[...columns].map(quoteIdent).join(', ')}`;
  return [
    `CREATE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(body, 'check')}`,
    `CREATE TRIGGER ${quoteIdent(name)} BEFORE INSERT OR UPDATE${of} ON ${showName(table)} FOR EACH ROW EXECUTE FUNCTION ${fn}()`,
  ];
}

/** The expression over NEW in the place of the row. */
function ofNewRow(value: unknown, columns: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => ofNewRow(item, columns));
  if (!isNode(value)) return value;
  const kinded = unwrap(value);
  if (kinded?.kind === 'ColumnRef') {
    const column = strings(kinded.node.fields).at(-1);
    if (column === undefined) return value;
    columns.add(column);
    return { ColumnRef: { fields: [{ String: { sval: 'new' } }, { String: { sval: column } }] } };
  }
  // The columns of a subquery are its own.
  if (kinded?.kind === 'SubLink' || child(value, 'subselect') !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ofNewRow(inner, columns)]));
}
