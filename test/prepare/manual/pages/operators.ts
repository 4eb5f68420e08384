/** Operators, their classes and families, access methods, text search. */
import type { Page } from '../model.ts';

const OPERATOR = `
  CREATE FUNCTION area_equal(box, box) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT area($1) = area($2)';
  CREATE FUNCTION area_differs(box, box) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT area($1) <> area($2)';`;
const MADE = `${OPERATOR}
  CREATE OPERATOR === (LEFTARG = box, RIGHTARG = box, FUNCTION = area_equal, COMMUTATOR = ===, RESTRICT = eqsel, JOIN = eqjoinsel);`;
const CLASS = `CREATE OPERATOR CLASS int4_rev_ops FOR TYPE int4 USING btree AS
  OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int4, int4);`;
const DICTIONARY = `CREATE TEXT SEARCH DICTIONARY my_dict (TEMPLATE = snowball, LANGUAGE = english, STOPWORDS = english);`;
const CONFIGURATION = `CREATE TEXT SEARCH CONFIGURATION my_config (COPY = english);`;
const PARSER = `CREATE TEXT SEARCH PARSER my_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);`;
const TEMPLATE = `CREATE TEXT SEARCH TEMPLATE my_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);`;

export const operatorPages: readonly Page[] = [
  {
    page: 'CREATE OPERATOR',
    examples: [
      {
        name: 'with all its hints',
        schema: OPERATOR,
        up: 'CREATE OPERATOR === (LEFTARG = box, RIGHTARG = box, FUNCTION = area_equal, COMMUTATOR = ===, NEGATOR = !==, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES); CREATE OPERATOR !== (LEFTARG = box, RIGHTARG = box, FUNCTION = area_differs, NEGATOR = ===)',
      },
      {
        name: 'with no hints',
        schema: OPERATOR,
        up: 'CREATE OPERATOR === (LEFTARG = box, RIGHTARG = box, FUNCTION = area_equal)',
      },
    ],
  },
  {
    page: 'ALTER OPERATOR',
    examples: [
      { name: 'OWNER TO', schema: MADE, up: 'ALTER OPERATOR === (box, box) OWNER TO manual_joe' },
      {
        name: 'SET, estimators',
        schema: MADE,
        up: 'ALTER OPERATOR === (box, box) SET (RESTRICT = neqsel, JOIN = neqjoinsel)',
      },
      {
        name: 'SET, none',
        schema: MADE,
        up: 'ALTER OPERATOR === (box, box) SET (RESTRICT = NONE, JOIN = NONE)',
      },
      {
        name: 'SET, merges and hashes',
        since: 17,
        schema: MADE,
        up: 'ALTER OPERATOR === (box, box) SET (MERGES, HASHES)',
      },
      {
        name: 'SET SCHEMA',
        schema: `${MADE} CREATE SCHEMA other`,
        up: 'ALTER OPERATOR === (box, box) SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP OPERATOR',
    examples: [
      {
        name: 'one',
        schema: `${MADE} COMMENT ON OPERATOR === (box, box) IS 'x'`,
        up: 'DROP OPERATOR === (box, box)',
      },
      {
        name: 'prefix, and another',
        schema: `${MADE} CREATE FUNCTION tilde(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT -$1'; CREATE OPERATOR ~~~ (RIGHTARG = int, FUNCTION = tilde)`,
        up: 'DROP OPERATOR ~~~ (none, int), === (box, box)',
      },
    ],
  },
  {
    page: 'CREATE OPERATOR CLASS',
    examples: [
      { name: 'btree', up: CLASS },
      {
        name: 'GiST with storage, in a family',
        up: `CREATE OPERATOR FAMILY gf USING gist; CREATE OPERATOR CLASS gist_box2_ops FOR TYPE box USING gist FAMILY gf AS OPERATOR 3 &&, FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal), FUNCTION 2 gist_box_union(internal, internal), FUNCTION 5 gist_box_penalty(internal, internal, internal), FUNCTION 6 gist_box_picksplit(internal, internal), FUNCTION 7 gist_box_same(box, box, internal)`,
      },
    ],
  },
  {
    page: 'ALTER OPERATOR CLASS',
    examples: [
      {
        name: 'RENAME TO, OWNER TO, SET SCHEMA',
        schema: `${CLASS} CREATE SCHEMA other`,
        up: 'ALTER OPERATOR CLASS int4_rev_ops USING btree OWNER TO manual_joe; ALTER OPERATOR CLASS int4_rev_ops USING btree RENAME TO rev_ops; ALTER OPERATOR CLASS rev_ops USING btree SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP OPERATOR CLASS',
    examples: [
      {
        name: 'one',
        schema: `${CLASS} COMMENT ON OPERATOR CLASS int4_rev_ops USING btree IS 'x'`,
        up: 'DROP OPERATOR CLASS int4_rev_ops USING btree',
      },
      {
        name: 'with an index, CASCADE',
        schema: `${CLASS} CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX i ON t (a int4_rev_ops)`,
        up: 'DROP OPERATOR CLASS int4_rev_ops USING btree CASCADE',
      },
    ],
  },
  {
    page: 'CREATE OPERATOR FAMILY',
    examples: [{ name: 'one', up: 'CREATE OPERATOR FAMILY my_family USING btree' }],
  },
  {
    page: 'ALTER OPERATOR FAMILY',
    examples: [
      {
        name: 'ADD over two types',
        schema: 'CREATE OPERATOR FAMILY my_int_ops USING btree',
        up: 'ALTER OPERATOR FAMILY my_int_ops USING btree ADD OPERATOR 1 < (int4, int2), OPERATOR 2 <= (int4, int2), OPERATOR 3 = (int4, int2), OPERATOR 4 >= (int4, int2), OPERATOR 5 > (int4, int2), FUNCTION 1 btint42cmp(int4, int2)',
      },
      {
        name: 'DROP them again',
        schema:
          'CREATE OPERATOR FAMILY my_int_ops USING btree; ALTER OPERATOR FAMILY my_int_ops USING btree ADD OPERATOR 1 < (int4, int2), FUNCTION 1 btint42cmp(int4, int2)',
        up: 'ALTER OPERATOR FAMILY my_int_ops USING btree DROP OPERATOR 1 (int4, int2), FUNCTION 1 (int4, int2)',
      },
      {
        name: 'RENAME TO, OWNER TO, SET SCHEMA',
        schema: 'CREATE SCHEMA other; CREATE OPERATOR FAMILY f USING hash',
        up: 'ALTER OPERATOR FAMILY f USING hash OWNER TO manual_joe; ALTER OPERATOR FAMILY f USING hash RENAME TO g; ALTER OPERATOR FAMILY g USING hash SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP OPERATOR FAMILY',
    examples: [
      {
        name: 'with its class',
        schema: `${CLASS} COMMENT ON OPERATOR FAMILY int4_rev_ops USING btree IS 'x'`,
        up: 'DROP OPERATOR FAMILY int4_rev_ops USING btree CASCADE',
      },
      {
        name: 'loose members',
        schema:
          'CREATE OPERATOR FAMILY f USING btree; ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (int4, int2)',
        up: 'DROP OPERATOR FAMILY f USING btree',
      },
    ],
  },
  {
    page: 'CREATE ACCESS METHOD',
    examples: [
      { name: 'index', up: 'CREATE ACCESS METHOD heptree TYPE INDEX HANDLER bthandler' },
      {
        name: 'table',
        up: 'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int) USING heap2',
      },
    ],
  },
  {
    page: 'DROP ACCESS METHOD',
    examples: [
      {
        name: 'one',
        schema:
          "CREATE ACCESS METHOD heptree TYPE INDEX HANDLER bthandler; COMMENT ON ACCESS METHOD heptree IS 'x'",
        up: 'DROP ACCESS METHOD heptree',
      },
    ],
  },
  {
    page: 'CREATE TEXT SEARCH CONFIGURATION',
    examples: [
      { name: 'COPY', up: CONFIGURATION },
      { name: 'PARSER', up: 'CREATE TEXT SEARCH CONFIGURATION bare (PARSER = "default")' },
    ],
  },
  {
    page: 'ALTER TEXT SEARCH CONFIGURATION',
    examples: [
      {
        name: 'REPLACE a dictionary',
        schema: `CREATE TEXT SEARCH DICTIONARY swedish (TEMPLATE = simple); ${CONFIGURATION}`,
        up: 'ALTER TEXT SEARCH CONFIGURATION my_config ALTER MAPPING REPLACE english_stem WITH swedish',
      },
      {
        name: 'ADD, ALTER and DROP MAPPING',
        schema:
          'CREATE TEXT SEARCH CONFIGURATION my_config (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION my_config ADD MAPPING FOR word, email WITH simple',
        up: 'ALTER TEXT SEARCH CONFIGURATION my_config ADD MAPPING FOR asciiword WITH english_stem, simple; ALTER TEXT SEARCH CONFIGURATION my_config ALTER MAPPING FOR word WITH english_stem; ALTER TEXT SEARCH CONFIGURATION my_config DROP MAPPING FOR email',
      },
      {
        name: 'RENAME TO, OWNER TO, SET SCHEMA',
        schema: `${CONFIGURATION} CREATE SCHEMA other`,
        up: 'ALTER TEXT SEARCH CONFIGURATION my_config OWNER TO manual_joe; ALTER TEXT SEARCH CONFIGURATION my_config RENAME TO c; ALTER TEXT SEARCH CONFIGURATION c SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP TEXT SEARCH CONFIGURATION',
    examples: [
      {
        name: 'one',
        schema: `${CONFIGURATION} COMMENT ON TEXT SEARCH CONFIGURATION my_config IS 'x'`,
        up: 'DROP TEXT SEARCH CONFIGURATION my_config',
      },
    ],
  },
  { page: 'CREATE TEXT SEARCH DICTIONARY', examples: [{ name: 'snowball', up: DICTIONARY }] },
  {
    page: 'ALTER TEXT SEARCH DICTIONARY',
    examples: [
      {
        name: 'one option',
        schema: DICTIONARY,
        up: 'ALTER TEXT SEARCH DICTIONARY my_dict (StopWords = russian)',
      },
      {
        name: 'an option goes',
        schema: DICTIONARY,
        up: 'ALTER TEXT SEARCH DICTIONARY my_dict (language = dutch, StopWords)',
      },
      {
        name: 'nothing new',
        schema: DICTIONARY,
        up: 'ALTER TEXT SEARCH DICTIONARY my_dict (dummy)',
        harmless: true,
      },
      {
        name: 'RENAME TO, OWNER TO, SET SCHEMA',
        schema: `${DICTIONARY} CREATE SCHEMA other`,
        up: 'ALTER TEXT SEARCH DICTIONARY my_dict OWNER TO manual_joe; ALTER TEXT SEARCH DICTIONARY my_dict RENAME TO d; ALTER TEXT SEARCH DICTIONARY d SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP TEXT SEARCH DICTIONARY',
    examples: [
      {
        name: 'one',
        schema: `${DICTIONARY} COMMENT ON TEXT SEARCH DICTIONARY my_dict IS 'x'`,
        up: 'DROP TEXT SEARCH DICTIONARY my_dict',
      },
      {
        name: 'with a configuration that maps to it, CASCADE',
        schema: `${DICTIONARY} CREATE TEXT SEARCH CONFIGURATION c (PARSER = "default"); ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH my_dict, simple`,
        up: 'DROP TEXT SEARCH DICTIONARY my_dict CASCADE',
      },
    ],
  },
  { page: 'CREATE TEXT SEARCH PARSER', examples: [{ name: 'one', up: PARSER }] },
  {
    page: 'ALTER TEXT SEARCH PARSER',
    examples: [
      {
        name: 'RENAME TO, SET SCHEMA',
        schema: `${PARSER} CREATE SCHEMA other`,
        up: 'ALTER TEXT SEARCH PARSER my_parser RENAME TO p; ALTER TEXT SEARCH PARSER p SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP TEXT SEARCH PARSER',
    examples: [
      {
        name: 'one',
        schema: `${PARSER} COMMENT ON TEXT SEARCH PARSER my_parser IS 'x'`,
        up: 'DROP TEXT SEARCH PARSER my_parser',
      },
    ],
  },
  { page: 'CREATE TEXT SEARCH TEMPLATE', examples: [{ name: 'one', up: TEMPLATE }] },
  {
    page: 'ALTER TEXT SEARCH TEMPLATE',
    examples: [
      {
        name: 'RENAME TO, SET SCHEMA',
        schema: `${TEMPLATE} CREATE SCHEMA other`,
        up: 'ALTER TEXT SEARCH TEMPLATE my_template RENAME TO t; ALTER TEXT SEARCH TEMPLATE t SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP TEXT SEARCH TEMPLATE',
    examples: [
      {
        name: 'one',
        schema: `${TEMPLATE} COMMENT ON TEXT SEARCH TEMPLATE my_template IS 'x'`,
        up: 'DROP TEXT SEARCH TEMPLATE my_template',
      },
    ],
  },
];
