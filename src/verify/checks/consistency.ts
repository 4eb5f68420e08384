/** What the migration does not touch is as it was: row counts, and the content of columns. */
import { fingerprintData } from '../../catalog/data/fingerprint.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import type { QualifiedName } from '../../sql/tree.ts';
import { type Check, type CheckContext, type Finding, plural, results } from '../check.ts';
import type { Baseline } from '../model.ts';
import { type PlannedWrites, plannedWrites, sameName } from '../writes.ts';

export const consistency: Check = {
  name: 'consistency',
  async run(context) {
    const { baseline = null } = context.input;
    if (baseline === null) {
      const message = 'nothing was measured before, so there is nothing to compare with';
      return results('consistency', [{ subject: 'row counts', ok: true, severity: 'warning', message }]);
    }
    return results('consistency', await compareTables(context, baseline));
  },
};

/** What may have changed in a table: nothing, some columns, or everything. */
type Expected = { readonly written: boolean; readonly columns: ReadonlySet<string> } | 'anything';

async function compareTables(context: CheckContext, baseline: Baseline): Promise<Finding[]> {
  const { connection } = context;
  const names = Object.keys(baseline.tables);
  if (names.length === 0) return [];
  const present = new Set(
    (
      await connection.query<{ name: string }>(
        `SELECT w.name FROM unnest($1::text[]) AS w(name)
         JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.name) WHERE c.relkind = 'r'`,
        [names],
      )
    ).map((row) => row.name),
  );
  const writes = context.input.plan == null ? null : await plannedWrites(context.input.plan);
  const withTriggers = await triggered(context, names);
  const expected = new Map<string, Expected>();
  for (const name of present) expected.set(name, await expectation(context, writes, name, withTriggers));
  const summed = names.filter(
    (name) => expected.get(name) !== 'anything' && baseline.tables[name]?.columns !== null,
  );
  const data = await fingerprintData(connection, {
    tables: summed.filter((n) => present.has(n)),
    inTransaction: true,
  });
  const findings: Finding[] = [];
  for (const name of names) {
    const subject = `table ${name}`;
    const was = baseline.tables[name];
    const may = expected.get(name);
    if (was === undefined) continue;
    if (may === undefined) {
      // Whether it should be gone, the schema check tells.
      findings.push({ subject, ok: true, message: `is gone or renamed; it had ${plural(was.rows, 'row')}` });
      continue;
    }
    if (may === 'anything') {
      findings.push({ subject, ok: true, message: 'is written by the migration: not compared' });
      continue;
    }
    const rows = data.tables.get(name)?.rows ?? (await countRows(context, name));
    const columns = data.tables.get(name)?.columns ?? null;
    findings.push(await compareTable(context, name, was, { rows, columns }, may));
  }
  return findings;
}

async function compareTable(
  context: CheckContext,
  name: string,
  was: Baseline['tables'][string],
  now: Baseline['tables'][string],
  may: Exclude<Expected, 'anything'>,
): Promise<Finding> {
  const subject = `table ${name}`;
  const changed = Object.entries(was.columns ?? {})
    .filter(([column, sum]) => {
      const current = now.columns?.[column];
      return current !== undefined && current !== sum && !may.columns.has(column);
    })
    .map(([column]) => column);
  const sameRows = was.rows === now.rows;
  if (sameRows && changed.length === 0) {
    const compared = Object.keys(was.columns ?? {}).filter((column) => !may.columns.has(column)).length;
    const what = compared === 0 ? '' : `, ${plural(compared, 'column')} as before`;
    return { subject, ok: true, message: `${plural(now.rows, 'row')}${what}` };
  }
  const message = sameRows
    ? `other content in ${changed.map(quoteIdent).join(', ')}, which the migration does not write`
    : `${now.rows} rows, ${was.rows} before`;
  if (await writtenByOthers(context, name, may.written)) {
    return {
      subject,
      ok: false,
      severity: 'warning',
      message: `${message}; the application was writing meanwhile`,
    };
  }
  return {
    subject,
    ok: false,
    message,
    hint: 'Nothing in the plan explains it. Compare with the backup before going on.',
  };
}

/**
 * Whether somebody else can have changed the table since the baseline: another client is connected, or more transactions
 * have written the rows that are newer than the baseline than the plan has steps.
 */
async function writtenByOthers(context: CheckContext, name: string, written: boolean): Promise<boolean> {
  if (await context.othersConnected()) return true;
  const xid = context.input.baseline?.xid;
  if (xid === undefined) return true;
  const writers = await context.attempt(() =>
    context.connection.query<{ writers: string }>(
      `SELECT count(DISTINCT xmin::text)::text AS writers FROM ONLY ${name} WHERE age(xmin) <= age($1::xid)`,
      [xid],
    ),
  );
  const own = written ? (context.input.plan?.steps.length ?? 0) : 0;
  return 'error' in writers || Number(writers.value[0]?.writers ?? 0) > own;
}

async function expectation(
  context: CheckContext,
  writes: PlannedWrites | null,
  name: string,
  withTriggers: ReadonlySet<string>,
): Promise<Expected> {
  const changedColumns = redefined(context, name, await context.catalog());
  const own = qualified(name);
  const measured = (context.input.proof?.measures ?? []).some((step) =>
    step.writes.some((write) => write.table === name && write.rows > 0),
  );
  const captured = (context.input.plan?.steps ?? []).some((step) => step.captures.includes(name));
  const updates = (writes?.updates ?? []).filter((update) => sameName(update.table, own));
  const otherwise = (writes?.otherwise ?? []).some((table) => sameName(table, own));
  if (!measured && !captured && updates.length === 0 && !otherwise) {
    // Without a rehearsal nobody knows what a function, a DO block, a cascade or a trigger writes.
    const unseen = writes?.opaque === true || (writes?.otherwise.length ?? 0) > 0;
    const unknown = unseen && context.input.proof == null;
    return unknown ? 'anything' : { written: false, columns: changedColumns };
  }
  if (otherwise || updates.length === 0 || writes?.opaque === true || withTriggers.has(name))
    return 'anything';
  return {
    written: true,
    columns: new Set([...changedColumns, ...updates.flatMap((update) => [...update.columns])]),
  };
}

/** Columns whose definition changed, and generated ones, which follow the columns that they are made of. */
function redefined(
  context: CheckContext,
  table: string,
  now: Awaited<ReturnType<CheckContext['catalog']>>,
): Set<string> {
  const before = context.input.catalogBefore ?? null;
  const names = new Set<string>();
  for (const object of now.objects.values()) {
    if (object.kind !== 'column' || object.parent !== `table ${table}`) continue;
    const name = splitQualified(object.identity).at(-1) ?? '';
    const is = object.properties as { type?: unknown; collation?: unknown; generated?: unknown };
    const was = before?.objects.get(`column ${object.identity}`)?.properties as typeof is | undefined;
    if (is.generated != null) names.add(name);
    if (was !== undefined && (was.type !== is.type || was.collation !== is.collation)) names.add(name);
  }
  return names;
}

/** Tables whose own triggers may write more columns, or other rows, than the statement says. */
async function triggered(context: CheckContext, names: readonly string[]): Promise<Set<string>> {
  const rows = await context.connection.query<{ name: string }>(
    `SELECT w.name FROM unnest($1::text[]) AS w(name)
     WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger t
                   WHERE t.tgrelid = pg_catalog.to_regclass(w.name) AND NOT t.tgisinternal AND t.tgenabled <> 'D')`,
    [names],
  );
  return new Set(rows.map((row) => row.name));
}

async function countRows(context: CheckContext, name: string): Promise<number> {
  const [row] = await context.connection.query<{ rows: string }>(
    `SELECT count(*)::text AS rows FROM ONLY ${name}`,
  );
  return Number(row?.rows ?? 0);
}

function qualified(name: string): QualifiedName {
  const parts = splitQualified(name);
  return { schema: parts.length > 1 ? (parts[0] ?? null) : null, name: parts.at(-1) ?? name };
}
