/** Changes that blocking statements make at once, taken apart into steps that block nobody for long: SQL for findings. */
import type { ConstraintProperties } from '../../catalog/model.ts';
import { dollarQuote, quoteIdent } from '../../sql/quote.ts';
import { type QualifiedName, showName } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { constraintName, joinedName } from '../known/chosen-names.ts';
import { UNREAD } from '../known/make.ts';

/** What ends the transaction, and gives back the locks, where a step must not share one with the next. */
export const COMMIT = 'COMMIT';

/** A table under the name that the statement has for it, and under the one that the facts have. */
export interface Target {
  readonly table: string;
  readonly written: QualifiedName;
}

const BATCH = 10_000;

/**
 * Writes rows in batches, each in a transaction of its own: along the primary key where it is known, else as many as
 * are left until none is. Rows that come meanwhile must have been taken care of: by a default or a trigger.
 *
 * @param assignment behind SET
 * @param rest what is true of rows that still need it, and no longer when they were written
 */
export function backfill(context: AssessContext, target: Target, assignment: string, rest: string): string {
  return backfillOf(context, target)(assignment, rest);
}

/** As `backfill`, to be called later: what is read of the context is read now. */
export function backfillOf(
  context: AssessContext,
  target: Target,
): (assignment: string, rest: string) => string {
  const write = batchesOf(context, target);
  return (assignment, rest) => write(`UPDATE ${showName(target.written)} SET ${assignment}`, rest);
}

/**
 * As `backfill`, for any change of rows.
 *
 * @param change `UPDATE … SET …` or `DELETE FROM …`, without its WHERE
 */
export function inBatches(context: AssessContext, target: Target, change: string, rest: string): string {
  return batchesOf(context, target)(change, rest);
}

function batchesOf(context: AssessContext, target: Target): (change: string, rest: string) => string {
  const name = showName(target.written);
  const key = keyOf(context, target.table);
  return (change, rest) =>
    key === null ? untilNone(name, change, rest) : block(alongKey(name, key, change, rest));
}

/**
 * As `inBatches`, without a key: as many rows as are left, again and again, until there is none. Rows of several partitions
 * may have the same ctid, so that what is asked of a row is asked again where it is changed.
 */
export function untilNone(name: string, change: string, rest: string): string {
  return block(`
BEGIN
  LOOP
    ${change}
    WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${name} WHERE ${rest} LIMIT ${BATCH})) AND ${rest};
    EXIT WHEN NOT FOUND;
    COMMIT;
  END LOOP;
END`);
}

function block(body: string): string {
  return `DO ${dollarQuote(`${body}\n`, 'batches')}`;
}

function alongKey(name: string, key: readonly string[], change: string, rest: string): string {
  const columns = key.map(quoteIdent);
  const list = (prefix: string): string => key.map((_column, n) => `${prefix}_${n + 1}`).join(', ');
  const order = columns.join(', ');
  const also = rest === 'true' ? '' : ` AND ${rest}`;
  const row = key.length === 1 ? order : `(${order})`;
  const variables = (prefix: string): string => (key.length === 1 ? list(prefix) : `(${list(prefix)})`);
  const declarations = key.flatMap((column, n) =>
    ['at', 'upto'].map((prefix) => `  ${prefix}_${n + 1} ${name}.${quoteIdent(column)}%TYPE;`),
  );
  return `
DECLARE
${declarations.join('\n')}
BEGIN
  SELECT ${order} INTO ${list('at')} FROM ${name} ORDER BY ${order} LIMIT 1;
  WHILE FOUND LOOP
    SELECT ${order} INTO ${list('upto')} FROM ${name} WHERE ${row} >= ${variables('at')} ORDER BY ${order} OFFSET ${BATCH} LIMIT 1;
    EXIT WHEN NOT FOUND;
    ${change} WHERE ${row} >= ${variables('at')} AND ${row} < ${variables('upto')}${also};
    COMMIT;
    SELECT ${key.map((_column, n) => `upto_${n + 1}`).join(', ')} INTO ${list('at')};
  END LOOP;
  ${change} WHERE ${row} >= ${variables('at')}${also};
END`;
}

/** The columns of the primary key; null where it is not known, or its names would be taken for variables. */
export function keyOf(context: AssessContext, table: string): readonly string[] | null {
  const key = context.constraints(table).find(({ type }) => type === 'primary');
  if (key === undefined || key.columns.length === 0) return null;
  return key.columns.some((column) => /^(at|upto)_\d+$/.test(column)) ? null : key.columns;
}

/** SET NOT NULL without reading the table under its lock: there must be no NULL left. */
export function setNotNull(context: AssessContext, target: Target, column: string): readonly string[] {
  const table = `ALTER TABLE ${showName(target.written)}`;
  const quoted = quoteIdent(column);
  // PostgreSQL 18 knows a NOT NULL that is not validated yet; whether it is that new must be known.
  if (context.major !== null && context.major >= 18) {
    const name = quoteIdent(freeName(context, target, column, 'not_null'));
    return [
      `${table} ADD CONSTRAINT ${name} NOT NULL ${quoted} NOT VALID`,
      COMMIT,
      `${table} VALIDATE CONSTRAINT ${name}`,
    ];
  }
  const name = quoteIdent(freeName(context, target, column, 'check'));
  return [
    `${table} ADD CONSTRAINT ${name} CHECK (${quoted} IS NOT NULL) NOT VALID`,
    COMMIT,
    `${table} VALIDATE CONSTRAINT ${name}`,
    COMMIT,
    `${table} ALTER COLUMN ${quoted} SET NOT NULL`,
    `${table} DROP CONSTRAINT ${name}`,
  ];
}

/** A constraint name that the table does not know yet, as the server would choose it. */
export function freeName(context: AssessContext, target: Target, column: string, label: string): string {
  return constraintName(context.known, `table ${target.table}`, [column], label);
}

/** A name made of the table's and some columns', within 63 bytes. */
export function nameFor(target: Target, columns: readonly string[], label: string): string {
  return joinedName(target.written.name, columns.length === 0 ? null : columns.join('_'), label);
}

/** Makes a unique index without blocking, and then the constraint out of it. */
export function uniqueSteps(
  target: Target,
  name: string,
  columns: readonly string[],
  primary: boolean,
): readonly string[] {
  const table = showName(target.written);
  return [
    COMMIT,
    `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${table} (${columns.map(quoteIdent).join(', ')})`,
    `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdent(name)} ${primary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${quoteIdent(name)}`,
  ];
}

/** Whether SQL was told in full: what is replayed from files leaves expressions out. */
export function isWhole(sql: string): boolean {
  return !sql.includes(UNREAD);
}

/** A CHECK of the catalog as it is written behind ADD CONSTRAINT; null where it is not known in full. */
export function checkSql({ definition, noInherit }: ConstraintProperties): string | null {
  return isWhole(definition) ? `${definition}${noInherit ? ' NO INHERIT' : ''}` : null;
}

/**
 * A trigger that gives a column its value before each row is written; it comes last of its kind, so that it sees what
 * the others did.
 *
 * @param expression over the columns of the table
 */
export function fillingTrigger(target: Target, column: string, expression: string): readonly string[] {
  const name = quoteIdent(`zz_${joinedName(target.written.name, column, 'fill')}`.slice(0, 63));
  const fn = quoteIdent(joinedName(target.written.name, column, 'fill'));
  const made = target.written.schema === null ? fn : `${quoteIdent(target.written.schema)}.${fn}`;
  const source = quoteIdent(target.written.name);
  const body = `
BEGIN
  NEW.${quoteIdent(column)} := (SELECT ${expression} FROM (SELECT NEW.*) AS ${source});
  RETURN NEW;
END
`;
  return [
    `CREATE FUNCTION ${made}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(body, 'fill')}`,
    `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON ${showName(target.written)} FOR EACH ROW EXECUTE FUNCTION ${made}()`,
  ];
}
