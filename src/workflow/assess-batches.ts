/** Which statements of a migration `up` would run in batches by itself, for findings about those that it would not. */
import type { RelationSize } from '../assess/model.ts';
import type { Catalog } from '../catalog/model.ts';
import type { Policy } from '../config/settings.ts';
import { groupStatements } from '../plan/group.ts';
import { batchRefusals } from '../plan/patterns/batched.ts';
import { batchingOf, partitionedIn } from '../prepare/rehearse/member.ts';
import type { Migration } from '../source/model.ts';
import type { ParsedStatement, Script } from '../sql/model.ts';

/** By statement: null for what runs in batches, else why it does not; empty for scripts that cannot be grouped. */
export async function batchesOf(
  migration: Migration,
  script: Script,
  catalog: Catalog,
  sizes: ReadonlyMap<string, RelationSize>,
  policy: Policy,
): Promise<ReadonlyMap<ParsedStatement, string | null>> {
  const context = { isPartitioned: partitionedIn(catalog) };
  try {
    const groups = groupStatements(script, context);
    return await batchRefusals(script, groups, batchingOf(migration, catalog, sizes, policy));
  } catch {
    // What cannot be planned is told by those who plan it.
    return new Map();
  }
}
