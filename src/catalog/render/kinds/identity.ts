/** Identity columns (manual, ALTER TABLE, ADD GENERATED … AS IDENTITY). */

import { quoteIdent, splitQualified } from '../../../sql/quote.ts';
import type { CatalogObject, ColumnProperties } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { propertiesOf } from '../context.ts';
import { localName, ownerRelation } from '../names.ts';
import { commentChange, normalized, role } from '../owned.ts';
import { builtInPrivileges, privilegeChanges } from '../privileges.ts';
import { tableOf } from './column-inheritance.ts';
import { advance, restart, sequenceOptionChanges, sequenceOptions } from './sequence.ts';

/**
 * A partition's identity is its root's: it has no sequence of its own, comes by ATTACH PARTITION and ADD GENERATED on the
 * root, and goes by DETACH and DROP IDENTITY there (PostgreSQL 17).
 */
export function followsIdentity(column: ColumnProperties): boolean {
  return column.identity !== null && column.identitySequence === null;
}

export function identityClause(wanted: ColumnProperties): string {
  const kind = wanted.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT';
  const sequence = wanted.identitySequence;
  const options = sequence === null ? '' : ` (SEQUENCE NAME ${sequence.name} ${sequenceOptions(sequence)})`;
  return `GENERATED ${kind} AS IDENTITY${options}`;
}

/** ADD GENERATED, and the new sequence moved on behind the values that are there. */
export function identityAdded(alter: string, column: CatalogObject, context: RenderContext): string[] {
  const wanted = propertiesOf<ColumnProperties>(column);
  const sequence = wanted.identitySequence;
  const drafts = [`${alter} ADD ${identityClause(wanted)}`];
  if (sequence === null) return drafts;
  if (sequence.dataType !== wanted.type)
    drafts.push(`ALTER SEQUENCE ${sequence.name} AS ${sequence.dataType}`);
  drafts.push(
    advance(sequence.name, ownerRelation(column), localName(column), sequence.increment),
    ...identityBelongings(column, null, context),
  );
  return drafts;
}

/** What a user gave or said about the identity's own sequence: comment and privileges. */
export function identityBelongings(
  column: CatalogObject,
  before: IdentitySequence | null,
  context: RenderContext,
): string[] {
  const wanted = propertiesOf<ColumnProperties>(column).identitySequence;
  if (wanted === null) return [];
  const owner = role(tableOf(column, context)?.owner ?? '');
  const usual = builtInPrivileges('sequence', owner, context.major);
  const granted = (sequence: ColumnProperties['identitySequence']): string[] =>
    sequence?.privileges?.map(normalized) ?? usual;
  return [
    ...persistenceChange(column, wanted, before, context),
    ...commentChange(`SEQUENCE ${wanted.name}`, before?.comment ?? null, wanted.comment ?? null),
    ...(before === null && context.hasDefaultPrivileges
      ? privilegeChanges({ on: `SEQUENCE ${wanted.name}`, owner }, [], granted(wanted), [
          ...new Set(['PUBLIC', owner, ...context.defaultGrantees]),
        ])
      : privilegeChanges({ on: `SEQUENCE ${wanted.name}`, owner }, granted(before), granted(wanted))),
  ];
}

type IdentitySequence = NonNullable<ColumnProperties['identitySequence']>;

/** From PostgreSQL 15 on a sequence follows its table, when it is made and when the table changes; before, it is logged. */
function persistenceChange(
  column: CatalogObject,
  wanted: IdentitySequence,
  before: ColumnProperties['identitySequence'],
  context: RenderContext,
): string[] {
  if (context.major < 15) return [];
  const table = tableOf(column, context)?.persistence;
  const former = context.formerly(column.parent ?? '')?.properties.persistence;
  const now = before === null || (former !== undefined && former !== table) ? table : before.persistence;
  if (now === wanted.persistence) return [];
  return [`ALTER SEQUENCE ${wanted.name} SET ${wanted.persistence === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`];
}

export function identityChanges(alter: string, had: ColumnProperties, wanted: ColumnProperties): string[] {
  const before = had.identitySequence;
  const after = wanted.identitySequence;
  const drafts: string[] = [];
  if (had.identity !== wanted.identity) {
    drafts.push(`${alter} SET GENERATED ${wanted.identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'}`);
  }
  if (before === null || after === null) return drafts;
  const [oldName, newName] = [splitQualified(before.name), splitQualified(after.name)];
  const oldLocal = oldName.at(-1) ?? '';
  const newLocal = newName.at(-1) ?? '';
  // A sequence moves with its table's schema, but keeps its own name.
  const current = [...newName.slice(0, -1), oldLocal].map(quoteIdent).join('.');
  if (oldLocal !== newLocal) drafts.push(`ALTER SEQUENCE ${current} RENAME TO ${quoteIdent(newLocal)}`);
  // The sequence's type follows the column's when that is altered, bounds and all.
  if (had.type !== wanted.type || before.dataType !== after.dataType) {
    const options = [sequenceOptions(after), ...restart(before, after)].join(' ');
    drafts.push(`ALTER SEQUENCE ${after.name} AS ${after.dataType} ${options}`);
    return drafts;
  }
  const options = sequenceOptionChanges(before, after);
  if (options.length > 0) drafts.push(`ALTER SEQUENCE ${after.name} ${options.join(' ')}`);
  return drafts;
}
