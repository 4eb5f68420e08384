/** What is in a database, as far as the generators of statements need it: read anew before each. */
import type { Connection } from '../../../../src/postgres/connection.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly identity: boolean;
  readonly generated: boolean;
  readonly local: boolean;
}

export interface Relation {
  /** Qualified and quoted, as everywhere here. */
  readonly name: string;
  readonly bare: string;
  readonly schema: string;
  readonly kind: 'r' | 'p' | 'f' | 'v' | 'm' | 'S' | 'i' | 'I';
  readonly isPartition: boolean;
  /** `l`, `r`, `h` of a partitioned table. */
  readonly strategy: string | null;
  /** Of an index: its table. */
  readonly table: string | null;
  readonly unique: boolean;
  /** Of an index: whether it stands behind a constraint. */
  readonly constraint: boolean;
  /** Name of its parent, of partitions and children. */
  readonly parent: string | null;
  readonly columns: readonly Column[];
}

export interface Named {
  readonly name: string;
  readonly bare: string;
  readonly schema: string;
}

export interface Routine extends Named {
  /** `name(types)` */
  readonly signature: string;
  readonly arguments: string;
  readonly types: readonly string[];
  readonly result: string | null;
  /** `f`, `p`, `a`, `w` */
  readonly kind: string;
  readonly language: string;
  readonly body: string;
}

export interface Type extends Named {
  /** `e`num, `d`omain, `c`omposite, `r`ange. */
  readonly kind: string;
  readonly labels: readonly string[];
  readonly attributes: readonly string[];
}

/** A constraint, trigger, policy or rule, by its bare name. */
export interface Belonging {
  readonly name: string;
  readonly table: string;
  readonly type: string;
}

export interface World {
  readonly major: number;
  readonly schemas: readonly string[];
  readonly relations: readonly Relation[];
  readonly routines: readonly Routine[];
  readonly types: readonly Type[];
  readonly constraints: readonly Belonging[];
  /** `table` is the domain. */
  readonly domainConstraints: readonly Belonging[];
  readonly triggers: readonly Belonging[];
  readonly policies: readonly Belonging[];
  readonly rules: readonly Belonging[];
  readonly statistics: readonly Named[];
  readonly collations: readonly Named[];
  readonly publications: readonly string[];
  readonly servers: readonly string[];
  readonly dictionaries: readonly Named[];
  readonly operators: readonly { readonly name: string; readonly left: string; readonly right: string }[];
  readonly eventTriggers: readonly string[];
}

const USER = (column: string): string => `${column} >= 16384`;
const NAMED = (relation: string, prefix: string): string =>
  `(SELECT json_agg(json_build_object('name', format('%I.%I', n.nspname, o.${prefix}name), 'bare', quote_ident(o.${prefix}name),
    'schema', quote_ident(n.nspname)) ORDER BY o.${prefix}name) FROM ${relation} o JOIN pg_namespace n ON n.oid = o.${prefix}namespace WHERE ${USER('o.oid')})`;
const BELONGING = (relation: string, name: string, table: string, type: string, where: string): string =>
  `(SELECT json_agg(json_build_object('name', quote_ident(o.${name}), 'table', format('%I.%I', n.nspname, c.relname), 'type', ${type}) ORDER BY c.relname, o.${name})
    FROM ${relation} o JOIN pg_class c ON c.oid = o.${table} JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${USER('o.oid')} AND ${where})`;

const QUERY = `SELECT json_build_object(
  'schemas', (SELECT json_agg(quote_ident(nspname) ORDER BY nspname) FROM pg_namespace WHERE ${USER('oid')} AND nspname !~ '^pg_' OR nspname = 'public'),
  'relations', (SELECT json_agg(json_build_object('name', format('%I.%I', n.nspname, c.relname), 'bare', quote_ident(c.relname),
      'schema', quote_ident(n.nspname), 'kind', c.relkind, 'isPartition', c.relispartition,
      'strategy', (SELECT p.partstrat FROM pg_partitioned_table p WHERE p.partrelid = c.oid),
      'table', (SELECT format('%I.%I', tn.nspname, t.relname) FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE i.indexrelid = c.oid),
      'unique', coalesce((SELECT i.indisunique FROM pg_index i WHERE i.indexrelid = c.oid), false),
      'constraint', EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
      'parent', (SELECT format('%I.%I', tn.nspname, t.relname) FROM pg_inherits i JOIN pg_class t ON t.oid = i.inhparent JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE i.inhrelid = c.oid ORDER BY i.inhseqno LIMIT 1),
      'columns', coalesce((SELECT json_agg(json_build_object('name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
         'hasDefault', a.atthasdef, 'identity', a.attidentity <> '', 'generated', a.attgenerated <> '', 'local', a.attislocal) ORDER BY a.attnum)
         FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm')), '[]'))
    ORDER BY n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE ${USER('c.oid')} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'i', 'I') AND n.nspname !~ '^pg_'),
  'routines', (SELECT json_agg(json_build_object('name', format('%I.%I', n.nspname, p.proname), 'bare', quote_ident(p.proname), 'schema', quote_ident(n.nspname),
      'signature', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
      'arguments', pg_get_function_arguments(p.oid), 'types', ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t),
      'result', pg_get_function_result(p.oid), 'kind', p.prokind,
      'language', (SELECT lanname FROM pg_language l WHERE l.oid = p.prolang), 'body', p.prosrc) ORDER BY p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE ${USER('p.oid')} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'i')),
  'types', (SELECT json_agg(json_build_object('name', format('%I.%I', n.nspname, t.typname), 'bare', quote_ident(t.typname), 'schema', quote_ident(n.nspname), 'kind', t.typtype,
      'labels', ARRAY(SELECT quote_literal(e.enumlabel) FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
      'attributes', ARRAY(SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)) ORDER BY t.typname)
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE ${USER('t.oid')} AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')),
  'constraints', ${BELONGING('pg_constraint', 'conname', 'conrelid', 'o.contype', `o.contype <> 't'`)},
  'domainConstraints', (SELECT json_agg(json_build_object('name', quote_ident(o.conname), 'table', format('%I.%I', n.nspname, t.typname), 'type', o.contype) ORDER BY o.conname)
    FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE o.contype = 'c' AND ${USER('o.oid')}),
  'triggers', ${BELONGING('pg_trigger', 'tgname', 'tgrelid', `'trigger'`, 'NOT o.tgisinternal')},
  'policies', ${BELONGING('pg_policy', 'polname', 'polrelid', `'policy'`, 'true')},
  'rules', ${BELONGING('pg_rewrite', 'rulename', 'ev_class', `'rule'`, `o.rulename <> '_RETURN'`)},
  'statistics', ${NAMED('pg_statistic_ext', 'stx')},
  'collations', ${NAMED('pg_collation', 'coll')},
  'dictionaries', ${NAMED('pg_ts_dict', 'dict')},
  'publications', (SELECT json_agg(quote_ident(pubname) ORDER BY pubname) FROM pg_publication),
  'servers', (SELECT json_agg(quote_ident(srvname) ORDER BY srvname) FROM pg_foreign_server),
  'eventTriggers', (SELECT json_agg(quote_ident(evtname) ORDER BY evtname) FROM pg_event_trigger),
  'operators', (SELECT json_agg(json_build_object('name', format('%I.%s', n.nspname, o.oprname), 'left', format_type(o.oprleft, NULL), 'right', format_type(o.oprright, NULL)) ORDER BY o.oprname)
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE ${USER('o.oid')}))`;

export async function look(connection: Connection): Promise<World> {
  const results = await connection.script(QUERY);
  const found = JSON.parse(results[0]?.[0]?.[0] ?? '{}') as Record<string, unknown>;
  const lists = Object.fromEntries(Object.entries(found).map(([key, list]) => [key, list ?? []]));
  return { ...(lists as unknown as World), major: connection.server.major };
}

export function ofKind(world: World, kinds: string): readonly Relation[] {
  return world.relations.filter(({ kind }) => kinds.includes(kind));
}
