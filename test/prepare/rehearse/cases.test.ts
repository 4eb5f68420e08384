/**
 * How written downs fail, and what the derived rollback makes of the same change (TRAPS 20 to 36): a folder per case.
 * `base.sql` is the database before; `up.sql`, `down.sql` the migration, or folders `1`, `2` … for a group. `expected.json`
 * says what the rehearsal must find with the written down (`written`), without it (`derived`), and, for a group, alone
 * and `together`. `open` names what is known to be found wrongly: such a case must fail, until it is mended and the key
 * is taken out. FERRATA_TEST_CASES=name runs one; FERRATA_TEST_PRINT=1 prints what was found.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSizes } from '../../../src/assess/sizes.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { defaultPolicy } from '../../../src/config/policy.ts';
import { silent } from '../../../src/events.ts';
import type { Proof } from '../../../src/prepare/model.ts';
import { rehearse } from '../../../src/prepare/rehearse/index.ts';
import { migrationChecksum } from '../../../src/source/checksum.ts';
import type { Migration, MigrationFile } from '../../../src/source/model.ts';
import { testServer } from '../../support/servers.ts';

const FOLDER = fileURLToPath(new URL('./cases', import.meta.url));

/** What a rehearsal found, as a case states it; of the last rollback point, where there are several. */
interface Finding {
  readonly outcome: Proof['outcome'];
  readonly level: number;
  readonly schema: string | null;
  readonly data: string | null;
  readonly lateRows: string | null;
  readonly redo: string;
  /** `kind object: property` */
  readonly differences: readonly string[];
  /** `table.column` */
  readonly losses: readonly string[];
  /** Late rows that are not kept: `table what: outcome, held or not`. */
  readonly late: readonly string[];
  readonly error: string | null;
  /** Whether a derived rollback was found that restores where the written one does not. */
  readonly rescue: boolean;
}

interface Expected {
  readonly why: string;
  readonly open?: string;
  readonly written?: Finding;
  readonly derived?: Finding;
  readonly alone?: readonly Finding[];
  readonly together?: Finding;
}

function migration(id: string, folder: string, withDown: boolean): Migration {
  const file = (name: string): MigrationFile | null =>
    existsSync(join(folder, name)) ? { path: name, text: readFileSync(join(folder, name), 'utf8') } : null;
  const up = file('up.sql');
  if (up === null) throw new Error(`${folder} has no up.sql`);
  const down = withDown ? file('down.sql') : null;
  const files = [
    { name: 'up.sql', text: up.text },
    ...(down === null ? [] : [{ name: 'down.sql', text: down.text }]),
  ];
  return {
    id,
    name: id,
    up,
    down,
    verify: null,
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: migrationChecksum(files),
    folder: null,
  };
}

async function rehearsed(
  base: string,
  migrations: readonly Migration[],
  together: boolean,
): Promise<readonly Proof[]> {
  const server = await testServer(18);
  const connector = await server.createDatabase();
  const connection = await connector.connect('test');
  try {
    await connection.script(base);
    const { database, major, user } = connection.server;
    const directory = join(tmpdir(), 'ferrata-unused');
    const proved = await rehearse({
      settings: {
        root: directory,
        configFile: null,
        migrations: directory,
        directory,
        environment: {
          name: 'development',
          url: server.url(database),
          // One server for all: none has to be started.
          policy: { ...defaultPolicy('development'), scratchUrl: server.url('postgres') },
        },
        environments: ['development'],
      },
      sequence: migrations.map((one) => ({ migration: one, rehearse: true })),
      together,
      target: { connector, catalog: await readCatalog(connection), role: user, major },
      dataSource: 'synthetic',
      readSizes: (relations) => readSizes(connection, relations),
      reporter: silent,
    });
    return proved.map(({ proof }) => proof);
  } finally {
    await connection.close();
  }
}

function findingOf(proof: Proof | undefined): Finding {
  if (proof === undefined) throw new Error('There is no proof.');
  const point = proof.rollbackPoints.at(-1);
  return {
    outcome: proof.outcome,
    level: proof.level,
    schema: point?.schema ?? null,
    data: point?.data ?? null,
    lateRows: point?.lateRows ?? null,
    redo: proof.redo,
    differences: (point?.differences ?? [])
      .map(({ kind, object, property }) => `${kind} ${object}: ${property}`)
      .sort(),
    losses: (point?.losses ?? []).map(({ table, column }) => `${table}.${column}`).sort(),
    late: (point?.lateRowDetails ?? [])
      .filter(({ outcome }) => outcome !== 'kept')
      .map(({ table, what, outcome, held }) => `${table} ${what}: ${outcome}, ${held ? 'held' : 'not held'}`)
      .sort(),
    error: proof.error === null ? null : `${proof.error.code}: ${proof.error.message}`,
    rescue: proof.derivedRollback !== null,
  };
}

const only = process.env.FERRATA_TEST_CASES;
const print = process.env.FERRATA_TEST_PRINT === '1';

describe.concurrent('rehearsal', () => {
  for (const name of readdirSync(FOLDER).sort()) {
    if (only !== undefined && !name.includes(only)) continue;
    const folder = join(FOLDER, name);
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
    const base = readFileSync(join(folder, 'base.sql'), 'utf8');
    const agrees = (what: string, found: unknown, wanted: unknown): void => {
      if (print) console.log(`@@${JSON.stringify({ name, what, found })}`);
      if (!print) expect(found, `${name}, ${what}`).toEqual(wanted);
    };
    const test = expected.open === undefined || print ? it : it.fails;
    test(`${name}: ${expected.why}`, { timeout: 120_000 }, async () => {
      const members = readdirSync(folder).filter((entry) => /^\d+$/.test(entry));
      if (members.length > 0) {
        const group = members.sort().map((entry) => migration(`${entry}_m`, join(folder, entry), true));
        const [alone, together] = [await rehearsed(base, group, false), await rehearsed(base, group, true)];
        const found = alone.map(findingOf);
        const one = findingOf(together.at(-1));
        if (print) console.log(`@@${JSON.stringify({ name, what: 'together', found: one })}`);
        agrees('alone', found, expected.alone);
        if (!print) expect(one).toEqual(expected.together);
        return;
      }
      if (existsSync(join(folder, 'down.sql'))) {
        const [proof] = await rehearsed(base, [migration('1_case', folder, true)], false);
        if (print) console.log(`@@${JSON.stringify({ name, what: 'written', found: findingOf(proof) })}`);
        if (!print) expect(findingOf(proof), 'with the written down').toEqual(expected.written);
      }
      const [proof] = await rehearsed(base, [migration('1_case', folder, false)], false);
      agrees('without a down', findingOf(proof), expected.derived);
    });
  }
});
