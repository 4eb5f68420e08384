/**
 * PostgreSQL's system catalogs by the OIDs that `pg_depend`, `pg_description` and `pg_seclabel` name them with. The OIDs
 * are fixed in the server's source (`CATALOG(pg_class,1259,…)`), the same in every version.
 */
export const SYSTEM_CATALOGS = {
  826: 'pg_default_acl',
  1247: 'pg_type',
  1255: 'pg_proc',
  1259: 'pg_class',
  1262: 'pg_database',
  1417: 'pg_foreign_server',
  1418: 'pg_user_mapping',
  2328: 'pg_foreign_data_wrapper',
  2601: 'pg_am',
  2602: 'pg_amop',
  2603: 'pg_amproc',
  2604: 'pg_attrdef',
  2605: 'pg_cast',
  2606: 'pg_constraint',
  2607: 'pg_conversion',
  2612: 'pg_language',
  2615: 'pg_namespace',
  2616: 'pg_opclass',
  2617: 'pg_operator',
  2618: 'pg_rewrite',
  2620: 'pg_trigger',
  2753: 'pg_opfamily',
  3079: 'pg_extension',
  3256: 'pg_policy',
  3381: 'pg_statistic_ext',
  3456: 'pg_collation',
  3466: 'pg_event_trigger',
  3576: 'pg_transform',
  3600: 'pg_ts_dict',
  3601: 'pg_ts_parser',
  3602: 'pg_ts_config',
  3764: 'pg_ts_template',
  6100: 'pg_subscription',
  6104: 'pg_publication',
  6106: 'pg_publication_rel',
  6237: 'pg_publication_namespace',
} as const satisfies Readonly<Record<number, string>>;

export type SystemCatalog = (typeof SYSTEM_CATALOGS)[keyof typeof SYSTEM_CATALOGS];

const BY_OID: ReadonlyMap<string, string> = new Map(Object.entries(SYSTEM_CATALOGS));

/** Name of a system catalog from its OID's text; an unknown one (a newer server's) is named by its OID. */
export function systemCatalog(oid: string): string {
  return BY_OID.get(oid) ?? oid;
}

/**
 * OIDs below this belong to the server itself (FirstNormalObjectId in access/transam.h); `public` alone is both below it
 * and the user's.
 */
export const FIRST_USER_OID = 16384;
