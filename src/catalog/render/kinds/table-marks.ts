/** What a table is marked with beside its shape: row security, replica identity, CLUSTER ON (manual, ALTER TABLE). */
import type { TableProperties } from '../../model.ts';
import type { Part, RenderContext } from '../context.ts';
import { part, partId } from '../context.ts';
import { keyOf, localName } from '../names.ts';
import { RANK } from '../ranks.ts';

export function security(before: TableProperties | null, after: TableProperties, name: string): Part[] {
  const loosen: string[] = [];
  const tighten: string[] = [];
  if ((before?.rowSecurity ?? false) !== after.rowSecurity) {
    (after.rowSecurity ? tighten : loosen).push(
      `ALTER TABLE ${name} ${after.rowSecurity ? 'ENABLE' : 'DISABLE'} ROW LEVEL SECURITY`,
    );
  }
  if ((before?.forceRowSecurity ?? false) !== after.forceRowSecurity) {
    (after.forceRowSecurity ? tighten : loosen).push(
      `ALTER TABLE ${name} ${after.forceRowSecurity ? 'FORCE' : 'NO FORCE'} ROW LEVEL SECURITY`,
    );
  }
  return [
    ...part('row security off', loosen),
    ...part('row security', tighten, { tightens: true, rank: RANK.rowSecurity }),
  ];
}

/** Replica identity and CLUSTER ON, which name an index, or the constraint that owns it. */
export function marks(
  before: TableProperties | null,
  after: TableProperties,
  name: string,
  context: RenderContext,
): Part[] {
  // A foreign table has neither, whatever the catalog says.
  if (after.foreignServer !== null) return [];
  const drafts: string[] = [];
  const needs: string[] = [];
  const indexed = (identity: string): string => {
    const local = localName({ kind: 'index', identity });
    needs.push(
      partId('make', keyOf('index', identity)),
      partId('make', keyOf('constraint', `${name}.${local}`)),
    );
    return local;
  };
  const rebuilt = (identity: string): boolean => {
    const local = localName({ kind: 'index', identity });
    return (
      context.isCreated(keyOf('index', identity)) ||
      context.isCreated(keyOf('constraint', `${name}.${local}`))
    );
  };
  const identityIndex = after.replicaIdentity.startsWith('index ')
    ? after.replicaIdentity.slice('index '.length)
    : null;
  const same = context.same(before?.replicaIdentity ?? 'default', after.replicaIdentity);
  if (identityIndex !== null && (!same || rebuilt(identityIndex))) {
    drafts.push(`ALTER TABLE ${name} REPLICA IDENTITY USING INDEX ${indexed(identityIndex)}`);
  } else if (!same) {
    drafts.push(`ALTER TABLE ${name} REPLICA IDENTITY ${after.replicaIdentity.toUpperCase()}`);
  }
  if (after.clusteredOn !== null) {
    if (!context.same(before?.clusteredOn ?? null, after.clusteredOn) || rebuilt(after.clusteredOn)) {
      drafts.push(`ALTER TABLE ${name} CLUSTER ON ${indexed(after.clusteredOn)}`);
    }
  } else if (before?.clusteredOn != null) {
    drafts.push(`ALTER TABLE ${name} SET WITHOUT CLUSTER`);
  }
  return part('marks', drafts, { needs, rank: RANK.replicaIdentity });
}
