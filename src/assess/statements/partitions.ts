/** Partitions that are attached, detached, made and dropped (manual, 5.12; tablecmds.c). */
import type { ConstraintProperties, IndexProperties } from '../../catalog/model.ts';
import { child, flag, type Node, nameFromRange } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { Effect } from '../effect.ts';
import type { FactId } from '../facts/index.ts';
import { foreignKey } from '../known/foreign-keys.ts';
import { indexParts } from '../known/index-parts.ts';
import { lastName } from '../known/make.ts';
import { boundOf, partitionColumn, provesBound, provesOutside } from '../partition-bounds.ts';
import { apply, applyTo, withRows } from './apply.ts';
import { referringTables, withPartitions } from './foreign-keys.ts';
import { chosenIndex, indexIdentity } from './names.ts';
import type { Scope } from './scope.ts';

export function partitionCommand(command: Node): Node | null {
  return child(child(command, 'def'), 'PartitionCmd');
}

export function describeAttach(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const partition = context.resolve(nameFromRange(child(partitionCommand(command), 'name')));
  effect.tag('partitioning');
  if (partition === null) return;
  const everywhere = [partition, ...context.descendants(partition)];
  apply('partition.attach-proved', { target: relation, partition: everywhere }, effect, context);
  const bound = child(partitionCommand(command), 'bound');
  if (!isProved(relation, partition, bound, context)) {
    for (const table of withRows(partition, context)) effect.scan(table);
  }
  besideDefault(relation, bound, { effect, context }, 'partition.attach-default-there');
  completeIndexes(relation, partition, { effect, context });
  completeKeys(relation, partition, { effect, context });
  apply('partition.attach-referenced', { source: referringTables(relation, null, context) }, effect, context);
}

type Means = Pick<Scope, 'effect' | 'context'>;

function isProved(parent: string, partition: string, spec: Node | null, context: AssessContext): boolean {
  const bound = boundOf(spec);
  const column = partitionColumn(context.table(parent)?.partitionKey ?? null);
  return bound !== null && column !== null && provesBound(context, partition, column, bound);
}

/** The default partition must hold no row that belongs into the new one: it is read, unless its CHECKs say so. */
function besideDefault(parent: string, spec: Node | null, { effect, context }: Means, fact: FactId): void {
  const other = context.defaultPartition(parent);
  if (other === null) return;
  const bound = boundOf(spec);
  const column = partitionColumn(context.table(parent)?.partitionKey ?? null);
  const proved = bound !== null && column !== null && provesOutside(context, other, column, bound);
  apply(
    proved ? 'partition.attach-default-proved' : fact,
    { 'default partition': [other, ...context.descendants(other)] },
    effect,
    context,
  );
}

/** The partition gets those indexes of its parent that it has no equal of. */
function completeIndexes(parent: string, partition: string, { effect, context }: Means): void {
  const own = indexesOf(partition, context).map(({ shape }) => shape);
  for (const { shape, columns, key } of indexesOf(parent, context)) {
    if (own.includes(shape)) continue;
    for (const table of withRows(partition, context)) {
      const name =
        key === null ? chosenIndex(table, columns, context) : keyName(table, key, columns, context);
      effect.scan(table).build(table, name);
    }
  }
}

interface IndexShape {
  /** Alike for indexes that can serve as one another's part. */
  readonly shape: string;
  readonly columns: readonly string[];
  /** Of a constraint: its type. */
  readonly key: ConstraintProperties['type'] | null;
}

function indexesOf(table: string, context: AssessContext): readonly IndexShape[] {
  return context.known.children(`table ${table}`).flatMap((object): IndexShape[] => {
    if (object.kind === 'index') {
      const parts = indexParts((object.properties as IndexProperties).definition);
      const shape = JSON.stringify([parts.unique, parts.method, parts.keys, parts.included, parts.where]);
      return [{ shape, columns: parts.keys.map((key) => key.split(' ')[0] ?? key), key: null }];
    }
    if (object.kind !== 'constraint') return [];
    const { type, columns } = object.properties as ConstraintProperties;
    if (type !== 'primary' && type !== 'unique' && type !== 'exclusion') return [];
    return [{ shape: `${type} ${columns.join(' ')}`, columns, key: type }];
  });
}

function keyName(
  table: string,
  key: ConstraintProperties['type'],
  columns: readonly string[],
  context: AssessContext,
): string {
  if (key === 'primary') return indexIdentity(table, `${lastName(table)}_pkey`);
  const label = key === 'unique' ? 'key' : 'excl';
  return chosenIndex(table, columns, context).replace(/_idx("?)$/, `_${label}$1`);
}

/** Foreign keys of the parent: taken over from the partition where it has the same, else proved for its rows. */
function completeKeys(parent: string, partition: string, { effect, context }: Means): void {
  const own = context.constraints(partition).filter(({ type }) => type === 'foreign');
  for (const { name, ...constraint } of context.constraints(parent)) {
    if (constraint.type !== 'foreign') continue;
    const same = own.some((other) => sameKey(other, constraint));
    const referenced = withPartitions(constraint.references, context);
    const fact = same ? 'partition.attach-foreign-key-has' : 'partition.attach-foreign-key';
    apply(fact, { referenced }, effect, context);
    if (same) continue;
    effect.prove(partition, context.constraintIdentity(partition, name));
    for (const table of withRows(partition, context)) effect.scan(table);
  }
}

function sameKey(a: ConstraintProperties, b: ConstraintProperties): boolean {
  const [x, y] = [foreignKey(a), foreignKey(b)];
  return (
    x.references === y.references &&
    x.columns.join(' ') === y.columns.join(' ') &&
    x.onDelete === y.onDelete &&
    x.onUpdate === y.onUpdate
  );
}

export function describeDetach(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const partition = context.resolve(nameFromRange(child(partitionCommand(command), 'name')));
  effect.tag('partitioning');
  if (partition === null) return;
  const cast = { target: relation, partition };
  if (flag(partitionCommand(command), 'concurrent')) {
    apply('partition.detach-concurrently', cast, effect, context);
    return;
  }
  apply('partition.detach', cast, effect, context);
  const other = context.defaultPartition(relation);
  apply('partition.detach-default', { 'default partition': other }, effect, context);
  for (const constraint of context.constraints(relation)) {
    if (constraint.type !== 'foreign') continue;
    const referenced = withPartitions(constraint.references, context);
    apply('partition.detach-foreign-key', { referenced }, effect, context);
  }
  const source = referringTables(relation, null, context);
  if (source.length > 0) apply('partition.detach-referenced', { ...cast, source }, effect, context);
}

export function describeFinalize(command: Node, scope: Scope): void {
  const { relation, effect, context } = scope;
  const partition = context.resolve(nameFromRange(child(partitionCommand(command), 'name')));
  effect.tag('partitioning');
  apply('partition.finalize', { target: relation, partition }, effect, context);
}

/** CREATE TABLE … PARTITION OF. */
export function describePartitionOf(
  parent: string,
  bound: Node | null,
  effect: Effect,
  context: AssessContext,
): void {
  effect.tagFor(parent, 'partitioning');
  apply('create-partition.plain', { parent }, effect, context);
  besideDefault(parent, bound, { effect, context }, 'create-partition.beside-default');
  for (const constraint of context.constraints(parent)) {
    if (constraint.type !== 'foreign') continue;
    const referenced = withPartitions(constraint.references, context);
    apply('create-partition.foreign-key', { referenced }, effect, context);
  }
  const source = referringTables(parent, null, context);
  apply('create-partition.referenced', { source }, effect, context);
}

/** DROP TABLE of a partition: its parent, and the default partition beside it. */
export function describeDroppedPartition(
  partition: string,
  parent: string,
  effect: Effect,
  context: AssessContext,
): void {
  effect.tag('partitioning');
  apply('drop-partition.plain', { target: partition, parent }, effect, context);
  const other = context.defaultPartition(parent);
  if (other === partition) return;
  applyTo('drop-partition.plain', 'default partition', other, effect, context);
}
