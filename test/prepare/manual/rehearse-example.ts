/** Rehearses one example as `ferrata rehearse` does, without a down.sql: the rollback is derived, and proved. */
import { tmpdir } from 'node:os';
import type { Proof } from '../../../src/prepare/model.ts';
import { rehearse } from '../../../src/prepare/rehearse/index.ts';
import type { Migration } from '../../../src/source/model.ts';
import { POLICY } from '../../execute/policy.ts';
import type { TestServer } from '../../support/servers.ts';
import type { Example } from './model.ts';

/** The proof of the example's `up`, over its `schema`, with its rows and synthetic ones. */
export async function proofOf(server: TestServer, example: Example): Promise<Proof> {
  const before = example.schema === undefined ? [] : [migration('1_before', example.schema)];
  const proved = await rehearse({
    settings: {
      root: tmpdir(),
      configFile: null,
      migrations: tmpdir(),
      directory: tmpdir(),
      environment: {
        name: 'test',
        url: null,
        policy: { ...POLICY, proofData: 'synthetic', scratchUrl: server.url('postgres') },
      },
      environments: ['test'],
    },
    sequence: [
      ...before.map((one) => ({ migration: one, rehearse: false })),
      { migration: migration('2_example', example.up), rehearse: true },
    ],
    together: false,
    target: null,
    major: server.major,
    dataSource: 'synthetic',
    readSizes: null,
    reporter: () => {},
  });
  const proof = proved[0]?.proof;
  if (proof === undefined) throw new Error('There is no proof.');
  return proof;
}

function migration(id: string, text: string): Migration {
  return {
    id,
    name: id,
    up: { path: `${id}/up.sql`, text },
    down: null,
    verify: null,
    dependsOn: [],
    owner: null,
    ticket: null,
    checksum: id,
    folder: null,
  };
}
