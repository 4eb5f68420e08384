-- A domain, labels and names outside ASCII; letters whose lower case has another length.
CREATE SCHEMA "Ürün";
CREATE DOMAIN "Straße" AS text CHECK (VALUE ~ '^[A-ZÄÖÜa-zäöüß ]+\.?$' AND VALUE <> '北京');
CREATE DOMAIN "Ürün"."İlçe" AS "Straße" NOT NULL DEFAULT 'Çankaya';
CREATE TYPE "настроение" AS ENUM ('грустно', 'так себе', '😀', 'ﬁ');
CREATE TYPE "Ürün"."点" AS ("x座標" double precision, "y座標" double precision);
CREATE FUNCTION "größe"("länge" int, "breite" int) RETURNS int IMMUTABLE LANGUAGE sql AS $größe$ SELECT "länge" * "breite" /* ¾ */ $größe$;
CREATE TABLE "Ürün"."表" (
  "编号" bigserial PRIMARY KEY,
  "straße" "Straße",
  "ilçe" "Ürün"."İlçe",
  "настроение" "настроение" DEFAULT '😀',
  "点" "Ürün"."点"[],
  "fläche" int GENERATED ALWAYS AS ("größe"(3, 4)) STORED,
  naïve text DEFAULT 'ünïcödé' COLLATE "C"
);
CREATE INDEX "索引" ON "Ürün"."表" (lower(naïve)) WHERE "настроение" = '😀';
CREATE VIEW "Ürün"."視圖" AS SELECT "编号", "straße" || ' №' AS "№" FROM "Ürün"."表" WHERE "настроение" IN ('грустно', 'ﬁ');
COMMENT ON TABLE "Ürün"."表" IS 'это таблица 👍';
-- change
ALTER DOMAIN "Straße" ADD CONSTRAINT "nicht länger" CHECK (char_length(VALUE) < 99) NOT VALID;
ALTER DOMAIN "Straße" RENAME TO "ΣΊΣΥΦΟΣ";
ALTER TYPE "настроение" RENAME VALUE 'так себе' TO 'средне';
ALTER TYPE "Ürün"."点" ADD ATTRIBUTE "ζ" int;
ALTER TABLE "Ürün"."表" RENAME TO "表２";
ALTER TABLE "Ürün"."表２" ALTER naïve SET DEFAULT 'd̀';
ALTER SCHEMA "Ürün" RENAME TO "ürün";
