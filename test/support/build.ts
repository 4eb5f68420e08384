/**
 * A folder for the build that the tests of the command line share. It is built by the first test that asks for it
 * (`built()`), so that a run of other tests does not pay for it, and apart from `dist/`, so that neither disturbs the
 * other.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    build: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'ferrata-build-'));
  project.provide('build', folder);
  return () => rm(folder, { recursive: true, force: true });
}
