/**
 * The pattern `batched`: an UPDATE or DELETE of a big table becomes a backfill, a step of its own, where its meaning
 * allows it, and an INSERT … SELECT where it is asked for; what stood before and behind it in the same transaction becomes steps before and behind it.
 */
import { AssessContext } from '../../assess/context.ts';
import type { RelationSize } from '../../assess/model.ts';
import type { Catalog } from '../../catalog/model.ts';
import type { TransformOptions } from '../../source/options.ts';
import type { ParsedStatement, Script } from '../../sql/model.ts';
import { parseScript } from '../../sql/parse.ts';
import { isSetting } from '../../sql/session.ts';
import { relationOf } from '../../sql/tree.ts';
import type { BackfillSpec, BatchOptions } from '../backfill.ts';
import { insertLocal, sourceOf } from '../batchable/insert-select.ts';
import { isRowLocal, type RowLocal, rowLocal } from '../batchable/row-local.ts';
import { buildsOnEveryRow, settingsRefusal, togetherRefusal } from '../batchable/together.ts';
import { cutBefore, placeOfTransform, transformSpec } from '../batchable/transform.ts';
import type { StatementGroup } from '../group.ts';

/** A group that is a step: statements, or a backfill. */
export interface BatchedGroup extends StatementGroup {
  readonly backfill: BackfillSpec | null;
  /** The statements as they were written, for the step's title. */
  readonly written: readonly ParsedStatement[];
  readonly notes: readonly string[];
}

/** What decides, beside the statements themselves. */
export interface Batching {
  /** Of the schema that the migration starts from. */
  readonly catalog: Catalog;
  /** Of the target's relations. */
  readonly sizes: ReadonlyMap<string, RelationSize>;
  /** From how many rows on a table is big. */
  readonly batchRows: number;
  /** `migration.yaml`: `direct` never, `batched` wherever it may be; null: where the table is big. */
  readonly pattern: 'direct' | 'batched' | null;
  /** Statements that `plan.json` has as backfills, by `line:column`. */
  readonly pinned: ReadonlySet<string>;
  readonly options: BatchOptions;
  /** The migration's own module, and what it works on. */
  readonly transform: (TransformOptions & { readonly module: string }) | null;
  /** Nothing else writes the table: one without a key may be walked by `ctid`. */
  readonly rowsStay: boolean;
  /** How many rows the target would find for a SELECT; null where it can't tell. */
  readonly estimate: ((sql: string) => Promise<number | null>) | null;
}

/** What was found about a statement. */
type Choice = { readonly local: RowLocal } | { readonly stays: string };

interface Choices {
  readonly statements: ReadonlyMap<ParsedStatement, Choice>;
  /** The transform, as a step, and the statement that it comes before; null: it comes last. */
  readonly transform: { readonly group: BatchedGroup; readonly before: ParsedStatement | null } | null;
}

/**
 * Splits the groups at what runs in batches. The same input gives the same groups. Throws `migration-invalid` where the
 * migration's own transform can't run.
 */
export async function batchedGroups(
  script: Script,
  groups: readonly StatementGroup[],
  batching: Batching | null,
): Promise<readonly BatchedGroup[]> {
  const { statements, transform } =
    batching === null ? { statements: new Map(), transform: null } : await choose(script, batching);
  const result: BatchedGroup[] = [];
  for (const group of transform === null ? groups : cutBefore(groups, transform.before)) {
    if (transform !== null && group.statements[0] === transform.before) result.push(transform.group);
    const notes: string[] = [];
    const split: { readonly statement: ParsedStatement; readonly local: RowLocal }[] = [];
    for (const statement of group.statements) {
      const choice: Choice | undefined = statements.get(statement);
      if (choice === undefined) continue;
      const refusal = refusalOf(group, statement, choice, batching);
      if (refusal === null && 'local' in choice) split.push({ statement, local: choice.local });
      else notes.push(`line ${statement.line} stays one statement: ${refusal}`);
    }
    if (split.length === 0 || batching === null) {
      result.push({ ...group, backfill: null, written: group.statements, notes });
    } else result.push(...(await splitGroup(group, split, batching, notes)));
  }
  if (transform !== null && transform.before === null) result.push(transform.group);
  return result;
}

/** The statements that are about a big table, and whether they may run in batches by themselves. */
async function choose(script: Script, batching: Batching): Promise<Choices> {
  const { catalog, sizes, batchRows, pattern, pinned, rowsStay } = batching;
  if (!mayChoose(script, batching)) return { statements: new Map(), transform: null };
  const context = new AssessContext(catalog, { sizes });
  const statements = new Map<ParsedStatement, Choice>();
  const place = batching.transform === null ? null : placeOfTransform(script);
  let transform: Choices['transform'] = null;
  for (const statement of script.statements) {
    if (batching.transform !== null && transform === null && place !== null && statement.start > place) {
      transform = {
        group: await transformGroup(script, batching.transform, batching, context),
        before: statement,
      };
    }
    if (pattern !== 'direct' && (statement.kind === 'UpdateStmt' || statement.kind === 'DeleteStmt')) {
      const table = context.resolve(relationOf(statement.node));
      const rows = table === null ? null : (sizes.get(table)?.rows ?? null);
      const wanted = pattern === 'batched' || pinned.has(placeKey(statement));
      const there = table !== null && catalog.objects.has(`table ${table}`) && !context.isNew(table);
      if (there && (wanted || (rows !== null && rows >= batchRows))) {
        const later = script.statements.slice(script.statements.indexOf(statement) + 1);
        const builtOn = later.some((other) => buildsOnEveryRow(other, table));
        const verdict = await rowLocal(statement, context, { rowsStay, builtOn });
        if (!isRowLocal(verdict)) statements.set(statement, { stays: verdict.refusal });
        else if (!wanted && (await findsFewRows(verdict, context, batching))) {
          statements.set(statement, { stays: 'its condition finds few rows' });
        } else statements.set(statement, { local: verdict });
      }
    }
    const source = pattern === 'direct' ? null : sourceOf(statement);
    if (source !== null && (pattern === 'batched' || pinned.has(placeKey(statement)))) {
      const verdict = await insertLocal(statement, source, context, { rowsStay, builtOn: false });
      statements.set(statement, isRowLocal(verdict) ? { local: verdict } : { stays: verdict.refusal });
    }
    context.note(statement);
  }
  if (batching.transform !== null && transform === null) {
    transform = { group: await transformGroup(script, batching.transform, batching, context), before: null };
  }
  return { statements, transform };
}

/** Most scripts write no big table: their statements need not be followed one by one. */
function mayChoose(script: Script, { sizes, batchRows, pattern, pinned, transform }: Batching): boolean {
  if (transform !== null) return true;
  const wanted = pattern === 'batched' || pinned.size > 0;
  const big = [...sizes.values()].some(({ rows }) => rows !== null && rows >= batchRows);
  const writes = script.statements.some(
    (statement) =>
      statement.kind === 'UpdateStmt' ||
      statement.kind === 'DeleteStmt' ||
      (wanted && sourceOf(statement) !== null),
  );
  return pattern !== 'direct' && writes && (wanted || big);
}

/** By the planner of the target, where the condition is about what is there already. */
async function findsFewRows(
  { table, alias, where, action, moment }: RowLocal,
  context: AssessContext,
  { estimate, batchRows }: Batching,
): Promise<boolean> {
  if (estimate === null || where === null || moment || context.searchPath.join() !== 'public') return false;
  const others = action.type === 'update' ? action.from : action.type === 'delete' ? action.using : null;
  const rows = await estimate(
    `SELECT FROM ${table} AS ${alias}${others === null ? '' : `, ${others}\n`} WHERE ${where}\n`,
  );
  return rows !== null && rows < batchRows;
}

async function transformGroup(
  script: Script,
  transform: NonNullable<Batching['transform']>,
  { rowsStay, options }: Batching,
  context: AssessContext,
): Promise<BatchedGroup> {
  const { statement, spec } = await transformSpec(
    script,
    transform,
    { rowsStay, builtOn: false },
    options,
    context,
  );
  return {
    transactional: false,
    statements: [statement],
    settings: [],
    backfill: spec,
    written: [statement],
    notes: [
      'rows that come after its last batch are not transformed: a trigger, or the application, must see to them',
    ],
  };
}

/** Of each statement about a big table: null where it runs in batches, else why it stays one statement. */
export async function batchRefusals(
  script: Script,
  groups: readonly StatementGroup[],
  batching: Batching,
): Promise<ReadonlyMap<ParsedStatement, string | null>> {
  const { statements } = await choose(script, { ...batching, transform: null });
  const found = new Map<ParsedStatement, string | null>();
  for (const group of groups) {
    for (const statement of group.statements) {
      const choice = statements.get(statement);
      if (choice !== undefined) found.set(statement, refusalOf(group, statement, choice, batching));
    }
  }
  return found;
}

function refusalOf(
  group: StatementGroup,
  statement: ParsedStatement,
  choice: Choice,
  batching: Batching | null,
): string | null {
  return 'stays' in choice ? choice.stays : groupRefusal(group, statement, choice.local, batching);
}

function groupRefusal(
  group: StatementGroup,
  statement: ParsedStatement,
  local: RowLocal,
  batching: Batching | null,
): string | null {
  if (!group.transactional) return 'it runs outside a transaction';
  return (
    settingsRefusal(settingsBefore(group, statement)) ??
    togetherRefusal(group, statement, local, batching?.pattern === 'batched')
  );
}

/** SET statements that hold when the statement runs. */
function settingsBefore(group: StatementGroup, statement: ParsedStatement): readonly ParsedStatement[] {
  const index = group.statements.indexOf(statement);
  return [...group.settings, ...group.statements.slice(0, index).filter(isSetting)];
}

async function splitGroup(
  group: StatementGroup,
  split: readonly { readonly statement: ParsedStatement; readonly local: RowLocal }[],
  batching: Batching,
  notes: readonly string[],
): Promise<readonly BatchedGroup[]> {
  const groups: BatchedGroup[] = [];
  let pending: ParsedStatement[] = [];
  let before: readonly ParsedStatement[] = group.settings;
  /** Statements to be done once more, for rows that came meanwhile, before something builds on every row. */
  let drains: { readonly table: string; readonly statements: readonly ParsedStatement[] }[] = [];
  const flush = (): void => {
    const due = drains.filter(({ table }) => pending.some((statement) => buildsOnEveryRow(statement, table)));
    drains = drains.filter((drain) => !due.includes(drain));
    if (!pending.every(isSetting)) {
      groups.push({
        transactional: true,
        statements: [...due.flatMap(({ statements }) => statements), ...pending],
        settings: before,
        backfill: null,
        written: pending,
        notes:
          due.length === 0
            ? []
            : [`first, under a lock, what came into ${due.map(({ table }) => table).join(', ')} meanwhile`],
      });
    }
    before = [...before, ...pending.filter(isSetting)];
    pending = [];
  };
  for (const statement of group.statements) {
    const chosen = split.find((one) => one.statement === statement);
    if (chosen === undefined) {
      pending.push(statement);
      continue;
    }
    flush();
    const rest = group.statements.slice(group.statements.indexOf(statement) + 1);
    const builds = rest.some((later) => buildsOnEveryRow(later, chosen.local.table));
    if (builds) {
      drains.push({ table: chosen.local.table, statements: await drainOf(statement, chosen.local) });
    }
    groups.push({
      transactional: false,
      statements: [statement],
      settings: [],
      backfill: specOf(statement, chosen.local, before, builds, batching),
      written: [statement],
      notes: chosen.local.statementTriggers.map((trigger) => `${trigger} fires once for every batch`),
    });
  }
  flush();
  const [first, ...others] = groups;
  return first === undefined ? [] : [{ ...first, notes: [...notes, ...first.notes] }, ...others];
}

function specOf(
  statement: ParsedStatement,
  { table, alias, parts, where, action, readsOthers, moment, varies }: RowLocal,
  settings: readonly ParsedStatement[],
  lastPass: boolean,
  { options }: Batching,
): BackfillSpec {
  return {
    table,
    alias,
    parts,
    where,
    action,
    settings: settings.map(({ text: sql }) => sql),
    readsOthers,
    moment,
    varies,
    lastPass,
    batch: options,
    sql: statement.text,
    at: { line: statement.line, column: statement.column },
  };
}

/**
 * The statement once more, over rows that it has not done, with nobody else writing: what the application wrote between
 * the last batch and the lock would otherwise be in the way of what follows, or lost with it.
 */
async function drainOf(statement: ParsedStatement, local: RowLocal): Promise<readonly ParsedStatement[]> {
  const { table, alias, action, undone } = local;
  const { set, others, where } = local.written;
  const lock = `LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`;
  const conditions = [
    ...(where === null ? [] : [`(${where}\n)`]),
    ...(undone === null ? [] : [`(${undone})`]),
  ];
  const again =
    action.type === 'delete'
      ? statement.text
      : `UPDATE ${table} AS ${alias} SET ${set}\n${others === null ? '' : `FROM ${others}\n`}WHERE ${conditions.join(' AND ')}`;
  const { statements } = await parseScript(`${lock};\n${again}\n`, 'derived');
  return statements.map((derived) => ({ ...derived, line: statement.line, column: statement.column }));
}

export function placeKey(place: { readonly line: number; readonly column: number }): string {
  return `${place.line}:${place.column}`;
}
