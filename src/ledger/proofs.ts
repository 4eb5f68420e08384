/** Proofs and backups: what a deploy needs to find again. */
import type { DataSource } from '../config/settings.ts';
import type { Connection } from '../postgres/connection.ts';
import type { BackupManifest, ProvedPlan } from '../prepare/model.ts';

export interface ProofBinding {
  /** The migration's checksum. */
  readonly checksum: string;
  readonly startFingerprint: string;
  /** The major version of the target. */
  readonly serverMajor: number;
}

export interface BackupRecord {
  readonly name: string;
  readonly path: string;
  readonly manifest: BackupManifest;
  /** ISO 8601; null until it was restored and compared. */
  readonly verifiedAt: string | null;
}

/** Weakest first. */
export const DATA_SOURCES: readonly DataSource[] = ['none', 'synthetic', 'sample', 'backup'];

export async function insertProof(connection: Connection, { proof, plan }: ProvedPlan): Promise<void> {
  await connection.query(
    `INSERT INTO ferrata.proof (migration, checksum, plan_checksum, start_fingerprint, target_major, server_major,
                                outcome, data_source, proved_at, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      proof.migration,
      proof.checksum,
      proof.planChecksum,
      proof.startFingerprint,
      proof.targetMajor,
      proof.serverMajor,
      proof.outcome,
      proof.dataSource,
      proof.provedAt,
      JSON.stringify({ proof, plan } satisfies ProvedPlan),
    ],
  );
}

interface Candidate {
  readonly id: string;
  readonly outcome: string;
  readonly data_source: DataSource;
}

/**
 * The proof that counts for this binding. A refutation counts until a later rehearsal proves the same again; of the
 * proofs after it the one on the strongest data, then the newest. A rehearsal that failed says nothing against an
 * earlier proof.
 */
export async function selectProof(
  connection: Connection,
  { checksum, startFingerprint, serverMajor }: ProofBinding,
): Promise<ProvedPlan | null> {
  const candidates = await connection.query<Candidate>(
    `SELECT id::pg_catalog.text AS id, outcome, data_source FROM ferrata.proof
     WHERE checksum = $1 AND start_fingerprint = $2 AND target_major = $3 ORDER BY proof.id DESC LIMIT 200`,
    [checksum, startFingerprint, serverMajor],
  );
  const chosen = choose(candidates);
  if (chosen === null) return null;
  const [row] = await connection.query<{ body: string }>(
    'SELECT body::pg_catalog.text AS body FROM ferrata.proof WHERE id = $1',
    [chosen.id],
  );
  return row === undefined ? null : (JSON.parse(row.body) as ProvedPlan);
}

function choose(newestFirst: readonly Candidate[]): Candidate | null {
  const refuted = newestFirst.findIndex((c) => c.outcome === 'refuted');
  const current = refuted === -1 ? newestFirst : newestFirst.slice(0, refuted);
  let best: Candidate | null = null;
  for (const candidate of current) {
    if (candidate.outcome !== 'proved') continue;
    if (best === null || strength(candidate.data_source) > strength(best.data_source)) best = candidate;
  }
  return best ?? newestFirst[refuted] ?? newestFirst[0] ?? null;
}

/** Higher is stronger. */
export function strength(source: DataSource): number {
  return DATA_SOURCES.indexOf(source);
}

export async function putBackup(
  connection: Connection,
  manifest: BackupManifest,
  path: string,
): Promise<void> {
  await connection.query(
    `INSERT INTO ferrata.backup (name, path, created_at, verified_at, manifest) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (name) DO UPDATE SET path = excluded.path, created_at = excluded.created_at,
       verified_at = excluded.verified_at, manifest = excluded.manifest, recorded_at = pg_catalog.clock_timestamp()`,
    [manifest.name, path, manifest.createdAt, manifest.verifiedAt, JSON.stringify(manifest)],
  );
}

export async function readBackups(connection: Connection): Promise<readonly BackupRecord[]> {
  const rows = await connection.query<{ name: string; path: string; manifest: string }>(
    'SELECT name, path, manifest::pg_catalog.text AS manifest FROM ferrata.backup ORDER BY created_at DESC, name',
  );
  return rows.map(({ name, path, manifest }) => {
    const parsed = JSON.parse(manifest) as BackupManifest;
    return { name, path, manifest: parsed, verifiedAt: parsed.verifiedAt };
  });
}
