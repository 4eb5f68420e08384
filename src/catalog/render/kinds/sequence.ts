/** Sequences (manual, CREATE SEQUENCE, ALTER SEQUENCE). Where they stand is data, not schema. */
import type { CatalogObject, ColumnProperties, SequenceOptions, SequenceProperties } from '../../model.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { make, part, partId, propertiesOf } from '../context.ts';
import { keyOf, localName, ownerRelation } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';

/** The options as CREATE SEQUENCE and GENERATED AS IDENTITY (…) take them; the data type stands apart. */
export function sequenceOptions(options: SequenceOptions): string {
  return [
    `INCREMENT BY ${options.increment}`,
    `MINVALUE ${options.min}`,
    `MAXVALUE ${options.max}`,
    `START WITH ${options.start}`,
    `CACHE ${options.cache}`,
    options.cycle ? 'CYCLE' : 'NO CYCLE',
  ].join(' ');
}

/** Options that differ, without the data type. */
export function sequenceOptionChanges(before: SequenceOptions, after: SequenceOptions): string[] {
  const changes: string[] = [];
  if (before.increment !== after.increment) changes.push(`INCREMENT BY ${after.increment}`);
  if (before.min !== after.min) changes.push(`MINVALUE ${after.min}`);
  if (before.max !== after.max) changes.push(`MAXVALUE ${after.max}`);
  if (before.start !== after.start) changes.push(`START WITH ${after.start}`);
  if (before.cache !== after.cache) changes.push(`CACHE ${after.cache}`);
  if (before.cycle !== after.cycle) changes.push(after.cycle ? 'CYCLE' : 'NO CYCLE');
  return changes.length === 0 ? changes : [...changes, ...restart(before, after)];
}

/** Where no value is within both bounds, it stands outside of the new ones, which ALTER SEQUENCE refuses. */
export function restart(before: SequenceOptions, after: SequenceOptions): string[] {
  const apart = BigInt(after.max) < BigInt(before.min) || BigInt(after.min) > BigInt(before.max);
  return apart ? ['RESTART'] : [];
}

/**
 * A new type moves the bounds by itself where they were the type's own (manual, ALTER SEQUENCE, AS), so type and
 * bounds go in one statement.
 */
export function alterSequence(identity: string, before: SequenceOptions, after: SequenceOptions): string[] {
  if (before.dataType !== after.dataType) {
    const options = [sequenceOptions(after), ...restart(before, after)].join(' ');
    return [`ALTER SEQUENCE ${identity} AS ${after.dataType} ${options}`];
  }
  const changes = sequenceOptionChanges(before, after);
  return changes.length === 0 ? [] : [`ALTER SEQUENCE ${identity} ${changes.join(' ')}`];
}

function target(identity: string): { named: string; grantee: string } {
  return { named: `SEQUENCE ${identity}`, grantee: `SEQUENCE ${identity}` };
}

function tableOfColumn(column: string, context: RenderContext): string[] {
  const parent = context.to.objects.get(keyOf('column', column))?.parent;
  return parent ? [partId('make', parent), partId('owned', parent)] : [];
}

/** The column that had an identity whose sequence had this name, which DROP IDENTITY sets free. */
function identityBefore(object: CatalogObject, wanted: SequenceProperties, context: RenderContext): string[] {
  if (wanted.ownedBy === null) return [];
  const key = keyOf('column', wanted.ownedBy);
  const former = context.formerly(key);
  if (former === undefined) return [];
  const sequence = propertiesOf<ColumnProperties>(former).identitySequence;
  return sequence?.name === object.identity ? [partId('make', key)] : [];
}

/** After ADD GENERATED or a new owned sequence on a table that has rows: on behind the highest value. */
export function advance(sequence: string, table: string, column: string, increment: string): string {
  const edge = increment.startsWith('-') ? 'min' : 'max';
  return (
    `SELECT pg_catalog.setval('${sequence.replaceAll("'", "''")}'::pg_catalog.regclass, ${edge}(${column})) ` +
    `FROM ${table} HAVING ${edge}(${column}) IS NOT NULL`
  );
}

/** The column was there before, and so are its values: a sequence that starts anew would give them out again. */
function advanceBehindRows(
  sequence: string,
  column: string,
  increment: string,
  context: RenderContext,
): readonly Part[] {
  const key = keyOf('column', column);
  const owner = context.to.objects.get(key);
  const numeric = /^(smallint|integer|bigint)$/.test(String(owner?.properties.type));
  if (owner === undefined || context.formerly(key) === undefined || !numeric) return [];
  const sql = advance(sequence, ownerRelation(owner), localName(owner), increment);
  return part('advance', [sql], { needs: [partId('make', key)], rank: RANK.ownedBy });
}

export const sequence: KindRenderer = {
  rank: RANK.sequence,
  create(object, context): Part[] {
    const wanted = propertiesOf<SequenceProperties>(object);
    const unlogged = wanted.persistence === 'unlogged' ? 'UNLOGGED ' : '';
    const name = object.identity;
    const drafts = [
      `CREATE ${unlogged}SEQUENCE ${name} AS ${wanted.dataType} ${sequenceOptions(wanted)}`,
      ...ownedAfterCreate(object, wanted, target(name), context),
    ];
    const parts: Part[] = [
      make(drafts, {
        uses: (kind) => kind !== 'column' && kind !== 'table',
        needs: identityBefore(object, wanted, context),
      }),
    ];
    if (wanted.ownedBy !== null) {
      parts.push(
        ...part('own', [`ALTER SEQUENCE ${name} OWNED BY ${wanted.ownedBy}`], {
          needs: tableOfColumn(wanted.ownedBy, context),
          rank: RANK.ownedBy,
        }),
        ...advanceBehindRows(name, wanted.ownedBy, wanted.increment, context),
      );
    }
    return parts;
  },
  drop: (object) => [{ sql: `DROP SEQUENCE ${object.identity}` }],
  alter(before, after, context): Part[] {
    const had = propertiesOf<SequenceProperties>(before);
    const wanted = propertiesOf<SequenceProperties>(after);
    const name = after.identity;
    const own: string[] = [];
    const free: string[] = [];
    if (had.ownedBy !== wanted.ownedBy) {
      if (had.ownedBy !== null && !context.same(had.ownedBy, wanted.ownedBy)) {
        free.push(`ALTER SEQUENCE ${name} OWNED BY NONE`);
      }
      if (wanted.ownedBy !== null && !context.same(had.ownedBy, wanted.ownedBy)) {
        own.push(`ALTER SEQUENCE ${name} OWNED BY ${wanted.ownedBy}`);
      }
    }
    const persistence =
      had.persistence === wanted.persistence || (had.ownedBy !== null && own.length + free.length === 0)
        ? []
        : [`ALTER SEQUENCE ${name} SET ${wanted.persistence === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`];
    const stillOwned = had.ownedBy !== null && free.length === 0;
    return [
      make(
        [
          ...free,
          ...alterSequence(name, had, wanted),
          ...persistence,
          ...ownedChanges(had, wanted, target(name), { ownerFollows: stillOwned }),
        ],
        {
          uses: (kind) => kind !== 'column' && kind !== 'table',
          needs: stillOwned && wanted.ownedBy !== null ? tableOfColumn(wanted.ownedBy, context) : [],
        },
      ),
      ...part('own', own, {
        needs: wanted.ownedBy === null ? [] : tableOfColumn(wanted.ownedBy, context),
        rank: RANK.ownedBy,
      }),
    ];
  },
  detach(object: CatalogObject, cause) {
    const had = propertiesOf<SequenceProperties>(object);
    if (cause.kind !== 'column' && cause.kind !== 'table') return null;
    return {
      drafts: [{ sql: `ALTER SEQUENCE ${object.identity} OWNED BY NONE` }],
      left: { ...object, properties: { ...had, ownedBy: null } },
    };
  },
  rename: (_object, current, name) => `ALTER SEQUENCE ${current} RENAME TO ${name}`,
  move: (_object, current, schema) => `ALTER SEQUENCE ${current} SET SCHEMA ${schema}`,
};
