/** The migration's own `verify.sql`: each query must return no row. */
import { isFerrataError } from '../../errors.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { type Check, type CheckContext, type Finding, results } from '../check.ts';

export const custom: Check = {
  name: 'custom',
  async run(context) {
    const file = context.input.migration?.verify ?? null;
    if (file === null) {
      return results('custom', [{ subject: 'verify.sql', ok: true, message: 'the migration has none' }]);
    }
    const script = await parseScript(file.text, file.path);
    const findings: Finding[] = [];
    for (const statement of script.statements) findings.push(await runQuery(context, file.path, statement));
    if (findings.length === 0) findings.push({ subject: file.path, ok: true, message: 'holds no query' });
    return results('custom', findings);
  },
};

const SHOWN_ROWS = 5;

async function runQuery(context: CheckContext, file: string, statement: ParsedStatement): Promise<Finding> {
  const { connection } = context;
  const subject = `${file}:${statement.line}`;
  const attempt = await context.attempt(async () => {
    // A cursor: a query that finds a million rows shall not bring them all here.
    if (statement.kind === 'SelectStmt') {
      await connection.script(`DECLARE ferrata_verify NO SCROLL CURSOR FOR ${statement.text}`);
      const rows = await connection.query(`FETCH ${SHOWN_ROWS + 1} FROM ferrata_verify`);
      await connection.script('CLOSE ferrata_verify');
      return rows;
    }
    // SET, or a DO block that raises what it finds; a write is refused, the transaction is read-only.
    return connection.query(statement.text);
  });
  if ('error' in attempt) {
    const why = isFerrataError(attempt.error) ? attempt.error.details.why : undefined;
    return { subject, ok: false, message: attempt.error.message + (why === undefined ? '' : ` (${why})`) };
  }
  const rows = attempt.value;
  if (rows.length === 0) return { subject, ok: true, message: `${firstLine(statement.text)}: no row` };
  const shown = rows.slice(0, SHOWN_ROWS).map((row) => JSON.stringify(row));
  const count =
    rows.length > SHOWN_ROWS
      ? `more than ${SHOWN_ROWS} rows`
      : `${rows.length} row${rows.length === 1 ? '' : 's'}`;
  return {
    subject,
    ok: false,
    message: `${firstLine(statement.text)}: ${count} where there should be none: ${shown.join(', ')}`,
    hint: 'Each row that a query of verify.sql returns is something wrong.',
  };
}

function firstLine(sql: string): string {
  const line = sql.split('\n')[0]?.trim() ?? '';
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
