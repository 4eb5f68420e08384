/**
 * The schema that a proof starts from, or leads to. A proof keeps its fingerprint alone, so the schema is found where
 * it still is, or built again, and the fingerprint says whether it is the one.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCatalog } from '../catalog/read.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { openLedger } from '../ledger/ledger.ts';
import { recordedSchema } from '../ledger/snapshot.ts';
import { parseProof } from '../prepare/proof-store.ts';
import { copySchema } from '../prepare/scratch-schema.ts';
import type { Migration } from '../source/model.ts';
import { readMigrations } from '../source/native.ts';
import { buildStates, fingerprintOf, type LoadedSchema, Scratch, withScratch } from './diff-load.ts';
import { replayMigrations } from './diff-replay.ts';
import type { DiffSource } from './diff-source.ts';
import { withSession } from './session.ts';

type ProofSource = Extract<DiffSource, { readonly kind: 'proof' }>;

/**
 * Looks, in this order: the environment's live schema, the one recorded in its ledger, the history replayed on a
 * scratch server, and, for the end of a proof whose start is one of those, the migration run on a copy of it. Throws
 * `proof-schema-unknown` where none has the fingerprint.
 */
export async function schemaOfProof(
  source: ProofSource,
  settings: Settings,
  reporter: Reporter,
): Promise<LoadedSchema> {
  const proved = parseProof(await readFile(source.file, 'utf8'));
  if (proved === null) {
    throw new FerrataError('diff-source-unknown', `${source.file} is no proof of this version.`, {
      hint: 'Rehearse again: the proof is written anew.',
    });
  }
  const { proof } = proved;
  const wanted = source.at === 'start' ? proof.startFingerprint : proof.endFingerprint;
  const id = proved.plan.migration;
  const label = `proof of ${id} (${source.at})`;
  if (wanted === null || wanted === '') {
    throw new FerrataError('proof-schema-unknown', `The ${label} names no schema.`, {
      why: 'The rehearsal failed before it got there.',
      hint: `\`ferrata rehearse ${id}\` says why.`,
    });
  }
  const tried: string[] = [];
  const isIt = (schema: LoadedSchema, what: string): boolean => {
    if (fingerprintOf(schema) === wanted) return true;
    tried.push(what);
    return false;
  };
  const migrations = (await readMigrations(settings)).filter((migration) =>
    source.at === 'start' ? migration.id < id : migration.id <= id,
  );
  const own = (await readMigrations(settings)).find((migration) => migration.id === id) ?? null;
  const attempt = async (role: string | null, from: Candidates | null): Promise<LoadedSchema | null> => {
    for (const candidate of from?.schemas ?? []) {
      if (isIt(candidate, candidate.label)) return { ...candidate, kind: 'proof', label };
    }
    const like = from === null || role === null ? null : from.live;
    const scratch = new Scratch(settings, like, proof.serverMajor, reporter);
    try {
      const replayed = await tolerant(tried, 'the migrations, replayed', () =>
        buildStates([migrations], scratch, [label], reporter),
      );
      const [state] = replayed ?? [];
      if (state !== undefined && isIt(state, 'the migrations, replayed')) {
        return { ...state, kind: 'proof', label };
      }
      const start = from?.schemas.find((schema) => fingerprintOf(schema) === proof.startFingerprint);
      if (source.at === 'start' || start === undefined || own === null || like === null) return null;
      const after = await tolerant(tried, `${id} on a copy of ${start.label}`, () =>
        runOnCopy(start, own, scratch, like.connector, reporter),
      );
      return after !== null && isIt(after, `${id} on a copy of ${start.label}`)
        ? { ...after, kind: 'proof', label }
        : null;
    } finally {
      await scratch.close();
    }
  };
  const found =
    (await withEnvironment(settings, reporter, tried, (from) => attempt(from.live.role, from))) ??
    (await attempt(null, null));
  if (found !== null) return found;
  throw new FerrataError('proof-schema-unknown', `The schema of the ${label} was not found again.`, {
    why: `A proof keeps the fingerprint (${wanted.slice(0, 16)}…) alone, and none of these has it: ${[...new Set(tried)].join('; ')}.`,
    hint: `Name the environment that it was rehearsed for (--env), rehearse again (ferrata rehearse ${id}), or keep schemas with \`ferrata diff --save\`.`,
  });
}

interface Candidates {
  readonly live: NonNullable<ConstructorParameters<typeof Scratch>[1]>;
  readonly schemas: readonly LoadedSchema[];
}

/** The environment's schemas; null, and what it said, where it can't be reached. */
async function withEnvironment<T>(
  settings: Settings,
  reporter: Reporter,
  tried: string[],
  work: (candidates: Candidates) => Promise<T>,
): Promise<T | null> {
  const { name, url } = settings.environment;
  // An embedded server that nobody has started yet holds no schema.
  if (url === null && !existsSync(join(settings.directory, 'postgres'))) return null;
  const reached = { yes: false };
  try {
    return await withSession(settings, reporter, async ({ connection, connector }) => {
      reached.yes = true;
      const { user: role, major } = connection.server;
      const about = { kind: 'proof' as const, role, identity: null };
      const schemas: LoadedSchema[] = [
        { ...about, label: `${name}, live`, catalog: await readCatalog(connection) },
      ];
      const ledger = await openLedger(connection, { create: false });
      const recorded = ledger.exists ? await recordedSchema(connection) : null;
      if (recorded !== null) {
        schemas.push({ ...about, label: `${name}, as recorded`, catalog: recorded.catalog });
      }
      return work({ live: { settings, connector, role, major }, schemas });
    });
  } catch (error) {
    if (reached.yes || !isFerrataError(error)) throw error;
    tried.push(`${name} (${error.message})`);
    return null;
  }
}

/** A history that does not run here is one place less to look in, no reason to stop looking. */
async function tolerant<T>(tried: string[], what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!isFerrataError(error) || error.code === 'scratch-unavailable' || error.code === 'server-start') {
      throw error;
    }
    tried.push(`${what} (${error.message})`);
    return null;
  }
}

async function runOnCopy(
  start: LoadedSchema,
  migration: Migration,
  scratch: Scratch,
  target: Candidates['live']['connector'],
  reporter: Reporter,
): Promise<LoadedSchema> {
  const place = await scratch.place();
  const { database } = await copySchema(place, start.catalog, target, reporter);
  return withScratch(database, async (connection) => {
    await replayMigrations(connection, [migration], scratch.policy, reporter);
    return { ...start, catalog: await readCatalog(connection) };
  });
}
