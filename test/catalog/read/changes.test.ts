import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareCatalogs } from '../../../src/catalog/compare.ts';
import { fingerprintCatalog } from '../../../src/catalog/fingerprint.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import type { Connection } from '../../../src/postgres/connection.ts';
import { outerMajors, testServer } from '../../support/servers.ts';
import { CASES } from './cases.ts';

const suffix = randomBytes(3).toString('hex');
const [reader, writer] = [`reader_${suffix}`, `writer_${suffix}`];
const named = (text: string) => text.replaceAll(/\breader\b/g, reader).replaceAll(/\bwriter\b/g, writer);

describe.each([...outerMajors()])('PostgreSQL %i sees', (wanted) => {
  let connection: Connection;
  let major = wanted;

  beforeAll(async () => {
    const server = await testServer(wanted);
    major = server.major;
    connection = await (await server.createDatabase()).connect('test');
    // One case marks an index invalid, which only the catalog itself can do at will.
    await connection.script(
      `DROP ROLE IF EXISTS ${reader}; CREATE ROLE ${reader}; DROP ROLE IF EXISTS ${writer}; CREATE ROLE ${writer};
       SET allow_system_table_mods = on`,
    );
  });

  afterAll(async () => {
    await connection.script(`DROP OWNED BY ${reader}, ${writer} CASCADE; DROP ROLE ${reader}, ${writer}`);
    await connection.close();
  });

  test.each(CASES)('$name', async (one) => {
    if (one.from !== undefined && major < one.from) return;
    await connection.script(`CREATE SCHEMA s; SET search_path = s; ${named(one.setup)}`);
    try {
      const before = await readCatalog(connection);
      const again = await readCatalog(connection, { dependencies: false });
      expect(compareCatalogs(before, again)).toEqual({ outcome: 'equal', differences: [] });
      await connection.script(`SET search_path = s; ${named(one.change)}`);
      const after = await readCatalog(connection);
      const { outcome, differences } = compareCatalogs(before, after);
      const seen = differences.map(({ kind, object, property }) => `${kind} ${object} ${property}`);
      expect(seen.sort()).toEqual(one.sees.map(named).sort());
      expect(outcome).toBe(
        one.sees.length === 0 ? 'equal' : one.cosmetic === true ? 'cosmetic' : 'different',
      );
      const [old, current] = [fingerprintCatalog(before), fingerprintCatalog(after)];
      expect(old.hash === current.hash).toBe(outcome === 'equal');
      expect(old.cosmeticFree === current.cosmeticFree).toBe(outcome !== 'different');
    } finally {
      await connection.script(
        `SET client_min_messages = warning; ${named(one.after ?? '')}; DROP SCHEMA s CASCADE`,
      );
    }
  });
});
