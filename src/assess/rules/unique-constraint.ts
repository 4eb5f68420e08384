/** UNIQUE and PRIMARY KEY that ALTER TABLE adds, and how they are added without blocking. */
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { flag, type Node, relationOf, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { addedConstraints, existingRelation } from './rule.ts';
import { COMMIT, nameFor, setNotNull, type Target } from './steps.ts';

export interface AddedKey extends Target {
  readonly primary: boolean;
  readonly name: string;
  readonly columns: readonly string[];
  /** The index of USING INDEX, as written; null where one is built. */
  readonly using: string | null;
  readonly constraint: Node;
}

/** Keys that the statement adds to a table which others use. */
export function addedKeys(
  analysis: Analysis,
  context: AssessContext,
  type: 'CONSTR_UNIQUE' | 'CONSTR_PRIMARY',
): readonly AddedKey[] {
  const table = existingRelation(analysis, context);
  const written = relationOf(analysis.statement.node);
  if (table === null || written === null) return [];
  return addedConstraints(analysis, type).map((constraint) => {
    const primary = type === 'CONSTR_PRIMARY';
    const target = { table, written };
    const columns = strings(constraint.keys);
    return {
      ...target,
      primary,
      columns,
      constraint,
      using: text(constraint, 'indexname'),
      name: text(constraint, 'conname') ?? nameFor(target, primary ? [] : columns, primary ? 'pkey' : 'key'),
    };
  });
}

/** The index is built beside reads and writes, and made the key afterwards. Empty where there is no such way. */
export function keyWithoutBlocking(key: AddedKey, context: AssessContext): readonly string[] {
  // WITHOUT OVERLAPS needs a GiST index, which USING INDEX does not take.
  if (key.columns.length === 0 || flag(key.constraint, 'without_overlaps')) return [];
  return context.isPartitioned(key.table) ? onPartitions(key, context) : onTable(key, context);
}

function onTable(key: AddedKey, context: AssessContext): readonly string[] {
  const table = `ALTER TABLE ${showName(key.written)}`;
  const name = quoteIdent(key.name);
  return [
    ...nullable(key, context).flatMap((column) => [...setNotNull(context, key, column), COMMIT]),
    `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${showName(key.written)} ${indexed(key)}`,
    `${table} ADD CONSTRAINT ${name} ${word(key)} USING INDEX ${name}${deferral(key)}`,
  ];
}

/** Columns of a primary key that are not known to be NOT NULL. */
export function nullable(key: AddedKey, context: AssessContext): readonly string[] {
  if (!key.primary) return [];
  return key.columns.filter(
    (column) =>
      context.column(key.table, column)?.notNull !== true && !context.isCheckedNotNull(key.table, column),
  );
}

/** The key is declared on the parent alone, built on each partition, and each is attached. */
function onPartitions(key: AddedKey, context: AssessContext): readonly string[] {
  const partitions = context.descendants(key.table);
  const deep = partitions.some((partition) => context.isPartitioned(partition));
  if (deep || deferral(key) !== '' || nullable(key, context).length > 0) return [];
  const [schema = null] = splitQualified(key.table);
  const parent = quoteQualified(key.written.schema === null ? null : schema, key.name);
  const columns = key.columns.map(quoteIdent).join(', ');
  const steps = partitions.flatMap((partition) => {
    const [partSchema = null, partName = partition] = splitQualified(partition);
    const target = { table: partition, written: { schema: partSchema, name: partName } };
    const name = nameFor(target, key.primary ? [] : key.columns, key.primary ? 'pkey' : 'key');
    return [
      `CREATE UNIQUE INDEX CONCURRENTLY ${quoteIdent(name)} ON ${partition} ${indexed(key)}`,
      `ALTER TABLE ${partition} ADD CONSTRAINT ${quoteIdent(name)} ${word(key)} USING INDEX ${quoteIdent(name)}`,
      COMMIT,
      `ALTER INDEX ${parent} ATTACH PARTITION ${quoteQualified(partSchema, name)}`,
    ];
  });
  return [
    `ALTER TABLE ONLY ${showName(key.written)} ADD CONSTRAINT ${quoteIdent(key.name)} ${word(key)} (${columns})${including(key)}`,
    COMMIT,
    ...steps,
  ];
}

function word({ primary }: AddedKey): string {
  return primary ? 'PRIMARY KEY' : 'UNIQUE';
}

function indexed(key: AddedKey): string {
  const nulls = flag(key.constraint, 'nulls_not_distinct') ? ' NULLS NOT DISTINCT' : '';
  return `(${key.columns.map(quoteIdent).join(', ')})${including(key)}${nulls}`;
}

function including({ constraint }: AddedKey): string {
  const columns = strings(constraint.including).map(quoteIdent).join(', ');
  return columns === '' ? '' : ` INCLUDE (${columns})`;
}

function deferral({ constraint }: AddedKey): string {
  const deferred = flag(constraint, 'initdeferred') ? ' INITIALLY DEFERRED' : '';
  return `${flag(constraint, 'deferrable') ? ' DEFERRABLE' : ''}${deferred}`;
}
