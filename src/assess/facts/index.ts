/** The table of facts, looked up by row and major version. */
import type { LockRole } from '../model.ts';
import { addColumn } from './add-column.ts';
import { columnTypes } from './column-types.ts';
import { columns } from './columns.ts';
import { constraintChanges } from './constraint-changes.ts';
import { constraints } from './constraints.ts';
import { data } from './data.ts';
import { heirs } from './heirs.ts';
import { indexes } from './indexes.ts';
import { type FactFamily, type FactRow, NEWEST_MAJOR, type RoleFacts, type Roles } from './model.ts';
import { objects } from './objects.ts';
import { partitions } from './partitions.ts';
import { renames } from './renames.ts';
import { server } from './server.ts';
import { tableSettings } from './table-settings.ts';
import { tables } from './tables.ts';
import { types } from './types.ts';
import { views } from './views.ts';
import { wholeDatabase } from './whole-database.ts';

const ALL = [
  addColumn,
  columns,
  columnTypes,
  constraints,
  constraintChanges,
  heirs,
  tableSettings,
  renames,
  partitions,
  tables,
  indexes,
  views,
  types,
  data,
  objects,
  server,
  wholeDatabase,
] as const;

/** In the order in which their fixtures are made. */
export const FAMILIES: readonly FactFamily[] = ALL;

export type FactId = (typeof ALL)[number]['rows'][number]['id'];

const ROWS = new Map<string, FactRow>();
for (const { rows } of FAMILIES) for (const row of rows) ROWS.set(row.id, row);

/** A row as it is on one major version. */
export interface Facts {
  readonly roles: Roles;
  /** SQLSTATE. */
  readonly fails: string | null;
}

const RESOLVED = new Map<string, Facts>();

/** What a row says of a major version; of the newest one where nobody knows the target's. */
export function factsOf(id: FactId, major: number | null): Facts {
  const key = `${id} ${major ?? NEWEST_MAJOR}`;
  const known = RESOLVED.get(key);
  if (known !== undefined) return known;
  const row = ROWS.get(id);
  if (row === undefined) throw new Error(`no facts about ${id}`);
  const facts = onMajor(row, major ?? NEWEST_MAJOR);
  RESOLVED.set(key, facts);
  return facts;
}

/** As `factsOf`, for a row at hand. */
export function onMajor(row: FactRow, major: number): Facts {
  const roles: Partial<Record<LockRole, RoleFacts>> = { ...row.roles };
  let fails = row.fails ?? null;
  for (const version of row.versions ?? []) {
    if (major > version.to || major < (version.from ?? 0)) continue;
    fails = version.fails ?? fails;
    for (const [role, facts] of Object.entries(version.roles ?? {}) as [LockRole, RoleFacts | null][]) {
      if (facts === null) delete roles[role];
      else roles[role] = facts;
    }
  }
  return { roles, fails };
}
