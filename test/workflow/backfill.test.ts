/** A backfill from the files to the database and back, as the commands would have it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Policy, Settings } from '../../src/config/settings.ts';
import { type FerrataEvent, silent } from '../../src/events.ts';
import { takeBack } from '../../src/workflow/down.ts';
import { rehearseMigrations } from '../../src/workflow/rehearse.ts';
import { applyPending } from '../../src/workflow/up.ts';
import { newestMajor } from '../support/servers.ts';
import { type Made, makeProject } from './support.ts';

const ID = '20260101000000_fill';
const BIG = `CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, note text);
  INSERT INTO big SELECT g, g % 10, 'row ' || g FROM generate_series(1, 500) g; ANALYZE big`;

function settingsOf({ settings }: Made, policy: Partial<Policy> = {}): Settings {
  const { environment } = settings;
  return {
    ...settings,
    environment: {
      ...environment,
      policy: { ...environment.policy, batchRows: 100, batchSize: 60, batchPauseMs: 0, ...policy },
    },
  };
}

async function up(settings: Settings) {
  const events: FerrataEvent[] = [];
  const request = { to: null, dryRun: false, force: null, wait: true };
  const outcome = await applyPending(settings, request, (event) => events.push(event), {
    pause: new AbortController().signal,
  });
  return { outcome, events };
}

async function down(settings: Settings) {
  const request = { steps: 1, to: null, dryRun: false, force: null, wait: true };
  return takeBack(settings, request, silent, { pause: new AbortController().signal });
}

const select = {
  ids: [],
  all: false,
  together: false,
  data: null,
  write: true,
} as const;

describe('an UPDATE of a big table', () => {
  for (const major of newestMajor()) {
    it(`is rehearsed, run in batches, verified, and taken back (PostgreSQL ${major})`, async () => {
      const made = await makeProject(major);
      await made.connection.script(BIG);
      await made.migration(
        ID,
        'ALTER TABLE big ADD COLUMN b int;\nUPDATE big SET b = a * 2;\nALTER TABLE big ALTER b SET NOT NULL;\n',
      );
      const settings = settingsOf(made);
      const proved = await rehearseMigrations(settings, select, silent);
      expect(proved.map(({ proof, plan }) => [proof.outcome, proof.error, plan.pattern])).toEqual([
        ['proved', null, 'batched'],
      ]);
      expect(
        proved[0]?.proof.rollbackPoints.map((point) => [point.afterStep, point.schema, point.data]),
      ).toEqual([
        ['s1', 'equal', 'equal'],
        ['s2 half way', 'equal', 'equal'],
        ['s2', 'equal', 'equal'],
        ['s3', 'equal', 'equal'],
      ]);
      const { outcome, events } = await up(settings);
      expect(outcome.runs).toMatchObject([{ state: 'completed' }]);
      expect(events.filter(({ type }) => type === 'backfill-progress').at(-1)).toMatchObject({
        done: 500,
        changed: 500,
        estimate: 500,
      });
      expect(await made.connection.rows('SELECT count(*)::int FROM big WHERE b = a * 2')).toEqual([[500]]);
      expect(await made.connection.rows('SELECT sum(batches)::int > 8 FROM ferrata.backfill')).toEqual([
        [true],
      ]);
      expect((await down(settings)).takenBack).toMatchObject([{ schema: 'equal', conflicts: [] }]);
      expect(
        await made.connection.rows(
          `SELECT count(*)::int, md5(string_agg(big::text, '' ORDER BY id)) FROM big`,
        ),
      ).toEqual(
        await made.connection.rows(
          `SELECT 500, md5(string_agg(ROW(g, g % 10, 'row ' || g)::text, '' ORDER BY g)) FROM generate_series(1, 500) g`,
        ),
      );
    });
  }

  it('is copied into another table in batches where migration.yaml asks for it, and the copies go again', async () => {
    const made = await makeProject(18);
    await made.connection.script(
      `${BIG}; CREATE TABLE archive (id bigint PRIMARY KEY, a int, kept text DEFAULT 'yes');
       INSERT INTO archive VALUES (-1, 0), (4, 0)`,
    );
    await made.migration(
      ID,
      `CREATE TABLE copy (id bigint PRIMARY KEY, twice int NOT NULL);
       INSERT INTO copy (id, twice) SELECT b.id, b.a * 2 FROM big AS b WHERE b.id % 2 = 0;
       CREATE INDEX copy_twice ON copy (twice);
       INSERT INTO archive (id, a) SELECT id, a FROM big ON CONFLICT DO NOTHING;\n`,
    );
    const folder = join(made.settings.migrations, ID);
    await writeFile(join(folder, 'migration.yaml'), 'pattern: batched\n');
    const settings = settingsOf(made);
    const [proved] = await rehearseMigrations(settings, select, silent);
    expect([proved?.proof.outcome, proved?.proof.error]).toEqual(['proved', null]);
    expect(proved?.plan.steps.map(({ kind }) => kind)).toEqual(['ddl', 'backfill', 'ddl', 'backfill']);
    expect((await up(settings)).outcome.runs).toMatchObject([{ state: 'completed' }]);
    expect(
      await made.connection.rows(
        `SELECT (SELECT count(*)::int FROM copy c JOIN big USING (id) WHERE twice = a * 2),
                (SELECT count(*)::int FROM archive), (SELECT a FROM archive WHERE id = 4),
                (SELECT sum(batches)::int > 10 FROM ferrata.backfill)`,
      ),
    ).toEqual([[250, 501, 0, true]]);
    expect((await down(settings)).takenBack).toMatchObject([{ schema: 'equal', conflicts: [] }]);
    expect(await made.connection.rows('SELECT id::int, a, kept FROM archive ORDER BY id')).toEqual([
      [-1, 0, 'yes'],
      [4, 0, 'yes'],
    ]);
  });

  it('goes by plan.json where the table is small', async () => {
    const made = await makeProject(18);
    await made.connection.script(BIG);
    await made.migration(ID, 'UPDATE big SET note = upper(note);\n');
    const small = settingsOf(made, { batchRows: 1_000_000 });
    expect((await rehearseMigrations(settingsOf(made), select, silent))[0]?.plan.pattern).toBe('batched');
    expect((await rehearseMigrations(small, select, silent))[0]?.plan.pattern).toBe('batched');
    const { outcome } = await up(small);
    expect(outcome.runs).toMatchObject([{ state: 'completed' }]);
    expect(await made.connection.rows('SELECT sum(rows)::int FROM ferrata.backfill')).toEqual([[500]]);
  });
});

describe('rows that depend on each other after all', () => {
  it('are found out by the rehearsal: the batches give something else than the statement', async () => {
    const made = await makeProject(18);
    // It says that it looks at nothing, and looks at the very table.
    await made.connection.script(`${BIG};
      CREATE FUNCTION liar(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
        DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM big WHERE a > 100' INTO n; RETURN n; END $$`);
    await made.migration(ID, 'UPDATE big SET a = 1000 + liar(id);\n');
    const [proved] = await rehearseMigrations(settingsOf(made), select, silent);
    expect(proved?.proof).toMatchObject({ outcome: 'failed', error: { code: 'backfill-differs' } });
  });
});

describe('a DELETE that takes other rows along', () => {
  it('keeps what triggers and cascades write too, and brings it back', async () => {
    const made = await makeProject(18);
    await made.connection.script(`${BIG};
      CREATE TABLE child (id int PRIMARY KEY, big_id bigint REFERENCES big ON DELETE CASCADE); CREATE INDEX ON child (big_id);
      INSERT INTO child SELECT g, g FROM generate_series(1, 500) g;
      CREATE TABLE audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone bigint);
      CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (gone) VALUES (OLD.id); RETURN OLD; END $$;
      CREATE TRIGGER note_it AFTER DELETE ON big FOR EACH ROW EXECUTE FUNCTION note_it()`);
    await made.migration(ID, 'DELETE FROM big WHERE a = 3;\n');
    const settings = settingsOf(made);
    const { outcome } = await up(settings);
    expect(outcome.runs).toMatchObject([{ state: 'completed' }]);
    const count = `SELECT (SELECT count(*)::int FROM big), (SELECT count(*)::int FROM child), (SELECT count(*)::int FROM audit)`;
    expect(await made.connection.rows(count)).toEqual([[450, 450, 50]]);
    expect(
      await made.connection.rows(`SELECT count(*)::int FROM pg_trigger WHERE tgname LIKE 'ferrata%'`),
    ).toEqual([[0]]);
    expect((await down(settings)).takenBack).toMatchObject([{ schema: 'equal', conflicts: [] }]);
    expect(await made.connection.rows(count)).toEqual([[500, 500, 0]]);
  });
});

describe('a transform', () => {
  it('computes values in TypeScript, batch by batch', async () => {
    const made = await makeProject(18);
    await made.connection.script(BIG);
    await made.migration(ID, 'ALTER TABLE big ADD COLUMN reversed text;\n');
    const folder = join(made.settings.migrations, ID);
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'backfill.ts'),
      `interface Row { readonly id: string; readonly note: string | null }
       export async function transform(rows: readonly Row[]) {
         return rows.filter(({ id }) => Number(id) % 2 === 0).map(({ id, note }) => ({ id, reversed: note === null ? null : [...note].reverse().join('') }));
       }\n`,
    );
    await writeFile(
      join(folder, 'migration.yaml'),
      'backfill:\n  table: big\n  reads: [note]\n  writes: [reversed]\nbatch:\n  size: 40\n',
    );
    const settings = settingsOf(made);
    const [proved] = await rehearseMigrations(settings, select, silent);
    expect([proved?.proof.outcome, proved?.proof.error]).toEqual(['proved', null]);
    const { outcome } = await up(settings);
    expect(outcome.runs).toMatchObject([{ state: 'completed' }]);
    expect(
      await made.connection.rows(
        'SELECT count(*)::int, count(*) FILTER (WHERE reversed = reverse(note))::int FROM big WHERE reversed IS NOT NULL',
      ),
    ).toEqual([[250, 250]]);
    expect((await down(settings)).takenBack).toMatchObject([{ schema: 'equal', conflicts: [] }]);
  });
});
