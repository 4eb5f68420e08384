import * as baseTypes from './base-types.ts';
import * as columnChanges from './column-changes.ts';
import * as columns from './columns.ts';
import * as constraintChanges from './constraint-changes.ts';
import * as constraints from './constraints.ts';
import * as counterexamples from './counterexamples.ts';
import * as definitions from './definitions.ts';
import * as foreignData from './foreign-data.ts';
import * as generated from './generated.ts';
import * as identifiers from './identifiers.ts';
import * as indexes from './indexes.ts';
import * as inheritance from './inheritance.ts';
import * as operators from './operators.ts';
import * as others from './others.ts';
import * as ownership from './ownership.ts';
import * as partitionTrees from './partition-trees.ts';
import * as partitions from './partitions.ts';
import * as privileges from './privileges.ts';
import * as rare from './rare.ts';
import * as replacements from './replacements.ts';
import * as replication from './replication.ts';
import * as routineChanges from './routine-changes.ts';
import * as routines from './routines.ts';
import type { MatrixRow } from './row.ts';
import * as sequences from './sequences.ts';
import * as tables from './tables.ts';
import * as typeChanges from './type-changes.ts';
import * as types from './types.ts';
import * as viewChanges from './view-changes.ts';
import * as views from './views.ts';

const files = {
  tables,
  columns,
  columnChanges,
  constraints,
  constraintChanges,
  generated,
  identifiers,
  indexes,
  inheritance,
  sequences,
  views,
  viewChanges,
  routines,
  types,
  privileges,
  partitions,
  partitionTrees,
  others,
  typeChanges,
  routineChanges,
  replication,
  ownership,
  operators,
  foreignData,
  definitions,
  baseTypes,
  rare,
  replacements,
  counterexamples,
};

export const MATRIX: readonly (MatrixRow & { readonly file: string })[] = Object.entries(files).flatMap(
  ([file, { rows }]) => rows.map((row) => ({ file, ...row })),
);
