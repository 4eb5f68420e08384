import * as baseTypes from './base-types.ts';
import * as columns from './columns.ts';
import * as constraints from './constraints.ts';
import * as definitions from './definitions.ts';
import * as foreignData from './foreign-data.ts';
import * as indexes from './indexes.ts';
import * as operators from './operators.ts';
import * as others from './others.ts';
import * as ownership from './ownership.ts';
import * as partitions from './partitions.ts';
import * as privileges from './privileges.ts';
import * as replication from './replication.ts';
import * as routineChanges from './routine-changes.ts';
import * as routines from './routines.ts';
import type { MatrixRow } from './row.ts';
import * as sequences from './sequences.ts';
import * as tables from './tables.ts';
import * as typeChanges from './type-changes.ts';
import * as types from './types.ts';
import * as views from './views.ts';

const files = {
  tables,
  columns,
  constraints,
  indexes,
  sequences,
  views,
  routines,
  types,
  privileges,
  partitions,
  others,
  typeChanges,
  routineChanges,
  replication,
  ownership,
  operators,
  foreignData,
  definitions,
  baseTypes,
};

export const MATRIX: readonly (MatrixRow & { readonly file: string })[] = Object.entries(files).flatMap(
  ([file, { rows }]) => rows.map((row) => ({ file, ...row })),
);
