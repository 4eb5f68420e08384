/** Shapes of migrations that public projects have, in schemas of our own: does the rehearsal tell the truth? */
import { describe, expect, test } from 'vitest';
import type { Proof } from '../../../src/prepare/model.ts';
import { proofsOf } from './history.ts';

function last(proof: Proof | undefined) {
  const point = proof?.rollbackPoints.at(-1);
  if (proof === undefined || point === undefined)
    throw new Error(`no rollback point: ${proof?.error?.message}`);
  return point;
}

describe('a written down that can not be read', () => {
  test('refutes its migration, names the derived rollback, and does not stop the history', async () => {
    const [, broken, next] = await proofsOf([
      { up: 'CREATE TABLE item (id int PRIMARY KEY, a text)' },
      {
        up: 'ALTER TABLE item RENAME COLUMN a TO b; ALTER TABLE item ADD COLUMN c int',
        down: 'ALTER TABLE item DROP COLUMN c DROP COLUMEN d',
      },
      { up: 'UPDATE item SET b = upper(b)', down: 'SELECT 1' },
    ]);
    expect(broken).toMatchObject({ outcome: 'refuted', error: { code: 'sql-syntax' } });
    expect(last(broken).schema).toBe('different');
    expect(broken?.derivedRollback?.join('\n')).toContain('RENAME COLUMN b TO a');
    expect(next).toMatchObject({ outcome: 'refuted' });
    expect(last(next).data).toBe('lost');
  });

  test('so does one that ends transactions of its own', async () => {
    const [, broken] = await proofsOf([
      { up: 'CREATE TABLE item (id int PRIMARY KEY)' },
      { up: 'ALTER TABLE item ADD c int', down: 'BEGIN; ALTER TABLE item DROP c; ROLLBACK' },
    ]);
    expect(broken).toMatchObject({ outcome: 'refuted', error: { code: 'sql-transaction-control' } });
  });
});

test('a column dropped, built anew by the written down, and dropped again is the same schema', async () => {
  const [, proof] = await proofsOf([
    { up: 'CREATE TABLE item (id serial PRIMARY KEY, old int, kept text)' },
    { up: 'ALTER TABLE item DROP COLUMN old', down: 'ALTER TABLE item ADD COLUMN old int' },
  ]);
  expect(proof).toMatchObject({ outcome: 'refuted', redo: 'equal', redoDifferences: [] });
  expect(last(proof)).toMatchObject({ schema: 'cosmetic', data: 'lost' });
});

describe('rows that the change refuses', () => {
  const start = 'CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY, note text)';

  test('are left out of that table alone; the others prove something', async () => {
    const [, proof] = await proofsOf([
      { up: start },
      {
        up: 'ALTER TABLE item ADD COLUMN c int NOT NULL; ALTER TABLE other DROP COLUMN note',
        down: 'ALTER TABLE item DROP COLUMN c; ALTER TABLE other ADD COLUMN note text',
      },
    ]);
    expect(proof?.unfilled).toEqual(['public.item']);
    expect(proof?.notes.join()).toContain('accepts no row in public.item');
    expect(last(proof).losses).toMatchObject([{ table: 'public.other', column: 'note' }]);
    // The table was empty: the late UPDATE has no row to change, and late rows are not taken for rows that were there.
    expect(last(proof).lateRowDetails.filter(({ table }) => table === 'public.item')).toSatisfy(
      (rows: readonly { outcome: string }[]) =>
        rows.length > 0 && rows.every(({ outcome }) => outcome === 'kept'),
    );
  });

  test('a function that raises is found by the statement that calls it', async () => {
    const [, proof] = await proofsOf([
      { up: start },
      {
        up: `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
          CREATE TRIGGER no BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION no();
          UPDATE other SET note = 'x';
          UPDATE item SET id = id;`,
      },
    ]);
    expect(proof).toMatchObject({ outcome: 'proved', unfilled: ['public.item'] });
    expect(last(proof).data).toBe('untested');
  });
});

test('a renamed enum label is the same value, not a new one', async () => {
  const [, proof] = await proofsOf([
    {
      up: `CREATE TYPE state AS ENUM ('new', 'vip', 'gone');
        CREATE TABLE item (id serial PRIMARY KEY, state state NOT NULL)`,
    },
    {
      up: `ALTER TYPE state RENAME VALUE 'new' TO 'fresh'; ALTER TYPE state RENAME VALUE 'vip' TO 'vital';
        ALTER TYPE state RENAME VALUE 'gone' TO 'left'`,
      down: `ALTER TYPE state RENAME VALUE 'fresh' TO 'new'; ALTER TYPE state RENAME VALUE 'vital' TO 'vip';
        ALTER TYPE state RENAME VALUE 'left' TO 'gone'`,
    },
  ]);
  expect(proof).toMatchObject({ outcome: 'proved', level: 2 });
  expect(last(proof).lateRows).toBe('kept');
});

test('COMMIT; BEGIN; in a file that counts on the runner to open and close the transaction', async () => {
  const [, proof] = await proofsOf([
    { up: "CREATE TYPE state AS ENUM ('a'); CREATE TABLE item (id serial PRIMARY KEY, state state)" },
    {
      up: `ALTER TYPE state ADD VALUE 'b'; COMMIT; BEGIN; UPDATE item SET state = 'b' WHERE id = 1`,
    },
  ]);
  expect(proof).toMatchObject({ outcome: 'proved', error: null });
  expect(proof?.rollbackPoints.length).toBe(2);
});

test('tables that a trigger makes for the synthetic rows are there before the change, not made by it', async () => {
  const [, proof] = await proofsOf([
    {
      up: `CREATE TABLE team (id serial PRIMARY KEY);
        CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN EXECUTE format('CREATE TABLE events_%s (id int)', NEW.id); RETURN NULL; END; $$;
        CREATE TRIGGER made AFTER INSERT ON team FOR EACH ROW EXECUTE FUNCTION made()`,
    },
    { up: 'ALTER TABLE team ADD COLUMN a int', down: 'ALTER TABLE team DROP COLUMN a' },
  ]);
  expect(proof).toMatchObject({ outcome: 'proved', level: 2, redo: 'equal' });
});

test('a reference to the same table may become NOT NULL', async () => {
  const [, proof] = await proofsOf([
    { up: 'CREATE TABLE item (id uuid PRIMARY KEY, origin uuid REFERENCES item)' },
    { up: 'ALTER TABLE item ALTER origin SET NOT NULL', down: 'ALTER TABLE item ALTER origin DROP NOT NULL' },
  ]);
  expect(proof).toMatchObject({ outcome: 'proved', level: 2, unfilled: [] });
});

describe('roles belong to the server', () => {
  test('one that the history makes and drops can be made again on every copy', async () => {
    const role = `rehearsed_${Math.random().toString(36).slice(2, 10)}`;
    const proofs = await proofsOf([
      { up: 'CREATE TABLE item (id int PRIMARY KEY)' },
      {
        up: `CREATE ROLE ${role} NOLOGIN; GRANT SELECT ON item TO ${role}`,
        down: `REVOKE ALL ON item FROM ${role}; DROP ROLE ${role}`,
      },
      { up: `GRANT INSERT ON item TO ${role}` },
      {
        up: `DROP OWNED BY ${role}; DROP ROLE IF EXISTS ${role}`,
        down: `CREATE ROLE ${role}; GRANT INSERT, SELECT ON item TO ${role}`,
      },
    ]);
    expect(proofs.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['proved', null],
      ['proved', null],
      ['proved', null],
      ['proved', null],
    ]);
  });

  test('a role that still owns something here is not dropped', async () => {
    const role = `rehearsed_${Math.random().toString(36).slice(2, 10)}`;
    const [, proof] = await proofsOf([
      { up: 'CREATE TABLE item (id int PRIMARY KEY)' },
      { up: `CREATE ROLE ${role}; GRANT SELECT ON item TO ${role}`, down: `DROP ROLE ${role}` },
    ]);
    expect(proof).toMatchObject({ outcome: 'refuted', error: { code: 'sql-failed' } });
    expect(proof?.error?.message).toContain('depend on it');
  });
});

test('late rows of a partition that goes away move to where the old shape has them', async () => {
  const parted = `CREATE TABLE item (id int GENERATED ALWAYS AS IDENTITY, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
    CREATE TABLE item_2024 PARTITION OF item FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`;
  const added = "CREATE TABLE item_2025 PARTITION OF item FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')";
  const [, kept] = await proofsOf([
    { up: `${parted}; CREATE TABLE item_rest PARTITION OF item DEFAULT` },
    { up: added },
  ]);
  expect(kept).toMatchObject({ outcome: 'proved', level: 2 });
  expect(last(kept).lateRows).toBe('kept');
  const [, refused] = await proofsOf([{ up: parted }, { up: added }]);
  expect(refused).toMatchObject({ outcome: 'proved' });
  expect(last(refused).lateRows).toBe('refused');
});

test('a sequence that is made again goes on behind the values that are there', async () => {
  const [, proof] = await proofsOf([
    { up: 'CREATE TABLE item (id serial PRIMARY KEY, a text)' },
    {
      up: `ALTER TABLE item ALTER id DROP DEFAULT; DROP SEQUENCE item_id_seq;
        ALTER TABLE item ALTER id ADD GENERATED BY DEFAULT AS IDENTITY;
        SELECT setval(pg_get_serial_sequence('item', 'id'), max(id)) FROM item`,
    },
  ]);
  expect(proof).toMatchObject({ outcome: 'proved', level: 2 });
  expect(last(proof)).toMatchObject({ data: 'equal', losses: [] });
});

test('a partition that was detached and dropped comes back with the identity of its parent', async () => {
  const [, proof] = await proofsOf([
    {
      up: `CREATE TABLE item (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE item_2024 PARTITION OF item FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE TABLE item_rest PARTITION OF item DEFAULT`,
    },
    { up: 'ALTER TABLE item DETACH PARTITION item_2024; DROP TABLE item_2024' },
  ]);
  expect(proof?.error).toBeNull();
  expect(last(proof)).toMatchObject({ schema: 'equal', data: 'equal' });
});

describe('long texts', () => {
  const start = { up: 'CREATE TABLE item (id serial PRIMARY KEY, a text, b varchar(50))' };

  test('that a change cuts off are seen to be lost', async () => {
    const [, proof] = await proofsOf([
      start,
      {
        up: 'ALTER TABLE item ALTER a TYPE varchar(10) USING left(a, 10)',
        down: 'ALTER TABLE item ALTER a TYPE text',
      },
    ]);
    expect(proof).toMatchObject({ outcome: 'refuted' });
    expect(last(proof).losses).toMatchObject([{ table: 'public.item', column: 'a' }]);
  });

  test('are left out where the change refuses them', async () => {
    const [, proof] = await proofsOf([
      start,
      { up: 'ALTER TABLE item ALTER b TYPE varchar(30)', down: 'ALTER TABLE item ALTER b TYPE varchar(50)' },
    ]);
    expect(proof).toMatchObject({ outcome: 'proved', level: 2 });
    expect(proof?.notes.join()).toContain('refuses texts');
  });
});
