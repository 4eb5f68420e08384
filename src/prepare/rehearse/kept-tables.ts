/**
 * Tables that go without being named: with their schema, their owner, their type (DROP SCHEMA … CASCADE, DROP OWNED,
 * DROP TYPE … CASCADE). They are parked before the statement that would take them (DESIGN §4.6).
 */
import type { Catalog } from '../../catalog/model.ts';
import type { Action, RelationName, Step } from '../../plan/model.ts';
import { parkIdOf } from '../../plan/park-id.ts';
import { splitQualified } from '../../sql/quote.ts';

const TAKES_TABLES = /^drop\s+(schema|owned|type|extension|server|foreign)\b/i;
/** Ordinals of what the plan itself parks stay below. */
const FIRST_ORDINAL = 1000;

/**
 * The step with an action that parks the tables which it takes along, or null where it takes none. `before`, `after`:
 * the catalog around the step as it is.
 */
export function keepingTables(step: Step, before: Catalog, after: Catalog, migration: string): Step | null {
  if (step.forward.some((action) => action.type === 'park-table' && isOurs(action.parkId))) return null;
  const at = step.forward.findIndex((action) => action.type === 'sql' && TAKES_TABLES.test(action.sql));
  if (at < 0) return null;
  const there = new Set([...after.objects.values(), ...after.parked].map(({ physical }) => physical));
  const gone = [...before.objects.values()].filter(
    ({ kind, physical, properties }) =>
      kind === 'table' &&
      !there.has(physical) &&
      properties.partitionOf === null &&
      properties.partitionKey === null &&
      properties.foreignServer === null,
  );
  if (gone.length === 0) return null;
  const takes = step.forward[at];
  // DROP OWNED finds what the role owns in the attic as well.
  const owned = takes?.type === 'sql' && /^drop\s+owned\b/i.test(takes.sql);
  const parks = gone.flatMap(({ identity }, index): Action[] => {
    const parts = splitQualified(identity);
    const name: RelationName = { schema: parts[0] ?? null, name: parts[1] ?? identity };
    const park: Action = {
      type: 'park-table',
      parkId: parkIdOf(migration, FIRST_ORDINAL + index),
      tables: [name],
      ifExists: true,
      cascade: true,
      sql: `DROP TABLE IF EXISTS ${identity} CASCADE`,
      at: null,
    };
    return owned
      ? [{ type: 'sql', sql: `ALTER TABLE ${identity} OWNER TO CURRENT_USER`, at: null }, park]
      : [park];
  });
  return { ...step, forward: [...step.forward.slice(0, at), ...parks, ...step.forward.slice(at)] };
}

function isOurs(parkId: string): boolean {
  return Number(/_(\d+)$/.exec(parkId)?.[1] ?? 0) >= FIRST_ORDINAL;
}
