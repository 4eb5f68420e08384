import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprintCatalog } from '../../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { fillSynthetic, type SyntheticVariant } from '../../../src/prepare/synthetic/index.ts';
import { testMajors, testServer } from '../../support/servers.ts';

const RICH = readFileSync(new URL('./rich.sql', import.meta.url), 'utf8');

/** Multiranges came with 14. */
function rich(major: number): string {
  return major >= 14 ? RICH : RICH.replaceAll(/ \w+ \w+multirange,/g, '');
}

async function withDatabase(
  major: number,
  schema: string,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await (await (await testServer(major)).createDatabase()).connect('test');
  try {
    await connection.script(schema);
    await work(connection);
  } finally {
    await connection.close();
  }
}

async function one(connection: Connection, sql: string): Promise<unknown> {
  return (await connection.rows(sql))[0]?.[0];
}

/** Foreign keys, CHECKs and triggers are as they were, so constraints cannot have been switched off and forgotten. */
async function fill(connection: Connection, variant: SyntheticVariant = 'default') {
  const before = fingerprintCatalog(await readCatalog(connection)).hash;
  const filled = await fillSynthetic(connection, await readCatalog(connection), { variant });
  expect(fingerprintCatalog(await readCatalog(connection)).hash).toBe(before);
  return filled;
}

for (const major of testMajors()) {
  test.each<SyntheticVariant>(['default', 'no-nulls', 'castable-text', 'single-row'])(
    `${major}: a rich schema, %s`,
    async (variant) => {
      await withDatabase(major, rich(major), async (connection) => {
        const filled = await fill(connection, variant);
        expect(filled.unfilled.map(({ table }) => table).sort()).toEqual(['public.noparts', 'public.rulet']);
        for (const { reason } of filled.unfilled) expect(reason).not.toBe('');
        if (variant !== 'default') return;
        expect(filled.rows['public.a_types']).toBe(24);
        expect(filled.rows['public.pl2a']).toBeGreaterThan(0);
        expect(filled.rows['public.pr1']).toBeGreaterThan(0);
        expect(filled.rows['public.cyc1']).toBe(24);
        // Every branch of an exclusive arc, every label of a CHECK's list.
        expect(await one(connection, 'SELECT count(a) > 0 AND count(b) > 0 AND count(c) > 0 FROM arc')).toBe(
          true,
        );
        expect(await one(connection, 'SELECT count(DISTINCT role)::int FROM members')).toBe(3);
        // A nullable column is NULL in some rows and filled in others.
        expect(
          await one(connection, 'SELECT count(t)::int < count(*)::int AND count(t) > 0 FROM a_types'),
        ).toBe(true);
        // What was there before is there still.
        expect(
          await one(
            connection,
            "SELECT count(*)::int FROM seed WHERE (id, code) IN ((1, 'a'), (2, 'b'), (1000, 'z'))",
          ),
        ).toBe(3);
        // Sequences went on: the next row gets in.
        await connection.script('INSERT INTO only_id DEFAULT VALUES');
        expect(await one(connection, 'SELECT last_value > 20 FROM users_id_seq')).toBe(true);
        expect(await one(connection, 'SELECT count(*)::int FROM mv')).toBe(filled.rows['public.users']);
        expect(await one(connection, "SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'swallow'")).toBe(
          'A',
        );
      });
    },
  );

  test(`${major}: the same number gives the same value in every table of the same type`, async () => {
    const schema = `CREATE TABLE a (id int, u uuid, at timestamptz, name text); CREATE TABLE b (n int, x uuid, z timestamptz, title text);`;
    await withDatabase(major, schema, async (connection) => {
      await fill(connection);
      await connection.script(`DELETE FROM a WHERE id IS NULL; DELETE FROM b WHERE n IS NULL;
        ALTER TABLE a ADD PRIMARY KEY (id), ADD UNIQUE (u), ADD UNIQUE (at), ADD UNIQUE (name);
        ALTER TABLE b ADD FOREIGN KEY (n) REFERENCES a, ADD FOREIGN KEY (x) REFERENCES a (u),
          ADD FOREIGN KEY (z) REFERENCES a (at), ADD FOREIGN KEY (title) REFERENCES a (name)`);
    });
  });

  test(`${major}: castable texts can be cast`, async () => {
    await withDatabase(
      major,
      'CREATE TABLE t (id serial PRIMARY KEY, a text, b varchar(4))',
      async (connection) => {
        await fill(connection, 'castable-text');
        await connection.script(
          'ALTER TABLE t ALTER a TYPE int USING a::int, ALTER b TYPE numeric USING b::numeric, ALTER a SET NOT NULL',
        );
      },
    );
  });

  test(`${major}: a table that nothing gets into is named with what the server said`, async () => {
    const schema = 'CREATE TABLE t (a int NOT NULL, CHECK (a > 3 AND a < 3)); CREATE TABLE u (a int)';
    await withDatabase(major, schema, async (connection) => {
      const filled = await fill(connection);
      expect(filled.unfilled).toHaveLength(1);
      expect(filled.unfilled[0]).toMatchObject({
        table: 'public.t',
        reason: expect.stringContaining('t_a_check'),
      });
    });
  });

  test(`${major}: any schema of these types fills`, { timeout: 120_000 }, async () => {
    const type = fc.constantFrom(
      'smallint',
      'integer',
      'bigint',
      'numeric',
      'numeric(4,2)',
      'numeric(2,2)',
      'numeric(1)',
      'real',
      'double precision',
      'money',
      'text',
      'varchar(1)',
      'varchar(2)',
      'varchar(40)',
      'char',
      'char(7)',
      'boolean',
      'date',
      'time',
      'timetz',
      'timestamp',
      'timestamptz(0)',
      'interval',
      'uuid',
      'json',
      'jsonb',
      'bytea',
      'inet',
      'cidr',
      'macaddr',
      'bit(3)',
      'varbit(4)',
      'xml',
      'point',
      'polygon',
      'tsvector',
      'tsquery',
      'int4range',
      'daterange',
      'tstzrange',
      'int[]',
      'text[]',
      'numeric(3,1)[]',
      'mood',
      'mood[]',
      'small',
      'place',
      'place[]',
    );
    const column = fc.record({ type, notNull: fc.boolean(), unique: fc.boolean() });
    const table = fc.record({
      key: fc.constantFrom(
        'integer',
        'uuid',
        'text',
        'bigint GENERATED ALWAYS AS IDENTITY',
        'smallserial',
        'varchar(2)',
        'date',
      ),
      columns: fc.array(column, { maxLength: 8 }),
      parent: fc.option(fc.nat({ max: 4 })),
      required: fc.boolean(),
    });
    const noOrder = /^(json|xml|point|polygon)|\[\]$|place/;
    await fc.assert(
      fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 5 }), async (tables) => {
        const sql = tables.map(({ key, columns, parent, required }, index) => {
          const parts = [`id ${key} PRIMARY KEY`];
          columns.forEach((c, k) => {
            const unique = c.unique && !noOrder.test(c.type) ? 'UNIQUE' : '';
            parts.push(`c${k} ${c.type} ${c.notNull ? 'NOT NULL' : ''} ${unique}`);
          });
          // Earlier tables, later ones (a cycle, by ALTER below) and the table itself.
          const target = parent === null ? null : parent % tables.length;
          const targetKey = target === null ? '' : (tables[target]?.key ?? '');
          const plain = targetKey.startsWith('bigint')
            ? 'bigint'
            : targetKey === 'smallserial'
              ? 'smallint'
              : targetKey;
          if (target !== null) parts.push(`ref ${plain} ${required ? 'NOT NULL' : ''}`);
          return {
            create: `CREATE TABLE t${index} (${parts.join(', ')});`,
            alter:
              target === null ? '' : `ALTER TABLE t${index} ADD FOREIGN KEY (ref) REFERENCES t${target};`,
          };
        });
        const prelude = `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN small AS int CHECK (VALUE < 1000 AND VALUE > 7);
          CREATE TYPE place AS (name text, level small);`;
        await withDatabase(
          major,
          `${prelude} ${sql.map(({ create }) => create).join(' ')} ${sql.map(({ alter }) => alter).join(' ')}`,
          async (connection) => {
            const filled = await fill(connection);
            expect(filled.unfilled).toEqual([]);
          },
        );
      }),
      { numRuns: 12 },
    );
  });
}

test('a hundred tables take less than a second or so', async () => {
  const schema = Array.from({ length: 100 }, (_, k) => {
    const reference = k === 0 ? '' : `, parent int REFERENCES t${Math.floor(k / 2)}`;
    return `CREATE TABLE t${k} (id serial PRIMARY KEY, name text NOT NULL, email varchar(80) UNIQUE, at timestamptz DEFAULT now(),
      kind text CHECK (kind IN ('a', 'b')), amount numeric(8,2) CHECK (amount >= 0), flag bool NOT NULL, doc jsonb ${reference});`;
  }).join('\n');
  await withDatabase(18, schema, async (connection) => {
    const catalog = await readCatalog(connection);
    const start = performance.now();
    const filled = await fillSynthetic(connection, catalog);
    const took = performance.now() - start;
    expect(filled.unfilled).toEqual([]);
    console.info(`100 tables filled in ${Math.round(took)} ms`);
    // Generous: the machine is shared. The bench has the ratio.
    expect(took).toBeLessThan(10_000);
  });
});
