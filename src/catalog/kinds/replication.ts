/** Publications and subscriptions (manual, chapter 31). */
import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext } from '../context.ts';
import { array, bool, set, text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

type PublishedTable = readonly [relation: string, columns: string | null, filter: string | null];

export const publications: Kind = {
  name: 'publications',
  probe: userRow('pg_publication'),
  query: (major) =>
    `SELECT p.oid, p.pubname, pg_get_userbyid(p.pubowner), p.puballtables, p.pubinsert, p.pubupdate, p.pubdelete,
       p.pubtruncate, p.pubviaroot, ${major >= 18 ? 'p.pubgencols' : 'NULL'},
       (SELECT json_agg(json_build_array(concat(r.prrelid),
         ${major >= 15 ? 'CASE WHEN r.prattrs IS NOT NULL THEN concat(r.prattrs) END, pg_get_expr(r.prqual, r.prrelid)' : 'NULL, NULL'}))
         FROM pg_publication_rel r WHERE r.prpubid = p.oid),
       ${major >= 15 ? 'ARRAY(SELECT n.pnnspid FROM pg_publication_namespace n WHERE n.pnpubid = p.oid)' : 'NULL'}
     FROM pg_publication p WHERE p.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const row of rows) {
      const [oid, name, owner, all, insert, update, remove, truncate, viaRoot, generated, tables, schemas] =
        row;
      if (context.isMember('pg_publication', text(oid))) continue;
      const identity = quoteIdent(text(name));
      const actions = [
        ...(bool(insert) ? ['insert'] : []),
        ...(bool(update) ? ['update'] : []),
        ...(bool(remove) ? ['delete'] : []),
        ...(bool(truncate) ? ['truncate'] : []),
      ];
      const options = [
        `publish = '${actions.join(', ')}'`,
        ...(bool(viaRoot) ? ['publish_via_partition_root = true'] : []),
        ...(generated === 's' ? ['publish_generated_columns = stored'] : []),
      ];
      const content = bool(all)
        ? ['FOR ALL TABLES']
        : published(
            tables === null || tables === undefined ? [] : (JSON.parse(tables) as PublishedTable[]),
            array(schemas),
            context,
          );
      addDefined(
        {
          kind: 'publication',
          identity,
          catalog: 'pg_publication',
          oid: text(oid),
          target: `PUBLICATION ${identity}`,
          definition: `CREATE PUBLICATION ${[identity, ...content].join(' ')} WITH (${options.join(', ')})`,
          properties: {
            owner: quoteIdent(text(owner)),
            comment: context.comment('pg_publication', text(oid)),
            ...context.securityLabels('pg_publication', text(oid)),
          },
        },
        context,
      );
    }
  },
};

/** What lies parked is not published: a table that was really dropped would not be either. */
function published(
  tables: readonly PublishedTable[],
  schemas: readonly string[],
  context: ReadContext,
): string[] {
  // `TABLE` and `TABLES IN SCHEMA` once each: before 15 the first may not be repeated, and the second is unknown.
  const relations: string[] = [];
  for (const [oid, columns, filter] of tables) {
    const relation = context.relations.get(oid);
    if (relation === undefined || relation.parked !== null) continue;
    const names = columns?.split(' ').map((attnum) => quoteIdent(context.columnName(oid, attnum)));
    const list = names === undefined ? '' : ` (${names.join(', ')})`;
    relations.push(`ONLY ${relation.identity}${list}${filter === null ? '' : ` WHERE (${filter})`}`);
  }
  const whole = schemas.flatMap((oid) => context.visibleSchema(oid)?.quoted ?? []);
  const items = [
    ...(relations.length > 0 ? [`TABLE ${relations.sort().join(', ')}`] : []),
    ...(whole.length > 0 ? [`TABLES IN SCHEMA ${whole.sort().join(', ')}`] : []),
  ];
  return items.length === 0 ? [] : [`FOR ${items.join(', ')}`];
}

/** WITH options by name, in the columns that every role may read: on version 13 that is none. */
function subscriptionOptions(major: number): string {
  const options = [
    ...(major >= 14 ? [`'binary=' || s.subbinary`, `'streaming=' || s.substream::text`] : []),
    ...(major >= 14 ? [`'synchronous_commit=' || s.subsynccommit`] : []),
    // Pending or enabled is how far it has come.
    ...(major >= 15
      ? [`'two_phase=' || (s.subtwophasestate <> 'd')`, `'disable_on_error=' || s.subdisableonerr`]
      : []),
    ...(major >= 16
      ? [
          `'password_required=' || s.subpasswordrequired`,
          `'run_as_owner=' || s.subrunasowner`,
          `'origin=' || s.suborigin`,
        ]
      : []),
    ...(major >= 17 ? [`'failover=' || s.subfailover`] : []),
  ];
  return `ARRAY[${options.join(', ')}]::text[]`;
}

/**
 * Subscriptions hold a password and reach another server: seen, but never written down. Only the columns that every
 * role may read, which leaves out the OID on version 13: its name, which is unique in the database, is looked up there.
 */
export const subscriptions: Kind = {
  name: 'subscriptions',
  query: (major) =>
    `SELECT s.subname, pg_get_userbyid(s.subowner), s.subenabled, s.subslotname, s.subpublications,
       ${subscriptionOptions(major)}, ${
         major >= 14
           ? 's.oid'
           : `(SELECT a.objid FROM pg_get_object_address('subscription', ARRAY[s.subname::text], '{}') a)`
       }
     FROM pg_subscription s
     WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  read(rows, context) {
    for (const [name, owner, enabled, slot, list, options, oid] of rows) {
      const identity = quoteIdent(text(name));
      const comment = oid === null ? null : context.comment('pg_subscription', text(oid));
      addDefined(
        {
          kind: 'subscription',
          identity,
          catalog: 'pg_subscription',
          oid: oid ?? identity,
          target: `SUBSCRIPTION ${identity}`,
          definition: null,
          drop: null,
          properties: {
            owner: quoteIdent(text(owner)),
            enabled: bool(enabled),
            slot: slot ?? null,
            publications: [...array(list)].sort(),
            options: set(options),
            comment,
            ...context.securityLabels('pg_subscription', text(oid)),
          },
        },
        context,
      );
    }
  },
};
