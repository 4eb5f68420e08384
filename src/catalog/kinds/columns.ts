import { quoteIdent } from '../../sql/quote.ts';
import type { IdentitySequence, ReadContext, Relation, RelationColumn } from '../context.ts';
import { type Text, text } from '../decode.ts';
import type { ColumnProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** What the query packs into one JSON array where a column has anything but a type and NOT NULL. */
type Details = readonly [
  defaultExpression: string | null,
  identity: string,
  generated: string,
  storage: string | null,
  compression: string,
  statisticsTarget: number | null,
  options: readonly string[] | null,
  foreignOptions: readonly string[] | null,
  local: boolean,
  inheritedFrom: number,
  collation: string | null,
  acl: string | null,
];

const NO_DETAILS: Details = [null, '', '', null, '', null, null, null, true, 0, null, null];

const STORAGE: Readonly<Record<string, string>> = { p: 'plain', e: 'external', x: 'extended', m: 'main' };
const COMPRESSION: Readonly<Record<string, string>> = { p: 'pglz', l: 'lz4' };

export const columns: Kind = {
  name: 'columns',
  scope: { of: 'neighbour', column: 1, makes: ['column'] },
  // Most columns are plain: the rest of their properties is sent only where it is not what everybody has.
  query: (major) => {
    const compression = major >= 14 ? 'a.attcompression' : `''::"char"`;
    return `SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       CASE WHEN NOT a.atthasdef AND a.attislocal AND a.attinhcount = 0 AND a.attidentity = '' AND a.attgenerated = ''
         AND a.attstorage = t.typstorage AND a.attcollation = t.typcollation AND coalesce(a.attstattarget, -1) = -1
         AND a.attoptions IS NULL AND a.attfdwoptions IS NULL AND a.attacl IS NULL AND ${compression} = '' THEN NULL
       ELSE json_build_array(pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
         CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END, ${compression},
         CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END, a.attoptions, a.attfdwoptions,
         a.attislocal, a.attinhcount,
         CASE WHEN a.attcollation <> t.typcollation THEN (SELECT quote_ident(n.nspname) || '.' || quote_ident(l.collname)
           FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace WHERE l.oid = a.attcollation) END,
         array_out(a.attacl)) END, d.oid
     FROM pg_attribute a
     JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE (a.attnum > 0 OR a.attacl IS NOT NULL) AND NOT a.attisdropped AND a.attrelid >= ${FIRST_USER_OID}
     ORDER BY a.attrelid, a.attnum`;
  },
  read(rows, context) {
    // Equal columns share one value: reading, hashing and comparing ten thousand of them is then cheap.
    const shared = new Map<string, ColumnProperties>();
    let relation: Relation | undefined;
    let current: Text | undefined;
    let names = new Map<string, string>();
    let position = 0;
    for (const [oid, attnumText, nameText, typeText, notNull, details, defaultOid] of rows) {
      if (oid !== current) {
        current = oid;
        relation = context.relations.get(text(oid));
        position = 0;
        names = new Map();
        if (relation !== undefined) context.columnNames.set(relation.oid, names);
      }
      if (relation === undefined) continue;
      const attnum = text(attnumText);
      const name = text(nameText);
      // System columns are fetched only where somebody granted something on them.
      if (attnum.startsWith('-')) {
        const granted = context.privileges(parse(details)[11], 'c', relation.owner);
        const list = context.systemColumns.get(relation.oid) ?? [];
        if (granted.length > 0)
          context.systemColumns.set(relation.oid, [...list, ...granted.map((item) => `${name}: ${item}`)]);
        continue;
      }
      const physical = `pg_class:${relation.oid}.${attnum}`;
      const comment = context.comments.get(physical) ?? null;
      if (defaultOid !== null) context.parts.set(`pg_attrdef:${defaultOid}`, physical);
      if (relation.kind !== 'table') {
        names.set(attnum, name);
        const list = context.viewColumns.get(relation.oid) ?? [];
        if (list.length === 0) context.viewColumns.set(relation.oid, list);
        list.push(viewColumn(name, text(typeText), details, comment, { relation, attnum, context }));
        continue;
      }
      const parkedHere = context.parkedColumn(name);
      if (parkedHere === null) {
        names.set(attnum, name);
        position++;
        const isPlain =
          comment === null &&
          context.notNulls.size === 0 &&
          context.labels.size === 0 &&
          relation.parked === null;
        const hasIdentity = details?.includes('"a"') || details?.includes('"d"');
        const key = isPlain && !hasIdentity ? `${position} ${notNull} ${typeText} ${details ?? ''}` : null;
        let properties = key === null ? undefined : shared.get(key);
        if (properties === undefined) {
          properties = columnProperties(position, text(typeText), notNull === 't', details ?? null, comment, {
            relation,
            attnum,
            context,
          });
          if (key !== null) shared.set(key, properties);
        }
        context.add(
          {
            kind: 'column',
            identity: `${relation.identity}.${quoteIdent(name)}`,
            parent: relation.key,
            properties,
            physical,
          },
          relation.parked,
        );
        continue;
      }
      const oldName = parkedHere.memo.column ?? name;
      names.set(attnum, oldName);
      const inRelation = context.parkedColumns.get(relation.oid) ?? new Map();
      inRelation.set(attnum, parkedHere);
      context.parkedColumns.set(relation.oid, inRelation);
      // Counted as if it were back, alone: the columns behind it move on by one when it comes.
      const isRoot = parkedHere.physical === physical;
      const oldComment = isRoot ? parkedHere.memo.comment : comment;
      const owner = { relation, attnum, context };
      const type = text(typeText);
      const properties = columnProperties(
        position + 1,
        type,
        notNull === 't',
        details ?? null,
        oldComment,
        owner,
      );
      context.add(
        {
          kind: 'column',
          identity: `${relation.identity}.${quoteIdent(oldName)}`,
          parent: relation.key,
          properties,
          physical,
        },
        parkedHere,
      );
    }
  },
};

function parse(details: Text | undefined): Details {
  return details === null || details === undefined ? NO_DETAILS : (JSON.parse(details) as Details);
}

interface Place {
  readonly relation: Relation;
  readonly attnum: string;
  readonly context: ReadContext;
}

function columnProperties(
  position: number,
  type: string,
  notNull: boolean,
  packed: Text,
  comment: string | null,
  { relation, attnum, context }: Place,
): ColumnProperties {
  const [
    expression,
    identity,
    generated,
    storage,
    compression,
    statistics,
    options,
    foreign,
    local,
    from,
    collation,
    acl,
  ] = parse(packed);
  const settings = context.columnSettings(relation.oid, attnum);
  const rewritten = expression === null ? null : (relation.parked?.text(expression) ?? expression);
  const sequence = identity === '' ? undefined : context.identitySequences.get(`${relation.oid}.${attnum}`);
  const labels =
    context.labels.size === 0 ? undefined : context.labels.get(`pg_class:${relation.oid}.${attnum}`);
  return {
    position,
    type,
    collation,
    notNull,
    notNullName: notNull ? settings.notNullName : null,
    notNullNoInherit: settings.noInherit,
    notNullValid: settings.valid,
    ...(settings.comment === null ? {} : { notNullComment: settings.comment }),
    ...(settings.alsoLocal ? { notNullAlsoLocal: true } : {}),
    default: generated === '' ? rewritten : null,
    identity: identity === 'a' ? 'always' : identity === 'd' ? 'by default' : null,
    identitySequence: sequence === undefined ? null : identitySequence(sequence, relation, context),
    generated: generated === 's' ? 'stored' : generated === 'v' ? 'virtual' : null,
    generationExpression: generated === '' ? null : rewritten,
    storage: storage === null ? null : (STORAGE[storage] ?? storage),
    compression: compression === '' ? null : (COMPRESSION[compression] ?? compression),
    statisticsTarget: statistics,
    options: options === null ? [] : [...options].sort(),
    foreignOptions: foreign === null ? [] : [...foreign].sort(),
    local,
    inheritedFrom: from,
    comment,
    privileges: context.privileges(acl, 'c', relation.owner),
    ...(labels === undefined ? {} : { securityLabels: [...labels].sort() }),
  };
}

function identitySequence(
  sequence: IdentitySequence,
  table: Relation,
  context: ReadContext,
): NonNullable<ColumnProperties['identitySequence']> {
  const privileges = context.privileges(sequence.acl, 's', sequence.owner);
  const untouched = context.privileges(null, 's', sequence.owner);
  const comment = context.comment('pg_class', sequence.oid);
  return {
    name:
      table.parked === null ? sequence.identity : `${quoteIdent(table.schema)}.${quoteIdent(sequence.name)}`,
    persistence: sequence.persistence,
    ...sequenceOptions(sequence.values),
    ...(privileges.join() === untouched.join() ? {} : { privileges }),
    ...(comment === null ? {} : { comment }),
    ...context.securityLabels('pg_class', sequence.oid),
  };
}

/** The seven columns of `pg_sequence`, as `sequences.ts` fetches them. */
export function sequenceOptions(values: readonly Text[]) {
  const [dataType, start, increment, min, max, cache, cycle] = values;
  return {
    dataType: text(dataType),
    start: text(start),
    increment: text(increment),
    min: text(min),
    max: text(max),
    cache: text(cache),
    cycle: cycle === 't',
  };
}

function viewColumn(
  name: string,
  type: string,
  packed: Text | undefined,
  comment: string | null,
  { relation, attnum, context }: Place,
): RelationColumn {
  const [expression, , , storage, compression, statistics, options, , , , collation, acl] = parse(packed);
  // Only a materialized view's columns can have these; a view's storage means nothing.
  const settings: string[] = [];
  if (relation.relkind === 'm') {
    if (storage !== null) settings.push(`storage=${STORAGE[storage] ?? storage}`);
    if (compression !== '') settings.push(`compression=${COMPRESSION[compression] ?? compression}`);
    if (statistics !== null) settings.push(`statistics=${statistics}`);
    for (const option of options ?? []) settings.push(option);
  }
  return {
    name,
    type,
    collation,
    default: expression,
    comment,
    privileges: context.privileges(acl, 'c', relation.owner),
    settings: settings.length === 0 ? null : settings.sort(),
    ...context.securityLabels('pg_class', relation.oid, attnum),
  };
}
