import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding } from '../model.ts';
import { columnAddNotNull } from './column-add-not-null.ts';
import { columnAddRewrite } from './column-add-rewrite.ts';
import { columnDrop } from './column-drop.ts';
import { columnTypeRewrite } from './column-type-rewrite.ts';
import { constraintCheckNotValid } from './constraint-check-not-valid.ts';
import { constraintFkNotValid } from './constraint-fk-not-valid.ts';
import { constraintUniqueBlocking } from './constraint-unique-blocking.ts';
import { dmlUnbounded } from './dml-unbounded.ts';
import { dropCascade } from './drop-cascade.ts';
import { indexCreateBlocking } from './index-create-blocking.ts';
import { indexDropBlocking } from './index-drop-blocking.ts';
import { maintenanceRewrite } from './maintenance-rewrite.ts';
import { matviewRefreshBlocking } from './matview-refresh-blocking.ts';
import { renameColumn } from './rename-column.ts';
import { renameTable } from './rename-table.ts';
import { findingFrom, type Rule } from './rule.ts';
import { setNotNullScan } from './set-not-null-scan.ts';
import { tableDrop } from './table-drop.ts';
import { truncate } from './truncate.ts';

/** Every rule about single statements; `script-rules.ts` has those about several. */
export const RULES: readonly Rule[] = [
  columnAddNotNull,
  columnAddRewrite,
  columnDrop,
  columnTypeRewrite,
  constraintCheckNotValid,
  constraintFkNotValid,
  constraintUniqueBlocking,
  dmlUnbounded,
  dropCascade,
  indexCreateBlocking,
  indexDropBlocking,
  maintenanceRewrite,
  matviewRefreshBlocking,
  renameColumn,
  renameTable,
  setNotNullScan,
  tableDrop,
  truncate,
];

const BY_KIND = new Map<string, Rule[]>();
for (const rule of RULES) {
  for (const kind of rule.on) BY_KIND.set(kind, [...(BY_KIND.get(kind) ?? []), rule]);
}

/**
 * The findings about a statement. What depends on the moment is read now; the SQL to write instead is made when the
 * returned functions are called.
 */
export function findingsOf(analysis: Analysis, context: AssessContext): readonly (() => Promise<Finding>)[] {
  const { statement } = analysis;
  return (BY_KIND.get(statement.kind) ?? []).flatMap((rule) =>
    rule.applies(analysis, context).map((hit) => () => findingFrom(rule, statement, hit)),
  );
}
