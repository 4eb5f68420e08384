/**
 * Proofs as files, under `.ferrata/proofs/`: they travel from the machine that rehearsed to the one that deploys. The
 * ledger keeps them too, once there is one.
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { ProvedPlan } from './model.ts';

function folderOf(settings: Settings, migration: string): string {
  return join(settings.directory, 'proofs', migration);
}

/** Keeps a proof with its plan; the file appears whole or not at all. */
export async function saveProof(settings: Settings, proved: ProvedPlan): Promise<string> {
  const folder = folderOf(settings, proved.plan.migration);
  await mkdir(folder, { recursive: true });
  const { proof } = proved;
  const file = join(folder, `${proof.planChecksum.slice(0, 16)}-${proof.startFingerprint.slice(0, 16)}.json`);
  const partial = `${file}.${process.pid}.part`;
  await writeFile(partial, `${JSON.stringify(proved, null, 1)}\n`);
  await rename(partial, file);
  return file;
}

/** The proofs of a migration, newest first; unreadable files are passed over. */
export async function loadProofs(settings: Settings, migration: string): Promise<readonly ProvedPlan[]> {
  const folder = folderOf(settings, migration);
  const names = await readdir(folder).catch(() => []);
  const proofs: ProvedPlan[] = [];
  for (const name of names.filter((n) => n.endsWith('.json'))) {
    try {
      proofs.push(JSON.parse(await readFile(join(folder, name), 'utf8')) as ProvedPlan);
    } catch {
      // Cut short by a full disk or edited by hand: it proves nothing.
    }
  }
  return proofs.sort((a, b) => b.proof.provedAt.localeCompare(a.proof.provedAt));
}
