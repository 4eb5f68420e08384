/** The migration's own `transform(rows)` as a backfill: where it stands among the statements, and what it works on. */
import type { AssessContext } from '../../assess/context.ts';
import { FerrataError } from '../../errors.ts';
import type { TransformOptions } from '../../source/options.ts';
import { tokens } from '../../sql/lexer.ts';
import type { ParsedStatement, Script } from '../../sql/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import type { BackfillSpec, BatchOptions } from '../backfill.ts';
import type { StatementGroup } from '../group.ts';
import { isRowLocal, type RowLocalOptions, rowLocal } from './row-local.ts';

/** `-- ferrata: backfill` on a line of its own. */
const MARK = /^--\s*ferrata:\s*backfill\s*$/i;

/** The offset of the line that says where it runs; null: after the last statement. */
export function placeOfTransform(script: Script): number | null {
  for (const { kind, start, end } of tokens(script.text)) {
    if (kind === 'comment' && MARK.test(script.text.slice(start, end).trim())) return start;
  }
  return null;
}

/** The groups, with a boundary in front of the statement. */
export function cutBefore(
  groups: readonly StatementGroup[],
  before: ParsedStatement | null,
): readonly StatementGroup[] {
  if (before === null) return groups;
  return groups.flatMap((group) => {
    const index = group.statements.indexOf(before);
    if (index <= 0) return [group];
    return [
      { ...group, statements: group.statements.slice(0, index) },
      { ...group, statements: group.statements.slice(index) },
    ];
  });
}

/**
 * Throws `migration-invalid` where the table can't be walked, or a column is not there.
 *
 * @param context the schema at the moment when it would run
 */
export async function transformSpec(
  script: Script,
  { module, table, reads, writes, where }: TransformOptions & { readonly module: string },
  options: RowLocalOptions,
  batch: BatchOptions,
  context: AssessContext,
): Promise<{ readonly statement: ParsedStatement; readonly spec: BackfillSpec }> {
  const [first = '', second] = splitQualified(table);
  const name = second === undefined ? quoteIdent(first) : quoteQualified(first, second);
  const relation = context.resolve(
    second === undefined ? { schema: null, name: first } : { schema: first, name: second },
  );
  const columns = relation === null ? [] : context.columns(relation).map((column) => column.name);
  const missing = [...reads, ...writes].find((column) => !columns.includes(column));
  if (missing !== undefined) throw refuse(module, `${name} has no column ${missing}`);
  // As an UPDATE that assigns its columns: what holds for one holds for the other.
  const set = writes.map((column) => `${quoteIdent(column)} = NULL`).join(', ');
  const like = await parseScript(
    `UPDATE ${name} SET ${set}${where === null ? '' : ` WHERE (${where}\n)`}`,
    script.file,
  );
  const [statement] = like.statements;
  if (statement === undefined) throw refuse(module, 'its condition can not be read');
  const verdict = await rowLocal(statement, context, options);
  if (!isRowLocal(verdict)) throw refuse(module, verdict.refusal);
  const line = { line: 1, column: 1 };
  return {
    statement: { ...statement, ...line, text: `transform of ${module} over ${name}` },
    spec: {
      table: verdict.table,
      alias: verdict.alias,
      parts: verdict.parts,
      where: verdict.where,
      action: { type: 'transform', module, reads, writes },
      settings: [],
      readsOthers: verdict.readsOthers,
      moment: verdict.moment,
      // What it computes is not known to be the same twice.
      varies: true,
      lastPass: true,
      batch,
      sql: '',
      at: null,
    },
  };
}

function refuse(module: string, why: string): FerrataError {
  return new FerrataError('migration-invalid', `${module} can not run in batches: ${why}`, {
    why: 'Rows are read and written in ranges of a key, each batch in a transaction of its own.',
    hint: 'migration.yaml names the table and its columns under `backfill`; a primary key is what batches go along.',
  });
}
