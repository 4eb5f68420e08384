import * as columns from './columns.ts';
import * as constraints from './constraints.ts';
import * as indexes from './indexes.ts';
import * as others from './others.ts';
import * as partitions from './partitions.ts';
import * as privileges from './privileges.ts';
import * as routines from './routines.ts';
import type { MatrixRow } from './row.ts';
import * as sequences from './sequences.ts';
import * as tables from './tables.ts';
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
};

export const MATRIX: readonly (MatrixRow & { readonly file: string })[] = Object.entries(files).flatMap(
  ([file, { rows }]) => rows.map((row) => ({ file, ...row })),
);
