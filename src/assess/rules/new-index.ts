/** CREATE INDEX on a table that others use, and the ways to do it without blocking them. */
import { deparse } from '../../sql/deparse.ts';
import { quoteQualified, splitQualified } from '../../sql/quote.ts';
import { flag, type Node, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { indexColumnNames, relationName } from '../known/chosen-names.ts';
import { existingRelation } from './rule.ts';

export interface NewIndex {
  readonly table: string;
  /** As written, or as the server would choose it. */
  readonly name: string;
  /** `schema.index` */
  readonly identity: string;
  readonly concurrent: boolean;
  /** ON ONLY: the partitions are left out. */
  readonly only: boolean;
}

/** Null where nothing is built: a table of the migration's own, an index that IF NOT EXISTS finds. */
export function newIndex(analysis: Analysis, context: AssessContext): NewIndex | null {
  const { node } = analysis.statement;
  const table = existingRelation(analysis, context);
  if (table === null) return null;
  const elements = Array.isArray(node.indexParams) ? node.indexParams : [];
  const name = text(node, 'idxname') ?? relationName(context.known, table, indexColumnNames(elements), 'idx');
  const identity = quoteQualified(splitQualified(table)[0] ?? null, name);
  if (flag(node, 'if_not_exists') && isThere(context, identity)) return null;
  const relation = node.relation as Node | undefined;
  return { table, name, identity, concurrent: flag(node, 'concurrent'), only: relation?.inh !== true };
}

export function isThere(context: AssessContext, index: string): boolean {
  return context.known.has('index', index) || context.tableOfIndex(index) !== null;
}

/** The same index CONCURRENTLY, under a name of its own. */
export async function concurrently(
  analysis: Analysis,
  { name }: NewIndex,
): Promise<readonly (string | null)[]> {
  const { if_not_exists: _maybe, ...node } = analysis.statement.node;
  return [await deparse('IndexStmt', { ...node, idxname: name, concurrent: true })];
}

/**
 * The index of a partitioned table built partition by partition: without data on the table itself, CONCURRENTLY on each
 * partition that has rows, and attached; the last one makes it valid. What is read of the context is read now.
 */
export function byPartitions(
  analysis: Analysis,
  index: NewIndex,
  context: AssessContext,
): () => Promise<readonly (string | null)[]> {
  const { if_not_exists: _maybe, concurrent: _concurrent, ...node } = analysis.statement.node;
  const steps: { readonly node: Node; readonly attach: string | null }[] = [];
  const plan = (table: string, above: string | null, name: string): void => {
    const [schema = '', relname = ''] = splitQualified(table);
    const partitioned = context.isPartitioned(table);
    const written: Node =
      table === index.table ? (node.relation as Node) : { schemaname: schema, relname, relpersistence: 'p' };
    // The tree has no false: ONLY is what lacks `inh`.
    const { inh: _inh, ...only } = written;
    const relation = partitioned ? only : { ...written, inh: true };
    const identity = quoteQualified(schema, name);
    steps.push({
      node: {
        ...node,
        idxname: name,
        relation,
        ...(partitioned ? {} : { concurrent: true }),
      },
      attach: above === null ? null : `ALTER INDEX ${above} ATTACH PARTITION ${identity}`,
    });
    // By name: which one comes first must not change from run to run.
    const partitions = context.known.heirs(table).map((heir) => heir.identity);
    for (const child of partitions.sort()) {
      const elements = Array.isArray(node.indexParams) ? node.indexParams : [];
      const chosen = relationName(context.known, child, indexColumnNames(elements), 'idx');
      plan(child, identity, chosen);
    }
  };
  plan(index.table, null, index.name);
  return async () => {
    const found: (string | null)[] = [];
    for (const step of steps) {
      found.push(await deparse('IndexStmt', step.node));
      if (step.attach !== null) found.push(step.attach);
    }
    return found;
  };
}
