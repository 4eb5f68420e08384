/** Constraints of tables and domains (manual, ALTER TABLE, ADD table_constraint; ALTER DOMAIN). */

import { dollarQuote, quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, ConstraintProperties, TableProperties } from '../../model.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, part, partId, propertiesOf } from '../context.ts';
import { linksOf } from '../dependencies.ts';
import { isRenamedCheck, renamedCheck } from '../domain-checks.ts';
import { staysBehind } from '../inheritance.ts';
import { keyOf, localName, localPart, ownerRelation } from '../names.ts';
import { commentChange } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { sources } from '../rebinding.ts';
import { parameterChanges } from './options.ts';

const INDEXED: ReadonlySet<string> = new Set(['unique', 'primary', 'exclusion']);

function ofDomain(object: CatalogObject): boolean {
  return object.parent?.startsWith('domain ') ?? false;
}

function host(object: CatalogObject): string {
  return `${ofDomain(object) ? 'DOMAIN' : 'TABLE'} ${ownerRelation(object)}`;
}

function named(object: CatalogObject): string {
  const domain = ofDomain(object) ? 'DOMAIN ' : '';
  return `CONSTRAINT ${localName(object)} ON ${domain}${ownerRelation(object)}`;
}

/** The index behind the constraint: in its table's schema, under its own name. */
function indexName(object: CatalogObject): string {
  const relation = ownerRelation(object);
  return `${relation.slice(0, relation.length - tableLocal(object).length - 1)}.${localName(object)}`;
}

function tableLocal(object: CatalogObject): string {
  return localName({ kind: 'table', identity: ownerRelation(object) });
}

function tableOf(object: CatalogObject, context: RenderContext): TableProperties | null {
  const parent = context.to.objects.get(object.parent ?? '') ?? context.from.objects.get(object.parent ?? '');
  return parent?.kind === 'table' ? propertiesOf<TableProperties>(parent) : null;
}

/** Comes and goes with the parent table's. */
export function isInherited(object: CatalogObject): boolean {
  const own = propertiesOf<ConstraintProperties>(object);
  return !own.local && own.inheritedFrom > 0;
}

function isFollower(object: CatalogObject): boolean {
  // The index of an exclusion constraint can never be attached: copies come with the one above (PostgreSQL 17).
  const own = propertiesOf<ConstraintProperties>(object);
  return isInherited(object) && (!INDEXED.has(own.type) || own.type === 'exclusion');
}

export function constraintDefinition(wanted: ConstraintProperties): string {
  let sql = wanted.definition;
  if (wanted.noInherit && !/\bNO INHERIT\b/.test(sql)) sql += ' NO INHERIT';
  if (wanted.deferrable && !/\bDEFERRABLE\b/.test(sql)) {
    sql += wanted.deferred ? ' DEFERRABLE INITIALLY DEFERRED' : ' DEFERRABLE';
  }
  if (!wanted.enforced && !/\bNOT ENFORCED\b/.test(sql)) sql += ' NOT ENFORCED';
  else if (!wanted.validated && !/\bNOT VALID\b/.test(sql)) sql += ' NOT VALID';
  return sql;
}

/** The partitioned parent's constraint that this one's index is attached to. */
function parentConstraint(object: CatalogObject, context: RenderContext): CatalogObject | undefined {
  const own = propertiesOf<ConstraintProperties>(object);
  const partitionOf = tableOf(object, context)?.partitionOf;
  if (partitionOf == null || own.inheritedFrom === 0 || !INDEXED.has(own.type)) return undefined;
  return context.children(keyOf('table', partitionOf)).find((one) => {
    if (one.kind !== 'constraint') return false;
    const other = propertiesOf<ConstraintProperties>(one);
    return other.type === own.type && other.definition === own.definition;
  });
}

function indexDetails(object: CatalogObject, before: ConstraintProperties | null): string[] {
  const wanted = propertiesOf<ConstraintProperties>(object);
  const name = indexName(object);
  const after = wanted.index;
  if (after === null) return [];
  const had = before?.index ?? { options: [], tablespace: null, valid: true, comment: null };
  const drafts = parameterChanges(`ALTER INDEX ${name}`, had.options, after.options);
  if (had.tablespace !== after.tablespace) {
    drafts.push(`ALTER INDEX ${name} SET TABLESPACE ${after.tablespace ?? 'pg_default'}`);
  }
  return [...drafts, ...commentChange(`INDEX ${name}`, had.comment, after.comment)];
}

function notNullNeeds(object: CatalogObject, wanted: ConstraintProperties): string[] {
  const relation = ownerRelation(object);
  return wanted.columns.flatMap((column) => {
    const key = keyOf('column', `${relation}.${quoteIdent(column)}`);
    return [partId('make', key), partId('not null', key)];
  });
}

function create(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<ConstraintProperties>(object);
  if (wanted.type === 'trigger') return [];
  const parent = object.parent ?? '';
  const domain = ofDomain(object);
  const renamed = domain ? renamedCheck(object, context) : undefined;
  if (renamed !== undefined) {
    const rename = `ALTER ${host(object)} RENAME CONSTRAINT ${localName(renamed)} TO ${localName(object)}`;
    const { comment } = propertiesOf<ConstraintProperties>(renamed);
    return [make([rename, ...commentChange(named(object), comment, wanted.comment)], { uses: () => false })];
  }
  const brought = wanted.type === 'check' && isBrought(object, context);
  if (isFollower(object) && !brought) {
    const aboveValid = sources(object, context.to).every((one) => one.properties.validated === true);
    const valid =
      wanted.type !== 'check' || !wanted.validated || aboveValid
        ? []
        : [`ALTER ${host(object)} VALIDATE CONSTRAINT ${localName(object)}`];
    const drafts = [
      ...copyNamed(object, context),
      ...valid,
      ...commentChange(named(object), null, wanted.comment),
    ];
    return part('comment', drafts, {
      needs: [...followed(object, context), partId('attach', object.parent ?? '')],
      tightens: true,
      rank: RANK.foreignKey + 0.5,
    });
  }
  if (wanted.index !== null && !wanted.index.valid && tableOf(object, context)?.partitionKey == null) {
    throw new CannotRender('its index is invalid');
  }
  const partitioned = (tableOf(object, context)?.partitionKey ?? null) !== null;
  const only = INDEXED.has(wanted.type) && wanted.type !== 'exclusion' && partitioned ? 'ONLY ' : '';
  const sql = `ALTER ${domain ? 'DOMAIN' : 'TABLE'} ${only}${ownerRelation(object)} ADD CONSTRAINT ${localName(object)} ${constraintDefinition(wanted)}`;
  const rank = wanted.type === 'foreign' ? RANK.foreignKey : domain ? RANK.domainConstraint : RANK.constraint;
  const tightens = !(domain && context.isCreated(parent));
  // A child's own copy comes before the parent's, which merges with it.
  const copies =
    wanted.type === 'check' && !wanted.noInherit && !domain
      ? childrenOf(object, context).flatMap((child) => {
          const key = keyOf('constraint', `${child}.${localName(object)}`);
          const copy = context.to.objects.get(key);
          return copy !== undefined && propertiesOf<ConstraintProperties>(copy).local
            ? [partId('make', key)]
            : [];
        })
      : [];
  const needs = [...notNullNeeds(object, wanted), ...copies, ...attached(object, context)];
  const drafts = [sql, ...indexDetails(object, null), ...commentChange(named(object), null, wanted.comment)];
  const parts: Part[] = [make(drafts, { tightens, needs, rank })];
  const above = parentConstraint(object, context);
  if (above !== undefined) {
    const aboveKey = keyOf('constraint', above.identity);
    parts.push(
      ...part('attach', [`ALTER INDEX ${indexName(above)} ATTACH PARTITION ${indexName(object)}`], {
        needs: [partId('make', aboveKey), partId('attach', parent)],
        tightens: true,
        rank: RANK.indexAttach,
        uses: () => false,
      }),
    );
  }
  return parts;
}

/** The partitioned parent's key that this one is a copy of: of its name, or else of its definition. */
function copiedFrom(object: CatalogObject, context: RenderContext): CatalogObject | undefined {
  const own = propertiesOf<ConstraintProperties>(object);
  const partitionOf = tableOf(object, context)?.partitionOf;
  if ((own.type !== 'foreign' && own.type !== 'exclusion') || partitionOf == null) return undefined;
  const equal = context
    .children(keyOf('table', partitionOf))
    .filter((one) => one.kind === 'constraint' && one.properties.definition === own.definition);
  return equal.find((one) => localName(one) === localName(object)) ?? equal[0];
}

/**
 * The name that a copy has when it comes: of the key above that is there, or is added and goes down to all levels; what
 * is renamed on the way is renamed afterwards.
 */
function givenName(above: CatalogObject, context: RenderContext): string {
  if (!context.isCreated(keyOf('constraint', above.identity)) || !isFollower(above)) return localName(above);
  const higher = copiedFrom(above, context);
  return higher === undefined ? localName(above) : givenName(higher, context);
}

/**
 * The copy of a foreign key in a partition has the name of the one above, or one that the server makes up where that is
 * taken, as it always does for exclusion constraints; then it is looked up where the statement runs.
 */
function copyNamed(object: CatalogObject, context: RenderContext): string[] {
  const above = copiedFrom(object, context);
  const isExclusion = object.properties.type === 'exclusion';
  if (above === undefined) return [];
  const given = givenName(above, context);
  if (given === localName(object) && !isExclusion) return [];
  const table = ownerRelation(object);
  const isTaken =
    isExclusion ||
    context
      .children(object.parent ?? '')
      .some((one) => one.kind === 'constraint' && localName(one) === given);
  if (!isTaken) return [`ALTER TABLE ${table} RENAME CONSTRAINT ${given} TO ${localName(object)}`];
  const body = `
DECLARE
  present name;
BEGIN
  SELECT c.conname INTO STRICT present FROM pg_catalog.pg_constraint c
    JOIN pg_catalog.pg_constraint a ON a.oid = c.conparentid
    WHERE c.conrelid = ${quoteLiteral(table)}::pg_catalog.regclass
      AND a.conrelid = ${quoteLiteral(ownerRelation(above))}::pg_catalog.regclass
      AND a.conname = ${quoteLiteral(localPart(above))};
  IF present <> ${quoteLiteral(localPart(object))} THEN
    EXECUTE pg_catalog.format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', ${quoteLiteral(table)}, present, ${quoteLiteral(localPart(object))});
  END IF;
END
`;
  return [`DO ${dollarQuote(body)}`];
}

/** Whether a child keeps the CHECK that it has from here, as its own. */
function survivesInChild(object: CatalogObject, context: RenderContext): boolean {
  if (object.properties.type !== 'check' || ofDomain(object)) return false;
  if (context.later(keyOf('constraint', object.identity)) !== undefined) return false;
  return linksOf(context.from)
    .neededBy(object.parent ?? '')
    .some((key) => {
      const child = context.from.objects.get(key);
      if (child?.kind !== 'table') return false;
      const copy = keyOf('constraint', `${child.identity}.${localName(object)}`);
      const isChild = propertiesOf<TableProperties>(child).inherits.includes(ownerRelation(object));
      const own = context.from.objects.get(copy)?.properties;
      return isChild && own?.local === false && own.inheritedFrom === 1 && !context.isGoing(copy);
    });
}

/**
 * Whether a CHECK that was a partition's own is its partitioned table's alone since that one got it, too. Dropped there it
 * goes from all partitions, whatever was said (ONLY is refused), so that the partition's is made again.
 */
function isTakenAlong(before: CatalogObject, after: CatalogObject, context: RenderContext): boolean {
  const own = propertiesOf<ConstraintProperties>(after);
  if (!isInherited(before) || !own.local) return false;
  const was = context.formerly(after.parent ?? '');
  const above = was === undefined ? null : propertiesOf<TableProperties>(was).partitionOf;
  if (
    was === undefined ||
    above === null ||
    !context.same(above, tableOf(after, context)?.partitionOf ?? null)
  )
    return false;
  const former = context.formerly(keyOf('constraint', after.identity));
  return former !== undefined && context.isGoing(keyOf('constraint', `${above}.${localName(former)}`));
}

/** Whether the table is attached to one that has the CHECK already: it must bring its own, which is inherited then. */
function isBrought(object: CatalogObject, context: RenderContext): boolean {
  const parent = object.parent ?? '';
  const now = tableOf(object, context)?.partitionOf;
  if (now == null || !isInherited(object)) return false;
  const above = context.formerly(keyOf('constraint', `${now}.${localName(object)}`));
  if (above === undefined) return false;
  const was = context.formerly(parent);
  return was === undefined || !context.same(propertiesOf<TableProperties>(was).partitionOf, now);
}

/** Partitions and children of a table that is new, which must be attached before a constraint goes down to them. */
function attached(object: CatalogObject, context: RenderContext): string[] {
  return childrenOf(object, context).flatMap((child) => {
    const key = keyOf('table', child);
    return [partId('make', key), partId('attach', key), partId('inherit', key)];
  });
}

function childrenOf(object: CatalogObject, context: RenderContext): string[] {
  const relation = ownerRelation(object);
  return context
    .neededBy(keyOf('table', relation))
    .flatMap((key) => context.to.objects.get(key) ?? [])
    .filter((one) => {
      if (one.kind !== 'table') return false;
      const properties = propertiesOf<TableProperties>(one);
      return properties.partitionOf === relation || properties.inherits.includes(relation);
    })
    .map((one) => one.identity);
}

function followed(object: CatalogObject, context: RenderContext): string[] {
  const table = tableOf(object, context);
  if (table === null) return [];
  if (context.rebinding(object.parent ?? '') !== undefined) return [partId('inherit', object.parent ?? '')];
  const parents = table.partitionOf === null ? table.inherits : [table.partitionOf];
  return parents.flatMap((parent) =>
    context
      .children(keyOf('table', parent))
      .filter((one) => one.kind === 'constraint')
      .map((one) => partId('make', keyOf('constraint', one.identity))),
  );
}

export const constraint: KindRenderer = {
  rank: RANK.constraint,
  create,
  drop(object, context) {
    const own = propertiesOf<ConstraintProperties>(object);
    if (own.type === 'trigger') return [];
    if (ofDomain(object) && isRenamedCheck(object, context)) return [];
    if (isInherited(object) && !staysBehind(object, context)) return [];
    if (survivesInChild(object, context)) {
      return [{ sql: `ALTER TABLE ONLY ${ownerRelation(object)} DROP CONSTRAINT ${localName(object)}` }];
    }
    return [{ sql: `ALTER ${host(object)} DROP CONSTRAINT ${localName(object)}` }];
  },
  alter(before, after, context) {
    const had = propertiesOf<ConstraintProperties>(before);
    const wanted = propertiesOf<ConstraintProperties>(after);
    const name = localName(after);
    if (wanted.type === 'trigger') return [];
    const rebinding = context.rebinding(after.parent ?? '');
    if (rebinding?.holds === false && had.type === 'check' && isFollower(after)) return 'rebuild';
    if (had.type === 'check' && isTakenAlong(before, after, context)) return 'rebuild';
    // It comes anew with the partition that is attached, whatever is there already.
    if (had.type === 'exclusion' && isFollower(after) && !isFollower(before)) return 'rebuild';
    if (isFollower(after) && isFollower(before)) {
      const above = copiedFrom(after, context);
      const renewed = above !== undefined && context.isCreated(keyOf('constraint', above.identity));
      const valid =
        had.validated || !wanted.validated
          ? []
          : [`ALTER ${host(after)} VALIDATE CONSTRAINT ${localName(after)}`];
      const drafts = [
        ...valid,
        ...(renewed ? copyNamed(after, context) : []),
        ...commentChange(named(after), renewed ? null : had.comment, wanted.comment),
      ];
      return part('make', drafts, { needs: followed(after, context), tightens: renewed || valid.length > 0 });
    }
    if (had.type !== wanted.type || !context.same(had.definition, wanted.definition)) return 'rebuild';
    if (had.noInherit !== wanted.noInherit) return 'rebuild';
    if (had.type === 'check' && had.local && !wanted.local && wanted.inheritedFrom > 0) {
      const returns = followed(after, context).some((id) => context.isCreated(id.slice('make '.length)));
      if (had.inheritedFrom === 0 && returns) return 'rebuild';
      if (had.inheritedFrom > 0) throw new CannotRender('it cannot be made merely inherited again');
    }
    const table = `ALTER ${host(after)}`;
    const merged =
      had.type === 'check' && !had.local && wanted.local && had.inheritedFrom > 0 && wanted.inheritedFrom > 0;
    const loosen: string[] = [];
    const tighten: string[] = [];
    // Added once more it is the child's own as well.
    if (merged) tighten.push(`${table} ADD CONSTRAINT ${name} ${constraintDefinition(wanted)}`);
    if (had.deferrable !== wanted.deferrable || had.deferred !== wanted.deferred) {
      if (wanted.type !== 'foreign') return 'rebuild';
      const mode = wanted.deferrable
        ? `DEFERRABLE INITIALLY ${wanted.deferred ? 'DEFERRED' : 'IMMEDIATE'}`
        : 'NOT DEFERRABLE';
      loosen.push(`${table} ALTER CONSTRAINT ${name} ${mode}`);
    }
    if (had.enforced !== wanted.enforced) {
      if (wanted.type !== 'foreign') return 'rebuild';
      (wanted.enforced ? tighten : loosen).push(
        `${table} ALTER CONSTRAINT ${name} ${wanted.enforced ? '' : 'NOT '}ENFORCED`,
      );
    } else if (had.validated && !wanted.validated) {
      return 'rebuild';
    } else if (!had.validated && wanted.validated) {
      tighten.push(`${table} VALIDATE CONSTRAINT ${name}`);
    }
    if (had.index !== null && wanted.index !== null && had.index.valid !== wanted.index.valid)
      return 'rebuild';
    if (INDEXED.has(wanted.type) && had.inheritedFrom !== wanted.inheritedFrom) {
      const above = parentConstraint(after, context);
      if (above !== undefined && context.isCreated(keyOf('constraint', above.identity))) {
        tighten.push(`ALTER INDEX ${indexName(above)} ATTACH PARTITION ${indexName(after)}`);
        return [
          make([
            ...loosen,
            ...indexDetails(after, had),
            ...commentChange(named(after), had.comment, wanted.comment),
          ]),
          ...part('tighten', tighten, {
            tightens: true,
            needs: [partId('make', keyOf('constraint', above.identity))],
            rank: RANK.indexAttach,
          }),
        ];
      }
    }
    return [
      make([
        ...loosen,
        ...(equalJson(had.index, wanted.index) ? [] : indexDetails(after, had)),
        ...commentChange(named(after), had.comment, wanted.comment),
      ]),
      ...part('tighten', tighten, { tightens: true, rank: RANK.constraint + 0.5 }),
    ];
  },
  rename(object, current, name) {
    const at = { ...object, identity: current };
    return `ALTER ${host(at)} RENAME CONSTRAINT ${localName(at)} TO ${name}`;
  },
};
