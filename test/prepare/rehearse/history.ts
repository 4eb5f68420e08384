/** Rehearses a history given as SQL texts, on a test server, as `rehearse --all` does. */
import { tmpdir } from 'node:os';
import type { Settings } from '../../../src/config/settings.ts';
import type { Proof } from '../../../src/prepare/model.ts';
import { rehearse } from '../../../src/prepare/rehearse/index.ts';
import type { Migration } from '../../../src/source/model.ts';
import { POLICY } from '../../execute/policy.ts';
import { testServer } from '../../support/servers.ts';

export interface Texts {
  readonly up: string;
  readonly down?: string;
}

/** The proofs, one per migration, in order. The server is shared: nothing outside the scratch databases may change. */
export async function proofsOf(texts: readonly Texts[], major = 18): Promise<readonly Proof[]> {
  const server = await testServer(major);
  const proved = await rehearse({
    settings: settingsFor(server.url('postgres')),
    sequence: texts.map((text, index) => ({ migration: migrationOf(text, index), rehearse: true })),
    together: false,
    target: null,
    major,
    dataSource: 'synthetic',
    readSizes: null,
    reporter: () => {},
  });
  return proved.map(({ proof }) => proof);
}

export function settingsFor(scratchUrl: string | null): Settings {
  return {
    root: tmpdir(),
    configFile: null,
    migrations: tmpdir(),
    directory: tmpdir(),
    environment: { name: 'test', url: null, policy: { ...POLICY, proofData: 'synthetic', scratchUrl } },
    environments: ['test'],
  };
}

export function migrationOf({ up, down }: Texts, index: number): Migration {
  const id = `2024010100000${index}_m${index}`;
  const file = (name: string, text: string) => ({ path: `migrations/${id}/${name}`, text });
  return {
    id,
    name: `m${index}`,
    up: file('up.sql', up),
    down: down === undefined ? null : file('down.sql', down),
    verify: null,
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: `checksum ${index}`,
    folder: null,
  };
}
