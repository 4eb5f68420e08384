import { quoteIdent } from '../../sql/quote.ts';
import { showName } from '../../sql/tree.ts';
import { rule } from './rule.ts';
import { type TypeChangeOfColumn, typeChanges } from './type-changes.ts';

export const alterTypeNarrowing = rule({
  id: 'alter-type-narrowing',
  severity: 'danger',
  title: 'Values may not fit into the new type',
  on: ['AlterTableStmt'],
  commands: ['AT_AlterColumnType'],
  applies: (analysis, context) =>
    typeChanges(analysis, context)
      .filter((change) => change.narrows === true && context.size(change.table)?.rows !== 0)
      .map((change) => {
        const own = change.definition.raw_default !== undefined;
        const query = misfits(change);
        return {
          message: own
            ? `What USING makes of a value of ${change.column} (${change.from}) that does not fit ${change.to} is gone for good.`
            : `The statement fails, or rounds, where a value of ${change.column} (${change.from}) does not fit ${change.to}.`,
          safeSql: query === null || own ? [] : [query],
        };
      }),
  why: 'A longer text or a larger number makes the statement fail, after it has read all the rows before it; fractions and seconds are rounded without a word; and what was cut off does not come back with the wider type. Values that come tomorrow make the way back fail as well (PostgreSQL manual, ALTER TABLE, SET DATA TYPE; 8.1, 8.3).',
  instead:
    'Count the values that do not fit first, and keep new ones out with a CHECK that is added as NOT VALID; then mend what is there, validate, and change the type.',
  example: {
    schema: "CREATE TABLE t (id int PRIMARY KEY, a varchar(50)); INSERT INTO t VALUES (1, 'longer');",
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE varchar(3);',
    danger: { kind: 'fails', sqlstate: '22001' },
  },
  manual: 'sql-altertable.html',
});

const RANGES: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
};

const NUMBERS = /^(smallint|integer|bigint|numeric|real|double precision)\b/;

/** Counts the values that would fail or change; null where no expression tells. */
function misfits({ written, column, from, to }: TypeChangeOfColumn): string | null {
  const name = quoteIdent(column);
  const count = (condition: string): string => `SELECT count(*) FROM ${showName(written)} WHERE ${condition}`;
  const range = RANGES[to];
  if (range !== undefined) {
    if (from === null || !NUMBERS.test(from)) return null;
    const whole = /^(smallint|integer|bigint)$/.test(from) ? '' : ` OR ${name} <> round(${name})`;
    return count(`${name} NOT BETWEEN ${range[0]} AND ${range[1]}${whole}`);
  }
  const text = /^(?:character varying|character)\((\d+)\)$/.exec(to);
  if (text !== null) return count(`length(${name}::text) > ${text[1]}`);
  const numeric = /^numeric\((\d+),(-?\d+)\)$/.exec(to);
  if (numeric === null || from === null || !NUMBERS.test(from)) return null;
  const [precision = 0, scale = 0] = [Number(numeric[1]), Number(numeric[2])];
  return count(
    `abs(${name}) >= 10::numeric ^ ${precision - scale} OR ${name}::numeric <> round(${name}::numeric, ${scale})`,
  );
}
