/** On a server of its own a rehearsal runs what changes the server too, and says what its comparison does not cover. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { Proof } from '../../../src/prepare/model.ts';
import { rehearse } from '../../../src/prepare/rehearse/index.ts';
import type { Migration } from '../../../src/source/model.ts';
import { settingsFor } from '../rehearse/history.ts';

async function proofsOf(texts: readonly { readonly up: string; readonly down?: string }[]) {
  const proved = await rehearse({
    settings: { ...settingsFor(null), directory: resolve('.ferrata'), root: tmpdir() },
    sequence: texts.map((text, index) => ({ migration: migration(`m${index}`, text), rehearse: true })),
    together: false,
    target: null,
    dataSource: 'synthetic',
    readSizes: null,
    reporter: () => {},
  });
  return proved.map(({ proof }) => proof);
}

function migration(id: string, { up, down }: { readonly up: string; readonly down?: string }): Migration {
  const common = { verify: null, dependsOn: [], owner: null, ticket: null, checksum: id, folder: null };
  const file = (name: string, text: string) => ({ path: `${id}/${name}`, text });
  return {
    id,
    name: id,
    up: file('up.sql', up),
    down: down === undefined ? null : file('down.sql', down),
    ...common,
  };
}

const notes = (proof: Proof | undefined): string => proof?.notes.join('\n') ?? '';

test('databases, settings and memberships want a down.sql; a new role does not', async () => {
  const [derived, written, setting, membership, role] = await proofsOf([
    { up: 'CREATE DATABASE lusiadas', down: 'SELECT 1' },
    { up: 'CREATE DATABASE sales', down: 'DROP DATABASE sales' },
    { up: "ALTER SYSTEM SET work_mem = '8MB'" },
    { up: 'CREATE ROLE a; CREATE ROLE b; GRANT a TO b' },
    { up: 'GRANT b TO a', down: 'REVOKE b FROM a' },
  ]);
  // It runs once and not twice: that is all that a comparison of the database can tell.
  expect(derived).toMatchObject({ outcome: 'refuted', error: { code: 'sql-failed' } });
  expect(written).toMatchObject({ outcome: 'proved', error: null });
  expect(notes(written)).toContain(
    'The comparison covers the database, not the server, which CREATE DATABASE, DROP DATABASE changes.',
  );
  expect(setting).toMatchObject({ outcome: 'refuted', error: { code: 'rollback-unavailable' } });
  expect(setting?.error?.message).toContain('line 1: ALTER SYSTEM changes the server');
  expect(membership).toMatchObject({ outcome: 'proved', error: null });
  expect(role?.error?.message ?? '').toContain('is a member of role');
});
