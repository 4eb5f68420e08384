/** What no ALTER changes: the thing goes, and another of its name comes in one change. */
import type { MatrixRow } from './row.ts';

export const rows: readonly MatrixRow[] = [
  {
    name: 'access method of another type',
    base: 'CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler',
    change: 'DROP ACCESS METHOD am; CREATE ACCESS METHOD am TYPE INDEX HANDLER bthandler',
  },
  {
    name: 'conversion that becomes the default one',
    base: `CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
    change: `DROP CONVERSION c; CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
  },
  {
    name: 'text search parser gets a headline function',
    base: 'CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
    change:
      'DROP TEXT SEARCH PARSER p; CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline)',
  },
  {
    name: 'text search template loses its INIT',
    base: 'CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize, INIT = dsimple_init)',
    change: 'DROP TEXT SEARCH TEMPLATE tt; CREATE TEXT SEARCH TEMPLATE tt (LEXIZE = dsimple_lexize)',
  },
  {
    name: 'index of the same name on another table',
    base: 'CREATE TABLE t (a int); CREATE TABLE u (a int); CREATE INDEX i ON t (a)',
    change: 'DROP INDEX i; CREATE INDEX i ON u (a)',
  },
  {
    name: 'foreign key of the same name to another table',
    base: 'CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE u (a int PRIMARY KEY); CREATE TABLE f (a int CONSTRAINT k REFERENCES t)',
    change: 'ALTER TABLE f DROP CONSTRAINT k, ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u',
  },
  {
    name: 'trigger becomes a constraint trigger',
    base: 'CREATE TABLE t (a int); CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf()',
    change:
      'DROP TRIGGER tr ON t; CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tf()',
  },
  {
    name: 'policy becomes restrictive',
    base: 'CREATE TABLE t (a int); CREATE POLICY p ON t USING (a > 0)',
    change: 'DROP POLICY p ON t; CREATE POLICY p ON t AS RESTRICTIVE USING (a > 0)',
  },
  {
    name: 'materialized view in another access method',
    minMajor: 15,
    base: 'CREATE ACCESS METHOD am TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (a int); CREATE MATERIALIZED VIEW m AS SELECT a FROM t',
    change: 'ALTER MATERIALIZED VIEW m SET ACCESS METHOD am',
  },
  {
    name: 'operator that was but a name is defined',
    base: `CREATE FUNCTION f(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
      CREATE OPERATOR ### (FUNCTION = f, LEFTARG = int, RIGHTARG = int, COMMUTATOR = @@@); CREATE VIEW v AS SELECT 1 ### 2 AS x`,
    change: 'CREATE OPERATOR @@@ (FUNCTION = f, LEFTARG = int, RIGHTARG = int, COMMUTATOR = ###)',
  },
];
