/**
 * Proofs as files, under `.ferrata/proofs/`: they travel from the machine that rehearsed to the one that deploys. The
 * ledger keeps them too, once there is one.
 */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Settings } from '../config/settings.ts';
import { parsePlan } from '../plan/serialise.ts';
import type { Proof, ProvedPlan } from './model.ts';

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

/** What the gates decide on; the rest of a proof is shown to people only, and kept as it is. */
const bound = z.looseObject({
  migration: z.string(),
  migrations: z.array(z.string()).min(1),
  outcome: z.enum(['proved', 'refuted', 'failed']),
  level: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  dataSource: z.enum(['backup', 'sample', 'synthetic', 'none']),
  rollbackPoints: z.array(z.looseObject({ afterStep: z.string() })),
  locks: z.array(z.looseObject({ step: z.string() })),
  measures: z.array(z.looseObject({ step: z.string() })),
  checksum: z.string(),
  planChecksum: z.string(),
  startFingerprint: z.string(),
  endFingerprint: z.string().nullable(),
  serverMajor: z.number().int(),
  targetMajor: z.number().int(),
  provedAt: z.string(),
});

/** Null for what is no proof of this version: cut short by a full disk, edited by hand, written by a later Ferrata. */
export function parseProof(text: string): ProvedPlan | null {
  try {
    const raw = JSON.parse(text) as { readonly proof?: unknown; readonly plan?: unknown };
    if (!bound.safeParse(raw.proof).success) return null;
    return { proof: raw.proof as Proof, plan: parsePlan(JSON.stringify(raw.plan)) };
  } catch {
    return null;
  }
}

/** The proofs of a migration, newest first; files that hold none are passed over. */
export async function loadProofs(settings: Settings, migration: string): Promise<readonly ProvedPlan[]> {
  const folder = folderOf(settings, migration);
  const names = await readdir(folder).catch(() => []);
  const proofs: ProvedPlan[] = [];
  for (const name of names.filter((n) => n.endsWith('.json'))) {
    const proved = parseProof(await readFile(join(folder, name), 'utf8'));
    if (proved !== null) proofs.push(proved);
  }
  return proofs.sort((a, b) => b.proof.provedAt.localeCompare(a.proof.provedAt));
}
