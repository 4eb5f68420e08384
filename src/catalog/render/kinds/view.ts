/** Views and materialised views (manual, CREATE VIEW, CREATE MATERIALIZED VIEW). */
import { quoteIdent } from '../../../sql/quote.ts';
import type { CatalogObject, MaterializedViewProperties, ViewProperties } from '../../model.ts';
import type { Alteration, KindRenderer, Part, RenderContext } from '../context.ts';
import { make, part, partId, propertiesOf } from '../context.ts';
import { keyOf, localName } from '../names.ts';
import { commentChange, normalized, ownedAfterCreate, ownedChanges, role } from '../owned.ts';
import { privilegeChanges, withNewOwner } from '../privileges.ts';
import { RANK } from '../ranks.ts';
import { mentionsQualified } from '../tokens.ts';
import { parameterChanges, parameterList } from './options.ts';

type Column = ViewProperties['columns'][number];

function isMaterialized(object: CatalogObject): boolean {
  return object.kind === 'materialized view';
}

function word(object: CatalogObject): string {
  return isMaterialized(object) ? 'MATERIALIZED VIEW' : 'VIEW';
}

function target(object: CatalogObject): { named: string; grantee: string } {
  return { named: `${word(object)} ${object.identity}`, grantee: `TABLE ${object.identity}` };
}

function query(view: ViewProperties): string {
  return view.definition.trim().replace(/;$/, '');
}

/** Comment, default and privileges of each column; `former` gives a column's state by name. */
function columnDetails(
  object: CatalogObject,
  former: (name: string) => Column | undefined,
  formerOwner: string | null,
): string[] {
  const wanted = propertiesOf<ViewProperties>(object);
  const owner = role(wanted.owner);
  return wanted.columns.flatMap((column) => {
    const had = former(column.name);
    const name = bare(column.name);
    const drafts: string[] = [];
    if ((had?.default ?? null) !== column.default) {
      const change = column.default === null ? 'DROP DEFAULT' : `SET DEFAULT ${column.default}`;
      drafts.push(`ALTER VIEW ${object.identity} ALTER COLUMN ${name} ${change}`);
    }
    drafts.push(...settingChanges(object, name, had, column));
    drafts.push(...commentChange(`COLUMN ${object.identity}.${name}`, had?.comment ?? null, column.comment));
    const privileges = (had?.privileges ?? []).map(normalized);
    const moved =
      formerOwner !== null && formerOwner !== owner
        ? withNewOwner(privileges, formerOwner, owner)
        : privileges;
    drafts.push(
      ...privilegeChanges(
        { on: `TABLE ${object.identity}`, column: name, owner },
        moved,
        column.privileges.map(normalized),
      ),
    );
    return drafts;
  });
}

/** Storage, compression, statistics target and options of a materialised view's column: `statistics=100`. */
function settingChanges(
  object: CatalogObject,
  name: string,
  had: Column | undefined,
  column: Column,
): string[] {
  const before = settings(had);
  const after = settings(column);
  const alter = `ALTER MATERIALIZED VIEW ${object.identity} ALTER COLUMN ${name}`;
  const drafts: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const value = after.get(key);
    if (before.get(key) === value) continue;
    if (key === 'storage') drafts.push(`${alter} SET STORAGE ${value ?? 'EXTENDED'}`);
    else if (key === 'compression') drafts.push(`${alter} SET COMPRESSION ${value ?? 'default'}`);
    else if (key === 'statistics') drafts.push(`${alter} SET STATISTICS ${value ?? '-1'}`);
    else drafts.push(value === undefined ? `${alter} RESET (${key})` : `${alter} SET (${key} = ${value})`);
  }
  return drafts;
}

function settings(column: Column | undefined): Map<string, string> {
  const items = (column as { readonly settings?: readonly string[] } | undefined)?.settings ?? [];
  return new Map(items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]));
}

/** The contract leaves open whether a view's column names are quoted. */
function bare(name: string): string {
  return name.startsWith('"') ? name : quoteIdent(name);
}

function withOptions(view: ViewProperties): string {
  return view.options.length === 0 ? '' : ` WITH (${parameterList(view.options)})`;
}

function create(object: CatalogObject, context: RenderContext): Part[] {
  const wanted = propertiesOf<ViewProperties>(object);
  const rest = [
    ...ownedAfterCreate(object, wanted, target(object), context),
    ...columnDetails(object, () => undefined, null),
  ];
  if (!isMaterialized(object)) {
    const text = `VIEW ${object.identity}${withOptions(wanted)} AS\n${query(wanted)}`;
    return mentionsQualified(wanted.definition, object.identity)
      ? [make([standIn(object), `CREATE OR REPLACE ${text}`, ...rest])]
      : [make([`CREATE ${text}`, ...rest])];
  }
  const stored = propertiesOf<MaterializedViewProperties>(object);
  const method = stored.accessMethod === null ? '' : ` USING ${stored.accessMethod}`;
  const space = stored.tablespace === null ? '' : ` TABLESPACE ${stored.tablespace}`;
  const sql =
    `CREATE MATERIALIZED VIEW ${object.identity}${method}${withOptions(wanted)}${space} AS\n` +
    `${query(wanted)}\nWITH ${stored.populated ? '' : 'NO '}DATA`;
  return [make([sql, ...rest], { tightens: true }), ...clustering(null, object, context)];
}

/** A view that reads itself, which CREATE OR REPLACE allows, has to be there first: with the same columns. */
function standIn(object: CatalogObject): string {
  const columns = propertiesOf<ViewProperties>(object).columns.map(({ name, type, collation }) => {
    const collate = collation === null ? '' : ` COLLATE ${collation}`;
    return `NULL::${type}${collate} AS ${bare(name)}`;
  });
  return `CREATE VIEW ${object.identity} AS SELECT ${columns.join(', ')}`;
}

/** CLUSTER ON, which names an index, and is said again where that one is made anew. */
function clustering(before: CatalogObject | null, after: CatalogObject, context: RenderContext): Part[] {
  const had = before === null ? undefined : propertiesOf<MaterializedViewProperties>(before).clusteredOn;
  const { clusteredOn } = propertiesOf<MaterializedViewProperties>(after);
  const view = `ALTER MATERIALIZED VIEW ${after.identity}`;
  if (clusteredOn === undefined) {
    return had === undefined ? [] : part('marks', [`${view} SET WITHOUT CLUSTER`]);
  }
  const index = keyOf('index', clusteredOn);
  if (had !== undefined && context.same(had, clusteredOn) && !context.isCreated(index)) return [];
  const local = localName({ kind: 'index', identity: clusteredOn });
  return part('marks', [`${view} CLUSTER ON ${local}`], {
    needs: [partId('make', index)],
    rank: RANK.replicaIdentity,
  });
}

/** Columns that have the same place and type under another name: renamed, then the query may follow. */
function renamedColumns(
  object: CatalogObject,
  had: ViewProperties,
  wanted: ViewProperties,
  context: RenderContext,
): string[] | null {
  if (had.columns.length > wanted.columns.length) return null;
  const renames: [string, string][] = [];
  for (const [index, column] of had.columns.entries()) {
    const other = wanted.columns[index];
    if (other === undefined) return null;
    if (!context.same(column.type, other.type) || !context.same(column.collation, other.collation))
      return null;
    if (column.name !== other.name) renames.push([column.name, other.name]);
  }
  const taken = new Set(had.columns.map((column) => column.name));
  if (renames.some(([, name]) => taken.has(name))) return null;
  return renames.map(
    ([from, to]) => `ALTER ${word(object)} ${object.identity} RENAME COLUMN ${bare(from)} TO ${bare(to)}`,
  );
}

function alter(before: CatalogObject, after: CatalogObject, context: RenderContext): Alteration {
  const had = propertiesOf<ViewProperties>(before);
  const wanted = propertiesOf<ViewProperties>(after);
  const sameQuery = context.same(had.definition, wanted.definition);
  const renames = renamedColumns(after, had, wanted, context);
  if (renames === null) return 'rebuild';
  const drafts: string[] = [];
  if (isMaterialized(after)) {
    if (!sameQuery || had.columns.length !== wanted.columns.length || renames.length > 0) return 'rebuild';
  } else {
    drafts.push(...renames);
    // A renamed column shows in the query's text, too: so the text alone tells nothing then.
    if (!sameQuery || had.columns.length !== wanted.columns.length || renames.length > 0) {
      drafts.push(`CREATE OR REPLACE VIEW ${after.identity}${withOptions(wanted)} AS\n${query(wanted)}`);
      drafts.push(...parameterChanges(`ALTER VIEW ${after.identity}`, had.options, wanted.options));
    }
  }
  if (drafts.length === 0) {
    drafts.push(...parameterChanges(`ALTER ${word(after)} ${after.identity}`, had.options, wanted.options));
  }
  drafts.push(...ownedChanges(had, wanted, target(after)));
  const byPosition = new Map(had.columns.map((column, index) => [wanted.columns[index]?.name ?? '', column]));
  drafts.push(...columnDetails(after, (name) => byPosition.get(name), role(had.owner)));
  const parts: Part[] = [make(drafts)];
  if (isMaterialized(after))
    parts.push(...storedChanges(before, after), ...clustering(before, after, context));
  return parts;
}

function storedChanges(before: CatalogObject, after: CatalogObject): Part[] {
  const had = propertiesOf<MaterializedViewProperties>(before);
  const wanted = propertiesOf<MaterializedViewProperties>(after);
  const view = `MATERIALIZED VIEW ${after.identity}`;
  const storage: string[] = [];
  if (had.accessMethod !== wanted.accessMethod) {
    storage.push(`ALTER ${view} SET ACCESS METHOD ${wanted.accessMethod ?? 'heap'}`);
  }
  if (had.tablespace !== wanted.tablespace) {
    storage.push(`ALTER ${view} SET TABLESPACE ${wanted.tablespace ?? 'pg_default'}`);
  }
  const refresh =
    had.populated === wanted.populated ? [] : [`REFRESH ${view}${wanted.populated ? '' : ' WITH NO DATA'}`];
  return [
    ...part('storage', storage),
    ...part('refresh', refresh, { tightens: wanted.populated, rank: RANK.materializedView }),
  ];
}

export const view: KindRenderer = {
  rank: RANK.view,
  create,
  drop: (object) => [{ sql: `DROP ${word(object)} ${object.identity}` }],
  alter,
  rename: (object, current, name) => `ALTER ${word(object)} ${current} RENAME TO ${name}`,
  move: (object, current, schema) => `ALTER ${word(object)} ${current} SET SCHEMA ${schema}`,
};

export const materializedView: KindRenderer = { ...view, rank: RANK.materializedView };
