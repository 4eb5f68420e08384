-- a header

/* and /* a nested */ one */
CREATE TABLE "Größe; x" (id int PRIMARY KEY, a text DEFAULT E'it\'s; fine', b text DEFAULT U&'d\0061t\+000061');;
 DO $outer$ BEGIN EXECUTE $inner$ SELECT ';' $inner$; END $outer$;
CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a; -- ;
END';
CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
INSERT INTO t VALUES ('😀'), ('two
lines'); SELECT 'ä' AS "ö" -- tail
;
SELECT 2 -- no semicolon