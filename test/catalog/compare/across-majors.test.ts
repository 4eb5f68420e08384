/**
 * A schema of one major built on another: what PostgreSQL itself makes different is no difference, or is one with a note.
 * `FERRATA_TEST_ACROSS=matrix` does so with every row of the matrix (some minutes).
 */
import { describe, expect, test } from 'vitest';
import { unqualified } from '../../../src/catalog/across-majors.ts';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { renderDifference } from '../../../src/catalog/render/index.ts';
import { testMajors, testServer } from '../../support/servers.ts';
import { MATRIX } from '../render/matrix/index.ts';
import { withConnection } from '../render/round-trip.ts';

const SCHEMA = `
  CREATE EXTENSION citext;
  CREATE SCHEMA s;
  CREATE TYPE mood AS ENUM ('sad', 'ok');
  CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int NOT NULL, v varchar CHECK (v IN ('a', 'b')), m mood, e citext);
  ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME a TO z;
  CREATE UNLOGGED TABLE s.q (id serial PRIMARY KEY, u int);
  ALTER TABLE s.q ADD CONSTRAINT fk FOREIGN KEY (u) REFERENCES u NOT VALID;
  CREATE UNLOGGED TABLE s.w (id serial PRIMARY KEY, g int GENERATED ALWAYS AS IDENTITY);
  CREATE VIEW one AS SELECT u.id, u.v || 'x' AS w, (SELECT count(*) FROM u x WHERE x.id = u.id) AS n FROM u WHERE u.z > 1 ORDER BY u.v;
  CREATE VIEW two AS SELECT o.id, t.v FROM one o JOIN u t USING (id);
  CREATE VIEW three AS SELECT z FROM u UNION SELECT id FROM s.w;
  CREATE VIEW four AS SELECT sub.id, f.f FROM (SELECT id FROM u) sub, LATERAL generate_series(1, sub.id) f;
  CREATE VIEW five AS SELECT count(*) AS n, max(id) FILTER (WHERE z > 1) AS m FROM u GROUP BY v HAVING count(*) > 1;
  CREATE VIEW six AS WITH c AS (SELECT u.z FROM u) SELECT c.z, row_number() OVER (PARTITION BY c.z ORDER BY c.z ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS r FROM c;
  CREATE VIEW seven AS SELECT g.a, g.ord FROM generate_series(1, 2) WITH ORDINALITY AS g (a, ord) WHERE EXISTS (SELECT 1 FROM u WHERE u.z = g.a);
  CREATE MATERIALIZED VIEW mat AS SELECT one.id, one.w FROM one WHERE one.id = ANY (SELECT two.id FROM two) WITH NO DATA;
  CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a';
  REVOKE EXECUTE ON FUNCTION f FROM PUBLIC;
  GRANT SELECT, TRUNCATE ON u TO PUBLIC;
  GRANT UPDATE (z) ON u TO PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO PUBLIC;
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  CREATE TABLE p (k int NOT NULL, at date) PARTITION BY RANGE (k);
  CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (5);
  CREATE INDEX ON p (at);
  CREATE STATISTICS st ON id, z FROM u;
  CREATE POLICY pol ON u USING (v IN ('a', 'b') AND (z > 1 AND id > 2));
`;

/** Builds `sql` on one major and the same, by rendering, on the other; what compare still tells apart. */
async function apart(sql: string, major: number, other: number): Promise<string[]> {
  const [there, here] = await Promise.all([testServer(major), testServer(other)]);
  const [source, copy] = await Promise.all([there.createDatabase(), here.createDatabase()]);
  const wanted = await withConnection(source, async (connection) => {
    await connection.script(sql);
    return await readCatalog(connection);
  });
  return await withConnection(copy, async (connection) => {
    const rendering = renderDifference(await readCatalog(connection), wanted, {
      sameDatabase: false,
      currentUser: connection.server.user,
    });
    if (rendering.refusals.length > 0) return rendering.refusals.map((one) => `${one.object}: ${one.reason}`);
    await connection.script(rendering.statements.map((one) => one.sql).join(';\n'));
    const built = await readCatalog(connection);
    const again = renderDifference(built, wanted, {
      sameDatabase: false,
      currentUser: connection.server.user,
    });
    return [
      ...compareCatalogs(wanted, built)
        .differences.filter((one) => one.note === undefined)
        .map(
          (one) =>
            `${one.kind} ${one.object} · ${one.property}: ${JSON.stringify(one.before)} → ${JSON.stringify(one.after)}`,
        ),
      ...again.statements.map((one) => `still to do: ${one.sql}`),
    ];
  });
}

const majors = testMajors().filter((major) => major !== 17 || process.env.FERRATA_TEST_MAJORS !== undefined);
const pairs = majors.flatMap((one) =>
  majors.filter((other) => other !== one).map((other) => [one, other] as const),
);

describe.each(pairs)('a schema of PostgreSQL %i on %i', (major, other) => {
  test('is the same', async () => {
    expect(await apart(SCHEMA, major, other)).toEqual([]);
  });

  test.runIf(process.env.FERRATA_TEST_ACROSS === 'matrix')(
    'so is each row of the matrix',
    async () => {
      const problems: string[] = [];
      for (const row of MATRIX) {
        const [least, most] = [row.minMajor ?? 0, row.maxMajor ?? 99];
        if (Math.min(major, other) < least || Math.max(major, other) > most) continue;
        for (const line of await apart(`${row.base};\n${row.change}`, major, other).catch((error: Error) => [
          error.message,
        ])) {
          problems.push(`${row.file}: ${row.name}: ${line}`);
        }
      }
      expect(problems).toEqual([]);
    },
    1_200_000,
  );
});

test.each([
  [' SELECT t.a,\n    t.b\n   FROM s.t;', ' SELECT a,\n    b\n   FROM s.t;'],
  [' SELECT x.a\n   FROM s.t x\n  WHERE (x.b > 1);', ' SELECT a\n   FROM s.t x\n  WHERE (b > 1);'],
  [' SELECT t.a\n   FROM t,\n    u;', ' SELECT t.a\n   FROM t,\n    u;'],
  [' SELECT t.a\n   FROM (t\n     JOIN u ON (true));', ' SELECT t.a\n   FROM (t\n     JOIN u ON (true));'],
  [
    ' SELECT t.a,\n    ( SELECT t.b\n           FROM u) AS c\n   FROM t;',
    ' SELECT a,\n    ( SELECT t.b\n           FROM u) AS c\n   FROM t;',
  ],
  [
    ' SELECT q.a\n   FROM ( SELECT t.a\n           FROM t) q;',
    ' SELECT a\n   FROM ( SELECT t.a\n           FROM t) q;',
  ],
])('%j as 16 and later print it', (older, newer) => {
  expect(unqualified(older)).toBe(newer);
});
