/** Tables, partitions, foreign tables (manual, CREATE TABLE, ALTER TABLE, CREATE FOREIGN TABLE). */
import type { CatalogObject, ColumnProperties, TableProperties } from '../../model.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, part, partId, propertiesOf } from '../context.ts';
import { keyOf, localName } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { notNullSource, sources } from '../rebinding.ts';
import { refuseOrder } from '../typed-tables.ts';
import { alterColumn } from './column-alter.ts';
import { columnAfterCreate, columnDefinition } from './column-definition.ts';
import { bareColumn, inheritedColumn } from './column-inheritance.ts';
import { helped, released } from './helper-parent.ts';
import { notNullName } from './not-null.ts';
import { foreignOptionChanges, foreignOptionList, parameterChanges, parameterList } from './options.ts';
import { marks, security } from './table-marks.ts';

const TYPE_KINDS: ReadonlySet<string> = new Set([
  'schema',
  'extension',
  'collation',
  'enum',
  'domain',
  'composite',
  'range',
  'base type',
  'table',
  'view',
  'access method',
  'server',
  'foreign data wrapper',
]);

function word(table: TableProperties): string {
  return table.foreignServer === null ? 'TABLE' : 'FOREIGN TABLE';
}

function target(object: CatalogObject, table: TableProperties): { named: string; grantee: string } {
  return { named: `${word(table)} ${object.identity}`, grantee: `TABLE ${object.identity}` };
}

function columnsOf(object: CatalogObject, context: RenderContext): CatalogObject[] {
  return context
    .children(keyOf('table', object.identity))
    .filter((child) => child.kind === 'column')
    .sort((a, b) => propertiesOf<ColumnProperties>(a).position - propertiesOf<ColumnProperties>(b).position);
}

function create(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<TableProperties>(object);
  const name = object.identity;
  const key = keyOf('table', name);
  const columns = columnsOf(object, context);
  const partition = wanted.partitionOf !== null;
  // A partition is made with columns of its own and attached: so it keeps its own column order.
  const listed =
    wanted.ofType !== null
      ? []
      : columns.filter(
          (one) => partition || propertiesOf<ColumnProperties>(one).local || one.parent === null,
        );
  const inherited = columns.filter((one) => !listed.includes(one));
  const unlogged = wanted.persistence === 'unlogged' ? 'UNLOGGED ' : '';
  const body =
    wanted.ofType === null
      ? ` (${[...listed.map((one) => columnDefinition(one, context, 'table')), ...alsoNotNull(inherited, context)].map((one) => `\n  ${one}`).join(',')}\n)`
      : ` OF ${wanted.ofType}`;
  let sql = `CREATE ${wanted.foreignServer === null ? unlogged : ''}${word(wanted)} ${name}${body}`;
  // Up to PostgreSQL 15 CREATE TABLE takes no generated column that a parent has, too.
  const apart =
    context.major < 16 &&
    wanted.inherits.length > 0 &&
    inherited.length === 0 &&
    listed.some(({ properties }) => properties.generated !== null && Number(properties.inheritedFrom) > 0);
  if (wanted.inherits.length > 0 && !apart) sql += ` INHERITS (${wanted.inherits.join(', ')})`;
  if (wanted.partitionKey !== null) sql += ` PARTITION BY ${wanted.partitionKey}`;
  if (wanted.foreignServer === null) {
    if (wanted.accessMethod !== null) sql += ` USING ${wanted.accessMethod}`;
    const parameters = [
      ...(wanted.options.length > 0 ? [parameterList(wanted.options)] : []),
      ...(wanted.toastOptions.length > 0 ? [parameterList(wanted.toastOptions, 'toast.')] : []),
    ];
    if (parameters.length > 0) sql += ` WITH (${parameters.join(', ')})`;
    if (wanted.tablespace !== null) sql += ` TABLESPACE ${wanted.tablespace}`;
  } else {
    sql += ` SERVER ${wanted.foreignServer}${foreignOptionList(wanted.foreignOptions)}`;
  }
  const generated = columns.filter((one) => propertiesOf<ColumnProperties>(one).generated !== null);
  const needs = [
    ...columns.flatMap((one) =>
      context
        .needs(keyOf('column', one.identity))
        .filter((other) => other !== key && (generated.includes(one) || TYPE_KINDS.has(kindOf(other)))),
    ),
    ...(wanted.partitionKey === null ? [] : context.needs(key)),
    ...wanted.inherits.map((parent) => keyOf('table', parent)),
    ...(wanted.ofType === null ? [] : context.needs(key)),
  ].map((other) => partId('make', other));
  const parts: Part[] = [
    make([sql], {
      needs: [...needs, ...settled(wanted.inherits, context)],
      uses: (kind) => TYPE_KINDS.has(kind),
    }),
    ...part('owned', ownedAfterCreate(object, wanted, target(object, wanted), context), {
      rank: RANK.table + 0.5,
    }),
    ...listed.flatMap((one) => columnAfterCreate(one, context)),
    ...inherited.flatMap((one) => {
      const start = wanted.ofType === null ? inheritedColumn(one, wanted.inherits, context) : bareColumn(one);
      return alterColumn(start, one, context).map((piece) => ({
        ...piece,
        name: `${piece.name} ${one.identity} of`,
      }));
    }),
  ];
  if (partition) parts.push(attach(object, wanted, context));
  if (apart) {
    const demanded = context
      .children(key)
      .filter(
        (one) =>
          one.kind === 'constraint' &&
          sources(one, context.to).some((up) => !context.isCreated(keyOf('constraint', up.identity))),
      )
      .map((one) => partId('make', keyOf('constraint', one.identity)));
    parts.push(
      ...part(
        'inherit',
        wanted.inherits.map((parent) => `ALTER TABLE ${name} INHERIT ${parent}`),
        {
          needs: [...demanded, ...wanted.inherits.map((parent) => partId('inherit', keyOf('table', parent)))],
          uses: () => false,
          rank: RANK.attach,
        },
      ),
    );
  }
  return [...parts, ...security(null, wanted, name), ...marks(null, wanted, name, context)];
}

/** PostgreSQL 18: a NOT NULL that the child says itself, under its own name, about a column that it merely inherits. */
function alsoNotNull(inherited: readonly CatalogObject[], context: RenderContext): string[] {
  return inherited
    .filter((one) => notNullSource(one, context.to) === 'both')
    .map((one) => `CONSTRAINT ${notNullName(one)} NOT NULL ${localName(one)}`);
}

/** A child takes its parents' columns as they are at that moment, so what changes about them is changed before. */
function settled(parents: readonly string[], context: RenderContext): string[] {
  return parents.flatMap((parent) =>
    context
      .children(keyOf('table', parent))
      .filter((child) => child.kind === 'column')
      .flatMap((child) => {
        const key = keyOf('column', child.identity);
        return [
          partId('make', key),
          partId('default', key),
          partId(`details ${child.identity} of`, keyOf('table', parent)),
        ];
      }),
  );
}

function kindOf(key: string): string {
  const match = /^(materialized view|foreign data wrapper|access method|base type|\S+) /.exec(key);
  return match?.[1] ?? key;
}

function attach(object: CatalogObject, wanted: TableProperties, context: RenderContext): Part {
  const parent = keyOf('table', wanted.partitionOf ?? '');
  const key = keyOf('table', object.identity);
  const sql = `ALTER TABLE ONLY ${wanted.partitionOf} ATTACH PARTITION ${object.identity} ${wanted.partitionBound}`;
  const fresh = context.isCreated(parent);
  // Attached to a table that has its indexes, a partition brings its own, or the server makes them under other names.
  const own = context
    .children(key)
    .filter((child) => child.kind === 'index' || child.kind === 'constraint')
    .map((child) => partId('make', keyOf(child.kind, child.identity)));
  // NOT NULL and CHECKs that the parent has must be there; those that it gets itself go down to the partition afterwards.
  const columns = [...context.children(key), ...context.children(parent)]
    .filter((child) => child.kind === 'column')
    .map((child) => partId('make', keyOf('column', child.identity)));
  const demanded = context.children(key).flatMap((child) => {
    const above = keyOf(child.kind, `${wanted.partitionOf}.${localName(child)}`);
    const there = context.formerly(above) !== undefined;
    if (!there && !(fresh && child.kind === 'column')) return [];
    if (child.kind === 'constraint') return [partId('make', keyOf('constraint', child.identity))];
    if (child.kind !== 'column') return [];
    return [
      partId('not null', keyOf('column', child.identity)),
      partId(`not null ${child.identity} of`, key),
    ];
  });
  return {
    name: 'attach',
    drafts: [{ sql }],
    needs: [partId('make', parent), partId('make', key), ...columns, ...demanded, ...(fresh ? [] : own)],
    uses: () => false,
    rank: RANK.attach,
  };
}

function alter(before: CatalogObject, after: CatalogObject, context: RenderContext): Part[] | 'rebuild' {
  const had = propertiesOf<TableProperties>(before);
  const wanted = propertiesOf<TableProperties>(after);
  const name = after.identity;
  const table = `ALTER ${word(wanted)} ${name}`;
  if (!context.same(had.partitionKey, wanted.partitionKey)) return 'rebuild';
  if (had.foreignServer !== wanted.foreignServer) {
    if (had.foreignServer === null || wanted.foreignServer === null) return 'rebuild';
    if (!context.same(had.foreignServer, wanted.foreignServer)) return 'rebuild';
  }
  const shape: string[] = [];
  const parts: Part[] = [];
  if (had.accessMethod !== wanted.accessMethod) {
    if (context.major < 15) throw new CannotRender('SET ACCESS METHOD needs PostgreSQL 15');
    shape.push(`${table} SET ACCESS METHOD ${wanted.accessMethod ?? 'DEFAULT'}`);
  }
  if (had.persistence !== wanted.persistence) {
    shape.push(`${table} SET ${wanted.persistence === 'unlogged' ? 'UNLOGGED' : 'LOGGED'}`);
  }
  if (had.tablespace !== wanted.tablespace) {
    shape.push(`${table} SET TABLESPACE ${wanted.tablespace ?? 'pg_default'}`);
  }
  shape.push(
    ...parameterChanges(table, had.options, wanted.options),
    ...parameterChanges(table, had.toastOptions, wanted.toastOptions, 'toast.'),
    ...foreignOptionChanges(table, had.foreignOptions, wanted.foreignOptions),
  );
  // Attached anew, a partition's NOT NULL is its parent's alone.
  const attachedAnew = context.children(keyOf('table', name)).some((child) => {
    const former = child.kind === 'column' ? context.formerly(keyOf('column', child.identity)) : undefined;
    return former?.properties.notNullAlsoLocal === true && notNullSource(child, context.to) === 'inherited';
  });
  const partitionSame =
    !attachedAnew &&
    context.same(had.partitionOf, wanted.partitionOf) &&
    context.same(had.partitionBound, wanted.partitionBound) &&
    !(wanted.partitionOf !== null && context.isCreated(keyOf('table', wanted.partitionOf)));
  if (!partitionSame && had.partitionOf !== null && context.formerly(keyOf('table', name))) {
    shape.push(`ALTER TABLE ${had.partitionOf} DETACH PARTITION ${name}`);
  }
  const gone = had.inherits.filter((parent) => !wanted.inherits.some((one) => context.same(parent, one)));
  const fresh = wanted.inherits.filter((parent) => !had.inherits.some((one) => context.same(one, parent)));
  for (const parent of gone) shape.push(`${table} NO INHERIT ${parent}`);
  if (!context.same(had.ofType, wanted.ofType) && wanted.ofType === null) shape.push(`${table} NOT OF`);
  const key = keyOf('table', name);
  const rebinding = context.rebinding(key);
  const help = rebinding?.holds === false ? helped(after, rebinding, context) : null;
  parts.push(
    make([...shape, ...(help?.first ?? [])], {
      uses: (kind) => TYPE_KINDS.has(kind) && kind !== 'table',
      needs: help?.needs ?? [],
    }),
    ...part('owned', ownedChanges(had, wanted, target(after, wanted)), { rank: RANK.table + 0.5 }),
  );
  if (!context.same(had.ofType, wanted.ofType) && wanted.ofType !== null) {
    const columns = context.children(key).filter((child) => child.kind === 'column');
    refuseOrder(columns, context);
    parts.push(
      ...part('of', [`${table} OF ${wanted.ofType}`], {
        rank: RANK.attach,
        needs: columns.map((column) => partId('make', keyOf('column', column.identity))),
      }),
    );
  }
  if (fresh.length > 0) {
    const columns = [keyOf('table', name), ...fresh.map((parent) => keyOf('table', parent))].flatMap(
      (key) => [
        partId('make', key),
        ...context
          .children(key)
          .filter((child) => child.kind === 'column')
          .map((child) => partId('make', keyOf('column', child.identity))),
      ],
    );
    // What the parents demand must be there; what they get themselves goes down to the child afterwards.
    const demanded = context
      .children(keyOf('table', name))
      .flatMap((child) =>
        child.kind === 'column'
          ? [partId('not null', keyOf('column', child.identity))]
          : child.kind === 'constraint' && child.properties.type === 'check'
            ? [partId('make', keyOf('constraint', child.identity))]
            : [],
      );
    if (rebinding === undefined)
      refuseOwnership(
        key,
        wanted.inherits,
        wanted.inherits.filter((one) => !fresh.includes(one)),
        context,
      );
    const kept = wanted.inherits.slice(0, had.inherits.length - gone.length);
    if (
      !equalJson(
        kept,
        had.inherits.filter((one) => !gone.includes(one)),
      ) &&
      gone.length === 0
    ) {
      throw new CannotRender('the order of its parents (INHERITS) differs');
    }
    parts.push(
      ...part('inherit', [...(help?.last ?? []), ...fresh.map((parent) => `${table} INHERIT ${parent}`)], {
        needs: [...columns, ...demanded, ...fresh.map((one) => partId('inherit', keyOf('table', one)))],
        uses: () => false,
        rank: RANK.attach,
      }),
    );
  }
  // The helper holds what is merely inherited until the parents have it.
  parts.push(
    ...part('release', rebinding?.holds === true ? released(after, context) : (help?.end ?? []), {
      needs: [
        partId('inherit', key),
        ...fresh.flatMap((parent) =>
          context
            .children(keyOf('table', parent))
            .map((child) =>
              partId(child.kind === 'column' ? 'not null' : 'make', keyOf(child.kind, child.identity)),
            ),
        ),
      ],
      uses: () => false,
      rank: RANK.attach,
    }),
  );
  if (!partitionSame && wanted.partitionOf !== null) parts.push(attach(after, wanted, context));
  return [...parts, ...security(had, wanted, name), ...marks(had, wanted, name, context)];
}

/**
 * NO INHERIT makes the child's columns and CHECKs its own, and INHERIT leaves them so (`attislocal`); no statement makes
 * them merely inherited again.
 */
function refuseOwnership(
  key: string,
  wanted: readonly string[],
  remaining: readonly string[],
  context: RenderContext,
): void {
  for (const child of context.children(key)) {
    if (child.kind !== 'column' && child.kind !== 'constraint') continue;
    const { local, inheritedFrom } = child.properties;
    const childKey = keyOf(child.kind, child.identity);
    const had = context.formerly(childKey);
    if (local !== false || Number(inheritedFrom) === 0) continue;
    const sourceIn = (parent: string): string => keyOf(child.kind, `${parent}.${localName(child)}`);
    if (had === undefined) {
      // INHERIT asks for it, and by itself it would be the child's own. A new CHECK goes down afterwards.
      const comes = remaining.some((parent) => context.to.objects.has(sourceIn(parent)));
      const asked =
        child.kind === 'column' || wanted.some((parent) => context.formerly(sourceIn(parent)) !== undefined);
      if (asked && !comes) {
        throw new CannotRender(`${childKey} would be its own, and cannot be made merely inherited`);
      }
      continue;
    }
    const still = remaining.some((parent) => {
      const source = sourceIn(parent);
      return context.to.objects.has(source) && context.formerly(source) !== undefined;
    });
    if (had.properties.local === true || !still) {
      throw new CannotRender(`${childKey} would stay its own, and cannot be made merely inherited again`);
    }
  }
}

export const table: KindRenderer = {
  rank: RANK.table,
  create,
  drop(object) {
    const had = propertiesOf<TableProperties>(object);
    return [{ sql: `DROP ${word(had)} ${object.identity}`, destroysData: had.foreignServer === null }];
  },
  alter,
  detach(object, cause) {
    const had = propertiesOf<TableProperties>(object);
    if (cause.kind === 'table') {
      if (had.partitionOf === cause.identity) {
        return {
          drafts: [{ sql: `ALTER TABLE ${cause.identity} DETACH PARTITION ${object.identity}` }],
          left: { ...object, properties: { ...had, partitionOf: null, partitionBound: null } },
        };
      }
      if (had.inherits.includes(cause.identity)) {
        return {
          drafts: [{ sql: `ALTER TABLE ${object.identity} NO INHERIT ${cause.identity}` }],
          left: {
            ...object,
            properties: { ...had, inherits: had.inherits.filter((one) => one !== cause.identity) },
          },
        };
      }
      return null;
    }
    if (had.ofType !== null && cause.kind === 'composite') {
      return {
        drafts: [{ sql: `ALTER TABLE ${object.identity} NOT OF` }],
        left: { ...object, properties: { ...had, ofType: null } },
      };
    }
    if (cause.kind === 'index' || cause.kind === 'constraint' || cause.kind === 'column') return null;
    throw new CannotRender(
      `it needs ${cause.kind} ${cause.identity}, which has to be dropped and made again`,
    );
  },
  rename(object, current, name) {
    return `ALTER ${word(propertiesOf<TableProperties>(object))} ${current} RENAME TO ${name}`;
  },
  move(object, current, schema) {
    return `ALTER ${word(propertiesOf<TableProperties>(object))} ${current} SET SCHEMA ${schema}`;
  },
};
