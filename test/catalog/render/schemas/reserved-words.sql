-- Reserved words as names, everywhere.
CREATE SCHEMA "select";
CREATE SCHEMA "user";
CREATE TYPE "select"."case" AS ENUM ('from', 'where', 'null', 'NULL', 'true');
CREATE TYPE "select"."table" AS ("column" int, "check" text, "order" "select"."case");
CREATE DOMAIN "user"."default" AS "select"."case" DEFAULT 'null' CONSTRAINT "constraint" CHECK (VALUE <> 'from');
CREATE FUNCTION "select"."grant"("in" int, "or" text DEFAULT 'and') RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT "in" $$;
CREATE FUNCTION "select"."current_user"() RETURNS text STABLE LANGUAGE sql AS $$ SELECT 'me' $$;
CREATE TABLE "user"."order" (
  "primary" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "group" int NOT NULL DEFAULT "select"."grant"(3) CONSTRAINT "check" CHECK ("group" > 0),
  "end" "user"."default",
  "desc" "select"."table"[],
  "user" text DEFAULT CURRENT_USER,
  "session_user" text DEFAULT "select"."current_user"(),
  "limit" int CONSTRAINT "unique" UNIQUE,
  "offset" int REFERENCES "user"."order",
  "between" int GENERATED ALWAYS AS ("select"."grant"(4)) STORED
);
CREATE INDEX "index" ON "user"."order" ("group", ("select"."grant"("limit"))) WHERE "end" IS NOT NULL;
CREATE VIEW "select"."select" AS SELECT "primary" AS "as", "group" AS "from", "user" AS "distinct", "limit" AS "window" FROM "user"."order" AS "left" WHERE "left"."offset" > 0;
CREATE SEQUENCE "user"."sequence" OWNED BY "user"."order"."limit";
CREATE FUNCTION "select"."trigger"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "when" BEFORE UPDATE OF "group" ON "user"."order" FOR EACH ROW WHEN (NEW."limit" > 1) EXECUTE FUNCTION "select"."trigger"();
CREATE POLICY "all" ON "user"."order" FOR ALL TO PUBLIC USING ("user" = CURRENT_USER);
CREATE TABLE "user"."analyze" ("array" int, "both" int) PARTITION BY LIST ("array");
CREATE TABLE "user"."any" PARTITION OF "user"."analyze" FOR VALUES IN (1);
CREATE STATISTICS "select"."only" ON "group", "limit" FROM "user"."order";
-- change
ALTER TABLE "user"."order" RENAME TO "union";
ALTER TABLE "user"."union" RENAME "limit" TO "fetch";
DROP VIEW "select"."select";
DROP TRIGGER "when" ON "user"."union";
ALTER TABLE "user"."union" ALTER "group" TYPE bigint, ALTER "fetch" SET NOT NULL;
ALTER TYPE "select"."case" RENAME VALUE 'from' TO 'to';
ALTER TYPE "select"."table" RENAME ATTRIBUTE "check" TO "foreign";
ALTER FUNCTION "select"."grant"(int, text) SET SCHEMA "user";
ALTER SCHEMA "select" RENAME TO "having";
