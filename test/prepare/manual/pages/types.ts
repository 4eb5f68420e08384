/** Types, domains, casts, collations, conversions. */
import type { Page } from '../model.ts';

const COMPFOO = `
  CREATE TYPE compfoo AS (f1 int, f2 text);
  CREATE TABLE holder (id int PRIMARY KEY, c compfoo); INSERT INTO holder VALUES (1, ROW (1, 'a')), (2, NULL);`;
const COLORS = `
  CREATE TYPE colors AS ENUM ('red', 'orange', 'purple', 'green');
  CREATE TABLE paint (id int PRIMARY KEY, c colors DEFAULT 'red'); INSERT INTO paint VALUES (1, 'purple'), (2, NULL), (3, 'green');`;
const ZIPCODE = `
  CREATE DOMAIN zipcode AS text CONSTRAINT zipchk CHECK (char_length(VALUE) = 5);
  CREATE TABLE place (id int PRIMARY KEY, zip zipcode); INSERT INTO place VALUES (1, '39100'), (2, NULL);`;
const PLAIN_ZIPCODE = `
  CREATE DOMAIN zipcode AS text; CREATE TABLE place (id int PRIMARY KEY, zip zipcode); INSERT INTO place VALUES (1, '39100'), (2, '39012');`;
const BOX = `
  CREATE TYPE mybox;
  CREATE FUNCTION mybox_in(cstring) RETURNS mybox LANGUAGE internal IMMUTABLE STRICT AS 'box_in';
  CREATE FUNCTION mybox_out(mybox) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'box_out';
  CREATE TYPE mybox (INTERNALLENGTH = 32, INPUT = mybox_in, OUTPUT = mybox_out, ALIGNMENT = double, STORAGE = plain);`;
const TOAST = `
  CREATE TYPE mytype;
  CREATE FUNCTION mytype_in(cstring) RETURNS mytype LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION mytype_out(mytype) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE FUNCTION mytype_send(mytype) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'textsend';
  CREATE FUNCTION mytype_recv(internal) RETURNS mytype LANGUAGE internal STABLE STRICT AS 'textrecv';
  CREATE TYPE mytype (INTERNALLENGTH = VARIABLE, INPUT = mytype_in, OUTPUT = mytype_out, STORAGE = plain);`;
const CAST_TO_INT = `
  CREATE TYPE money_like AS (amount int);
  CREATE FUNCTION to_int(money_like) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.amount';`;

export const typePages: readonly Page[] = [
  {
    page: 'CREATE TYPE',
    examples: [
      {
        name: 'composite, used by a function',
        schema: "CREATE TABLE foo (fooid int, fooname text); INSERT INTO foo VALUES (1, 'x')",
        up: "CREATE TYPE compfoo AS (f1 int, f2 text); CREATE FUNCTION getfoo() RETURNS SETOF compfoo LANGUAGE sql AS 'SELECT fooid, fooname FROM foo'",
      },
      {
        name: 'enum, used by a table',
        up: "CREATE TYPE bug_status AS ENUM ('new', 'open', 'closed'); CREATE TABLE bug (id serial, description text, status bug_status)",
      },
      { name: 'range', up: 'CREATE TYPE float8_range AS RANGE (subtype = float8, subtype_diff = float8mi)' },
      {
        name: 'base, used by a table',
        up: `${BOX} CREATE TABLE myboxes (id integer, description mybox)`,
      },
      {
        name: 'base with elements',
        up: `CREATE TYPE mypt; CREATE FUNCTION mypt_in(cstring) RETURNS mypt LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
          CREATE FUNCTION mypt_out(mypt) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
          CREATE TYPE mypt (INTERNALLENGTH = 16, INPUT = mypt_in, OUTPUT = mypt_out, ELEMENT = float8, ALIGNMENT = double, PASSEDBYVALUE = false)`.replace(
          ', PASSEDBYVALUE = false',
          '',
        ),
      },
      { name: 'a shell', up: 'CREATE TYPE bare' },
    ],
  },
  {
    page: 'ALTER TYPE',
    examples: [
      { name: 'RENAME TO', schema: COMPFOO, up: 'ALTER TYPE compfoo RENAME TO electronic_mail' },
      { name: 'OWNER TO', schema: COMPFOO, up: 'ALTER TYPE compfoo OWNER TO manual_joe' },
      {
        name: 'SET SCHEMA',
        schema: `${COMPFOO} CREATE SCHEMA customers`,
        up: 'ALTER TYPE compfoo SET SCHEMA customers',
      },
      {
        name: 'ADD ATTRIBUTE',
        open: "late values of the composite are compared with the attribute that goes; a column's are not",
        schema: COMPFOO,
        up: 'ALTER TYPE compfoo ADD ATTRIBUTE f3 int',
      },
      { name: 'ADD VALUE AFTER', schema: COLORS, up: "ALTER TYPE colors ADD VALUE 'pink' AFTER 'orange'" },
      { name: 'RENAME VALUE', schema: COLORS, up: "ALTER TYPE colors RENAME VALUE 'purple' TO 'mauve'" },
      {
        name: 'SET, of a base type',
        schema: TOAST,
        up: 'ALTER TYPE mytype SET (SEND = mytype_send, RECEIVE = mytype_recv, STORAGE = extended)',
      },
      { name: 'RENAME ATTRIBUTE', schema: COMPFOO, up: 'ALTER TYPE compfoo RENAME ATTRIBUTE f1 TO g1' },
      {
        name: 'DROP ATTRIBUTE of a type without columns',
        schema: 'CREATE TYPE compfoo AS (f1 int, f2 text, f3 int)',
        up: 'ALTER TYPE compfoo DROP ATTRIBUTE f3 CASCADE',
      },
      {
        name: 'DROP ATTRIBUTE of a type with columns',
        open: 'the values of the attribute are not kept: kept columns know types that differ alone',
        schema: COMPFOO,
        up: 'ALTER TYPE compfoo DROP ATTRIBUTE f2 CASCADE',
      },
      {
        name: 'ALTER ATTRIBUTE TYPE',
        schema: 'CREATE TYPE compfoo AS (f1 int, f2 text)',
        up: 'ALTER TYPE compfoo ALTER ATTRIBUTE f1 SET DATA TYPE bigint CASCADE',
      },
    ],
  },
  {
    page: 'DROP TYPE',
    examples: [
      {
        name: 'composite',
        schema: "CREATE TYPE box2 AS (a int, b text); COMMENT ON TYPE box2 IS 'x'",
        up: 'DROP TYPE box2',
      },
      {
        name: 'enum',
        schema: "CREATE TYPE mood AS ENUM ('a', 'b'); GRANT USAGE ON TYPE mood TO manual_joe",
        up: 'DROP TYPE mood',
      },
      { name: 'range', schema: 'CREATE TYPE fr AS RANGE (subtype = float8)', up: 'DROP TYPE fr' },
      { name: 'base, CASCADE', schema: BOX, up: 'DROP TYPE mybox CASCADE' },
      { name: 'enum with a column, CASCADE', schema: COLORS, up: 'DROP TYPE colors CASCADE' },
    ],
  },
  {
    page: 'CREATE DOMAIN',
    examples: [
      {
        name: 'used by a table',
        up: `CREATE DOMAIN us_postal_code AS text CHECK (VALUE ~ '^\\d{5}$' OR VALUE ~ '^\\d{5}-\\d{4}$');
          CREATE TABLE us_snail_addy (address_id serial PRIMARY KEY, street1 text NOT NULL, postal us_postal_code NOT NULL)`,
      },
      {
        name: 'collation, default, NOT NULL',
        up: `CREATE DOMAIN code AS varchar(10) COLLATE "C" DEFAULT 'x' CONSTRAINT given NOT NULL CONSTRAINT short CHECK (length(VALUE) < 9)`,
      },
    ],
  },
  {
    page: 'ALTER DOMAIN',
    examples: [
      { name: 'SET NOT NULL', schema: PLAIN_ZIPCODE, up: 'ALTER DOMAIN zipcode SET NOT NULL' },
      {
        name: 'DROP NOT NULL',
        schema: `${PLAIN_ZIPCODE} ALTER DOMAIN zipcode SET NOT NULL`,
        up: 'ALTER DOMAIN zipcode DROP NOT NULL',
      },
      {
        name: 'ADD CONSTRAINT',
        schema: PLAIN_ZIPCODE,
        up: 'ALTER DOMAIN zipcode ADD CONSTRAINT zipchk CHECK (char_length(VALUE) = 5)',
      },
      {
        name: 'ADD CONSTRAINT NOT VALID',
        schema: PLAIN_ZIPCODE,
        up: 'ALTER DOMAIN zipcode ADD CONSTRAINT zipchk CHECK (char_length(VALUE) = 5) NOT VALID',
      },
      {
        name: 'VALIDATE CONSTRAINT',
        schema: `${PLAIN_ZIPCODE} ALTER DOMAIN zipcode ADD CONSTRAINT zipchk CHECK (char_length(VALUE) = 5) NOT VALID`,
        up: 'ALTER DOMAIN zipcode VALIDATE CONSTRAINT zipchk',
      },
      { name: 'DROP CONSTRAINT', schema: ZIPCODE, up: 'ALTER DOMAIN zipcode DROP CONSTRAINT zipchk' },
      {
        name: 'RENAME CONSTRAINT',
        schema: ZIPCODE,
        up: 'ALTER DOMAIN zipcode RENAME CONSTRAINT zipchk TO zip_check',
      },
      {
        name: 'SET SCHEMA',
        schema: `${ZIPCODE} CREATE SCHEMA customers`,
        up: 'ALTER DOMAIN zipcode SET SCHEMA customers',
      },
      { name: 'SET and DROP DEFAULT', schema: ZIPCODE, up: "ALTER DOMAIN zipcode SET DEFAULT '00000'" },
      {
        name: 'RENAME TO, OWNER TO',
        schema: ZIPCODE,
        up: 'ALTER DOMAIN zipcode OWNER TO manual_joe; ALTER DOMAIN zipcode RENAME TO postcode',
      },
    ],
  },
  {
    page: 'DROP DOMAIN',
    examples: [
      {
        name: 'one',
        schema:
          "CREATE DOMAIN box2 AS int DEFAULT 3 CHECK (VALUE > 0); COMMENT ON DOMAIN box2 IS 'x'; COMMENT ON CONSTRAINT box2_check ON DOMAIN box2 IS 'y'",
        up: 'DROP DOMAIN box2',
      },
      { name: 'with a column, CASCADE', schema: ZIPCODE, up: 'DROP DOMAIN zipcode CASCADE' },
    ],
  },
  {
    page: 'CREATE CAST',
    examples: [
      {
        name: 'WITH FUNCTION AS ASSIGNMENT',
        schema: CAST_TO_INT,
        up: 'CREATE CAST (money_like AS int) WITH FUNCTION to_int(money_like) AS ASSIGNMENT',
      },
      {
        name: 'WITH INOUT',
        schema: CAST_TO_INT,
        up: 'CREATE CAST (money_like AS text) WITH INOUT AS IMPLICIT',
      },
      { name: 'WITHOUT FUNCTION', schema: TOAST, up: 'CREATE CAST (mytype AS text) WITHOUT FUNCTION' },
    ],
  },
  {
    page: 'DROP CAST',
    examples: [
      {
        name: 'one',
        schema: `${CAST_TO_INT} CREATE CAST (money_like AS int) WITH FUNCTION to_int(money_like); COMMENT ON CAST (money_like AS int) IS 'x'`,
        up: 'DROP CAST (money_like AS int)',
      },
    ],
  },
  {
    page: 'CREATE COLLATION',
    examples: [
      { name: 'of the operating system', up: "CREATE COLLATION french (locale = 'C')" },
      { name: 'ICU', up: "CREATE COLLATION german_phonebook (provider = icu, locale = 'de-u-co-phonebk')" },
      {
        name: 'ICU with rules',
        since: 16,
        up: "CREATE COLLATION custom (provider = icu, locale = 'und', rules = '&V << w <<< W')",
      },
      {
        name: 'ICU, not deterministic',
        up: "CREATE COLLATION ndcoll (provider = icu, locale = 'und', deterministic = false)",
      },
      { name: 'FROM another', up: 'CREATE COLLATION german FROM "C"' },
      {
        name: 'built in',
        since: 17,
        up: "CREATE COLLATION code_points (provider = builtin, locale = 'C.UTF-8')",
      },
    ],
  },
  {
    page: 'ALTER COLLATION',
    examples: [
      {
        name: 'REFRESH VERSION',
        schema: "CREATE COLLATION german (provider = icu, locale = 'de')",
        up: 'ALTER COLLATION german REFRESH VERSION',
        harmless: true,
      },
      {
        name: 'RENAME TO',
        schema:
          'CREATE COLLATION "de_DE" FROM "C"; CREATE TABLE t (a text COLLATE "de_DE"); INSERT INTO t VALUES (\'x\')',
        up: 'ALTER COLLATION "de_DE" RENAME TO german',
      },
      {
        name: 'OWNER TO',
        schema: 'CREATE COLLATION "en_US" FROM "C"',
        up: 'ALTER COLLATION "en_US" OWNER TO manual_joe',
      },
      {
        name: 'SET SCHEMA',
        schema: 'CREATE COLLATION "en_US" FROM "C"; CREATE SCHEMA other',
        up: 'ALTER COLLATION "en_US" SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP COLLATION',
    examples: [
      {
        name: 'one',
        schema: 'CREATE COLLATION german FROM "C"; COMMENT ON COLLATION german IS \'x\'',
        up: 'DROP COLLATION german',
      },
      {
        name: 'ICU',
        schema: "CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk')",
        up: 'DROP COLLATION german',
      },
    ],
  },
  {
    page: 'CREATE CONVERSION',
    examples: [
      { name: 'one', up: "CREATE CONVERSION myconv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1" },
      {
        name: 'DEFAULT',
        up: "CREATE SCHEMA c; CREATE DEFAULT CONVERSION c.myconv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1",
      },
    ],
  },
  {
    page: 'ALTER CONVERSION',
    examples: [
      {
        name: 'RENAME TO',
        schema: "CREATE CONVERSION iso_8859_1_to_utf8_x FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        up: 'ALTER CONVERSION iso_8859_1_to_utf8_x RENAME TO latin1_to_unicode',
      },
      {
        name: 'OWNER TO, SET SCHEMA',
        schema: "CREATE SCHEMA other; CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
        up: 'ALTER CONVERSION conv OWNER TO manual_joe; ALTER CONVERSION conv SET SCHEMA other',
      },
    ],
  },
  {
    page: 'DROP CONVERSION',
    examples: [
      {
        name: 'one',
        schema:
          "CREATE CONVERSION myname FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; COMMENT ON CONVERSION myname IS 'x'",
        up: 'DROP CONVERSION myname',
      },
    ],
  },
];
