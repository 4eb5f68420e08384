/** A column of another type beside the old one, up to the moment when it takes over its name. */
import type { ColumnProperties } from '../../catalog/model.ts';
import { tokens } from '../../sql/lexer.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { typeNameOf } from '../types.ts';
import { dependentsOf, taken } from './dependents.ts';
import { expressionSql } from './expression-sql.ts';
import { type KnownIndex, knownIndexes } from './known-indexes.ts';
import { alterTableSql } from './rule.ts';
import { backfillOf, COMMIT, checkSql, fillingTrigger, setNotNull } from './steps.ts';
import type { TypeChangeOfColumn } from './type-changes.ts';

export interface TypeSteps {
  /** The new column, filled and kept up to date. */
  readonly steps: readonly (string | null)[];
  /** Whether they lead to the end: the new column bears the name, the old one `…_old`. */
  readonly complete: boolean;
}

/**
 * All of them, as far as what hangs on the column can be carried over; else the new column alone, which is right in any
 * case. What is read of the context is read now.
 */
export function typeSteps(
  analysis: Analysis,
  change: TypeChangeOfColumn,
  context: AssessContext,
): () => Promise<TypeSteps> {
  const fresh = `${change.column.slice(0, 58)}_new`;
  const known = context.column(change.table, change.column);
  const [a, b] = [quoteIdent(change.column), quoteIdent(fresh)];
  const carried =
    known === null || !canBeCarried(change, known, context) ? null : carry(change, fresh, known, context);
  const write = backfillOf(context, change);
  const fill = (value: string): string => write(`${b} = ${value}`, `${b} IS NULL AND ${a} IS NOT NULL`);
  return async () => {
    const { definition } = change;
    const column = { ColumnRef: { fields: [{ String: { sval: change.column } }] } };
    const cast = { TypeCast: { arg: column, typeName: typeNameOf(definition) } };
    const value = await expressionSql(definition.raw_default ?? cast);
    const add = await alterTableSql(analysis, {
      subtype: 'AT_AddColumn',
      def: {
        ColumnDef: {
          colname: fresh,
          typeName: definition.typeName,
          ...(definition.collClause === undefined ? {} : { collClause: definition.collClause }),
          is_local: true,
        },
      },
      behavior: 'DROP_RESTRICT',
    });
    const first = value === null ? [null] : [...fillingTrigger(change, fresh, value), COMMIT, fill(value)];
    return { steps: [add, ...first, ...(carried ?? [])], complete: carried !== null };
  };
}

/** Nothing refers to the column but its own table’s indexes and constraints, and a default at most. */
function canBeCarried(change: TypeChangeOfColumn, known: ColumnProperties, context: AssessContext): boolean {
  if (context.catalog === null || known.generated !== null || known.identity !== null) return false;
  // A USING may mean another default, too.
  if (
    known.default !== null &&
    (change.definition.raw_default !== undefined || !known.default.startsWith('nextval('))
  ) {
    if (!/^(-?\d+(\.\d+)?|NULL|true|false)$/.test(known.default)) return false;
  }
  if (context.isPartitioned(change.table) || context.descendants(change.table).length > 0) return false;
  const dependents = dependentsOf(context, [`column ${change.table}.${quoteIdent(change.column)}`]) ?? [];
  const own = (key: string): boolean => {
    const { kind, identity } = taken(key);
    return (
      kind === 'constraint' &&
      splitQualified(identity).slice(0, -1).map(quoteIdent).join('.') === change.table
    );
  };
  const sequences = (key: string): boolean => taken(key).kind === 'sequence';
  return (
    dependents.every((key) => own(key) || sequences(key)) && context.on(change.table, 'policy').length === 0
  );
}

function carry(
  change: TypeChangeOfColumn,
  fresh: string,
  known: ColumnProperties,
  context: AssessContext,
): readonly string[] | null {
  const { column } = change;
  const table = `ALTER TABLE ${showName(change.written)}`;
  const [a, b] = [quoteIdent(column), quoteIdent(fresh)];
  const steps: string[] = [];
  const swap: string[] = [];
  for (const index of knownIndexes(context, change.table)) {
    if (!mentions(index, column)) continue;
    if (index.constraint === 'exclusion') return null;
    const made = newIndex(index, change, column, fresh);
    if (made === null) return null;
    steps.push(COMMIT, made.sql);
    if (index.constraint !== null) {
      const name = quoteIdent(splitQualified(index.name).at(-1) ?? '');
      const kind = index.constraint === 'primary' ? 'PRIMARY KEY' : 'UNIQUE';
      swap.push(
        `${table} DROP CONSTRAINT ${name}`,
        `${table} ADD CONSTRAINT ${name} ${kind} USING INDEX ${made.name}`,
      );
    }
  }
  for (const constraint of context.constraints(change.table)) {
    if (constraint.type !== 'check' && constraint.type !== 'foreign') continue;
    if (!constraint.columns.includes(column)) continue;
    const sql = constraint.type === 'check' ? checkSql(constraint) : constraint.definition;
    if (sql === null || !constraint.validated || constraint.deferrable) return null;
    const name = quoteIdent(`${constraint.name.slice(0, 59)}_new`);
    steps.push(
      COMMIT,
      `${table} ADD CONSTRAINT ${name} ${withColumn(sql, column, fresh)} NOT VALID`,
      COMMIT,
      `${table} VALIDATE CONSTRAINT ${name}`,
    );
  }
  const primary = context
    .constraints(change.table)
    .some((one) => one.type === 'primary' && one.columns.includes(column));
  if (known.notNull) steps.push(COMMIT, ...setNotNull(context, change, fresh));
  const [trigger = '', fn = ''] = triggerOf(change, fresh);
  const old = quoteIdent(`${column.slice(0, 59)}_old`);
  return [
    ...steps,
    COMMIT,
    `DROP TRIGGER ${trigger} ON ${showName(change.written)}`,
    `DROP FUNCTION ${fn}()`,
    ...swap,
    `${table} RENAME COLUMN ${a} TO ${old}`,
    `${table} RENAME COLUMN ${b} TO ${a}`,
    ...(known.default === null
      ? []
      : [
          `${table} ALTER COLUMN ${old} DROP DEFAULT, ALTER COLUMN ${a} SET DEFAULT ${known.default}`,
          ...ownedSequence(change, context),
        ]),
    // Programs no longer write it.
    ...(known.notNull || primary ? [`${table} ALTER COLUMN ${old} DROP NOT NULL`] : []),
  ];
}

/** The sequence of a serial goes over to the new column, and grows with it. */
function ownedSequence(change: TypeChangeOfColumn, context: AssessContext): readonly string[] {
  const owner = `${change.table}.${quoteIdent(change.column)}`;
  return context.known
    .objects('sequence')
    .filter(({ properties }) => (properties as { readonly ownedBy: string | null }).ownedBy === owner)
    .map(({ identity }) => {
      const size = change.to === 'bigint' || change.to === 'integer' ? ` AS ${change.to}` : '';
      return `ALTER SEQUENCE ${identity}${size} OWNED BY ${showName(change.written)}.${quoteIdent(change.column)}`;
    });
}

function mentions(index: KnownIndex, column: string): boolean {
  const word = quoteIdent(column);
  if (index.constraint !== null) return index.keys.includes(word);
  return index.definition === null || withColumn(index.definition, column, ' ') !== index.definition;
}

function newIndex(
  index: KnownIndex,
  change: TypeChangeOfColumn,
  column: string,
  fresh: string,
): { readonly name: string; readonly sql: string } | null {
  const [schema = null, own = ''] = splitQualified(index.name);
  const bare = `${own.slice(0, 59)}_new`;
  if (index.constraint !== null) {
    const keys = index.keys.map((key) => (key === quoteIdent(column) ? quoteIdent(fresh) : key));
    return {
      name: quoteIdent(bare),
      sql: `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(bare)} ON ${showName(change.written)} (${keys.join(', ')})`,
    };
  }
  if (index.definition === null) return null;
  const head = /^CREATE (UNIQUE )?INDEX \S+ ON /.exec(index.definition);
  if (head === null) return null;
  const rest = withColumn(index.definition.slice(head[0].length), column, fresh);
  return {
    name: quoteQualified(schema, bare),
    sql: `CREATE ${head[1] ?? ''}INDEX CONCURRENTLY ${quoteIdent(bare)} ON ${rest}`,
  };
}

/** Every word that is the column’s name, but for names of functions, and of the table in front. */
function withColumn(sql: string, column: string, fresh: string): string {
  const word = quoteIdent(column);
  const from = sql.indexOf('(');
  let out = sql.slice(0, from);
  let at = from;
  for (const token of tokens(sql, from)) {
    const text = sql.slice(token.start, token.end);
    const isName = token.kind === 'word' || token.kind === 'quoted-name';
    const around = sql.slice(token.end).trimStart()[0];
    // What stands behind REFERENCES belongs to the other table.
    if (/\bREFERENCES\b/.test(sql.slice(from, token.start))) break;
    if (!isName || text !== word || around === '(' || around === '.' || sql[token.start - 1] === '.')
      continue;
    out += sql.slice(at, token.start) + quoteIdent(fresh);
    at = token.end;
  }
  return out + sql.slice(at);
}

/** As `fillingTrigger` names them. */
function triggerOf(change: TypeChangeOfColumn, fresh: string): readonly string[] {
  const [fn = '', trigger = ''] = fillingTrigger(change, fresh, 'NULL').map(
    (sql) => /^CREATE (?:FUNCTION|TRIGGER) (.+?)(?:\(\)| BEFORE)/.exec(sql)?.[1] ?? '',
  );
  return [trigger, fn];
}
