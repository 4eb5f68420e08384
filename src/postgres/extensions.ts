/** Which extension of PostgreSQL's own set something belongs to (manual, appendix F): what to say when it is missing. */
const OWNERS: readonly (readonly [pattern: RegExp, extension: string])[] = [
  [/^function (?:[\w."]+\.)?uuid_(?:generate_v[1345](?:mc)?|nil|ns_\w+)\(/, 'uuid-ossp'],
  [
    /^function (?:[\w."]+\.)?(?:crypt|gen_salt|digest|hmac|gen_random_bytes|pgp_\w+|armor|dearmor)\(/,
    'pgcrypto',
  ],
  [/^operator class "(?:gin|gist)_trgm_ops"/, 'pg_trgm'],
  [/^function (?:[\w."]+\.)?(?:similarity|word_similarity|strict_word_similarity|show_trgm)\(/, 'pg_trgm'],
  [/^function (?:[\w."]+\.)?(?:unaccent|f_unaccent)\(|dictionary "unaccent"/, 'unaccent'],
  [/^function (?:[\w."]+\.)?(?:levenshtein\w*|soundex|difference|d?metaphone\w*)\(/, 'fuzzystrmatch'],
  [/^function (?:[\w."]+\.)?(?:crosstab\w*|connectby|normal_rand)\(/, 'tablefunc'],
  [/^function (?:[\w."]+\.)?(?:ll_to_earth|earth_\w+)\(/, 'earthdistance'],
  [/^type "(?:[\w.]+\.)?(citext|hstore|ltree|cube|seg|isn|lo)(?:\[\])?" does not exist/, '$1'],
  [/^type "(?:[\w.]+\.)?(?:geometry|geography|box2d|box3d)(?:\[\])?" does not exist/, 'postgis'],
  [/^function (?:[\w."]+\.)?st_\w+\(/i, 'postgis'],
  [/^type "(?:[\w.]+\.)?(?:vector|halfvec|sparsevec)(?:\[\])?" does not exist/, 'vector'],
  [/^access method "(?:hnsw|ivfflat)" does not exist/, 'vector'],
  [/^operator class "gin__int_ops"/, 'intarray'],
  [/no default operator class for access method "gist"/, 'btree_gist'],
  [/no default operator class for access method "gin"/, 'btree_gin'],
  [/^schema "cron" does not exist|^function cron\.\w+\(/, 'pg_cron'],
  [/^function (?:[\w."]+\.)?(?:create_hypertable|add_retention_policy|time_bucket)\(/, 'timescaledb'],
];

/** What to do about an extension that the server's message tells is missing; undefined where it tells of none. */
export function extensionHint(message: string): string | undefined {
  const unavailable = /extension "([^"]+)" is not available/.exec(message)?.[1];
  if (unavailable !== undefined) {
    return (
      `The extension "${unavailable}" is not installed on this server. Install its package there, or, for a ` +
      'rehearsal, set `scratchUrl` in the policy to a server that has it.'
    );
  }
  for (const [pattern, owner] of OWNERS) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const extension = owner.replace('$1', match[1] ?? '');
    return (
      `This belongs to the extension "${extension}", which the database does not have: ` +
      `CREATE EXTENSION "${extension}" in an earlier migration, as the real database had it made by somebody.`
    );
  }
  return undefined;
}
